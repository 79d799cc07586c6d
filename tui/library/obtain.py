"""Importing a text from a thread worker: with progress now and then, and an end when the app ends."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.worker import get_current_worker

from engine import sources
from engine.corpus import Corpus
from engine.errors import CorpusError, UsageError
from tui.phrases import size

_TELL_EVERY = 0.1


def obtain(ref: str, tell: Callable[[str], object]) -> Corpus:
    """`sources.obtain` for screens; `tell` is called with how far it is, ten times a second.

    Raises as that does, and CorpusError where the worker is cancelled; then nothing is left behind.
    """
    worker, told = get_current_worker(), 0.0

    def report(read: int, of: int | None) -> None:
        nonlocal told
        if worker.is_cancelled:
            raise CorpusError("the import was stopped")
        if monotonic() - told > _TELL_EVERY:
            told = monotonic()
            tell(f"{size(read)} of {size(of)}" if of else size(read))

    if ref == "-":
        raise UsageError("name a text file: the app has no standard input")
    return sources.obtain(ref, report)
