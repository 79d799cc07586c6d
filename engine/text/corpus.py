"""The corpus store. A corpus is a folder with `ids.npy`, opened memory-mapped, and `corpus.json`.

Imports are streamed: a text is never held in memory whole (see `encoder`). A corpus is built in a temporary
folder, which is then renamed. A lock in that folder tells whether it is still being built or was left
behind by a process that was killed.
"""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from filelock import FileLock

from engine import names, outside, places
from engine.errors import AlphabetError, CorpusError, DamagedError, UsageError
from engine.storage import (
    check_name,
    is_held,
    make_folder,
    storage_error,
    sync_folder,
    write_json,
)
from engine.text.encoder import Encoder
from engine.text.split import Pieces, Ranges, ranges
from engine.vocab import Alphabet, Ids, Text
from engine.words import quoted

INFO = names.CORPUS
IDS = "ids.npy"
VERSION = 1
"""The format version of `corpus.json`."""
SMALLEST = 2
"""The fewest characters that can be learned from: one to read and one to predict."""
SMALLEST_VALIDATED = 200
"""The fewest characters of a text that has a validation part."""
_LOCK = "import.lock"
_CHECKED = 10_000_000
"""How many ids, from the first, are checked when a corpus is opened. Takes a few milliseconds."""


@dataclass(frozen=True)
class CorpusInfo:
    """The contents of `corpus.json`. `sha256` is that of the normalised text in UTF-8, or of the bytes."""

    name: str
    source: str
    licence: str
    sha256: str
    chars: int
    units: str
    symbols: str
    counts: tuple[int, ...]
    """How often each symbol occurs."""
    created: str
    lines: bool = False
    """Whether each line is an example of its own: the network's state is reset after it."""
    entropy_rate: float | None = None
    """The entropy rate in nats per character, which no model can beat; None if unknown."""
    encoding: str = ""
    """The encodings that the text was read as, separated by commas; empty if unknown."""
    normalise: str = "none"
    """The Unicode form that the text was converted to (`forms.FORMS`)."""
    options: str | None = None
    """The command-line options of the import; None if unknown."""

    @property
    def alphabet(self) -> Alphabet:
        return Alphabet(tuple(self.symbols), self.units)


@dataclass(frozen=True)
class Corpus:
    """An imported text. `ids` (N,) is memory-mapped and read-only."""

    folder: Path
    info: CorpusInfo
    ids: Ids

    def split(self, validation: float, way: str = "end") -> tuple[Text, Text]:
        """The ids for training, then those for validation, a share of the text; `way` is one of
        `config.SPLITS`. The latter are empty if the corpus is too small or the share is 0."""
        learnt, held = self._ranges(validation, way)
        return _joined(self.ids, learnt), _joined(self.ids, held)

    def parts(self, validation: float, way: str = "end") -> tuple[Text, Text]:
        """Same as `split`, but read from the file piece by piece: mapped ids stay in memory once they were
        read."""
        learnt, held = self._ranges(validation, way)
        on_disk = OnDisk(self.folder / IDS, self.ids)
        return Pieces(on_disk, learnt), Pieces(on_disk, held)

    def _ranges(self, validation: float, way: str) -> tuple[Ranges, Ranges]:
        share = validation if len(self.ids) >= SMALLEST_VALIDATED else 0.0
        newline = self.info.alphabet.ids.get("\n") if self.info.lines else None
        return ranges(self.ids, share, way == "spread", newline)


def _joined(ids: Ids, parts: Ranges) -> Text:
    """Ranges of mapped ids as one text: an array where they are one range or none."""
    if len(parts) > 1:
        return Pieces(ids, parts)
    (only,) = parts or [range(0)]
    return ids[only.start : only.stop]


class OnDisk:
    """The ids of a mapped file, read from disk piece by piece."""

    def __init__(self, path: Path, mapped: Ids) -> None:
        self._path, self._length, self.dtype = path, len(mapped), mapped.dtype
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._offset = path.stat().st_size - mapped.nbytes

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> Ids:
        """The ids of a slice of step 1. Raises CorpusError if the file has become shorter."""
        start, stop, step = part.indices(self._length)
        assert step == 1
        place, size = (n * self.dtype.itemsize for n in (start, max(stop - start, 0)))
        pieces = []
        while size:
            if not (piece := os.pread(self._file, size, self._offset + place)):
                raise CorpusError(f"{self._path} has become shorter: import the text again")
            pieces.append(piece)
            place, size = place + len(piece), size - len(piece)
        return np.frombuffer(b"".join(pieces), self.dtype)


