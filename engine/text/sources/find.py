"""Finds the source that a person names: a built-in corpus, an address, a path, or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from corpora import BUILT_IN
from engine import places
from engine.errors import CorpusError, NotFoundError, UsageError
from engine.text import web
from engine.text.sources import catalogue
from engine.text.sources.document import BLOCK, Document, Ledger, Source
from engine.text.sources.local import find_path, in_stream
from engine.text.sources.reading import Reading
from engine.text.sources.remote import find_address, find_list
from engine.text.sources.stream import stream
from engine.words import quoted

STANDARD_INPUT = "-"


def find(ref: str, reading: Reading) -> Source:
    """The source that `ref` names: "-", a built-in corpus, a web address, a path, or @ and the path of a
    list of these. The text is read later.

    Raises NotFoundError, UsageError, CorpusError, WebError.
    """
    if not ref:
        raise UsageError("name a file, a folder, an archive, or - for standard input")
    ledger = Ledger(reading.max_size)
    if ref == STANDARD_INPUT:
        return Source("stdin", "standard input", "", _standard_input(reading, ledger), ledger)
    if ref[0] == "@":
        return find_list(ref[1:], reading, find)
    if web.is_address(ref):
        return find_address(ref, reading)
    path = places.typed(ref)
    if ref in BUILT_IN and not path.is_file():
        if reading.glob or reading.encoding:
            raise UsageError(f"{ref} is built in: leave --glob and --encoding out")
        built_in = BUILT_IN[ref]
        documents = iter([Document(ref, None, _encoded(built_in.blocks(), ledger), made=True)])
        title = f"built in: {built_in.title}"
        changed = reading.lines or reading.lowercase  # which changes the entropy rate
        known = built_in.entropy_rate if not changed else None
        rate = known() if known else None
        return Source(ref, title, built_in.licence, documents, ledger, rate)
    place = os.path.abspath(path)
    try:
        found = find_path(path, reading, os.path.basename(place), str(path))
    except NotFoundError as error:
        raise NotFoundError(nothing(ref)) from error
    return replace(found, place=place)


def is_name(ref: str) -> bool:
    """Whether a reference can be a corpus' name. A reference with a separator is a path."""
    return bool(ref) and ref[0] not in "-@~." and "/" not in ref and os.sep not in ref


def as_path(ref: str) -> str:
    """A reference where a path is expected. A bare name also counts if a file or folder here has it."""
    return os.path.join(".", ref) if is_name(ref) and os.path.exists(ref) else ref


def nothing(ref: str) -> str:
    """The message for a `ref` that names nothing."""
    if ref in catalogue.entries():
        return f"{ref} is not here yet: fetch it with `helo corpora get {ref}`"
    return f"no corpus or file {quoted(ref)}; `helo corpora list` shows all corpora"


def _standard_input(reading: Reading, ledger: Ledger) -> Iterator[Document]:
    if sys.stdin is None:
        raise CorpusError("standard input is closed: pipe a text to it")
    # read1 makes one system call; read makes several, and misses a ctrl+c between them
    file: Any = sys.stdin.buffer
    pieces = iter(partial(file.read1, BLOCK), b"")
    yield from in_stream(stream(pieces, ledger.count), "standard input", None, reading, ledger)


def _encoded(texts: Iterator[str], ledger: Ledger) -> Iterator[bytes]:
    for text in texts:
        data = text.encode()
        ledger.count(len(data))
        yield data
