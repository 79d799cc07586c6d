"""The corpus store: a folder with `ids.npy`, opened memory-mapped, and `corpus.json`.

Importing streams: the text is never whole in memory. Ids are given in order of appearance, and remapped
to the alphabet's sorted order once all characters are known. The folder is built beside and renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engine import places
from engine.errors import AlphabetError, CorpusError, UsageError
from engine.library import folders
from engine.storage import check_name, storage_error, sync_folder, write_json
from engine.vocab import CODE_POINTS, Alphabet, Ids

INFO = "corpus.json"
IDS = "ids.npy"
SMALLEST = 2
"""Characters below which nothing can be learnt: one to read and one to predict."""
SMALLEST_VALIDATED = 200
"""Characters below which none are kept for validation."""
_BLOCK = 1 << 22


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


def _write(file: BinaryIO, ids: npt.NDArray[Any]) -> None:
    """As `ids.tofile`, which on a full disk does not say that it is full."""
    file.write(ids.data)


class _Encoder:
    """Blocks of text to ids in order of appearance, kept in the smallest type that holds them."""

    def __init__(self, folder: Path) -> None:
        self.points: list[int] = []
        self.counts = np.zeros(CODE_POINTS, np.int64)
        self.chars = 0
        self.raw = folder / "ids.raw"
        self.dtype: npt.DTypeLike = np.uint8
        self._ids = np.full(CODE_POINTS, -1, np.int32)
        self._file: BinaryIO = open(self.raw, "wb")

    def add(self, points: npt.NDArray[np.uint32]) -> None:
        counts = np.bincount(points)
        self.counts[: len(counts)] += counts
        present = np.flatnonzero(counts)
        if len(fresh := present[self._ids[present] < 0]):
            self._ids[fresh] = np.arange(len(self.points), len(self.points) + len(fresh))
            self.points.extend(fresh.tolist())
            self._widen()
        _write(self._file, self._ids[points].astype(self.dtype))
        self.chars += len(points)

    def _widen(self) -> None:
        dtype = np.min_scalar_type(len(self.points) - 1)
        if dtype == self.dtype:
            return
        self._file.close()
        narrow = self.raw.with_suffix(".narrow")
        self.raw.rename(narrow)
        self._file = open(self.raw, "wb")
        with open(narrow, "rb") as old:
            while len(block := np.fromfile(old, self.dtype, _BLOCK)):
                _write(self._file, block.astype(dtype))
        narrow.unlink()
        self.dtype = dtype

    def finish(self, path: Path) -> None:
        """Write the ids in sorted order of the alphabet as .npy."""
        self._file.close()
        order = np.argsort(np.array(self.points))
        rank = np.empty(len(order), self.dtype)
        rank[order] = np.arange(len(order))
        with open(self.raw, "rb") as raw, open(path, "wb") as out:
            np.lib.format.write_array_header_1_0(
                out,
                {"descr": np.dtype(self.dtype).str, "fortran_order": False, "shape": (self.chars,)},
            )
            while len(block := np.fromfile(raw, self.dtype, _BLOCK)):
                _write(out, rank[block])
            out.flush()
            os.fsync(out.fileno())
        self.raw.unlink()

    def close(self) -> None:
        self._file.close()


def _utf8(block: str | bytes) -> bytes:
    return block.encode("utf-8", "surrogatepass") if isinstance(block, str) else block


def _points(block: str | bytes) -> npt.NDArray[np.uint32]:
    if isinstance(block, str):
        return np.frombuffer(block.encode("utf-32-le", "surrogatepass"), "<u4")
    return np.frombuffer(block, np.uint8).astype(np.uint32)


def digest(blocks: Iterable[str] | Iterable[bytes]) -> str:
    """The sha256 that a text would have as a corpus."""
    sha256 = hashlib.sha256()
    for block in blocks:
        sha256.update(_utf8(block))
    return sha256.hexdigest()


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
    building = target.with_name(f".{name}.{os.getpid()}.tmp")
    try:
        building.mkdir(parents=True)
        encoder, sha256 = _Encoder(building), hashlib.sha256()
        try:
            for block in blocks:
                sha256.update(_utf8(block))
                if len(block):
                    encoder.add(_points(block))
                report(encoder.chars)
            if encoder.chars < SMALLEST:
                has = "is empty" if not encoder.chars else "has one character"
                raise CorpusError(f"{source} {has}: a corpus needs at least two characters")
            encoder.finish(building / IDS)
        finally:
            encoder.close()
        symbols = sorted(encoder.points)
        info = CorpusInfo(
            name=name,
            source=source,
            licence=licence,
            sha256=sha256.hexdigest(),
            chars=encoder.chars,
            units=units,
            symbols="".join(map(chr, symbols)),
            counts=tuple(int(encoder.counts[point]) for point in symbols),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            lines=lines,
            entropy_rate=entropy_rate,
        )
        write_json(building / INFO, asdict(info))
        building.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        if target.exists():
            raise UsageError(
                f"a corpus {name!r} was made meanwhile: choose another --name"
            ) from error
        raise storage_error(target, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return load(target)
