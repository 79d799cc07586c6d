"""Texts in which each line is an example of its own, such as names (`ModelConfig.lines`).

When a network reads a newline, its state before that step is set to zero. So what follows a newline
depends on the newline alone, and no line depends on earlier ones: in training, evaluation, scoring and
writing. A text always begins a line: it starts in the state after a newline (a network's `start_state`).
"""

from __future__ import annotations

from engine.cells.functions import Array
from engine.config import ModelConfig
from engine.errors import UsageError
from engine.vocab import Alphabet


def newline_id(config: ModelConfig, alphabet: Alphabet) -> int | None:
    """The id before which the state is reset; None if lines are not examples.

    Raises UsageError if they are and the alphabet has no newline.
    """
    if not config.lines:
        return None
    if "\n" not in alphabet.ids:
        raise UsageError("where each line is an example of its own there must be a newline")
    return alphabet.ids["\n"]


def carry(ids: Array, newline: int | None) -> Array | None:
    """Factors (T, …, 1) for the state before each step of ids (T, …): 0 where it is reset, else 1. None
    if it is never reset."""
    return None if newline is None else (ids != newline)[..., None]
