"""Reads the content of the library from disk, as plain values. Independent of screens.

A file that cannot be read is an item too, with the problem it has.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from threading import Lock

from corpora import BUILT_IN, BuiltIn
from engine import places
from engine.errors import HeloError
from engine.network.modelfile import History
from engine.network.parameters import count
from engine.runs import library, rundir, tidying
from engine.runs.kept import Log
from engine.runs.library import ModelEntry
from engine.runs.rundir import RunDirectory
from engine.runs.summary import Summary, summary
from engine.text import corpus
from engine.text.corpus import CorpusInfo
from engine.text.sources import catalogue
from engine.text.sources.catalogue import Entry
from engine.words import counted
from tui import surveyed
from tui.phrases import (
    SIGNS,
    UNITS,
    UNVALIDATED,
    alphabet,
    duration,
    fetchable,
    loss,
    size,
    versions,
)
from tui.text import visible_char

_LATELY = 5.0
"""Seconds after which the figures of a training are read again."""
_FREQUENT = 24
"""How many characters of an alphabet are named."""
_DAMAGED = ("damaged", "", "", "")


Facts = tuple[tuple[str, str], ...]


class Kind(Enum):
    """The three sections."""

    MODEL = "Models"
    RUN = "Runs"
    CORPUS = "Corpora"


@dataclass(frozen=True)
class Item:
    """An item of the library: `columns` in the list, `facts` and `text` in the details."""

    kind: Kind
    name: str
    path: Path | None
    """A model's file, or the folder of a run or corpus; None for a corpus not yet made or downloaded."""
    columns: tuple[str, ...]
    facts: Facts
    text: str = ""
    """A model's card."""
    problem: str = ""
    """Why it cannot be read."""
    refusal: str = ""
    """Why it cannot be deleted or renamed."""
    entry: Entry | None = None
    """Its entry in the catalogue; None if it is already downloaded or not from the catalogue."""
    created: str = ""
    """When it was made, as ISO 8601; "" for what came with helo or is still to be made."""
    nats: float | None = None
    """Its loss in nats per character."""
    size: float = 0.0
    """Bytes of a model or a run, characters of a corpus, bytes to download of one in the catalogue."""


@dataclass
class _Seen:
    """A run's log as far as it was read, and the figures that came of it."""

    log: Log | None
    """None once the run has ended."""
    file: tuple[int, int, float]
    """The log's inode, size and time when it was read."""
    live: bool
    figures: Summary
    size: int
    """Bytes of all its files."""


class Shelf:
    """Reads the library. Of the log of a run, it reads only what was added since the last time."""

    def __init__(self) -> None:
        self._sight: object = None
        self._runs: dict[Path, _Seen] = {}
        self._reading = Lock()

    def changed(self) -> bool:
        """Whether, since the library was last read, an item was added or removed, or a training started,
        ended or ran for a while."""
        return self._sight != _sight()

    def read(self) -> dict[Kind, list[Item]]:
        """Everything in the library."""
        with self._reading:
            self._sight, used = _sight(), tidying.in_use()
            self._runs = {run.folder: self._look(run) for run in rundir.runs()}
            runs = [_run(seen, used) for seen in self._runs.values()]
        return {
            Kind.MODEL: [_model(entry) for entry in library.models()],
            Kind.RUN: runs,
            Kind.CORPUS: list(_corpora(used)),
        }

    def _look(self, run: RunDirectory) -> _Seen:
        known, live = self._runs.get(run.folder), run.alive()
        try:
            found = run.events_path.stat()
            file = found.st_ino, found.st_size, found.st_mtime
        except OSError:
            file = 0, 0, 0.0
        if known and (known.file, known.live) == (file, live):
            return known
        same = known and known.file[0] == file[0] and known.file[1] <= file[1]
        log = known.log if known and same and known.log else Log(run.events_path)
        figures = summary(run, log.catch_up())
        return _Seen(log if live else None, file, live, figures, _bytes(run.folder))


