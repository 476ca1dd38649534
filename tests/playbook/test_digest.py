"""The digest names the rules: the same for the same rules however they are written, another for any change."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.errors import PlaybookError
from leadflow.matching.rules import MatchingRules, Strategy
from leadflow.playbook.codec import parse_playbook, playbook_from
from leadflow.playbook.default import default_playbook
from leadflow.playbook.plain import digest_of, normaliser_versions
from leadflow.playbook.playbook import Playbook
from leadflow.playbook.writing import to_toml, toml_text

from .strategies import documents, playbooks
from .test_places import paths


def shuffled(draw: Any, plain: Any, path: tuple[Any, ...] = ()) -> Any:
    """The same tables in another order; only that of processes means something."""
    if isinstance(plain, list):
        return [shuffled(draw, item, (*path, 0)) for item in plain]
    if not isinstance(plain, dict):
        return plain
    keys = list(plain) if path == ("process", "processes") else draw(st.permutations(list(plain)))
    return {key: shuffled(draw, plain[key], (*path, key)) for key in keys}


@settings(max_examples=40, deadline=None)
@given(playbooks, st.data())
def test_the_order_of_tables_does_not_change_the_digest(playbook: Playbook, data: st.DataObject) -> None:
    text = toml_text(shuffled(data.draw, playbook.plain()))
    assert parse_playbook(text).digest == playbook.digest


@settings(max_examples=40, deadline=None)
@given(playbooks, st.data())
def test_layout_and_comments_do_not_change_the_digest(playbook: Playbook, data: st.DataObject) -> None:
    plain = playbook.plain()
    process = plain.pop("process", None)
    text = data.draw(documents(st.just(plain)))
    # Processes keep their order, which the writer of documents does not.
    rest = "" if process is None else "\n" + toml_text({"process": process})
    assert parse_playbook(text + rest).digest == playbook.digest


@settings(max_examples=80, deadline=None)
@given(playbooks, st.data())
def test_any_change_of_a_rule_changes_the_digest(playbook: Playbook, data: st.DataObject) -> None:
    plain = tomllib.loads(to_toml(playbook))
    leaves = [path for path, value in paths(plain) if not isinstance(value, (dict, list)) and path != ("format",)]
    path = data.draw(st.sampled_from(leaves))
    holder = plain
    for part in path[:-1]:
        holder = holder[part]
    value = holder[path[-1]]
    holder[path[-1]] = not value if isinstance(value, bool) else f"{value}x" if isinstance(value, str) else value + 1
    try:
        changed = playbook_from(plain)
    except PlaybookError:
        return
    assert changed.digest != playbook.digest


def test_the_digest_is_short_and_stable() -> None:
    assert len(default_playbook().digest) == 12
    assert default_playbook().digest == parse_playbook(to_toml(default_playbook())).digest


def test_the_version_of_a_normaliser_is_part_of_the_digest() -> None:
    playbook = default_playbook()
    versions = normaliser_versions(playbook)
    later = [version.replace("email@email.1", "email@email.2") for version in versions]
    assert digest_of(playbook, versions) == playbook.digest
    assert digest_of(playbook, later) != playbook.digest


def test_a_normaliser_that_does_not_exist_has_no_version_but_a_digest() -> None:
    unknown = Strategy(target="contact", keys=(("email:nothing",),))
    playbook = Playbook(matching=MatchingRules(strategies={"s": unknown}))
    assert normaliser_versions(playbook) == ()
    assert playbook.digest != Playbook().digest
