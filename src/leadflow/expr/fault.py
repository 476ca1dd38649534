"""What is wrong with a condition, where, and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from attrs import evolve, frozen

from leadflow.errors import ExpressionError, marked
from leadflow.expr.nodes import Span

_LONGEST_GUESS = 60
_MOST_CHOICES = 2_000


@frozen
class Fault:
    """One thing that is wrong. `span` is (start, end) in characters; `source` names the rule, where known.

    >>> str(Fault("no field contact.contry", (0, 14), "did you mean country?"))
    'no field contact.contry; did you mean country? (characters 0-14)'
    """

    message: str
    span: Span = (0, 0)
    hint: str = ""
    source: str = ""

    def __str__(self) -> str:
        said = f"{self.source}: {self.message}" if self.source else self.message
        said = f"{said}; {self.hint}" if self.hint else said
        return f"{said} ({self.where})" if self.span != (0, 0) else said

    @property
    def where(self) -> str:
        """The span in words."""
        return f"characters {self.span[0]}-{self.span[1]}"

    def of(self, source: str) -> Fault:
        """The same fault, said of a named rule."""
        return evolve(self, source=source)

    def show(self, text: str) -> str:
        """The line of the text that holds the fault, marked below, then the message.

        >>> print(Fault("no term stge", (4, 8), "did you mean stage?").show("not stge"))
        not stge
            ^^^^
        no term stge; did you mean stage?
        """
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        return "\n".join((*(line[2:] for line in marked(text, *self.span).split("\n")), said))

    def error(self, text: str) -> ExpressionError:
        """The fault as an exception."""
        said = f"{self.source}: {self.message}" if self.source else self.message
        return ExpressionError(said, text=text, span=self.span, hint=self.hint)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion for a misspelt word, or nothing.

    >>> did_you_mean("contry", ["country", "city"])
    'did you mean country?'
    """
    if len(word) > _LONGEST_GUESS:
        return ""
    names = {name.casefold(): name for _, name in zip(range(_MOST_CHOICES), known, strict=False)}
    close = get_close_matches(word.casefold(), names, n=1)
    return f"did you mean {names[close[0]]}?" if close else ""
