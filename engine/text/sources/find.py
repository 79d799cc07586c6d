"""From what a person names to a source: a built-in corpus, a file, a folder, an archive, standard input."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from corpora import BUILT_IN
from engine import places, web
from engine.errors import CorpusError, NotFoundError, UsageError
from engine.sources.archives import in_tar, in_zip, is_tar
from engine.sources.document import BLOCK, Document, Ledger, Source
from engine.sources.files import in_folder, opened, require_regular
from engine.sources.reading import Reading
from engine.sources.stream import Stream, blocks, packed, stream, unpack

_PACKED = (".gz", ".bz2", ".xz", ".zst")


def find(ref: str, reading: Reading) -> Source:
    """The source that `ref` names: "-", a built-in corpus, a web address, a path, or @ and the path of a
    list of these. It is read later.

    Raises NotFoundError, UsageError, CorpusError, WebError.
    """
    if not ref:
        raise UsageError("name a file, a folder, an archive, or - for standard input")
    ledger = Ledger(reading.max_size)
    if ref == "-":
        return Source("stdin", "standard input", "", _standard_input(reading, ledger), ledger)
    if web.is_address(ref) or ref.startswith("@"):
        from engine.sources import remote  # these lead to sources again

        return (
            remote.find_list(ref[1:], reading)
            if ref[0] == "@"
            else remote.find_address(ref, reading)
        )
    path = places.typed(ref)
    if ref in BUILT_IN and not path.is_file():
        if reading.glob or reading.encoding:
            raise UsageError(f"{ref} is built in: leave --glob and --encoding out")
        built_in = BUILT_IN[ref]
        documents = iter([Document(ref, None, _encoded(built_in.blocks(), ledger))])
        title = f"built in: {built_in.title}"
        changed = reading.lines or reading.lowercase  # then it is another text
        known = built_in.entropy_rate if not changed else None
        rate = known() if known else None
        return Source(ref, title, built_in.licence, documents, ledger, rate)
    return find_path(path, reading, os.path.basename(os.path.abspath(path)), str(path))


def find_path(path: Path, reading: Reading, name: str, origin: str, licence: str = "") -> Source:
    """The file, folder or archive at `path` as a source; `name` is what it is called, with its suffixes.

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
    ledger = Ledger(reading.max_size)
    if stat.S_ISDIR(status.st_mode):
        return Source(name, origin, licence, in_folder(path, reading, ledger), ledger)
    require_regular(status.st_mode, origin)
    ledger.size = status.st_size
    documents = _in_file(path, origin, reading, ledger)
    return Source(stem(name), origin, licence, documents, ledger)


def nothing(ref: str) -> str:
    """What to say where `ref` names nothing."""
    from engine import catalogue  # it leads to sources again

    if ref in catalogue.entries():
        return f"{ref} is not here yet: `helo corpora get {ref}` fetches it, or g in the Library"
    return f"no corpus or file {ref!r}; `helo corpora list` shows what there is"


def _in_file(path: Path, origin: str, reading: Reading, ledger: Ledger) -> Iterator[Document]:
    with opened(path, origin, ledger) as file:
        if packed(file.peek()) == "zip":
            yield from in_zip(file, reading, ledger)
        else:
            yield from _in_stream(file, origin, ledger.size, reading, ledger)


def _standard_input(reading: Reading, ledger: Ledger) -> Iterator[Document]:
    if sys.stdin is None:
        raise CorpusError("standard input is closed: pipe a text to it")
    # one read of the system at a time: between several of them a ctrl+c would not be seen
    file: Any = sys.stdin.buffer
    pieces = iter(partial(file.read1, BLOCK), b"")
    yield from _in_stream(stream(pieces, ledger.count), "standard input", None, reading, ledger)


def _in_stream(
    file: Stream, name: str, size: int | None, reading: Reading, ledger: Ledger
) -> Iterator[Document]:
    """What a stream holds: the members of a tar archive, or itself, unpacked where it is packed."""
    inside = unpack(file, ledger)
    head = (inside or file).peek()
    if packed(head) == "zip" and not inside:
        raise CorpusError(f"{name} is a zip archive, which has to be a file: save it first")
    if packed(head):
        raise CorpusError(f"{name} is packed more than once: unpack it first")
    if is_tar(head):
        yield from in_tar(inside or file, reading, ledger)
        return
    if reading.glob:
        raise UsageError(f"{name} is one file: --glob picks files of a folder or an archive")
    yield Document(name, None if inside else size, blocks(inside or file))


def _encoded(texts: Iterator[str], ledger: Ledger) -> Iterator[bytes]:
    for text in texts:
        data = text.encode()
        ledger.count(len(data))
        yield data


def stem(name: str) -> str:
    """A file's name without what says how it is packed, or else without its suffix."""
    path = Path(name)
    if path.suffix.lower() in _PACKED:
        return stem(path.stem)
    return path.stem
