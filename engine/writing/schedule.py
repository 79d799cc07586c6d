"""A temperature that changes along the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from engine.config import MOST_NEW, check_count, check_number
from engine.errors import UsageError
from engine.words import quoted

HOTTEST = 100
_NUMBER = r"([0-9]*\.?[0-9]+)"
_FORM = re.compile(rf"{_NUMBER}\s*(?:-|->|→)\s*{_NUMBER}\s*/\s*([0-9]+)\s*(/\s*line)?")


@dataclass(frozen=True)
class Schedule:
    """From one temperature to another within so many characters, evenly; the second one from there on."""

    first: float
    last: float
    length: int
    lines: bool = False
    """Whether each line begins it anew."""

    def at(self, i: int) -> float:
        """The temperature for character i that is written, from 0."""
        share = min(max(i, 0) / self.length, 1.0)
        return self.first + (self.last - self.first) * share


@lru_cache(maxsize=64)
def schedule_of(text: str) -> Schedule:
    """A schedule as it is written: 0.5-1.2/500, 0.5->1.2/500 or 0.5→1.2/500, each with /line or without.

    Raises UsageError.
    """
    if not (match := _FORM.fullmatch(text.strip())):
        raise UsageError(
            "--schedule must be a temperature, another, and the characters between them, as in "
            f"0.5-1.2/500 or 1.2-0.5/20/line, not {quoted(text)}"
        )
    schedule = Schedule(float(match[1]), float(match[2]), int(match[3][:20]), bool(match[4]))
    for T in (schedule.first, schedule.last):
        check_number("schedule", T, 0, HOTTEST)
    check_count("schedule", schedule.length, 1, MOST_NEW)
    return schedule


def check_schedule(text: str) -> None:
    """Raises UsageError if this is no schedule; the empty text is none, which is off."""
    if text:
        schedule_of(text)
