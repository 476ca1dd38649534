"""Points: rules whose conditions add or take whole points, compiled into one function per rule set."""

from leadflow.expr.points.decay import decayed_points
from leadflow.expr.points.program import ScoreProgram, compile_score
from leadflow.expr.points.rules import ScoreRule, at_least, none_of, score_faults
from leadflow.expr.points.shares import Contribution

__all__ = [
    "Contribution",
    "ScoreProgram",
    "ScoreRule",
    "at_least",
    "compile_score",
    "decayed_points",
    "none_of",
    "score_faults",
]
