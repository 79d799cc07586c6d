"""The corpus store: a folder with `ids.npy`, opened memory-mapped, and `corpus.json`.

Importing streams: the text is never whole in memory (`engine.encoder`). The folder is built beside and
renamed; a lock in it tells one that is being built from one whose builder was killed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock

from engine import places
from engine.encoder import Encoder
from engine.errors import AlphabetError, CorpusError, UsageError
from engine.library import folders
from engine.storage import check_name, is_held, storage_error, sync_folder, write_json
from engine.vocab import Alphabet, Ids

INFO = "corpus.json"
IDS = "ids.npy"
SMALLEST = 2
"""Characters below which nothing can be learnt: one to read and one to predict."""
SMALLEST_VALIDATED = 200
"""Characters below which none are kept for validation."""
_LOCK = "import.lock"


@dataclass(frozen=True)
class CorpusInfo:
    """What `corpus.json` says. `sha256` is of the normalised text in UTF-8 (or of the bytes)."""

    name: str
    source: str
    licence: str
    sha256: str
    chars: int
    units: str
    symbols: str
    counts: tuple[int, ...]
    """Occurrences of each symbol."""
    created: str
    lines: bool = False
    """Whether each line is an example of its own: a network's state starts anew after it."""
    entropy_rate: float | None = None
    """Nats per character that no model can do without, where the text's maker knows."""

    @property
    def alphabet(self) -> Alphabet:
        return Alphabet(tuple(self.symbols), self.units)


@dataclass(frozen=True)
class Corpus:
    """An imported text. `ids` (N,) is memory-mapped and read-only."""

    folder: Path
    info: CorpusInfo
    ids: Ids

    def split(self, validation: float) -> tuple[Ids, Ids]:
        """The first part for training, the last for validation; the latter is empty where the corpus is
        too small for one or `validation` is 0."""
        n = len(self.ids)
        kept = 0 if n < SMALLEST_VALIDATED else int(n * validation)
        return self.ids[: n - kept], self.ids[n - kept :]


def read_info(folder: Path) -> CorpusInfo:
    """Read `corpus.json`.

    Raises CorpusError.
    """
    try:
        data = json.loads((folder / INFO).read_text("utf-8"))
        info = CorpusInfo(**data | {"counts": tuple(data["counts"])})
        if len(info.alphabet) != len(info.counts):
            raise ValueError("as many counts as symbols")
        return info
    except OSError as error:
        raise CorpusError(f"cannot read {folder / INFO}: {error.strerror}") from error
    except (AlphabetError, ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"{folder / INFO} is damaged: import the text again") from error


def load(folder: Path) -> Corpus:
    """Open an imported corpus.

    Raises CorpusError where it is missing or damaged.
    """
    info = read_info(folder)
    try:
        ids = np.load(folder / IDS, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CorpusError(f"{folder / IDS} is damaged: import the text again") from error
    if ids.shape != (info.chars,) or ids.dtype.kind != "u":
        raise CorpusError(f"{folder} is damaged: its ids are not those its description counts")
    return Corpus(folder, info, ids)


def corpora() -> list[Path]:
    """The folders of the user's corpora."""
    return folders(places.corpora(), INFO)


def add(
    blocks: Iterable[str] | Iterable[bytes],
    name: str,
    source: str,
    *,
    licence: str = "",
    units: str = "char",
    lines: bool = False,
    entropy_rate: float | None = None,
    report: Callable[[int], None] = lambda chars: None,
) -> Corpus:
    """Import a text that comes in blocks (str for units "char", bytes for "byte") as corpus `name`.

    `report` is called with the characters so far after every block. Raises UsageError where the name is
    taken or no name, CorpusError for fewer than two characters, StorageError. Whatever ends it early,
    nothing is left behind.
    """
    target = places.corpora() / check_name(name)
    if target.exists():
        raise UsageError(f"there is a corpus {name!r} already: choose another --name, or remove it")
    try:
        with _building(name) as building:
            info = _build(building, blocks, name, source, units, report)
            info = replace(info, licence=licence, lines=lines, entropy_rate=entropy_rate)
            write_json(building / INFO, asdict(info))
            building.rename(target)
            (target / _LOCK).unlink()
            sync_folder(target.parent)
    except OSError as error:
        if target.exists():
            raise UsageError(
                f"a corpus {name!r} was made meanwhile: choose another --name"
            ) from error
        raise storage_error(target, error) from error
    return load(target)


def _build(
    folder: Path,
    blocks: Iterable[str] | Iterable[bytes],
    name: str,
    source: str,
    units: str,
    report: Callable[[int], None],
) -> CorpusInfo:
    """Write the ids into a folder, and count them. Raises CorpusError, OSError."""
    encoder = Encoder(folder / IDS)
    try:
        for block in blocks:
            encoder.add(block)
            report(encoder.chars)
        if encoder.chars < SMALLEST:
            has = "is empty" if not encoder.chars else "has one character"
            raise CorpusError(f"{source} {has}: a corpus needs at least two characters")
        points, counts, sha256 = encoder.finish()
    finally:
        encoder.close()
    return CorpusInfo(
        name=name,
        source=source,
        licence="",
        sha256=sha256,
        chars=encoder.chars,
        units=units,
        symbols="".join(map(chr, points)),
        counts=tuple(counts),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


@contextmanager
def _building(name: str) -> Iterator[Path]:
    """The folder in which a corpus of this name is built, locked; gone at the end.

    Whatever killed importers left is removed first. Raises UsageError where the name is being imported.
    """
    store = places.corpora()
    store.mkdir(parents=True, exist_ok=True)
    folder = store / f".{name}.tmp"
    with FileLock(places.corpora_lock()):
        for left in store.glob(".*.tmp"):
            if not is_held(left / _LOCK):
                shutil.rmtree(left, ignore_errors=True)
        try:
            folder.mkdir()
        except FileExistsError:
            raise UsageError(
                f"a corpus {name!r} is being imported now: choose another --name, or wait for it"
            ) from None
        lock = FileLock(folder / _LOCK)
        lock.acquire()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