def _sight() -> object:
    """The state of the library, as far as it is known without reading files."""
    folders = (places.models(), places.corpora())
    written = [path.stat().st_mtime_ns if path.is_dir() else 0 for path in folders]
    return written, [(run.folder, run.alive() and _lately(run)) for run in rundir.runs()]


def _lately(run: RunDirectory) -> int:
    """When a run last wrote to its log, in units of _LATELY seconds. At least 1."""
    try:
        return 1 + int(run.events_path.stat().st_mtime / _LATELY)
    except OSError:
        return 1


def _bytes(folder: Path) -> int:
    """How much the files of a folder take; 0 if it is gone."""
    try:
        with os.scandir(folder) as files:
            return sum(file.stat().st_size for file in files)
    except OSError:
        return 0


def _nats(nats: float | None) -> str:
    return "–" if nats is None else f"{nats:.3f} nats"


def _day(created: str) -> str:
    return created[:10]


def _model(entry: ModelEntry) -> Item:
    refusal = "not possible: it came with helo" if entry.bundled else ""
    created = "" if entry.bundled else _written(entry.path)
    if entry.summary is None:
        wrong = (("problem", entry.problem), ("file", str(entry.path)))
        return Item(
            Kind.MODEL,
            entry.name,
            entry.path,
            _DAMAGED,
            wrong,
            problem=entry.problem,
            refusal=refusal,
            created=created,
        )
    config, history = entry.summary.config, entry.summary.history
    symbols = entry.summary.alphabet.symbols
    facts: Facts = (
        ("network", f"{config}, {count(config, len(symbols)):,} parameters"),
        ("loss", loss(history.best_val_nats)),
        *([("imported", f"from {history.project}")] if history.project else []),
        *(("note", note) for note in history.notes),
        *(() if history.project else _learnt(history)),
        ("alphabet", f"{alphabet(symbols, entry.summary.alphabet.units)}: {_names(symbols)}"),
        ("versions", versions(history.versions)),
        ("command", history.command),
        ("file", f"{entry.path} ({size(entry.size)}, {entry.summary.dtype})"),
        *_refused(refusal),
    )
    columns = (
        str(config),
        _nats(history.best_val_nats),
        size(entry.size),
        "bundled" if entry.bundled else "",
    )
    return Item(
        Kind.MODEL,
        entry.name,
        entry.path,
        columns,
        facts,
        text=_card(entry),
        refusal=refusal,
        created=created,
        nats=history.best_val_nats,
        size=entry.size,
    )


def _learnt(history: History) -> Facts:
    """How a model of helo's came to be."""
    return (
        ("corpus", history.corpus or "not known"),
        ("trained", f"{counted(history.steps, 'step')} in {duration(history.seconds)}"),
    )


def _refused(why: str) -> Facts:
    """The fact that says why an item can be neither renamed nor deleted; none if it can."""
    return (("delete", why),) if why else ()