def read_info(folder: Path) -> CorpusInfo:
    """Read `corpus.json`.

    Raises CorpusError if it is missing or damaged.
    """
    path = folder / INFO
    with outside.reading(path, CorpusError, ": import the text again"):
        data = outside.parse_json(outside.read(path, outside.LARGE))
        info = outside.convert(CorpusInfo, outside.known_version(data, VERSION))
        try:
            symbols = len(info.alphabet)
        except AlphabetError as error:
            raise DamagedError(str(error)) from error
        if symbols != len(info.counts):
            raise DamagedError("the numbers of counts and symbols differ")
        if not _is_moment(info.created):
            raise DamagedError("created is no date and time")
        if not SMALLEST <= info.chars == sum(info.counts):
            raise DamagedError("counts do not add up to chars")
        return info


def _is_moment(text: str) -> bool:
    """Whether a text is a time with its zone, in ISO's form."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def load(folder: Path) -> Corpus:
    """Open an imported corpus.

    Raises CorpusError if it is missing or damaged.
    """
    info, path = read_info(folder), folder / IDS
    with outside.reading(path, CorpusError, ": import the text again"):
        outside.require_file(path)
        try:
            ids: Ids = np.lib.format.open_memmap(path, mode="r")
        except OSError:
            raise
        except Exception as error:  # the header is parsed as Python, which has many ways to fail
            raise DamagedError("not an array of ids") from error
        if ids.shape != (info.chars,) or ids.dtype.kind != "u":
            raise DamagedError("not the ids that corpus.json describes")
        if ids[:_CHECKED].max() >= len(info.counts):
            raise DamagedError("ids outside the alphabet")
    return Corpus(folder, info, ids)


def corpora() -> list[Path]:
    """The folders of the user's corpora."""
    return names.corpora()


def found_again(folder: Path, sha256: str, lines: bool) -> Path:
    """The folder of the corpus with this text, read line by line or not: `folder`, or else another of the
    user's corpora, since it may have been renamed; `folder` if there is none."""
    for place in (folder, *corpora()):
        with suppress(CorpusError):
            info = read_info(place)
            if (info.sha256, info.lines) == (sha256, lines):
                return place
    return folder


def add(
    blocks: Iterable[str] | Iterable[bytes],
    name: str,
    source: str,
    *,
    licence: str = "",
    units: str = "char",
    lines: bool = False,
    entropy_rate: float | None = None,
    encoding: Callable[[], str] = str,
    normalise: str = "none",
    options: str | None = None,
    report: Callable[[int], None] = lambda chars: None,
) -> Corpus:
    """Import a text that comes in blocks (str for units "char", bytes for "byte") as corpus `name`.

    `encoding` is called once the whole text has been read; `report` is called after every block with the
    number of characters so far. Raises UsageError if the name is invalid or taken, CorpusError for fewer
    than two characters, and StorageError. On any failure, nothing is left on disk.
    """
    target = places.corpora() / check_name(name)
    if target.exists():
        raise UsageError(
            f"a corpus {quoted(name)} already exists: choose another --name, or remove it"
        )
    try:
        with _building(name) as building:
            info = _build(building, blocks, name, source, units, report)
            info = replace(
                info,
                licence=licence,
                lines=lines,
                entropy_rate=entropy_rate,
                encoding=encoding(),
                normalise=normalise,
                options=options,
            )
            write_json(building / INFO, {"version": VERSION} | asdict(info))
            building.rename(target)
            (target / _LOCK).unlink()
            sync_folder(target.parent)
    except OSError as error:
        if target.exists():
            raise UsageError(
                f"a corpus {quoted(name)} was made in the meantime: choose another --name"
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
    """Write the ids into a folder and count them. Raises CorpusError, OSError."""
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
    """A locked folder in which to build the corpus `name`; removed at the end.

    Folders left by importers that were killed are removed first. Raises UsageError if a corpus of this name
    is being imported already.
    """
    store = places.corpora()
    make_folder(store)
    folder = store / f".{name}.tmp"
    with FileLock(places.corpora_lock()):
        for left in store.glob(".*.tmp"):
            if not is_held(left / _LOCK):
                shutil.rmtree(left, ignore_errors=True)
        try:
            folder.mkdir()
        except FileExistsError:
            raise UsageError(
                f"a corpus {quoted(name)} is being imported now: choose another --name, or wait for it"
            ) from None
        lock = FileLock(folder / _LOCK)
        lock.acquire()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
