"""What is searched for in the transcript, and where it stands in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from engine import forms
from tui.width import INSIDE

Span = tuple[int, int]


@dataclass(frozen=True)
class Search:
    """A text to be found as the screen shows it, composed or not. Capitals matter only if it has one."""

    text: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        text = self.text
        ways = dict.fromkeys((text, forms.composed(text), forms.decomposed(text)))
        # the bytes of a character are shown by the last of them
        between = f"{INSIDE}*"
        patterns = (between.join(map(re.escape, way)) for way in ways)
        return re.compile("|".join(patterns), re.IGNORECASE if text == text.lower() else 0)

    def spans(self, text: str) -> list[Span]:
        """Where it stands in a text, as [start, end), from the left; nowhere if it is empty."""
        if not self.text:
            return []
        return [match.span() for match in self._pattern.finditer(text)]
