"""Learning a scoring model from won and lost leads (S003-12), with a sales-ready threshold (S003-14)."""

from __future__ import annotations

import math
import random
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadflow.errors import InvalidInputError, InvalidValueError
from leadflow.expr import Field, Schema, SignalTable, Type, compile_condition
from leadflow.model.time import DAY_US
from leadflow.scoring.fit import Example, Fit, FitSettings, learn, render, to_mapping
from leadflow.scoring.fit.additive import probability
from leadflow.scoring.fit.examples import arranged, mature
from leadflow.scoring.fit.settings import Method
from leadflow.scoring.fit.split import by_hash, by_time, in_folds
from leadflow.scoring.rules import Model, Rule

METHODS: tuple[Method, ...] = ("naive_bayes", "logistic")


def planted(count: int, seed: int, strength: float = 1.0) -> list[Example]:
    """Leads whose outcome truly depends on origin and employees, and not on country or on `is_odd`."""
    chance = random.Random(seed)
    examples = []
    for row in range(count):
        origin, employees = chance.choice(["fair", "web", "mail", "phone"]), int(10 ** chance.uniform(0, 4))
        pull = {"fair": 1.0, "web": 0.0, "mail": -1.0, "phone": 0.3}[origin] + (0.8 if employees >= 100 else -0.4)
        won = chance.random() < probability(-1.5 + strength * pull)
        features: dict[str, Any] = {
            "lead.origin": origin if chance.random() < 0.9 else None,
            "account.employees": employees,
            "contact.country": chance.choice(["DE", "PL", "SI"]),
            "contact.is_odd": chance.random() < 0.5,
        }
        examples.append(Example(f"l_{row:05}", row * DAY_US // 10, won, features))
    return examples


PLANTED = planted(3000, seed=11)


@pytest.fixture(scope="module", params=METHODS)
def fit(request: pytest.FixtureRequest) -> Fit:
    return learn(PLANTED, FitSettings(method=request.param))


def test_a_planted_signal_is_found(fit: Fit) -> None:
    report = fit.report
    assert report.points.auc is not None
    assert 0.68 < report.points.auc < 0.8
    assert report.points.lift_10 is not None
    assert report.points.lift_10 > 1.6
    points = {rule.when: rule.points for rule in fit.rules}
    assert points['lead.origin == "fair"'] > points['lead.origin == "mail"'] + 10
    assert fit.points({"account.employees": 5000}) > fit.points({"account.employees": 5}) + 8


def test_whole_points_rank_nearly_as_well_as_weights(fit: Fit) -> None:
    whole, floats = fit.report.points.auc, fit.report.floats.auc
    assert whole is not None
    assert floats is not None
    assert abs(whole - floats) < 0.01
    assert all(isinstance(rule.points, int) and rule.points for rule in fit.rules)


def test_predicted_probabilities_come_true(fit: Fit) -> None:
    for row in fit.report.points.calibration:
        error = math.sqrt(row.predicted * (1 - row.predicted) / row.leads)
        assert abs(row.predicted - row.actual) < 4 * error + 0.01


def test_labels_that_depend_on_nothing_give_an_auc_near_one_half() -> None:
    examples = planted(3000, seed=5, strength=0.0)
    for method in METHODS:
        report = learn(examples, FitSettings(method=method, split="hash")).report
        assert report.points.auc is not None
        assert abs(report.points.auc - 0.5) < 0.06


SCHEMA = Schema(
    {
        "lead": {"origin": Field("origin", Type.CODE)},
        "account": {"employees": Field("employees", Type.NUMBER)},
        "contact": {"country": Field("country", Type.TEXT), "is_odd": Field("is_odd", Type.BOOLEAN)},
    }
)


def test_the_score_of_a_lead_is_the_sum_of_the_rules_whose_conditions_hold(fit: Fit) -> None:
    """What learning counted is what the condition language will say about the same lead."""
    rules = [(compile_condition(rule.when, SCHEMA, SignalTable()), rule.points) for rule in fit.rules]
    for example in PLANTED[:300]:
        view = SimpleNamespace(lead=SimpleNamespace(), account=SimpleNamespace(), contact=SimpleNamespace())
        for name, value in example.features.items():
            record, _, attribute = name.partition(".")
            setattr(getattr(view, record), attribute, value)
        assert fit.points(example.features) == sum(points for rule, points in rules if rule.value(view, 0))


def test_the_mapping_is_a_scoring_model_of_a_playbook(fit: Fit) -> None:
    mapping = to_mapping(fit)
    model = Model(
        target=mapping["target"],
        threshold=mapping["threshold"],
        rules=tuple(Rule(**rule) for rule in mapping["rules"]),
    )
    assert set(mapping) == {"target", "threshold", "rules"}
    assert len({rule.name for rule in model.rules}) == len(model.rules) == len(fit.rules)


def test_the_threshold_is_the_one_with_the_best_f1_on_the_training_leads(fit: Fit) -> None:
    """S003-14: the model holds its sales-ready threshold, and says how it came about."""
    cut_us = fit.report.cut_us
    assert cut_us is not None
    train = [(fit.points(e.features), e.won) for e in PLANTED if e.at_us < cut_us]

    def f1(threshold: int) -> float:
        called = [won for points, won in train if points >= threshold]
        return 2 * sum(called) / (len(called) + sum(won for _, won in train))

    best = max(sorted({points for points, _ in train}, reverse=True), key=f1)
    assert fit.threshold == best
    assert f"highest F1 on the training leads ({f1(best):.3f})" == fit.report.criterion
    at = fit.report.at_threshold
    held = [(fit.points(e.features), e.won) for e in PLANTED if e.at_us >= cut_us]
    assert at.right + at.wrong == sum(points >= fit.threshold for points, _ in held)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_threshold_may_aim_at_a_share_of_leads(share: float) -> None:
    report = learn(PLANTED, FitSettings(method="logistic", criterion="share", share=share)).report
    assert report.at_threshold.share == pytest.approx(share, abs=0.05)
    assert f"{share:.0%}" in report.criterion


def test_youden_is_a_choice_too() -> None:
    fits = [learn(PLANTED, FitSettings(method="logistic", criterion=each)) for each in ("f1", "youden")]
    assert fits[0].rules == fits[1].rules
    assert "minus false alarms" in fits[1].report.criterion


def test_twice_the_points_double_the_odds(fit: Fit) -> None:
    low, high = fit.probability(0), fit.probability(10)
    assert (high / (1 - high)) / (low / (1 - low)) == pytest.approx(2)


# -- the same leads always give the same model -------------------------------------------------------------

SMALL = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(["a", "b", "B", None]),
        st.one_of(st.none(), st.integers(0, 30)),
        st.integers(0, 5),
    ),
    min_size=60,
    max_size=90,
)


