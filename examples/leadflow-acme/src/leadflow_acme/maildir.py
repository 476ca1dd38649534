"""Mail into a Maildir: each message under a name made from its key, so that a repeat finds it."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from leadflow.errors import TransientError
from leadflow.ports.mail import Mail
from leadflow.ports.wire import envelope, wire


class MaildirMailer:
    """Delivers into `new/`, as any Maildir reader expects: written whole in `tmp/`, then renamed."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def send(self, mail: Mail) -> str:
        """See leadflow.ports.mail.Mailer.send."""
        name = self._name(mail.key)
        envelope(mail.to, smtputf8=True)
        content = wire(mail, smtputf8=True)
        try:
            for part in ("tmp", "new", "cur"):
                (self._folder / part).mkdir(parents=True, exist_ok=True)
            if not self.was_sent(mail.key):
                draft = self._folder / "tmp" / f"{name}.{os.getpid()}"
                with draft.open("wb") as file:
                    file.write(content)
                    os.fsync(file.fileno())
                draft.replace(self._folder / "new" / name)
        except OSError as error:
            said = f"{self._folder}: {error.strerror}"
            raise TransientError(said, adapter="acme-maildir", operation="send", retry_after=60) from error
        return name

    def was_sent(self, key: str) -> bool:
        """See leadflow.ports.mail.Mailer.was_sent: a reader moves a message from `new/` to `cur/` and adds flags."""
        name = self._name(key)
        return (self._folder / "new" / name).exists() or any((self._folder / "cur").glob(f"{name}*"))

    @staticmethod
    def _name(key: str) -> str:
        return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