def _written(path: Path) -> str:
    """When a file was written, as ISO 8601; "" if it is gone."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    except (OSError, OverflowError, ValueError):
        return ""


def _card(entry: ModelEntry) -> str:
    try:
        return entry.card.strip()
    except OSError as error:
        return f"its card cannot be read: {error.strerror}"


def _names(symbols: tuple[str, ...] | str) -> str:
    named = " ".join(map(visible_char, symbols[:_FREQUENT]))
    more = len(symbols) - _FREQUENT
    return f"{named} and {more} more" if more > 0 else named


def _run(seen: _Seen, used: Mapping[Path, str]) -> Item:
    found = seen.figures
    folder = Path(found.folder)
    why = used.get(folder.resolve(), "")
    refusal = f"not now: {why}" if why else ""
    status = f"{SIGNS.get(found.status, '✗')} {found.status}"
    if found.status == "damaged":
        wrong = (("problem", found.reason), ("folder", found.folder), *_refused(refusal))
        columns = (status, "", "", "")
        return Item(
            Kind.RUN, found.name, folder, columns, wrong, problem=found.reason, refusal=refusal
        )
    facts = (
        ("status", f"{found.status}: {found.reason}" if found.reason else found.status),
        ("network", found.network),
        *([("starts from", found.init_from)] if found.init_from else []),
        ("corpus", found.corpus),
        ("loss", loss(found.best_val_nats) if found.validates else UNVALIDATED),
        ("steps", f"{found.step:,} of {found.total_steps:,} in {duration(found.seconds)}"),
        ("started", found.created.replace("T", " ")),
        ("folder", f"{found.folder} ({size(seen.size)})"),
        *_refused(refusal),
    )
    nats = _nats(found.best_val_nats) if found.validates else "none"
    columns = (status, nats, found.network, _day(found.created))
    return Item(
        Kind.RUN,
        found.name,
        folder,
        columns,
        facts,
        refusal=refusal,
        created=found.created,
        nats=found.best_val_nats,
        size=seen.size,
    )


def _corpora(used: Mapping[Path, str]) -> Iterator[Item]:
    names = set()
    for folder in corpus.corpora():
        names.add(folder.name)
        why = used.get(folder.resolve(), "")
        refusal = f"not now: {why}" if why else ""
        try:
            yield _imported(folder, corpus.read_info(folder), refusal)
        except HeloError as error:
            facts = (("problem", str(error)), ("folder", str(folder)), *_refused(refusal))
            yield Item(Kind.CORPUS, folder.name, folder, _DAMAGED, facts, "", str(error), refusal)
    for name, built_in in BUILT_IN.items():
        if name not in names:
            yield _built_in(name, built_in)
    yield from (_entry(entry) for name, entry in catalogue.entries().items() if name not in names)


def _built_in(name: str, text: BuiltIn) -> Item:
    refusal = "nothing to delete: it came with helo"
    facts = (("about", text.title), ("licence", text.licence), *_refused(refusal))
    return Item(Kind.CORPUS, name, None, ("built in", "", "", ""), facts, refusal=refusal)


def _entry(entry: Entry) -> Item:
    moves = "not known: the text may change"
    refusal = "nothing to delete: it is not downloaded yet"
    facts = (
        ("about", entry.title),
        ("address", entry.url),
        ("size", size(entry.size) if entry.size else "not known"),
        ("licence", entry.licence),
        ("content", entry.taken),
        ("sha256", entry.sha256 or moves),
        *_refused(refusal),
    )
    return Item(
        Kind.CORPUS,
        entry.name,
        None,
        (fetchable(entry), "", entry.licence, ""),
        tuple((name, value) for name, value in facts if value),
        "Enter downloads it and imports it.",
        refusal=refusal,
        entry=entry,
        size=entry.size or 0,
    )


def _imported(folder: Path, info: CorpusInfo, refusal: str) -> Item:
    pairs = sorted(zip(info.counts, info.symbols, strict=True), reverse=True)
    frequent = [f"{visible_char(c)} {n / max(1, info.chars):.1%}" for n, c in pairs[:_FREQUENT]]
    facts = (
        ("source", info.source),
        ("licence", info.licence or "not known"),
        ("characters", f"{info.chars:,}"),
        *([("encoding", info.encoding)] if info.encoding else []),
        *([("normalised", info.normalise.upper())] if info.normalise != "none" else []),
        ("alphabet", f"{alphabet(info.symbols, info.units)}: {'  '.join(frequent)}"),
        *surveyed.facts(folder, info),
        ("imported", info.created.replace("T", " ")),
        ("sha256", info.sha256),
        ("folder", str(folder)),
        *_refused(refusal),
    )
    columns = (
        counted(info.chars, UNITS[info.units]),
        f"{len(info.symbols)} different",
        "",
        _day(info.created),
    )
    return Item(
        Kind.CORPUS,
        folder.name,
        folder,
        columns,
        facts,
        refusal=refusal,
        created=info.created,
        size=info.chars,
    )
