"""A file of records that grows, and the thread that writes to all of them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from engine.errors import HeloError, UsageError
from engine.storage import make_folder, storage_error
from tui.write.kept.records import head

Line = bytes | Callable[[], bytes]
"""A line, or what makes it where it takes a while."""
_LAST_SECONDS = 2.0
"""How long the end waits for what is still to be written."""


class Book:
    """A session's file, held by a lock while it is open. One that is new is made with its first lines.

    The methods may wait for the disk.
    """

    def __init__(self, folder: Path) -> None:
        """A new one in this folder."""
        self.folder = folder
        self._file: int | None = None
        self._size = 0
        """Where the next line goes. Beyond it may lie the rest of one that did not fit on the disk."""
        self._waiting: list[Line] = []

    @classmethod
    def reopened(cls, path: Path) -> Book:
        """The file at a path, to be gone on with.

        Raises UsageError if another helo has it, and OSError.
        """
        book = cls(path.parent)
        book._hold(path, os.O_RDWR)
        return book

    @property
    def opened(self) -> bool:
        return self._file is not None

    def _hold(self, path: Path, flags: int) -> None:
        file = os.open(path, flags | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise UsageError(f"{path.stem} is open already, here or in another helo") from None
        self._file = file

    def read(self) -> bytes:
        """All that is in it. Raises OSError."""
        assert self._file is not None
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            return file.read()

    def go_on_at(self, size: int) -> None:
        """Leave out what is beyond this many bytes, once there is more to be written."""
        self._size = size

    def write(self, lines: list[Line]) -> None:
        """Append lines, and those that could not be written before.

        Raises OSError; then they wait for the next time.
        """
        self._waiting += lines
        if not self._waiting:
            return
        if self._file is None:
            self._make()
        assert self._file is not None
        data = b"".join(each if isinstance(each, bytes) else each() for each in self._waiting)
        os.ftruncate(self._file, self._size)
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]
        self._size += len(data)
        self._waiting.clear()

    def _make(self) -> None:
        make_folder(self.folder)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for n in count(1):
            try:
                self._hold(self.folder / f"{stamp}-{n}.jsonl", os.O_RDWR | os.O_CREAT | os.O_EXCL)
            except FileExistsError:
                continue
            self._waiting.insert(0, head())
            return

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Writer:
    """Writes to books in a thread of its own."""

    def __init__(self, made: Callable[[], object]) -> None:
        """`made` is called in the thread after the first lines were written."""
        self._made = made
        self._jobs: SimpleQueue[tuple[Book, list[Line]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self.trouble: HeloError | None = None
        """Why nothing can be written; None once it can."""

    def write(self, book: Book, lines: list[Line]) -> None:
        """Have lines appended to a book."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="sessions", daemon=True)
            self._thread.start()
        self._jobs.put((book, lines))

    def close(self) -> None:
        """Wait until all is written, if that does not take long."""
        if self._thread:
            self._jobs.put(None)
            self._thread.join(_LAST_SECONDS)

    def _work(self) -> None:
        tidy = True
        for book, lines in iter(self._jobs.get, None):
            try:
                book.write(lines)
                self.trouble = None
                if tidy:
                    self._made()
                    tidy = False
            except OSError as error:
                self.trouble = storage_error(book.folder, error)
