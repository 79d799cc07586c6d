"""`python -m tests.bench.typing`: how soon a typed character is shown, with ghost text and without.

The app is in a pseudo-terminal of 140×45 with the bundled model. A line is typed at a fixed speed, whatever
the screen does. A character has arrived when it stands in its place in the colour of typed text.
"""

from __future__ import annotations

import os
import select
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pexpect
import pyte

LINE = "The quick brown fox, my lord, was never seen in Wales by any man alive who lived to tell"
SPEEDS = (8, 30)
"""Keys a second: a fast typist, and a key that is held down."""
TURNS = 2
PATIENCE = 20.0
BEGIN, QUIT, ERASE = "Q", "\x11", "\x15"
HELO = [sys.executable, "-P", "-m", "tui"]


class App:
    """helo in a pseudo-terminal, and the line of its prompt."""

    def __init__(self) -> None:
        env = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.child = pexpect.spawn(HELO[0], HELO[1:], dimensions=(45, 140), env=env)
        self.child.delaybeforesend = None
        self.screen = pyte.Screen(140, 45)
        self._stream = pyte.ByteStream(self.screen)

    def read(self, seconds: float) -> None:
        """Draw what it paints next, if it paints something within so long."""
        if select.select([self.child.child_fd], [], [], max(0, seconds))[0]:
            self._stream.feed(os.read(self.child.child_fd, 1 << 16))

    def wait(self, text: str) -> int:
        """The row of the screen where this text is, once it is there."""
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end:
            for y, line in enumerate(self.screen.display):
                if text in line:
                    return y
            self.read(0.1)
        raise AssertionError(text)

    def type(self, text: str, speed: float) -> list[float]:
        """Type a text; milliseconds until each of its characters stands there."""
        self.child.send(ERASE)
        self.read(1)
        self.child.send(BEGIN)
        row = self.screen.buffer[self.wait(f"│ {BEGIN}")]
        plain = row[2].fg
        sent, came = list[float](), list[float]()
        begun = time.perf_counter()
        while len(came) < len(text):
            now = time.perf_counter()
            assert now - begun < PATIENCE + len(text) / speed
            if len(sent) < len(text) and now >= begun + len(sent) / speed:
                sent.append(now)
                self.child.send(text[len(sent) - 1])
            due = begun + len(sent) / speed - time.perf_counter()
            self.read(due if len(sent) < len(text) else 0.1)
            while len(came) < len(sent):
                cell = row[3 + len(came)]
                if (cell.data, cell.fg) != (text[len(came)], plain) or cell.reverse:
                    break
                came.append(time.perf_counter())
        return [1000 * (b - a) for a, b in zip(sent, came, strict=True)]

    def quit(self) -> None:
        self.child.send(QUIT)
        self.child.expect(pexpect.EOF, timeout=PATIENCE)
        self.child.close()


def main() -> None:
    for ghost in ("false", "true"):
        with tempfile.TemporaryDirectory() as home:
            os.environ["HELO_HOME"] = home
            Path(home, "config.toml").write_text(f"ghost = {ghost}\n")
            app = App()
            app.wait("Type how a text")
            for speed in SPEEDS:
                times = [ms for _ in range(TURNS) for ms in app.type(LINE, speed)]
                median, late = np.percentile(times, [50, 95])
                name = f"ghost {ghost}, {speed} keys a second"
                print(f"  {name:<32} median {median:.0f}, p95 {late:.0f} ms ({len(times)})")
            app.quit()


if __name__ == "__main__":
    main()
