"""May this be sent? Asked of every veto before a message leaves; whatever is no clear yes keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Final

from attrs import frozen

from leadflow.engine.mailing.messages import Message
from leadflow.errors import PluginError
from leadflow.model.time import HOUR_US, MINUTE_US, to_datetime
from leadflow.ports.mail import Leaving, Mail

Veto = Callable[[Mail, Leaving], str | None]

_DENIED_US: Final = HOUR_US
_FAULTY_US: Final = 15 * MINUTE_US
_LONGEST: Final = 200


@frozen
class Held:
    """Why a message stays, and for how long before it is asked about again (microseconds)."""

    why: str
    wait_us: int


def held(vetoes: Mapping[str, Veto], message: Message, mail: Mail, now_us: int) -> Held | None:
    """The first reason by which a message may not leave; None: every veto lets it.

    A veto that fails, hangs or answers oddly keeps the message as well. Each gets a copy of the mail: what it does to that
    changes nothing.
    """
    if not vetoes:
        return None
    leaving = Leaving(
        now=to_datetime(now_us),
        channel=message.channel,
        template=message.template,
        recipient=message.recipient,
        subject=message.subject,
    )
    for name, veto in vetoes.items():
        try:
            why = veto(deepcopy(mail), leaving)
        except PluginError as error:
            return Held(f"{error.code}: {error.message}"[:_LONGEST], _FAULTY_US)
        except Exception as error:
            return Held(f"plugin_failed: {name} failed ({type(error).__name__})", _FAULTY_US)
        if why is not None:
            return Held(f"vetoed: {name}: {' '.join(why.split())}"[:_LONGEST], _DENIED_US)
    return None