@settings(max_examples=20, deadline=None)
@given(
    SMALL,
    st.randoms(),
    st.sampled_from(["time", "hash"]),
    st.sampled_from(["naive_bayes", "logistic", "best"]),
)
def test_the_order_of_the_examples_does_not_matter(rows: list[Any], chance: Any, split: Any, method: Any) -> None:
    examples = [
        Example(f"{n:03}", day * DAY_US, won, {"lead.x": text, "lead.n": number})
        for n, (won, text, number, day) in enumerate(rows)
    ]
    shuffled = [evolve(e, features=dict(list(e.features.items())[::-1])) for e in examples]
    chance.shuffle(shuffled)
    choices = FitSettings(split=split, method=method, folds=3, min_support=5)
    assert outcome_of(examples, choices) == outcome_of(iter(shuffled), choices)


def outcome_of(examples: Any, choices: FitSettings) -> Any:
    try:
        fit = learn(examples, choices)
        return fit, render(fit)
    except InvalidInputError as error:
        return str(error)


def test_best_takes_the_method_that_validates_better_on_the_training_part() -> None:
    report = learn(PLANTED, FitSettings(method="best")).report
    means = {each.method: each.mean for each in report.chosen_by}
    assert set(means) == set(METHODS)
    assert means[report.method] == max(means.values(), key=lambda mean: mean or 0)
    held_flipped = [evolve(e, won=not e.won) if e.at_us >= (report.cut_us or 0) else e for e in PLANTED]
    assert learn(held_flipped, FitSettings(method="best")).report.chosen_by == report.chosen_by


