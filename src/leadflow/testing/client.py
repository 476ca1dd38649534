"""A client in a process of its own, for faults that no process survives.

It opens a store, makes calls, and writes what it was told into a ledger. `Client` starts one; on the other side
`python -m leadflow.testing.client` reads the job from its input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from leadflow.errors import LeadflowError


@frozen
class Finished:
    """How a client ended: its exit code (negative: killed by that signal) and one answer per call that was answered.

    An answer is {"results": [[key, status, contact, account, lead, refusal], ...]}, {"counts": {...}}, {"done": n} or
    {"error": class, "code": ..., "message": ..., "retryable": ...}.
    """

    code: int
    answers: tuple[Mapping[str, Any], ...] = ()
    stderr: str = ""

    @property
    def results(self) -> list[list[Any]]:
        """Every result of every call, in order."""
        return [result for answer in self.answers for result in answer.get("results", ())]

    @property
    def errors(self) -> list[Mapping[str, Any]]:
        """The answers that are errors."""
        return [answer for answer in self.answers if "error" in answer]


@frozen(kw_only=True)
class Client:
    """Opens `url` in a new process and makes calls.

    A call is ["do", record ...], ["ingest", [record ...], batch_size], ["import", path], ["tick", now] or
    ["preview", record ...].
    `fault` is (number of the fail point, action), see FaultPlan; `ledger` a path; `now` fixes the clock (microseconds).
    `limits`: {"file_bytes": n} makes the disk look full at that size, {"user": uid} drops rights before opening.

    >>> Client(url="memory:").run(["do", {"type": "submission", "key": "k", "form": "newsletter",
    ...     "fields": {"email": "ana@example.si"}}]).results[0][:2]
    ['k', 'accepted']
    """

    url: str
    fault: tuple[int, str] | None = None
    ledger: str | Path | None = None
    now: int | None = None
    playbook: str | Path | None = None
    options: Mapping[str, Any] = field(factory=dict)
    limits: Mapping[str, int] = field(factory=dict)

    def start(self, *calls: Sequence[Any]) -> subprocess.Popen[str]:
        """Start the process; it opens the store, says "ready" and waits for a line before the first call."""
        job = {
            "url": self.url,
            "fault": self.fault,
            "ledger": None if self.ledger is None else str(self.ledger),
            "now": self.now,
            "playbook": None if self.playbook is None else str(self.playbook),
            "options": dict(self.options),
            "limits": dict(self.limits),
            "calls": calls,
        }
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-m", "leadflow.testing.client"], stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return process

    def finish(self, process: subprocess.Popen[str], timeout: float = 60.0, *, said: str = "") -> Finished:
        """Let a started client go, and wait for it; `said` is what has been read of its answers."""
        out, err = process.communicate("go\n", timeout)
        out = said + out
        answers = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return Finished(process.returncode, tuple(answers), err)

    def run(self, *calls: Sequence[Any], timeout: float = 60.0) -> Finished:
        """Start a client, let it go and wait for it."""
        return self.finish(self.start(*calls), timeout)

    @staticmethod
    def race(clients: Sequence[tuple[Client, Sequence[Sequence[Any]]]], timeout: float = 60.0) -> list[Finished]:
        """Start several clients, wait until all have opened the store, then let all go at once."""
        processes = [client.start(*calls) for client, calls in clients]
        said = []
        for process in processes:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            said.append(process.stdout.readline())
        for process in processes:
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write("go\n")
            process.stdin.flush()
        triples = zip(clients, processes, said, strict=True)
        return [client.finish(process, timeout, said=line) for (client, _), process, line in triples]


def main() -> None:
    """The other side: carry out the job that comes in by the first line of input."""
    job = json.loads(sys.stdin.readline())
    _limit(job["limits"])
    try:
        flow = _opened(job)
    except LeadflowError as error:
        _say(_told(error))
        return
    _say("ready")
    sys.stdin.readline()
    with flow:
        for verb, *arguments in job["calls"]:
            try:
                _say(_called(flow, verb, arguments, job["ledger"]))
            except LeadflowError as error:
                _say(_told(error))


def _limit(limits: Mapping[str, int]) -> None:
    if "file_bytes" in limits:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_bytes"], limits["file_bytes"]))
    if "user" in limits:
        import leadflow.stores.sqlite  # noqa: F401 - loaded while files can still be read
        from leadflow.engine.opening import open_flow

        open_flow().close()
        os.setgid(limits["user"])
        os.setuid(limits["user"])


def _opened(job: Mapping[str, Any]) -> Any:
    from leadflow.engine.opening import open_flow
    from leadflow.testing.faults import FaultPlan

    now_us = job["now"]
    options = dict(job["options"])
    plan = None
    if job["fault"] is not None:
        plan = options["fault"] = FaultPlan()
    flow = open_flow(job["url"], job["playbook"], now=None if now_us is None else lambda: int(now_us), **options)
    if plan is not None:
        # Counting starts after opening, so that the numbers are those of the calls.
        plan.action = job["fault"][1]
        plan.arm(job["fault"][0])
    return flow


def _called(flow: Any, verb: str, arguments: list[Any], ledger: str | None) -> dict[str, Any]:
    from leadflow.testing.ledger import Ledger

    if verb == "tick":
        return {"done": flow.tick(*arguments)}
    if verb == "import":
        return {"done": len(arguments), "report": str(flow.import_file(*arguments))}
    if verb == "ingest":
        counts = flow.ingest(arguments[0], batch_size=arguments[1] if len(arguments) > 1 else 1000).counts
        if ledger is not None:
            Ledger(ledger).write("ingest", json.dumps(counts))
        return {"counts": counts}
    outcome = flow.preview(*arguments) if verb == "preview" else flow.do(*arguments)
    if ledger is not None and verb == "do":
        for result in outcome:
            if result.is_ok or result.status == "failed":
                Ledger(ledger).write(result.key, result.status, result.lead)
    return {"results": [[r.key, r.status, r.contact, r.account, r.lead, _refused(r)] for r in outcome]}


def _refused(result: Any) -> dict[str, Any] | None:
    refusal = result.refusal
    return None if refusal is None else {"code": refusal.code, **refusal.parameters}


def _told(error: LeadflowError) -> dict[str, Any]:
    return {"error": type(error).__name__, "code": error.code, "message": str(error), "retryable": error.retryable}


def _say(answer: Any) -> None:
    sys.stdout.write((answer if isinstance(answer, str) else json.dumps(answer, default=str)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
