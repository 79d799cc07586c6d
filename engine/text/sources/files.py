"""Files and folders on disk. Only regular files are read; opening anything else never blocks."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine import places
from engine.errors import CorpusError
from engine.text.sources.document import BLOCK, Document, Ledger
from engine.text.sources.reading import Reading
from engine.text.sources.stream import Stream, blocks

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def require_regular(mode: int, name: str) -> None:
    """Raise CorpusError if `mode` is that of a folder, FIFO, socket or device."""
    if not stat.S_ISREG(mode):
        raise CorpusError(f"{name} is not a regular file: name a text file, or pipe the text to -")


class RegularFile(io.RawIOBase):
    """A file that is read up to the size it had when it was opened.

    Raises OSError, or CorpusError if it is not a regular file or shrinks while it is read.
    """

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._name, self._count = str(path), ledger.count
        # opening a FIFO that has just replaced the file would block
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags)
        self._file = open(handle, "rb", buffering=0)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            self._file.close()
        require_regular(status.st_mode, self._name)
        self._size = status.st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int:
        left = max(0, self._size - self._file.tell())
        n = self._file.readinto(memoryview(buffer)[:left]) or 0
        if left and not n:
            raise CorpusError(f"{self._name} became shorter while it was read: add it again")
        self._count(n)
        return n

    def grew(self) -> bool:
        """Whether the file was read to its size at opening and has grown since."""
        return self._file.tell() == self._size < os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def opened(path: Path, name: str, ledger: Ledger) -> Iterator[Stream]:
    """Open a regular file for reading. Raises the errors of RegularFile."""
    file = RegularFile(path, ledger)
    with io.BufferedReader(file, BLOCK) as buffered:
        yield buffered
        if file.grew():
            ledger.note("grew while it was read, read to its original length", name)


def changed_since(place: str, when: datetime) -> bool:
    """Whether a file, or anything in a folder, was modified after `when`, which is exact to the second."""
    paths = [place]
    for folder, _, files in os.walk(place):
        paths += [folder, *(os.path.join(folder, file) for file in files)]
    latest = 0.0
    for path in paths:
        with suppress(OSError):
            latest = max(latest, os.stat(path).st_mtime)
    return latest >= when.timestamp() + 1


def in_folder(root: Path, reading: Reading, ledger: Ledger) -> Iterator[Document]:
    """The files in a folder and its subfolders that `reading` wants, sorted by path.

    Links to files are followed, links to folders are not. Raises OSError, CorpusError.
    """
    files = list(_walk(root, reading, ledger))
    ledger.size = sum(size for _, size in files)
    for name, size in files:
        before = ledger.read
        try:
            with opened(root / name, name, ledger) as file:
                yield Document(name, size, blocks(file))
        except OSError:
            ledger.leave_out("unreadable file", name)
        ledger.count(max(0, before + size - ledger.read))  # whatever was not read of it


def _walk(root: Path, reading: Reading, ledger: Ledger) -> Iterator[tuple[str, int]]:
    """The paths of the files below `root`, with sizes in bytes. The path of a folder to visit ends with a
    slash."""
    pending: list[tuple[str, int]] = [("", 0)]
    while pending:
        name, size = pending.pop()
        if name and not name.endswith("/"):
            yield name, size
            continue
        try:
            found = list(_entries(root, name, reading, ledger))
        except OSError:
            if not name:
                raise
            ledger.leave_out("unreadable folder", name)
            continue
        pending += sorted(found, reverse=True)


def _entries(
    root: Path, folder: str, reading: Reading, ledger: Ledger
) -> Iterator[tuple[str, int]]:
    """The files and folders to read in one folder."""
    store = None
    with suppress(OSError):
        store = places.corpora().stat()
    with os.scandir(root / folder) as entries:
        for entry in entries:
            ledger.see_file()
            name = folder + entry.name
            try:
                status = entry.stat()
            except OSError:
                if reading.wants(name):
                    ledger.leave_out("unreadable file", name)
                continue
            if entry.is_dir(follow_symlinks=False):
                if store and os.path.samestat(status, store):
                    ledger.leave_out("folder of helo's own", name)
                elif reading.enters(name):
                    yield f"{name}/", 0
            elif reading.wants(name):
                if stat.S_ISREG(status.st_mode):
                    yield name, status.st_size
                else:
                    kind = "folder link" if stat.S_ISDIR(status.st_mode) else "special file"
                    ledger.leave_out(kind, name)
