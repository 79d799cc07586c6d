"""`python -m tests.bench.typing`: how soon a typed character is shown, with ghost text and without.

The app is in a pseudo-terminal of 140×45 with the bundled model. A line is typed at a fixed speed, whatever
the screen does. A character has arrived when it stands in its place in the colour of typed text.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from tests.app_terminal import PATIENCE, AppTerminal

LINE = "The quick brown fox, my lord, was never seen in Wales by any man alive who lived to tell"
SPEEDS = (8, 30)
"""Keys a second: a fast typist, and a key that is held down."""
TURNS = 2
BEGIN, QUIT, ERASE = "Q", "\x11", "\x15"


class App(AppTerminal):
    """helo in a pseudo-terminal, and the line of its prompt."""

    def __init__(self, home: str) -> None:
        super().__init__((140, 45), {"HELO_HOME": home})

    def wait(self, text: str) -> int:
        """The row of the screen where this text is, once it is there."""
        self.until(lambda shown: text in shown)
        return next(y for y, line in enumerate(self.screen.display) if text in line)

    def type(self, text: str, speed: float) -> list[float]:
        """Type a text; milliseconds until each of its characters stands there."""
        self.send(ERASE)
        self.read(1)
        self.send(BEGIN)
        row = self.screen.buffer[self.wait(f"│ {BEGIN}")]
        plain = row[2].fg
        sent, came = list[float](), list[float]()
        begun = time.perf_counter()
        while len(came) < len(text):
            now = time.perf_counter()
            assert now - begun < PATIENCE + len(text) / speed
            if len(sent) < len(text) and now >= begun + len(sent) / speed:
                sent.append(now)
                self.send(text[len(sent) - 1])
            due = begun + len(sent) / speed - time.perf_counter()
            self.read(due if len(sent) < len(text) else 0.1)
            while len(came) < len(sent):
                cell = row[3 + len(came)]
                if (cell.data, cell.fg) != (text[len(came)], plain) or cell.reverse:
                    break
                came.append(time.perf_counter())
        return [1000 * (b - a) for a, b in zip(sent, came, strict=True)]


def main() -> None:
    for ghost in ("false", "true"):
        with tempfile.TemporaryDirectory() as home:
            Path(home, "config.toml").write_text(f"ghost = {ghost}\n")
            app = App(home)
            app.wait("Type how a text")
            for speed in SPEEDS:
                times = [ms for _ in range(TURNS) for ms in app.type(LINE, speed)]
                median, late = np.percentile(times, [50, 95])
                name = f"ghost {ghost}, {speed} keys a second"
                print(f"  {name:<32} median {median:.0f}, p95 {late:.0f} ms ({len(times)})")
            app.send(QUIT)
            app.end()


if __name__ == "__main__":
    main()
