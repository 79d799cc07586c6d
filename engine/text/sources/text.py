"""Joins documents into the blocks of one text."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from tarfile import TarError
from typing import AnyStr
from zipfile import BadZipFile

from engine.errors import CorpusError
from engine.text.sources.decoding import NoText, decoded
from engine.text.sources.document import BLOCK, Source
from engine.text.sources.reading import Reading
from engine.words import LONG, shortened


def blocks(source: Source, reading: Reading) -> Iterator[str] | Iterator[bytes]:
    """The text of a source in blocks of about 1 MiB: str for units "char", bytes for "byte".

    If a document does not end with a newline, one is added before the next document. With `reading.lines`,
    empty lines are dropped.

    Raises CorpusError.
    """
    if reading.units == "byte":
        return _whole(source, _bytes(source), b"\n", reading.lines)
    return _whole(source, _texts(source, reading), "\n", reading.lines)


def _bytes(source: Source) -> Iterator[Iterator[bytes]]:
    for document in source.documents:
        source.ledger.expect(document.size or 0)
        yield source.ledger.take(document.blocks)


def _texts(source: Source, reading: Reading) -> Iterator[Iterator[str]]:
    for document in source.documents:
        try:
            yield decoded(document, reading, source.ledger)
        except NoText as error:
            if document.name == source.origin:  # it is the only document
                problem = f"{document.name} is a {error.kind}{error.remark}"
                raise CorpusError(problem, error.remedy) from error
            source.ledger.leave_out(error.kind, f"{document.name}{error.remark}")
            source.ledger.remedies.setdefault(error.remedy)


def _whole(
    source: Source, texts: Iterator[Iterator[AnyStr]], newline: AnyStr, lines: bool
) -> Iterator[AnyStr]:
    with _readable(source.origin):
        joined = _joined(source, texts, newline)
        yield from _large(_full_lines(source, joined, newline) if lines else joined, newline[:0])


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Turn errors of the system, and of unpackers that find damage, into CorpusError."""
    damage: Exception
    try:
        yield
        return
    except OSError as error:
        if error.errno is not None:
            raise CorpusError(f"cannot read {name}: {error.strerror}") from error
        damage = error  # gzip and bz2 report damage this way
    except (EOFError, zlib.error, lzma.LZMAError, TarError, BadZipFile) as error:
        damage = error
    raise CorpusError(f"{name} is damaged or cut short: {shortened(str(damage))}") from damage


def _joined(source: Source, texts: Iterator[Iterator[AnyStr]], newline: AnyStr) -> Iterator[AnyStr]:
    nothing, end = True, newline
    for text in texts:
        nothing = False
        between = newline if end != newline else newline[:0]
        for block in text:
            if block:
                yield between + block if between else block
                between, end = newline[:0], block[-1:]
    if nothing:
        raise _nothing(source)


def _nothing(source: Source) -> CorpusError:
    ledger = source.ledger
    why = (
        shortened("; ".join(ledger.left_out), LONG)
        or "it has no files, or --glob matches none of them"
    )
    return CorpusError(f"no text in {source.origin}: {why}", ", ".join(ledger.remedies))


def _full_lines(source: Source, blocks: Iterator[AnyStr], newline: AnyStr) -> Iterator[AnyStr]:
    """The blocks without empty lines. Raises CorpusError if there are no line ends."""
    ended, any_line = True, False
    for block in blocks:
        block = block.lstrip(newline) if ended else block
        while newline * 2 in block:
            block = block.replace(newline * 2, newline)
        if block:
            ended, any_line = block.endswith(newline), any_line or newline in block
            yield block
    if not any_line:
        raise CorpusError(f"{source.origin} has no line ends", "leave --lines out")


def _large(blocks: Iterator[AnyStr], empty: AnyStr) -> Iterator[AnyStr]:
    """The same text in blocks that are large enough to handle efficiently."""
    pending: list[AnyStr] = []
    size = 0
    for block in blocks:
        pending.append(block)
        size += len(block)
        if size >= BLOCK:
            yield empty.join(pending)
            pending, size = [], 0
    yield empty.join(pending)
