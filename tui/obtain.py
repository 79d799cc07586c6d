"""Importing a text in a thread worker, with progress, until it is done or the worker is cancelled."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from textual.worker import get_current_worker

from engine.errors import CorpusError, UsageError
from engine.text import sources
from engine.text.corpus import Corpus
from tui.phrases import size

if TYPE_CHECKING:
    from engine.text.sources import Reading, Source
    from engine.text.sources.catalogue import Entry

_TELL_EVERY = 0.1
Say = Callable[[str], object]


class Stopped(CorpusError):
    """The worker was cancelled."""


def _silent(*_: object) -> None: ...


def obtain(ref: str, tell: Say, say: Say = _silent) -> Corpus:
    """`sources.obtain` for screens. `tell` is called with the progress, at most ten times per second; `say`
    at the end with each note about the import.

    Raises what `sources.obtain` raises, and Stopped if the worker is cancelled; then nothing is left
    behind.
    """
    if ref == "-":
        raise UsageError("name a text file: the app has no standard input")
    return sources.obtain(ref, _reporter(tell, lambda: ""), say)


def add(ref: str, name: str | None, reading: Reading, tell: Say, say: Say) -> Corpus:
    """Import a source as `helo corpora add` does. `tell` and `say` are called as in `obtain`, and it raises
    what `sources.add` raises, and Stopped."""
    return _add(sources.find(ref, reading), name, reading, tell, say)


def fetch(entry: Entry, tell: Say, say: Say) -> Corpus:
    """Import a catalogue entry. `tell` and `say` are called, and errors raised, as in `obtain`."""
    return _add(entry.source(), None, entry.reading, tell, say)


def _add(source: Source, name: str | None, reading: Reading, tell: Say, say: Say) -> Corpus:
    report = _reporter(tell, lambda: source.ledger.stage)
    added = sources.add_source(source, name, reading, report)
    for line in added.notes:
        say(line)
    return added.corpus


def _reporter(tell: Say, stage: Callable[[], str]) -> sources.Report:
    worker, told = get_current_worker(), 0.0
    now, begun = "", monotonic()

    def report(read: int, of: int | None) -> None:
        nonlocal told, now, begun
        if worker.is_cancelled:
            raise Stopped("stopped, nothing was imported")
        if stage() != now:
            now, begun = stage(), monotonic()
        if monotonic() - told > _TELL_EVERY:
            told = monotonic()
            far = f"{size(read)} of {size(of)}" if of else size(read)
            rate = f"{size(read / max(told - begun, _TELL_EVERY))}/s"
            tell(", ".join(part for part in (now, far, rate) if part))

    return report
