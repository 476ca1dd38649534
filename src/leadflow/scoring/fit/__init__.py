"""Learning a scoring model from won and lost leads: weights, whole points, a threshold, an honest report."""

from leadflow.scoring.fit.examples import Example, Value
from leadflow.scoring.fit.leaks import Flag
from leadflow.scoring.fit.learn import learn
from leadflow.scoring.fit.measures import CalibrationRow, Confusion, Measures, auc, measured
from leadflow.scoring.fit.render import render, to_mapping
from leadflow.scoring.fit.result import CrossValidation, Fit, FitReport, LearntRule
from leadflow.scoring.fit.settings import FitSettings

__all__ = [
    "CalibrationRow",
    "Confusion",
    "CrossValidation",
    "Example",
    "Fit",
    "FitReport",
    "FitSettings",
    "Flag",
    "LearntRule",
    "Measures",
    "Value",
    "auc",
    "learn",
    "measured",
    "render",
    "to_mapping",
]
