"""Forms and matching strategies: names that point nowhere, and submissions that could never be matched (S003-9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadflow.capture.rules import Form
from leadflow.errors import LeadflowError
from leadflow.expr.fault import did_you_mean
from leadflow.matching.keys import key_spec
from leadflow.matching.rules import TARGETS, MatchingRules, Strategy
from leadflow.model.lead import CONTEXT_COLUMNS
from leadflow.model.rows import KEPT_BY_ENGINE, own_fields
from leadflow.normalise import normaliser
from leadflow.playbook.fault import WARNING, Finding, Path, listed
from leadflow.playbook.playbook import Playbook
from leadflow.room import NO_POLICIES, Policies

_WANTED = {
    "contact-and-lead": ("contact", "account", "lead"),
    "contact": ("contact", "account"),
    "lead": ("account", "lead"),
    "store": (),
}
"""The records that each mode finds or makes."""
_GIVEN_LEAD = {*CONTEXT_COLUMNS, "context"}
"""What a lead's key may use without a form field: it comes with the submission."""


def fields_of(playbook: Playbook, record: str) -> tuple[str, ...]:
    """The fields of a record that an input may set, and that a key may use.

    >>> "email" in fields_of(Playbook(), "contact"), "version" in fields_of(Playbook(), "contact")
    (True, False)
    """
    own = own_fields(record) - KEPT_BY_ENGINE - {"context"}
    return (*sorted(name for name in own if not name.endswith("_us")), *playbook.attributes.get(record, {}))


# -- matching ---------------------------------------------------------------------------------------------


def matching_findings(playbook: Playbook, policies: Policies = NO_POLICIES) -> Iterator[Finding]:
    """Default strategies that do not exist, key fields and normalisers that do not, extras that are missing."""
    rules = playbook.matching
    for target in TARGETS:
        yield from _strategy_name(rules, ("matching", target), rules.default(target), target)
    known = tuple(dict.fromkeys(name for record in TARGETS for name in fields_of(playbook, record)))
    for number, name in enumerate(rules.protected):
        if name not in known:
            hint = did_you_mean(name, known)
            yield _fault(("matching", "protected", number), f"no record has a field {name}", hint, "unknown_field")
    for name, strategy in rules.strategies.items():
        for number, key in enumerate(strategy.keys):
            path: Path = ("matching", "strategies", name, "keys", number)
            found = [
                each
                for at, part in enumerate(key)
                for each in _key_part(playbook, strategy, (*path, at), part, policies)
            ]
            yield from found
            if not any(each.severity != WARNING for each in found):
                yield from _whole_key(path, strategy.target, key, policies)


def _strategy_name(rules: MatchingRules, path: Path, name: str, target: str) -> Iterator[Finding]:
    fitting = [each for each, strategy in rules.strategies.items() if strategy.target == target]
    strategy = rules.strategies.get(name)
    if strategy is None:
        hint = did_you_mean(name, fitting) or _known(fitting) or f"add [matching.strategies.{name}]"
        yield _fault(path, f"there is no strategy {name}", hint, "unknown_strategy")
    elif strategy.target != target:
        said = f"the strategy {name} finds a record of another kind: {strategy.target}"
        yield _fault(path, said, _known(fitting), "wrong_strategy")


def _key_part(playbook: Playbook, strategy: Strategy, path: Path, part: str, policies: Policies) -> Iterator[Finding]:
    target = strategy.target
    field, _, named = part.partition(":")
    known = fields_of(playbook, target)
    if target == "lead":
        known = (*known, "contact", "account", "context")
    if field not in known:
        if target == "lead" and field.isidentifier():
            said = f"a lead has no field {field}, so it is looked for in the marketing context"
            hint = did_you_mean(field, known)
            if not any(field in form.context for form in playbook.capture.forms.values()):
                yield _warning(path, said, hint, "unknown_context")
        else:
            yield _fault(path, f"{target} has no field {field}", did_you_mean(field, known), "unknown_field")
    if not named or named in policies.normalisers:
        return
    try:
        normaliser(named).require()
    except LeadflowError as error:
        yield _fault(path, error.message, error.hint, error.code)


def _whole_key(path: Path, target: str, key: tuple[str, ...], policies: Policies) -> Iterator[Finding]:
    try:
        key_spec(target, key, policies.normalisers)
    except LeadflowError as error:
        yield _fault(path, error.message.removeprefix("keys: "), error.hint, error.code)


# -- forms ------------------------------------------------------------------------------------------------


