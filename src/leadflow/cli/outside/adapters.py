"""Try an adapter: does it keep what its port promises?"""

from __future__ import annotations

from typing import Annotated

import typer

from leadflow.cli.shell.command import OK, PROBLEMS
from leadflow.cli.shell.session import Session

_LONGEST = 200


def check(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME|URL", help="E.g. sqlite, or postgresql://ana@host/test.")],
    kit: Annotated[
        str, typer.Option(metavar="MODULE:CLASS", help="A kit of your own, where the plugin names none.")
    ] = "",
    port: Annotated[
        str, typer.Option(metavar="stores|mailers|crms|publishers", help="Which, where several ports know the name.")
    ] = "",
) -> int:
    """Run the conformance kit of an adapter's port against it: what it claims, what works, what is refused.

    It writes to a scratch place of its own at the backend, and removes that. Needs leadflow[testing].
    """
    from leadflow.testing.checking import check as run
    from leadflow.testing.checking import find_backend

    output = session.output
    backend = find_backend(name, kit=kit, port=port, plugins=session.plugins)
    output.note(f"this writes to {backend.place}: into a scratch of its own, which it removes", "warn")
    with output.progress(f"Checking {backend.name}"):
        report = run(backend)
    if output.is_json:
        output.document(report.to_plain())
        return OK if report.is_ok else PROBLEMS
    output.say(f"{report.name}: {report.port}, contract {report.contract}", "strong")
    for capability, state in report.capabilities.items():
        output.say(f"  {capability:<16} {state}", "" if state in ("works", "refused", "not claimed") else "bad")
    for each in report.checks:
        role = {"passed": "good", "failed": "bad"}.get(each.outcome, "warn")
        output.say(f"  {each.outcome:<8} {each.name.removeprefix('test_').replace('_', ' ')}", role)
        if each.why:
            output.say(f"           {' '.join(each.why.split())[:_LONGEST]}", role)
    if report.left_out:
        output.say(f"  not brought about, so not checked: {', '.join(report.left_out)}", "warn")
    passed, failed = report.count("passed"), report.count("failed")
    output.say(f"{passed} passed, {failed} failed", "good" if report.is_ok else "bad")
    return OK if report.is_ok else PROBLEMS
