"""Rules in parts: conditions, forms, matching strategies and scoring models. All of them pass `check`.

Every option is a strategy for the field of its name, unless it is said otherwise.

>>> from hypothesis import find, strategies as st
>>> rule = find(scoring_rules(points=st.just(35)), lambda rule: rule.each is not None)
>>> rule.name, rule.points
('clicks', 35)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from leadflow.capture.rules import CaptureRules, Form
from leadflow.matching.rules import (
    BLANKS,
    CLOSED,
    DEFAULT_STRATEGIES,
    PARENTS,
    TIES,
    UPDATES,
    MatchingRules,
    Strategy,
)
from leadflow.model.values import CONSENT_LEVELS
from leadflow.playbook.playbook import Attribute
from leadflow.scoring.rules import Grade, Group, Model, Rule, ScoringRules
from leadflow.testing.strategies.basics import Fields, durations, made, several, sometimes

ATTRIBUTES: Mapping[str, Mapping[str, Attribute]] = {
    "contact": {"job_level": Attribute(type="code", choices=("manager", "student"))},
    "lead": {"budget": Attribute(type="number"), "purchase_need": Attribute()},
}
"""The fields that generated playbooks add, so that their conditions may ask for them."""
CONDITIONS: Mapping[str, Sequence[str]] = {
    "contact": (
        'contact.country == "SI"',
        'contact.country in ["DE", "AT"]',
        "contact.email is not None",
        "contact.consent >= 2",
        'contains(contact.title, "head")',
        'contact.created_at > ago("30d")',
    ),
    "account": ("account.employees >= 50", 'account.industry == "energy"', "account.revenue < 1000000"),
    "lead": (
        'lead.page == "pricing"',
        "lead.teleprospect_ready",
        "lead.sales_ready",
        "lead.owner is None",
        'lead.created_at < ago("7d")',
    ),
    "behaviour": (
        'any("email.clicked", within="30d")',
        'count("page.visited", page="pricing") >= 2',
        'none("form.submitted", within="90d")',
        'days_since("page.visited") > 7',
        'sum("order", "amount", within="1y") >= 1000',
    ),
    "terms": ("is_scored", "has_free_mail", "is_duplicate"),
    "attributes": ('contact.job_level == "manager"', "lead.budget >= 1000", "lead.purchase_need is not None"),
}
"""Conditions by what they ask for."""
KINDS = ("email.clicked", "page.visited", "form.submitted", "email.*", "*")
FIELDS = {
    "email": "contact.email",
    "first_name": "contact.first_name",
    "country": "contact.country",
    "company": "account.name",
    "employees": "account.employees",
    "product": "lead.product",
    "page": "lead.page",
    "postcode": "contact.postcode",
}
"""What the fields of generated forms set."""


ABOUT = ("contact", "account", "lead", "behaviour", "terms")
"""What conditions may ask for under any playbook."""


def conditions(*, about: Sequence[str] = ABOUT, models: Sequence[str] = ()) -> SearchStrategy[str]:
    """Conditions, alone or two together, about some of `CONDITIONS` and the scores of models of these names.

    >>> from hypothesis import find
    >>> find(conditions(about=["account"]), lambda text: " and " in text)
    'account.employees >= 50 and account.industry == "energy"'
    """
    atoms = [text for name in about for text in CONDITIONS[name]]
    atoms += [f'score("{name}") >= {points}' for name in models for points in (30, 60)]
    one = st.sampled_from(atoms)
    two = st.lists(one, min_size=2, max_size=2, unique=True)
    joined = st.builds(lambda pair, word: f" {word} ".join(pair), two, st.sampled_from(["and", "or"]))
    return st.one_of(one, joined, one.map(lambda text: f"not ({text})"))


# -- capture and matching ---------------------------------------------------------------------------------


def attributes(**options: Fields) -> SearchStrategy[Attribute]:
    """Fields that a playbook adds: a number, a text, a code with its choices ..."""
    plain = st.sampled_from(["text", "number", "boolean", "date", "instant", "texts", "code"])
    choices = options.pop("choices", st.sampled_from([("manager", "student"), ("a", "b", "c")]))
    by_kind = made(Attribute, {"type": plain}, options)
    chosen = made(Attribute, {"type": st.sampled_from(["code", "codes"]), "choices": choices}, options)
    return st.one_of(by_kind, chosen)


def forms(**options: Fields) -> SearchStrategy[Form]:
    """Forms that ask at least for an address."""
    names = st.lists(st.sampled_from(list(FIELDS)[1:]), unique=True, max_size=3)
    fields = {
        "mode": st.sampled_from(["contact-and-lead", "contact", "store"]),
        "fields": names.map(lambda chosen: {name: FIELDS[name] for name in ("email", *chosen)}),
        "required": st.just(("email",)),
        "always_new_lead": st.booleans(),
        "kind": st.sampled_from(["form.submitted", "event.registered"]),
        "context": st.sampled_from([{}, {"campaign": "spring"}]),
    }
    return made(Form, fields, options)


def matching_strategies(*, target: str | None = None, **options: Fields) -> SearchStrategy[Strategy]:
    """Matching strategies of every kind, or of a target: "contact", "account" or "lead"."""
    keys: dict[str, list[tuple[tuple[str, ...], ...]]] = {
        "contact": [
            (("email",),),
            (("email:email-loose",),),
            (("phone",), ("email",)),
            (("first_name", "last_name", "account_id"), ("email",)),
        ],
        "account": [(("domain",), ("name",)), (("name", "country"), ("domain",))],
        "lead": [(("contact", "context"),), (("contact",),), (("contact", "campaign"), ("contact",))],
    }
    if target is None:
        return st.one_of([matching_strategies(target=name, **options) for name in keys])
    fields = {
        "target": st.just(target),
        "keys": st.sampled_from(keys[target]),
        "tie": st.sampled_from(TIES),
        "update": st.sampled_from(UPDATES),
        "blank": st.sampled_from(BLANKS),
        "parent": st.sampled_from(PARENTS),
        "closed": st.sampled_from(CLOSED),
    }
    return made(Strategy, fields, options)


def matching_rules(**options: Fields) -> SearchStrategy[MatchingRules]:
    """A default strategy for each kind of record, perhaps other than usual."""
    usual = dict(DEFAULT_STRATEGIES)
    names = {"contact": "email", "account": "domain-or-name", "lead": "contact-and-context"}
    changed = st.fixed_dictionaries(
        {}, optional={name: matching_strategies(target=target) for target, name in names.items()}
    )
    fields = {
        "strategies": changed.map(lambda mine: {**usual, **mine}),
        "unknown_contact": st.sampled_from(["create", "keep"]),
    }
    return made(MatchingRules, fields, options)


def capture_rules(**options: Fields) -> SearchStrategy[CaptureRules]:
    """One or two forms, the first of which makes leads."""
    first = forms(mode=st.just("contact-and-lead"))
    fields = {
        "forms": st.fixed_dictionaries(
            {"demo-request": first}, optional={"newsletter": forms(mode=st.just("contact"))}
        ),
    }
    return made(CaptureRules, fields, options)


# -- scoring ----------------------------------------------------------------------------------------------


_READS = {"contact": ("contact", "account"), "account": ("account",), "lead": ("contact", "account", "lead")}


def scoring_rules(*, target: str = "contact", groups: Sequence[str] = (), **options: Fields) -> SearchStrategy[Rule]:
    """Rules of a model: points for what somebody is or did. `target` is the model's, `groups` are those it has."""
    kinds, spans = st.sampled_from(KINDS), sometimes(durations(least="1d"))
    where = st.sampled_from([{}, {"page": "pricing"}])
    group = sometimes(st.sampled_from(list(groups))) if groups else st.none()
    about = [*_READS[target], "behaviour"]
    shapes: list[dict[str, Fields]] = [
        {
            "name": st.just("clicks"),
            "each": kinds,
            "where": where,
            "within": spans,
            "limit": sometimes(st.integers(1, 5)),
            "cap": sometimes(st.sampled_from([10, 20])),
        },
        {"name": st.just("fades"), "each": kinds, "where": where, "half_life_days": st.sampled_from([1, 30])},
        {"name": st.just("fits"), "when": conditions(about=about)},
        {"name": st.just("comes again"), "of": kinds, "at_least": st.integers(1, 3), "within": spans, "where": where},
        {"name": st.just("is silent"), "none": kinds, "within": spans, "where": where},
    ]
    points = st.one_of(st.sampled_from([10, 35, 60, -20]), st.integers(-100, 100).filter(bool))
    return st.one_of([made(Rule, {"points": points, "group": group, **shape}, options) for shape in shapes])


