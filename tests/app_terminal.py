"""The app in a pseudo-terminal, for tests and measurements."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

PATIENCE = 60


class AppTerminal:
    """helo in a pseudo-terminal, and the screen that it paints."""

    def __init__(
        self,
        size: tuple[int, int],
        env: dict[str, str],
        *arguments: str,
        folder: Path | None = None,
    ) -> None:
        """`size` is columns and rows; `arguments` are those of helo."""
        columns, rows = size
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-P", "-m", "tui", *arguments],
            dimensions=(rows, columns),
            cwd=folder and str(folder),
            env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | env,
        )
        self.child.delaybeforesend = 0

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float = 0.05) -> None:
        """Draw what it paints next, if it paints something within so long."""
        self.draw(self.next(seconds))

    def read_for(self, seconds: float) -> None:
        """Draw what it paints for so long."""
        self.draw(self.take(seconds))

    def take(self, seconds: float) -> bytes:
        """What it paints for so long, not drawn yet: drawing takes a processor."""
        end, painted = time.monotonic() + seconds, list[bytes]()
        while (left := end - time.monotonic()) > 0:
            painted.append(self.next(left))
        return b"".join(painted)

    def draw(self, painted: bytes) -> None:
        self._stream.feed(painted)

    def next(self, seconds: float) -> bytes:
        """What it paints next, within so long; not drawn yet."""
        if not select.select([self.child.child_fd], [], [], max(0, seconds))[0]:
            return b""
        return bytes(self.child.read_nonblocking(1 << 16, timeout=0))

    def until(self, true: Callable[[str], object]) -> None:
        """Read what is painted until `true(the screen's text)` is."""
        deadline = time.monotonic() + PATIENCE
        while not true(self.text):
            assert time.monotonic() < deadline, self.text
            self.read()

    def send(self, keys: str) -> None:
        """All keys in one packet."""
        self.child.send(keys)

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does, and wait for the end."""
        self.child.ptyproc.fileobj.close()
        self.child.wait()

    def end(self) -> int:
        """Let it go on to its end; returns the exit status."""
        self.child.expect(pexpect.EOF, timeout=PATIENCE)
        self.draw(self.child.before[-10_000:])
        self.child.close()
        return int(self.child.exitstatus if self.child.signalstatus is None else -1)