def test_held_back_leads_teach_nothing(fit: Fit) -> None:
    changed = [
        evolve(e, won=not e.won, features={**e.features, "lead.origin": "new"})
        if e.at_us >= (fit.report.cut_us or 0)
        else e
        for e in PLANTED
    ]
    other = learn(changed, FitSettings(method=fit.report.method))  # type: ignore[arg-type]
    assert (other.rules, other.threshold, other.report.flags) == (fit.rules, fit.threshold, fit.report.flags)
    assert other.report.points != fit.report.points


# -- holding back ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 40), min_size=2, max_size=60), st.sampled_from([0.1, 0.3, 0.5]))
def test_a_time_split_holds_back_the_newest_and_parts_no_instant(days: list[int], holdout: float) -> None:
    assume(len(set(days)) > 1)
    table = arranged(Example(f"{n:03}", day, True, {}) for n, day in enumerate(days))
    train, held, cut_us = by_time(table, holdout)
    assert len(train) + len(held) == len(table)
    assert max(e.at_us for e in train.examples) < cut_us == min(e.at_us for e in held.examples)
    most = max(days.count(day) for day in days)
    assert abs(len(held) - holdout * len(days)) <= most + 1


@given(st.sets(st.text(max_size=8), max_size=60), st.integers(2, 6))
def test_a_hash_split_and_folds_put_each_id_once_and_always_the_same(ids: set[str], folds: int) -> None:
    table = arranged(Example(each, 0, True, {}) for each in ids)
    parts = by_hash(table, 0.3)
    assert sorted(e.id for part in parts for e in part.examples) == sorted(ids)
    for each in ids:  # alone or among others, a lead falls on the same side
        alone = by_hash(arranged([Example(each, 5, False, {})]), 0.3)
        assert (len(alone[1]) == 1) is any(e.id == each for e in parts[1].examples)
    held = [e.id for _, fold in in_folds(table, folds) for e in fold.examples]
    assert sorted(held) == sorted(ids)


def test_a_hash_holds_back_about_its_share() -> None:
    _, held = by_hash(arranged(PLANTED), 0.3)
    assert len(held) / len(PLANTED) == pytest.approx(0.3, abs=0.03)


def test_leads_too_young_to_be_decided_are_left_out_won_or_not() -> None:
    examples = [Example(str(day), day * DAY_US, day % 2 == 0, {}) for day in range(100)]
    table, immature = mature(arranged(examples), 30, 99 * DAY_US)
    assert (len(table), immature) == (70, 30)
    assert max(e.at_us for e in table.examples) == 69 * DAY_US
    assert mature(arranged(examples), None, None)[1] == 0


def test_young_leads_are_told_of_unless_left_out() -> None:
    """A lead is won 60 days after it came in at the earliest, so the newest leads look lost."""
    young = [evolve(e, won=e.won and e.at_us < 240 * DAY_US) for e in PLANTED]
    assert any("set mature_days" in note for note in learn(young, FitSettings(method="naive_bayes")).report.notes)
    ripe = learn(young, FitSettings(method="naive_bayes", mature_days=60)).report
    assert not ripe.notes
    assert ripe.immature == sum(e.at_us > PLANTED[-1].at_us - 60 * DAY_US for e in young)


