"""Which model of the library would have written a text: how many bits each needs for a character of it.

Alphabets differ. What a model does not know is left out, and the bits are per character that it reads, also
where its units are bytes. So figures can only be compared between models that leave out about as much.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.score import Report, stateful

COMPARED = 20_000
"""The characters, from the first, that models are compared on."""
_ALIKE = 0.05
"""How much more of a text a model may leave out than another, for the two to be compared."""


@dataclass(frozen=True)
class Verdict:
    """What a text costs by a model: bits per character that it reads, and the share that it leaves out."""

    bits_per_char: float
    left_out: float


def verdict(model: Model, text: str, report: Report = lambda done, total: None) -> Verdict:
    """Read the first COMPARED characters of a text.

    Raises UsageError if the model knows fewer than two of them, ModelFileError, and what `report` raises.
    """
    alphabet = model.alphabet
    fitted = alphabet.fit(text[:COMPARED], strictly=True)
    score = stateful(Stepper(model), fitted.ids, report)
    read = len(fitted.ids)
    chars = read if alphabet.units == "char" else len(alphabet.decode(fitted.ids.tolist()))
    bits = score.bits_per_char * score.chars / max(1, chars - 1)
    return Verdict(bits, fitted.left_out / (fitted.left_out + read))


def best(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The one with the fewest bits, of those that leave out about as little as any; None of none."""
    found = list(verdicts)
    most = min((each.left_out for each in found), default=0.0) + _ALIKE
    fair = (each for each in found if each.left_out <= most)
    return min(fair, key=lambda each: each.bits_per_char, default=None)
