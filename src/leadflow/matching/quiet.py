"""The short form of matching: somebody who is known. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.matching.decide import is_earlier, reference_text
from leadflow.matching.find import Prepared
from leadflow.model.facts import InteractionReceived
from leadflow.model.ids import derive_id
from leadflow.model.records import Input, Interaction
from leadflow.model.values import NOTHING
from leadflow.room import Hush, Key


def quiet_interaction(
    rows: Mapping[Key, Any], command: Interaction, prepared: Prepared, now_us: int, hush: Hush
) -> bool:
    """The short form of `on_interaction`: somebody who is known by the first key, and whose visitor is known too."""
    reference = command.contact
    if not reference or "id" in reference or prepared.first_key is None:
        return False
    id_ = prepared.first_key.id_of(reference)
    if id_ is None:
        return False
    key = ("matchkey", id_)
    holder = rows.get(key)
    if holder is None or len(holder.records) != 1:
        return False
    hush.reads.append(key)
    visitor_id = None
    if command.visitor is not None:
        visitor_id = derive_id("visitor", command.visitor)
        key = ("alias", visitor_id)
        alias = rows.get(key)
        if alias is None or is_earlier(command.at_us, command.key, alias):
            return False
        hush.reads.append(key)
    made, contact = holder.records[0]
    at_us = command.at_us if command.at_us < now_us else now_us
    record = Input(
        command.key, "interaction", at_us, now_us, command.kind, made, None, command.lead, visitor_id,
        command.actor, command.batch, reference_text(reference), command.properties, NOTHING,
        NOTHING if command.visitor is None else {"visitor": command.visitor},
    )  # fmt: skip
    fact = InteractionReceived(command.key, command.kind, at_us, contact, command.lead, command.properties)
    hush.inputs.append(record)
    hush.causes.append(fact)
    return True
