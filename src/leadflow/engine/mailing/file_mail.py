"""The embedded mailer: every message becomes an .eml file in a folder."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from leadflow.errors import RejectedError, TransientError
from leadflow.ports.mail import Mail
from leadflow.ports.wire import envelope, wire

_RETRY_S = 60


class FileMailer:
    """Writes messages as .eml files, each under a name made from its key: a repeat finds its file and writes nothing.

    It claims smtputf8, keeps_keys and tells_sent.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def send(self, mail: Mail) -> str:
        """Write the file, durably, and only under its final name when it is whole."""
        path = self._path(mail.key)
        envelope(mail.to, smtputf8=True)
        content = wire(mail, smtputf8=True)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                return path.name
            part = path.with_suffix(f".{os.getpid()}.part")
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except PermissionError as error:
            raise RejectedError(
                f"cannot write to {self.folder}", adapter="file", operation="send", hint="check the folder's rights"
            ) from error
        except OSError as error:
            raise TransientError(
                f"{self.folder}: {error.strerror}", adapter="file", operation="send", retry_after=_RETRY_S
            ) from error
        return path.name

    def was_sent(self, key: str) -> bool | None:
        """Whether the file is there: a folder always knows."""
        return self._path(key).exists()

    def _path(self, key: str) -> Path:
        return self.folder / f"{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=12).hexdigest()}.eml"
