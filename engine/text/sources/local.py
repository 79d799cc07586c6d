"""Sources on this machine: a file, a folder, an archive, or a stream."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from engine.errors import CorpusError, NotFoundError, UsageError
from engine.text.sources.archives import in_tar, in_zip, is_tar
from engine.text.sources.document import Document, Ledger, Source
from engine.text.sources.files import in_folder, opened, require_regular
from engine.text.sources.reading import Reading
from engine.text.sources.stream import Stream, blocks, packed, unpack
from engine.words import quoted

_PACKED = (".gz", ".bz2", ".xz", ".zst")


def find_path(path: Path, reading: Reading, name: str, origin: str, licence: str = "") -> Source:
    """The file, folder or archive at `path` as a source. `name` is its name with suffixes, `origin` its
    name in messages.

    Raises NotFoundError, CorpusError.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise NotFoundError(
            f"no corpus or file {quoted(origin)}; `helo corpora list` shows all corpora"
        ) from error
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


def _in_file(path: Path, origin: str, reading: Reading, ledger: Ledger) -> Iterator[Document]:
    with opened(path, origin, ledger) as file:
        if packed(file.peek()) == "zip":
            yield from in_zip(file, reading, ledger)
        else:
            yield from in_stream(file, origin, ledger.size, reading, ledger)


def in_stream(
    file: Stream, name: str, size: int | None, reading: Reading, ledger: Ledger
) -> Iterator[Document]:
    """The documents in a stream: the members of a tar archive, or the stream itself, unpacked if it is
    packed."""
    inside = unpack(file, ledger)
    head = (inside or file).peek()
    if packed(head) == "zip" and not inside:
        raise CorpusError(
            f"{name} is a zip archive, which cannot be read from a stream: save it as a file first"
        )
    if packed(head):
        raise CorpusError(f"{name} is packed more than once: unpack it first")
    if is_tar(head):
        yield from in_tar(inside or file, reading, ledger)
        return
    if reading.glob:
        raise UsageError(f"{name} is one file: --glob picks files from a folder or an archive")
    yield Document(name, None if inside else size, blocks(inside or file))


def stem(name: str) -> str:
    """A file's name without its suffix and any packer's suffix that follows, as in .tar.gz."""
    path = Path(name)
    if path.suffix.lower() in _PACKED:
        return stem(path.stem)
    return path.stem
