"""How a function becomes a command: the options that all share, errors as messages, exit codes."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from leadflow.cli.shell.session import Session
from leadflow.errors import ExpressionError, LeadflowError, PlaybookError, RefusedError
from leadflow.expr.fault import Fault
from leadflow.model.decisions import Refusal

OK: Final = 0
PROBLEMS: Final = 1
"""The work was done and found problems: faults, rows that failed, a refusal."""
WRONG: Final = 2
"""Nothing could be done: wrong use, or something cannot be opened."""
INTERRUPTED: Final = 130

Work = Callable[..., int | None]
_PANEL = "Common options"
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="Where leads are kept, e.g. sqlite:///leads.db (the default; or LEADFLOW_STORE).",
        rich_help_panel=_PANEL,
    ),
]
PlaybookOption = Annotated[
    str | None,
    typer.Option(
        "--playbook",
        metavar="PATH",
        help="The rules (or LEADFLOW_PLAYBOOK; else playbook.toml here; else the built-in ones).",
        rich_help_panel=_PANEL,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Results as JSON, for programs.", rich_help_panel=_PANEL)]
PlainOption = Annotated[bool, typer.Option("--plain", help="No colours and no pictures.", rich_help_panel=_PANEL)]
_SHARED: Final = {
    "store": (StoreOption, None),
    "playbook": (PlaybookOption, None),
    "as_json": (JsonOption, False),
    "plain": (PlainOption, False),
}


def add(app: typer.Typer, work: Work, panel: str) -> None:
    """Add a function `work(session, ...)` as a command that also takes the shared options, before it and after it.

    It returns its exit code; None is 0. Its own parameters win over shared options of the same name.
    """
    own = list(inspect.signature(work, eval_str=True).parameters.values())[1:]
    shared = {option: kind for option, kind in _SHARED.items() if option not in {parameter.name for parameter in own}}
    keyword = inspect.Parameter.KEYWORD_ONLY
    every = [
        inspect.Parameter("ctx", keyword, annotation=typer.Context),
        *(parameter.replace(kind=keyword) for parameter in own),
        *(inspect.Parameter(option, keyword, default=off, annotation=kind) for option, (kind, off) in shared.items()),
    ]

    def run(ctx: typer.Context, **given: Any) -> None:
        here = {option: given.pop(option) for option in shared}
        before = ctx.obj or {}
        chosen = {option: here.get(option) or before.get(option) for option in _SHARED}
        raise typer.Exit(_run(work, chosen, before.get("now"), given))

    run.__doc__ = work.__doc__
    run.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in every}
    name = work.__name__.rstrip("_").replace("_", "-")
    app.command(name, rich_help_panel=panel)(run)


def _run(work: Work, chosen: dict[str, Any], now: str | None, given: dict[str, Any]) -> int:
    is_json, is_plain = bool(chosen["as_json"]), bool(chosen["plain"])
    session = None
    try:
        session = Session.of(
            store=chosen["store"], playbook=chosen["playbook"], now=now, is_json=is_json, is_plain=is_plain
        )
        return work(session, **given) or OK
    except LeadflowError as error:
        return complain(session or _speechless(is_json, is_plain), error)
    except KeyboardInterrupt:
        (session or _speechless(is_json, is_plain)).output.note("stopped", "warn")
        return INTERRUPTED
    except BrokenPipeError:
        raise  # whoever read the results has gone: nobody is left to tell
    except Exception as error:
        if os.environ.get("LEADFLOW_DEBUG"):
            raise
        said = f"leadflow: a fault in leadflow itself: {type(error).__name__}: {error}"
        note = (session or _speechless(is_json, is_plain)).output.note
        note(said.splitlines()[0], "bad")
        note("  LEADFLOW_DEBUG=1 shows where; please report it")
        return WRONG


def _speechless(is_json: bool, is_plain: bool) -> Session:
    return Session.of(store="memory:", playbook=None, now="1970-01-01T00:00:00Z", is_json=is_json, is_plain=is_plain)


def refusal_text(refusal: Refusal) -> str:
    """A refusal in words.

    >>> refusal_text(Refusal("step_missing", {"stage": "sales-acceptance", "steps": "sales_accepted"}))
    'step missing: stage sales-acceptance, steps sales_accepted'
    """
    words = ", ".join(f"{name} {value}" for name, value in refusal.parameters.items() if value)
    return f"{refusal.code.replace('_', ' ')}" + (f": {words}" if words else "")


def complain(session: Session, error: LeadflowError) -> int:
    """Say what is wrong, where, and the way out; returns the exit code."""
    output = session.output
    code = PROBLEMS if isinstance(error, RefusedError) else WRONG
    if output.is_json:
        plain: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
        if isinstance(error, ExpressionError):
            plain |= {"text": error.text, "span": list(error.span)}
        if isinstance(error, RefusedError) and error.refusal is not None:
            plain["parameters"] = dict(error.refusal.parameters)
        if isinstance(error, PlaybookError):
            plain["faults"] = [str(fault) for fault in error.faults]
        output.error_document({"error": plain})
        return code
    refusal = getattr(error, "refusal", None)
    output.note(f"leadflow: {error.message if refusal is None else f'refused, {refusal_text(refusal)}'}", "bad")
    if isinstance(error, ExpressionError) and error.text:
        for line in Fault("", error.span).show(error.text).splitlines()[:2]:
            output.note(f"  {line}", "")
    if isinstance(error, PlaybookError):
        for fault in error.faults:
            output.note(f"  {fault}", "")
    if error.hint:
        output.note(f"  {error.hint}")
    return code
