"""Reads the content of the library from disk, as plain values. Independent of screens.

A file that cannot be read is an item too, with the problem it has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Lock

from corpora import BUILT_IN
from engine import places
from engine.errors import HeloError
from engine.network.parameters import count
from engine.runs import library, rundir
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
from tui.phrases import SIGNS, UNVALIDATED, alphabet, duration, fetchable, loss, size, versions
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


@dataclass
class _Seen:
    """A run's log as far as it was read, and the figures that came of it."""

    log: Log | None
    """None once the run has ended."""
    file: tuple[int, int, float]
    """The log's inode, size and time when it was read."""
    live: bool
    figures: Summary


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
        """Everything in the library: models by name, runs and corpora from the newest."""
        with self._reading:
            self._sight = _sight()
            self._runs = {run.folder: self._look(run) for run in rundir.runs()}
            figures = [seen.figures for seen in self._runs.values()]
        runs = sorted(figures, key=lambda found: found.created, reverse=True)
        return {
            Kind.MODEL: [_model(entry) for entry in library.models()],
            Kind.RUN: list(map(_run, runs)),
            Kind.CORPUS: list(_corpora()),
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
        return _Seen(log if live else None, file, live, figures)


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


def _nats(nats: float | None) -> str:
    return "–" if nats is None else f"{nats:.3f} nats"


def _day(created: str) -> str:
    return created[:10]


def _model(entry: ModelEntry) -> Item:
    refusal = f"{entry.name} came with helo and cannot be changed" if entry.bundled else ""
    if entry.summary is None:
        wrong = (("problem", entry.problem), ("file", str(entry.path)))
        return Item(Kind.MODEL, entry.name, entry.path, _DAMAGED, wrong, "", entry.problem, refusal)
    config, history = entry.summary.config, entry.summary.history
    symbols = entry.summary.alphabet.symbols
    facts: Facts = (
        ("network", f"{config}, {count(config, len(symbols)):,} parameters"),
        ("loss", loss(history.best_val_nats)),
        ("corpus", history.corpus or "not known"),
        ("trained", f"{counted(history.steps, 'step')} in {duration(history.seconds)}"),
        ("alphabet", f"{alphabet(symbols, entry.summary.alphabet.units)}: {_names(symbols)}"),
        ("versions", versions(history.versions)),
        ("command", history.command),
        ("file", f"{entry.path} ({size(entry.size)}, {entry.summary.dtype})"),
    )
    columns = (
        str(config),
        _nats(history.best_val_nats),
        size(entry.size),
        "bundled" if entry.bundled else "",
    )
    return Item(Kind.MODEL, entry.name, entry.path, columns, facts, _card(entry), "", refusal)


def _card(entry: ModelEntry) -> str:
    try:
        return entry.card.strip()
    except OSError as error:
        return f"its card cannot be read: {error.strerror}"


def _names(symbols: tuple[str, ...] | str) -> str:
    named = " ".join(map(visible_char, symbols[:_FREQUENT]))
    more = len(symbols) - _FREQUENT
    return f"{named} and {more} more" if more > 0 else named


def _run(found: Summary) -> Item:
    folder = Path(found.folder)
    status = f"{SIGNS.get(found.status, '✗')} {found.status}"
    if found.status == "damaged":
        wrong = (("problem", found.reason), ("folder", found.folder))
        return Item(Kind.RUN, found.name, folder, (status, "", "", ""), wrong, "", found.reason)
    live = found.status in ("running", "paused")
    facts = (
        ("status", f"{found.status}: {found.reason}" if found.reason else found.status),
        ("network", found.network),
        *([("starts from", found.init_from)] if found.init_from else []),
        ("corpus", found.corpus),
        ("loss", loss(found.best_val_nats) if found.validates else UNVALIDATED),
        ("steps", f"{found.step:,} of {found.total_steps:,} in {duration(found.seconds)}"),
        ("begun", found.created.replace("T", " ")),
        ("folder", found.folder),
    )
    nats = _nats(found.best_val_nats) if found.validates else "none"
    columns = (status, nats, found.network, _day(found.created))
    refusal = f"{found.name} is training: open it and stop it first" if live else ""
    return Item(Kind.RUN, found.name, folder, columns, facts, "", "", refusal)


def _corpora() -> Iterator[Item]:
    made: list[tuple[str, Item]] = []
    for folder in corpus.corpora():
        try:
            info = corpus.read_info(folder)
        except HeloError as error:
            facts = (("problem", str(error)), ("folder", str(folder)))
            item = Item(Kind.CORPUS, folder.name, folder, _DAMAGED, facts, "", str(error))
            made.append(("", item))
        else:
            made.append((info.created, _imported(folder, info)))
    yield from (item for _, item in sorted(made, key=lambda pair: pair[0], reverse=True))
    names = {item.name for _, item in made}
    for name, built_in in BUILT_IN.items():
        if name not in names:
            yield Item(
                Kind.CORPUS,
                name,
                None,
                ("built in", "", "", ""),
                (("about", built_in.title), ("licence", built_in.licence)),
                refusal=f"{name} is built in: there is nothing to delete",
            )
    yield from (_entry(entry) for name, entry in catalogue.entries().items() if name not in names)


def _entry(entry: Entry) -> Item:
    moves = "not known: the text may change"
    facts = (
        ("about", entry.title),
        ("address", entry.url),
        ("size", size(entry.size) if entry.size else "not known"),
        ("licence", entry.licence),
        ("taken", entry.taken),
        ("sha256", entry.sha256 or moves),
    )
    return Item(
        Kind.CORPUS,
        entry.name,
        None,
        (fetchable(entry), "", entry.licence, ""),
        tuple((name, value) for name, value in facts if value),
        "g fetches it.",
        refusal=f"{entry.name} is not fetched: there is nothing to delete",
        entry=entry,
    )


def _imported(folder: Path, info: CorpusInfo) -> Item:
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
    )
    columns = (
        f"{info.chars:,} {info.units}s",
        f"{len(info.symbols)} different",
        "",
        _day(info.created),
    )
    return Item(Kind.CORPUS, folder.name, folder, columns, facts)
