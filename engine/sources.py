"""Anything that is text, as blocks for the corpus store: a file, standard input, a built-in corpus."""

from __future__ import annotations

import codecs
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from corpora import BUILT_IN
from engine import corpus, encoder, places
from engine.corpus import Corpus
from engine.errors import CorpusError, NotFoundError, UsageError
from engine.storage import check_name
from engine.vocab import UNITS

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Source:
    """Where a text comes from: what to call it, its licence, its size in bytes where known."""

    name: str
    origin: str
    licence: str
    size: int | None
    open: Callable[[], Iterator[str] | Iterator[bytes]]


def find(ref: str, units: str = "char") -> Source:
    """The source that `ref` names: "-", a built-in corpus, or a file.

    Raises NotFoundError, UsageError, CorpusError.
    """
    if units not in UNITS:
        raise UsageError(f"--units must be char or byte, not {units!r}")
    if ref == "-":
        return Source(
            "stdin", "standard input", "", None, lambda: _read(sys.stdin.buffer, ref, units)
        )
    if ref in BUILT_IN and not Path(ref).is_file():
        built_in = BUILT_IN[ref]
        blocks = built_in.blocks if units == "char" else lambda: map(str.encode, built_in.blocks())
        return Source(ref, f"built in: {built_in.title}", built_in.licence, None, blocks)
    try:
        path, size = _file(ref)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"no corpus or file {ref!r}; `helo corpora list` shows what there is"
        ) from error
    return Source(path.stem, str(path), "", size, lambda: _read(path, ref, units))


def read(ref: str, units: str = "char") -> str | bytes:
    """The whole text of a file, or of standard input for "-": str, or bytes for units "byte".

    Raises NotFoundError, CorpusError.
    """
    try:
        file = sys.stdin.buffer if ref == "-" else _file(ref)[0]
    except FileNotFoundError as error:
        raise NotFoundError(
            f"no file {ref!r}: name a text file, or - for standard input"
        ) from error
    if units == "byte":
        return b"".join(_bytes(file))
    return "".join(_text(_bytes(file), ref))


def _file(ref: str) -> tuple[Path, int]:
    """The regular file that `ref` names, and its size in bytes.

    Raises FileNotFoundError, CorpusError.
    """
    path = places.typed(ref)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"cannot read {ref}: {getattr(error, 'strerror', None) or error}"
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise CorpusError(f"{ref} is a folder: name a text file")
    if not stat.S_ISREG(status.st_mode):
        raise CorpusError(f"{ref} is no regular file: name a text file, or pipe the text to -")
    return path, status.st_size


def _read(file: Path | BinaryIO, ref: str, units: str) -> Iterator[str] | Iterator[bytes]:
    advice = "; `helo corpora add --units byte` imports it as bytes"
    return _bytes(file) if units == "byte" else _text(_bytes(file), ref, advice)


def _bytes(file: Path | BinaryIO) -> Iterator[bytes]:
    try:
        with open(file, "rb") if isinstance(file, Path) else nullcontext(file) as stream:
            while block := stream.read(_BLOCK):
                yield block
    except OSError as error:
        raise CorpusError(f"cannot read {file}: {error.strerror or error}") from error


def _text(blocks: Iterator[bytes], ref: str, advice: str = "") -> Iterator[str]:
    """Bytes as UTF-8 text with \\n line ends and no byte-order mark, across block borders."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    read, carry = 0, ""
    for block in chain(blocks, (b"",)):  # the empty block is the end
        try:
            text = carry + decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{ref} is no UTF-8 text (near byte {max(0, read + error.start):,}){advice}"
            ) from error
        if "\0" in text:
            raise CorpusError(f"{ref} looks binary (it has NUL characters){advice}")
        read += len(block)
        carry = "\r" if text.endswith("\r") and block else ""
        if "\r" in text:
            text = text.removesuffix(carry).replace("\r\n", "\n").replace("\r", "\n")
        yield text


def folder_of(ref: str) -> Path | None:
    """The folder of the imported corpus that `ref` names or is, else None."""
    for folder in (places.corpora() / ref, places.typed(ref)):
        if os.path.isfile(folder / corpus.INFO):
            return folder
    return None


def add(
    ref: str,
    name: str | None = None,
    units: str = "char",
    report: Callable[[int], None] = lambda chars: None,
) -> Corpus:
    """Import the source `ref` under its own name, or `name`.

    Raises NotFoundError, UsageError, CorpusError, StorageError.
    """
    source = find(ref, units)
    return corpus.add(
        source.open(),
        name or _tidy(source.name),
        source.origin,
        licence=source.licence,
        units=units,
        report=report,
    )


def obtain(ref: str, report: Callable[[int], None] = lambda chars: None) -> Corpus:
    """CORPUS as DESIGN says: the imported corpus that `ref` names, else `ref` imported now.

    A file that was imported before, under its name or that name with a number, is taken as it is where
    its text is the same. Raises as `add`.
    """
    if folder := folder_of(ref):
        return corpus.load(folder)
    source = find(ref)
    name, sha256 = _tidy(source.name), ""
    tried = (name if n == 1 else f"{name}-{n}" for n in count(1))
    for free in tried:
        if not (folder := places.corpora() / free).exists():
            break
        if ref != "-":
            sha256 = sha256 or encoder.digest(source.open())
            with suppress(CorpusError):  # a damaged one is not the same
                if corpus.read_info(folder).sha256 == sha256:
                    return corpus.load(folder)
    return add(ref, free, report=report)


def _tidy(name: str) -> str:
    """A name that may be one, from a file's."""
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in name).lstrip("._-")[:48]
    return check_name(kept or "corpus")
