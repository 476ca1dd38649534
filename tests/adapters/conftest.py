"""What is not tested without its extra."""

from __future__ import annotations

import importlib.util

collect_ignore = (
    []
    if importlib.util.find_spec("flufl") and importlib.util.find_spec("flufl.bounce")
    else ["test_imap.py", "test_mail_classification.py", "test_mail_round_trip.py"]
)
