"""Finds out what has changed in the passages of the screen, and has it kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np

from engine import places
from engine.errors import HeloError
from engine.inspecting.hold import Held
from engine.network.modelfile import fingerprint
from engine.network.stepper import Stepper
from engine.writing.mixture import AnyStepper
from engine.writing.settings import SamplingConfig
from tui.write.branch import Branch
from tui.write.kept import records, shelf
from tui.write.kept.book import Book, Line, Writer
from tui.write.kept.records import (
    At,
    Begun,
    Branched,
    Deleted,
    Ended,
    Named,
    PassageTold,
    Read,
    Sampled,
    Told,
    Wrote,
)
from tui.write.passage import Passage

_LONGEST = 100_000
"""Characters in one record."""


@dataclass
class _Known:
    """What was told of a branch."""

    shown: int
    read: int
    sampling: SamplingConfig
    name: str = ""


@dataclass
class _Kept:
    """Where a passage is kept, and what was told of it."""

    book: Book
    number: int
    branches: dict[int, _Known] = field(default_factory=dict)
    at: tuple[int, int | None] = (0, None)


class Keeper:
    """Keeps passages in the files of sessions. All of it is called from the screen's thread, and only the
    Writer's own thread waits for the disk."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Passage, _Kept] = WeakKeyDictionary()
        self._own = Book(places.sessions())
        self._count = 0
        self._lines: dict[Book, list[Line]] = {self._own: []}
        self._used = set[Book]()
        """Those to which something was, or is about to be, written."""
        self._writer = Writer(shelf.tidy)

    @property
    def trouble(self) -> HeloError | None:
        """Why nothing can be written now."""
        return self._writer.trouble

    def add(self, passage: Passage, ref: str) -> None:
        """Keep a new passage, by the model of that name, from now on."""
        number, self._count = self._count, self._count + 1
        given = len(passage.generation.prompt)
        make = partial(_begun, number, ref, passage.model, passage.seed, given)
        self._lines[self._own].append(make)
        self._keep(passage, _Kept(self._own, number))
        self.flush()

    def adopt(self, passage: Passage, told: PassageTold, book: Book) -> None:
        """Keep on with a passage of an older session."""
        self._lines.setdefault(book, [])
        branches = {
            id: _Known(branch.length, branch.read, branch.sampling, branch.name)
            for id, branch in told.branches.items()
        }
        at = told.current, told.cursor
        self._keep(passage, _Kept(book, told.begun.passage, branches, at))

    def _keep(self, passage: Passage, kept: _Kept) -> None:
        self._kept[passage] = kept
        passage.before = self.take

    def take(self) -> None:
        """Note what has changed, to be written with the next `flush`."""
        for passage, kept in list(self._kept.items()):
            self._lines[kept.book] += map(records.line, _changes(passage, kept))

    def flush(self) -> None:
        """Have all that has changed written."""
        self.take()
        for book, lines in self._lines.items():
            if lines:
                self._used.add(book)
                self._writer.write(book, lines[:])
                lines.clear()

    def close(self, ended: bool = True) -> None:
        """Write the last of it, and, if it is so, that helo was left in the ordinary way."""
        self.take()
        last = [records.line(Ended())] * ended
        for book, lines in self._lines.items():
            if lines or book.opened or book in self._used:
                self._writer.write(book, [*lines, *last])
        self._writer.close()
        for book in self._lines:
            book.close()


def _begun(number: int, ref: str, model: AnyStepper, seed: int, given: int) -> bytes:
    weights = ""
    if isinstance(model, Stepper) and not isinstance(model, Held):
        weights = fingerprint(model.model)
    units = model.alphabet.units
    return records.line(Begun(number, ref, model.name, weights, units, seed, given))


def _changes(passage: Passage, kept: _Kept) -> Iterator[Told]:
    """What happened to a passage since the last time. Read to its end, it is known."""
    number, known = kept.number, kept.branches
    for id, branch in passage.branches.items():
        if id not in known:
            before = SamplingConfig()
            if branch.parent is not None:
                source = branch.parent if branch.source is None else branch.source
                before = known[source].sampling
                yield Branched(number, id, branch.parent, source, branch.fork, branch.came)
            known[id] = _Known(branch.fork, branch.fork, before)
        yield from _grown(passage, number, id, known[id])
    for id in reversed([id for id in known if id not in passage.branches]):
        del known[id]
        yield Deleted(number, id)
    at = passage.current, None if passage.at_end else passage.cursor
    if at != kept.at:
        kept.at = at
        yield At(number, *at)


def _grown(passage: Passage, number: int, id: int, known: _Known) -> Iterator[Told]:
    """What happened to a branch."""
    branch = passage.branches[id]
    if (sampling := branch.generation.sampling) != known.sampling:
        known.sampling = sampling
        yield Sampled(number, id, sampling)
    while known.shown < branch.shown:
        start, end = known.shown, min(known.shown + _LONGEST, branch.shown)
        symbols = passage.model.alphabet.symbols
        text = "".join(symbols[i] for i in branch.ids()[start:end])
        yield Wrote(end - start, number, id, start, text, _runs(branch.kinds[start:end]))
        known.shown = end
    read = min(len(branch.generation), branch.shown)
    while known.read < read:
        start, end = known.read, min(known.read + _LONGEST, read)
        yield _read(number, id, branch, start, end)
        known.read = end
    if branch.name != known.name:
        known.name = branch.name
        yield Named(number, id, branch.name)


def _read(number: int, id: int, branch: Branch, start: int, end: int) -> Read:
    bits = np.round(branch.bits(start, end), 3).tolist()
    entropy = np.round(branch.entropies(start, end), 3).tolist()
    return Read(number, id, start, bits, entropy, branch.ranks(start, end).tolist())


def _runs(kinds: bytearray) -> list[list[int]]:
    """Origins as [origin, characters]."""
    found = np.frombuffer(bytes(kinds), np.uint8)
    edges = [0, *(np.flatnonzero(np.diff(found)) + 1).tolist(), len(found)]
    return [[int(found[a]), b - a] for a, b in pairwise(edges)]
