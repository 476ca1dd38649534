"""For the API pages: doctests in docstrings are shown as code, wherever they stand."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import griffe


def fenced(text: str) -> str:
    """The text with each paragraph that begins a doctest put into a fenced block."""
    shown = []
    for blank, lines in groupby(text.split("\n"), key=lambda line: not line.strip()):
        part = list(lines)
        is_code = not blank and part[0].lstrip().startswith(">>>")
        shown += ["```pycon", *(line.strip() for line in part), "```"] if is_code else part
    return "\n".join(shown)


class Doctests(griffe.Extension):
    """Fences the doctests of every object that is loaded."""

    def on_instance(self, *, obj: Any, **_: Any) -> None:
        """Called for each module, class, function and attribute."""
        if not obj.is_alias and obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