def form_findings(playbook: Playbook) -> Iterator[Finding]:
    """Strategies and fields that do not exist, and what a form lacks for its strategies."""
    for name, form in playbook.capture.forms.items():
        path: Path = ("capture", "forms", name)
        chosen = {target: getattr(form, target) for target in TARGETS}
        for target, strategy in chosen.items():
            if strategy is not None:
                yield from _strategy_name(playbook.matching, (*path, target), strategy, target)
        yield from _targets(playbook, form, path)
        yield from _required(form, path)
        for target in _WANTED[form.mode]:
            strategy_name = chosen[target] or playbook.matching.default(target)
            strategy = playbook.matching.strategies.get(strategy_name)
            if strategy is not None and strategy.target == target and not (target == "lead" and form.always_new_lead):
                yield from _lacking(form, path, target, strategy_name, strategy)


def _targets(playbook: Playbook, form: Form, path: Path) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for field, target in form.fields.items():
        here = (*path, "fields", field)
        record, dot, name = target.partition(".")
        if not dot or record not in TARGETS:
            hint = did_you_mean(record, TARGETS) if dot else "write e.g. contact.email"
            yield _fault(here, f"{target!r} is no field of a {listed(TARGETS, 'or')}", hint, "unknown_field")
            continue
        known = fields_of(playbook, record)
        if name not in known:
            hint = did_you_mean(name, known) or f"declare it in [attributes.{record}.{name}]"
            yield _fault(here, f"{record} has no field {name}", hint, "unknown_field")
        elif form.mode != "store" and record not in _WANTED[form.mode] and target != "contact.email":
            # An address tells the account's domain, whatever else is made.
            said = f'a form of mode "{form.mode}" makes no {record}, so this sets nothing'
            yield _warning(here, said, "choose another mode, or leave it out", "unused_field")
        if target in seen:
            yield _warning(here, f"{seen[target]} sets {target} too", "the last one wins", "set_twice")
        seen[target] = field


def _required(form: Form, path: Path) -> Iterator[Finding]:
    for number, name in enumerate(form.required):
        near = did_you_mean(name, form.fields) if name not in form.fields else ""
        if near:
            said = f"{name} must be filled, but is no field that the form maps"
            yield _warning((*path, "required", number), said, near, "unmapped_required")


def _lacking(form: Form, path: Path, target: str, name: str, strategy: Strategy) -> Iterator[Finding]:
    """A submission that fills no key of its strategy fails: said here rather than when the first one comes."""
    mapped = _filled(form, target, form.fields)
    if target == "account" and not mapped & {"name", "domain"}:
        # An account is only looked for when the submission tells one.
        return
    keys = [tuple(part.partition(":")[0] for part in key) for key in strategy.keys]
    shown = " or ".join("+".join(key) for key in keys)
    if not any(mapped.issuperset(key) for key in keys):
        said = f"no field of the form fills a key of the strategy {name} ({shown}), so every submission would fail"
        hint = f"map {shown} of the {target}, or choose another strategy"
        yield _warning(path, said, hint, "missing_strategy_field", is_key=True)
        return
    filled = {field: to for field, to in form.fields.items() if field in form.required}
    if target != "account" and not any(_filled(form, target, filled).issuperset(key) for key in keys):
        said = f"no key of the strategy {name} ({shown}) is required, so a submission without it fails"
        yield _warning(path, said, "add its fields to required", "missing_strategy_field", is_key=True)


def _filled(form: Form, target: str, fields: Mapping[str, str]) -> set[str]:
    """The fields of a record that some form fields fill, and those that come by themselves."""
    filled = {name for record, _, name in (to.partition(".") for to in fields.values()) if record == target}
    if target == "account" and "contact.email" in fields.values():
        filled.add("domain")
    if target == "lead":
        filled |= _GIVEN_LEAD | set(form.context)
        # Without a contact a lead is keyed by its account, and one that belongs to nobody needs no key.
        filled |= {"contact"} if "contact" in _WANTED[form.mode] else {"contact", "account"}
    return filled


# -- saying ------------------------------------------------------------------------------------------------


def _known(names: list[str]) -> str:
    return f"known: {', '.join(names[:8])}" if names else ""


def _fault(path: Path, said: str, hint: str, code: str) -> Finding:
    return Finding(path=path, message=said, hint=hint, code=code)


def _warning(path: Path, said: str, hint: str, code: str, is_key: bool = False) -> Finding:
    return Finding(path=path, message=said, hint=hint, severity=WARNING, code=code, is_key=is_key)
