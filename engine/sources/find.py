"""From what a person names to a source: a file, standard input, a built-in corpus."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from corpora import BUILT_IN
from engine import places, web
from engine.errors import CorpusError, NotFoundError
from engine.sources.document import BLOCK, Document, Ledger, Source
from engine.sources.reading import Reading


def find(ref: str, reading: Reading) -> Source:
    """The source that `ref` names: "-", a built-in corpus, a web address, a path, or @ and the path of
    a list of these.

    Raises NotFoundError, UsageError, CorpusError.
    """
    if ref == "-":
        ledger = Ledger()
        document = Document("standard input", None, _blocks(sys.stdin.buffer, ledger))
        return Source("stdin", document.name, "", iter([document]), ledger)
    if web.is_address(ref) or ref.startswith("@"):
        from engine.sources import remote  # these lead to sources again

        return (
            remote.find_list(ref[1:], reading)
            if ref[0] == "@"
            else remote.find_address(ref, reading)
        )
    path = places.typed(ref)
    if ref in BUILT_IN and not path.is_file():
        return _built_in(ref)
    return find_path(path, reading, name=path.stem, origin=str(path))


def find_path(path: Path, reading: Reading, *, name: str, origin: str, licence: str = "") -> Source:
    """The file at `path` as a source, called `name`, that came from `origin`.

    Raises NotFoundError, CorpusError.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise NotFoundError(nothing(origin)) from error
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"cannot read {origin}: {getattr(error, 'strerror', None) or error}"
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise CorpusError(f"{origin} is a folder: name a text file")
    if not stat.S_ISREG(status.st_mode):
        raise CorpusError(f"{origin} is no regular file: name a text file, or pipe the text to -")
    ledger = Ledger(size=status.st_size)
    document = Document(origin, status.st_size, _file(path, ledger))
    return Source(name, origin, licence, iter([document]), ledger)


def nothing(ref: str) -> str:
    """What to say where `ref` names nothing."""
    from engine import catalogue  # it leads to sources again

    if ref in catalogue.entries():
        return f"{ref} is not here yet: `helo corpora get {ref}` fetches it, or g in the Library"
    return f"no corpus or file {ref!r}; `helo corpora list` shows what there is"


def _built_in(name: str) -> Source:
    built_in, ledger = BUILT_IN[name], Ledger()

    def encoded() -> Iterator[bytes]:
        for block in built_in.blocks():
            data = block.encode()
            ledger.count(len(data))
            yield data

    documents = iter([Document(name, None, encoded())])
    return Source(name, f"built in: {built_in.title}", built_in.licence, documents, ledger)


def _file(path: Path, ledger: Ledger) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from _blocks(file, ledger)


def _blocks(file: BinaryIO, ledger: Ledger) -> Iterator[bytes]:
    try:
        while block := file.read(BLOCK):
            ledger.count(len(block))
            yield block
    except OSError as error:
        raise CorpusError(f"cannot read: {error.strerror or error}") from error