def scoring_models(**options: Fields) -> SearchStrategy[Model]:
    """Scoring models with up to four rules, each of another kind."""
    targets = options.pop("target", st.sampled_from(["contact", "account", "lead"]))
    # Kept by target: strategies that are made anew at each draw cost more than what they draw.
    kept = cache(lambda target: _models(target, options))
    return targets.flatmap(lambda target: kept(target))


def _models(target: str, options: Mapping[str, Fields]) -> SearchStrategy[Model]:
    groups = {"mail": Group(at_least=-10, at_most=20)}
    threshold = sometimes(st.sampled_from([60, 30, 10]))
    bounds = ((None, None), (0, 100), (-50, None))
    grades = (Grade(name="cold", at_least=0), Grade(name="warm", at_least=30), Grade(name="hot", at_least=60))
    fields: dict[str, Fields] = {
        "target": st.just(target),
        "state": st.sampled_from(["live", "live", "draft", "stopped"]),
        "threshold": threshold,
        "rearm": st.sampled_from([5, 0]),
        "consent": st.sampled_from(list(CONSENT_LEVELS)),
        "rules": several(scoring_rules(target=target, groups=list(groups)), least=1, most=4, by="name"),
        "groups": st.just(groups),
        "grades": st.sampled_from([(), grades]),
    }
    fixed = {name: option for name, option in options.items() if name in ("floor", "ceiling", "leave")}
    if fixed:
        return made(Model, fields, options)
    return st.one_of(
        [made(Model, {**fields, "floor": st.just(low), "ceiling": st.just(high)}, options) for low, high in bounds]
    ).flatmap(_leaving)


def _leaving(model: Model) -> SearchStrategy[Model]:
    """With or without a bound below the threshold that ends readiness."""
    if model.threshold is None:
        return st.just(model)
    values: dict[str, Any] = {name: getattr(model, name) for name in Model.__annotations__}
    return st.sampled_from([None, model.threshold - 10]).map(lambda leave: Model(**{**values, "leave": leave}))


def scoring(**options: Fields) -> SearchStrategy[ScoringRules]:
    """Up to two models: `interest`, and `fit`."""
    fields: dict[str, Fields] = {
        "models": st.fixed_dictionaries({}, optional={"interest": scoring_models(), "fit": scoring_models()}),
        "marks_sales_ready": st.one_of(st.just(True), st.booleans()),
    }
    return made(ScoringRules, fields, options)
