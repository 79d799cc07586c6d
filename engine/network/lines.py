"""Texts in which each line is an example of its own: names, say (`ModelConfig.lines`).

Where the character that a network reads is a newline, its state before that step is zero. So what follows
a newline depends on the newline alone, and no line knows of the ones before it: in training, evaluation,
scoring and writing alike. A text begins a line, whether a newline stands before it or not: it begins in the
state after one (`start_state` of a network).
"""

from __future__ import annotations

from engine.cells.functions import Array
from engine.config import ModelConfig
from engine.errors import UsageError
from engine.vocab import Alphabet


def newline_id(config: ModelConfig, alphabet: Alphabet) -> int | None:
    """The id before which the state starts anew; None where lines are nothing special.

    Raises UsageError where they are and the alphabet has no newline.
    """
    if not config.lines:
        return None
    if "\n" not in alphabet.ids:
        raise UsageError("where each line is an example of its own there must be a newline")
    return alphabet.ids["\n"]


def carry(ids: Array, newline: int | None) -> Array | None:
    """Whether the state is carried into each step of ids (T, …): (T, …, 1), to multiply it by; None where
    it always is."""
    return None if newline is None else (ids != newline)[..., None]
