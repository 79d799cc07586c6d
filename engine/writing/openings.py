"""Beginnings to write from, in the manner of a model's own text."""

from __future__ import annotations

from itertools import pairwise

from engine.network.stepper import Stepper
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig

_LONGEST = 24
"""Characters of a beginning."""
_PART = 3
"""Characters of one that has no spaces, or is all of a text that is a line long, such as a name."""
_TEMPERATURE = 0.7
_WRITTEN, _TRIES = 200, 3
"""Characters of a text that is looked at, and how many texts."""


def openings(stepper: Stepper, count: int) -> tuple[str, ...]:
    """Up to `count` different beginnings, always the same ones: what begins a paragraph in a text that the
    model writes, or if it writes none, a line. Of a long line, its first words.

    Raises ModelFileError where the logits overflow.
    """
    found = dict[str, None]()
    prompt, sampling = stepper.alphabet.encode(""), SamplingConfig(temperature=_TEMPERATURE)
    for seed in range(_TRIES):
        written = Generation(stepper, prompt, sampling, seed, top=1, rewinds=False)
        while len(written) < _WRITTEN:
            written.advance()
        *lines, _ = written.text.split("\n")
        after_none = [line for before, line in pairwise(lines) if line and not before]
        for line in after_none or lines or [written.text]:
            if begin := _begin(line.strip(), stepper.model.config.lines):
                found[begin] = None
            if len(found) == count:
                return tuple(found)
    return tuple(found)


def _begin(line: str, is_all: bool) -> str:
    """How a line begins. `is_all` says that a line is a text of its own."""
    if len(line) <= _LONGEST and not is_all:
        return line
    return line[:_LONGEST].rpartition(" ")[0].rstrip() or line[:_PART]
