"""The lines of standard input, as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Any

from engine.errors import UsageError

_AHEAD = 1000
"""Lines that are read before they are asked for, at most."""
_BLOCK = 1 << 16
"""Bytes that are read at once, at most."""


class Lines:
    """Reads in a thread, so that what has come can be taken without waiting for more."""

    def __init__(self) -> None:
        """Raises UsageError if standard input is closed."""
        if sys.stdin is None:
            raise UsageError("standard input is closed: pipe lines to it")
        buffer: Any = sys.stdin.buffer
        # below the buffer, whose lock a thread that waits for a line would hold at the end of the process
        self._file = getattr(buffer, "raw", buffer)
        self._found: Queue[bytes | Exception | None] = Queue(_AHEAD)
        self.ended = False
        """Whether there are no more lines."""
        Thread(target=self._read, daemon=True).start()

    def take(self, wait: bool) -> bytes | None:
        """The next line, without its end; None if there is none, or if none has come and we are not to
        `wait` for it.

        Raises what reading raises.
        """
        if self.ended:
            return None
        try:
            found = self._found.get(block=wait)
        except Empty:
            return None
        if isinstance(found, Exception):
            raise found
        self.ended = found is None
        return found

    def _read(self) -> None:
        try:
            for line in self._lines():
                self._found.put(line.removesuffix(b"\r"))
            self._found.put(None)
        except Exception as error:
            self._found.put(error)

    def _lines(self) -> Iterator[bytes]:
        rest: list[bytes] = []
        """What has come of a line."""
        while block := self._file.read(_BLOCK):
            first, *others = block.split(b"\n")
            rest.append(first)
            for other in others:
                yield b"".join(rest)
                rest = [other]
        if last := b"".join(rest):
            yield last
