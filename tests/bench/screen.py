"""`python -m tests.bench.screen [SECONDS [ROUNDS]]`: does the screen keep up with the network?

In turns, the bundled model writes at full speed in the app, in a terminal of 140 by 45, and by itself, on
one thread. Prints as JSON: `ratio`, the characters a second of the app by those of the network alone;
`screen`, the share of a core that the app's main thread takes; `bytes`, what a character keeps; and `keys`,
the 95th percentile of the milliseconds until a key of WALK is answered, in a text of that length.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from engine.blas import one_thread
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.runs import library
from engine.writing.generate import Generation
from tests.app_terminal import AppTerminal

_WARM = 0.5
"""Seconds before the measurement begins."""
_TICKS = os.sysconf("SC_CLK_TCK")
_ESC, _LEFT, _RIGHT, _UP, _HOME, _END = "\x1b", "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[H", "\x1b[F"
_KEYS = {
    "walk": [_LEFT, _LEFT, _UP, _LEFT, _RIGHT],
    "ends": [_HOME, _END],
    "branch": [*[_LEFT] * 9, "3", *[_LEFT] * 5, "2", "b", "b"],
}
_TURNS = 12
_QUIET = 0.1
"""Seconds without anything painted after which a key is answered."""


class Slice(NamedTuple):
    """What some seconds of writing in the app showed."""

    rate: float
    """Characters a second."""
    screen: float
    """The share of a core that the main thread took."""
    written: int
    resident: int
    """Bytes of memory."""


class _Writing(AppTerminal):
    """The app, with the bundled model at full speed."""

    def __init__(self, home: str) -> None:
        super().__init__((140, 45), {"HELO_HOME": home}, "-m", "shakespeare")
        self.until(lambda text: "continues it" in text)
        for line in ("/speed max", "/length 100000", "ROMEO:"):
            self.send(f"{line}\r")
            self.read_for(0.3)
        self.until(lambda text: "of 100,0" in text)
        self._pause()

    def _pause(self) -> None:
        self.send(_ESC)
        self.until(lambda text: "paused" in text)

    def _written(self) -> int:
        shown = re.search(r"([\d,]+) of 1\d\d,", self.text)
        assert shown
        return int(shown[1].replace(",", ""))

    def resident(self) -> int:
        """Bytes of memory."""
        status = Path(f"/proc/{self.child.pid}/statm").read_text().split()
        return int(status[1]) * os.sysconf("SC_PAGE_SIZE")

    def _busy(self) -> float:
        """Seconds of processor time of the main thread."""
        pid = self.child.pid
        fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def write(self, seconds: float) -> Slice:
        """Continue for some seconds, and pause."""
        self.send("\r")
        self.read_for(_WARM)
        count, busy = self._written(), self._busy()
        begin = time.monotonic()
        painted = self.take(seconds)
        took, busy = time.monotonic() - begin, self._busy() - busy
        self.draw(painted)
        rate, share = (self._written() - count) / took, busy / took
        self._pause()
        return Slice(rate, share, self._written(), self.resident())

    def answer(self, key: str) -> float:
        """Milliseconds until all that a key changes has been painted."""
        self.read_for(_QUIET)
        painted = b""
        begin = end = time.perf_counter()
        self.send(key)
        while end == begin or time.perf_counter() < end + _QUIET:
            if new := self.next(_QUIET):
                painted += new
                end = time.perf_counter()
        self.draw(painted)
        return 1000 * (end - begin)

    def close(self) -> None:
        self.child.close(force=True)


def alone(stepper: Stepper, seconds: float) -> float:
    """Characters a second of the network by itself."""
    generation = Generation(stepper, stepper.alphabet.encode("ROMEO:"))
    begin, count = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        generation.advance()
        count += 1
    return count / (time.monotonic() - begin)


def main(seconds: str = "3", rounds: str = "10") -> None:
    one_thread()
    stepper = Stepper(modelfile.load(library.model_path("shakespeare")))
    slices, ratios = [], []
    with tempfile.TemporaryDirectory() as home:
        app = _Writing(home)
        app.write(float(seconds))
        for _ in range(int(rounds)):
            slices.append(app.write(float(seconds)))
            ratios.append(slices[-1].rate / alone(stepper, float(seconds)))
            print(json.dumps(slices[-1]._asdict() | {"ratio": ratios[-1]}), flush=True)
        app.send(_ESC)
        keys = {
            name: round(np.percentile([app.answer(key) for key in keys * _TURNS], 95))
            for name, keys in _KEYS.items()
        }
        walked = app.resident()
        app.close()
    first, last = slices[0], slices[-1]
    found = {
        "ratio": median(ratios),
        "screen": median(each.screen for each in slices),
        "bytes": (last.resident - first.resident) / (last.written - first.written),
        "characters": last.written,
        "megabytes": walked / 1e6,
    }
    print(json.dumps({name: round(value, 3) for name, value in found.items()} | {"keys": keys}))


if __name__ == "__main__":
    main(*sys.argv[1:])
