"""A worker in a process of its own, for test_postgres_workers.py: `python workers.py JOB` ticks or delivers until nothing is
left, and writes down what it did in ledgers outside the database."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterable
from typing import Any

import leadflow
from leadflow.errors import LeadflowError
from leadflow.hookspecs import hookimpl
from leadflow.model.decisions import Recorded
from leadflow.plugins import load
from leadflow.ports.mail import Mail
from leadflow.testing import Ledger
from leadflow_adapters.postgres import plugin


class LedgerMailer:
    """Takes every message and writes its key down before it answers. Nobody can ask it afterwards."""

    def __init__(self, path: str) -> None:
        self._ledger = Ledger(path, sync=False)

    def send(self, mail: Mail) -> str:
        self._ledger.write(mail.key, str(os.getpid()))
        return mail.key

    def was_sent(self, key: str) -> bool | None:
        return None


class Observing:
    """Writes down the decisions that this process has committed."""

    def __init__(self, path: str, pace_s: float) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._pace_s = pace_s

    @hookimpl
    def leadflow_register_observers(self, register: Any) -> None:
        register("ledger", self.told)

    def told(self, decisions: Iterable[Recorded]) -> None:
        # One write, so that a kill leaves no half of it.
        os.write(self._file, "".join(f"{each.id}\n" for each in decisions).encode())
        time.sleep(self._pace_s)


def main() -> None:
    job = json.loads(sys.argv[1])
    observing = Observing(job["ledger"], job["pace"])
    plugins = load(only=(), also={"postgres": plugin, "observing": observing})
    with leadflow.open(job["url"], plugins=plugins) as flow:
        print("ready", flush=True)
        while not os.path.exists(job["go"]):
            time.sleep(0.01)
        idle = 0
        while idle < 2:
            try:
                if job["work"] == "tick":
                    did = flow.tick(lease=job["lease"])
                else:
                    did = flow.deliver(LedgerMailer(job["letters"]), lease=job["lease"]).total
            except LeadflowError as error:
                if not error.retryable:
                    raise
                did = 1
            idle = 0 if did else idle + 1
            if not did:
                time.sleep(random.random() * 0.2)


if __name__ == "__main__":
    main()
