"""What learning hands back: an ordinary scoring model as plain values, and an honest report about it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from leadflow.scoring.fit.additive import Weights, probability
from leadflow.scoring.fit.examples import Value
from leadflow.scoring.fit.fields import Field
from leadflow.scoring.fit.leaks import Flag
from leadflow.scoring.fit.measures import Confusion, Measures


@frozen
class LearntRule:
    """One rule: if the condition `when` holds, the lead gets `points`.

    `leads` and `won` count the training leads it holds for.
    """

    name: str
    when: str
    points: int
    leads: int
    won: int


@frozen
class CrossValidation:
    """AUC of one method on each fold, learnt on the other folds; None for a fold without both outcomes."""

    method: str
    aucs: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """The mean over the folds that have an AUC."""
        known = [area for area in self.aucs if area is not None]
        return sum(known) / len(known) if known else None


@frozen(kw_only=True)
class FitReport:
    """How the model was learnt and how it does on leads it never saw.

    - `points` are the figures of the model as it will run, with whole points; `floats` those before rounding;
      `trained` those of the whole points on the training part (much better than `points` means overfitting).
    - `at_threshold` counts held-back leads; `criterion` states how the threshold was chosen (on the training
      part).
    - `flags` are the fields that stood out; `fields` the ones used; `notes` what a careful reader should
      know.
    - `chosen_by` shows the cross-validation behind `method="best"`, `folds` the one over all leads if asked
      for.
    """

    method: str
    split: str
    cut_us: int | None
    immature: int
    points: Measures
    floats: Measures
    trained: Measures
    at_threshold: Confusion
    criterion: str
    fields: tuple[str, ...]
    flags: tuple[Flag, ...]
    notes: tuple[str, ...] = ()
    chosen_by: tuple[CrossValidation, ...] = ()
    folds: CrossValidation | None = None

    @property
    def leaks(self) -> tuple[str, ...]:
        """The names of the fields that know the outcome, kept or not."""
        return tuple(flag.field for flag in self.flags if flag.is_leak)


@frozen(kw_only=True)
class Fit:
    """A learnt model: a score is the sum of the points of the rules that hold, sales-ready at `threshold`.

    `base_points` are not part of the score. They say what a score means: (score + base_points) / scale are
    the log odds of winning. `weights` is the model before rounding, `points_by_field` the one after.
    """

    target: str
    rules: tuple[LearntRule, ...]
    base_points: int
    scale: float
    threshold: int
    fields: tuple[Field, ...]
    points_by_field: tuple[tuple[int, ...], ...]
    weights: Weights
    report: FitReport

    def points(self, features: Mapping[str, Value]) -> int:
        """The score of a lead from its feature values; the same as adding up the rules."""
        return sum(
            points[field.level(features.get(field.name))]
            for field, points in zip(self.fields, self.points_by_field, strict=True)
        )

    def probability(self, points: int) -> float:
        """The chance of winning that goes with a score, strictly between 0 and 1."""
        return probability((points + self.base_points) / self.scale)
