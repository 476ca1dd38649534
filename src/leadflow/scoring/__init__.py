"""Scoring: how interested, how fitting. Models, grades, thresholds, contributions, decay, weights learnt from history."""