def test_folds_give_an_auc_for_every_fold() -> None:
    folds = learn(PLANTED, FitSettings(method="naive_bayes", folds=4)).report.folds
    assert folds is not None
    assert len(folds.aucs) == 4
    assert folds.mean == pytest.approx(0.73, abs=0.05)


# -- bad input ---------------------------------------------------------------------------------------------


def test_too_few_leads_are_refused_with_the_counts() -> None:
    with pytest.raises(InvalidInputError, match="3 won and 9 lost leads to learn from are too few"):
        learn(Example(str(n), n, n % 4 == 0, {"lead.x": "a"}) for n in range(12))


def test_the_same_id_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="two examples have the id 'l_00000'"):
        learn([*PLANTED, PLANTED[0]])


def test_one_moment_cannot_be_split_by_time() -> None:
    with pytest.raises(InvalidInputError, match="use split='hash'"):
        learn([evolve(e, at_us=0) for e in PLANTED[:200]])


@pytest.mark.parametrize(
    ("value", "message"),
    [(float("nan"), "not finite"), (float("inf"), "not finite"), ([], "type list"), (b"x", "type bytes")],
)
def test_a_value_that_cannot_be_learnt_from_is_refused_by_field_name(value: Any, message: str) -> None:
    with pytest.raises(InvalidValueError, match=rf"lead\.x: .*{message}"):
        learn([Example("a", 0, True, {"lead.x": value})])


@pytest.mark.parametrize(
    "choice",
    [
        {"smoothing": 0.05}, {"holdout": 0}, {"holdout": 1}, {"method": "magic"}, {"split": "random"},
        {"criterion": "gut"}, {"share": 1}, {"max_levels": 0}, {"target": "deal"}, {"folds": -1},
        {"points_to_double": True}, {"mature_days": -1}, {"max_bins": None}, {"auc_limit": 2}, {"ridge": 0},
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused_by_name(choice: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError, match=f"^{next(iter(choice))}: "):
        FitSettings(**choice)


# -- what people read --------------------------------------------------------------------------------------


def test_the_report_shows_figures_rules_flags_and_notes() -> None:
    examples = [evolve(e, features={**e.features, "lead.id": e.id}) for e in PLANTED]
    fit = learn(examples, FitSettings(folds=2, mature_days=10))
    text = render(fit)
    assert text.startswith("Scoring model for lead, learnt from won and lost leads\n")
    assert f"{fit.report.points.auc:.3f}" in text
    assert f"threshold   {fit.threshold} points: highest F1" in text
    assert "leads too young to be decided" in text
    assert "10 points double the odds" in text
    assert all(rule.name in text for rule in fit.rules)
    assert "lead.id  identifier  no    " in text
    assert "naive bayes, training part" in text
    assert "all leads" in text
    assert max(map(len, text.splitlines())) < 160


def test_figures_that_do_not_exist_are_shown_as_a_dash() -> None:
    lost_lately = [evolve(e, won=e.won and e.at_us < 150 * DAY_US) for e in PLANTED]
    fit = learn(lost_lately, FitSettings(method="naive_bayes", leave_out=("contact.country",)))
    assert fit.report.points.auc is None
    assert fit.report.at_threshold.recall is None
    assert any("do not hold both outcomes" in note for note in fit.report.notes)
    assert "recall -" in render(fit)
    assert "left_out" in render(fit)


def test_rules_tell_how_many_leads_they_were_learnt_from(fit: Fit) -> None:
    train = [e for e in PLANTED if e.at_us < (fit.report.cut_us or 0)]
    rule = next(rule for rule in fit.rules if rule.when == 'lead.origin == "fair"')
    fair = [e for e in train if e.features["lead.origin"] == "fair"]
    assert (rule.leads, rule.won) == (len(fair), sum(e.won for e in fair))
    assert rule.name == "lead.origin: fair"


def test_small_rules_can_be_dropped() -> None:
    rules = learn(PLANTED, FitSettings(method="naive_bayes", min_points=3)).rules
    assert rules
    assert min(abs(rule.points) for rule in rules) >= 3
