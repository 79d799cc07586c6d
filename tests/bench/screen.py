"""`python -m tests.bench.screen [SECONDS [ROUNDS]]`: does the screen keep up with the network?

In turns, the bundled model writes at full speed in the app, in a terminal of 140 by 45, and by itself, on
one thread. Prints as JSON: `ratio`, the characters a second of the app by those of the network alone;
`screen`, the share of a core that the app's main thread takes; `bytes`, what a character keeps.
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

import pexpect
import pyte

from engine.blas import one_thread
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.runs import library
from engine.writing.generate import Generation

_WARM = 0.5
"""Seconds before the measurement begins."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Slice(NamedTuple):
    """What some seconds of writing in the app showed."""

    rate: float
    """Characters a second."""
    screen: float
    """The share of a core that the main thread took."""
    written: int
    resident: int
    """Bytes of memory."""


class _App:
    """The app, writing at full speed."""

    def __init__(self, home: str) -> None:
        self._screen = pyte.Screen(140, 45)
        self._stream = pyte.ByteStream(self._screen)
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "tui", "-m", "shakespeare"],
            dimensions=(45, 140),
            env=os.environ | {"HELO_HOME": home, "TERM": "xterm-256color"},
        )
        self._until("continues it")
        for line in ("/speed max", "/length 100000", "ROMEO:"):
            self._child.send(f"{line}\r")
            self._read(0.3)
        self._until("of 100,0")
        self._child.send("\x1b")
        self._until("paused")

    def _read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                self._stream.feed(self._child.read_nonblocking(1 << 16, timeout=left))
            except pexpect.TIMEOUT:
                return

    def _until(self, text: str) -> None:
        while text not in "\n".join(self._screen.display):
            self._read(0.1)

    def _written(self) -> int:
        shown = re.search(r"([\d,]+) of 1\d\d,", "\n".join(self._screen.display))
        assert shown
        return int(shown[1].replace(",", ""))

    def _resident(self) -> int:
        status = Path(f"/proc/{self._child.pid}/statm").read_text().split()
        return int(status[1]) * os.sysconf("SC_PAGE_SIZE")

    def _busy(self) -> float:
        """Seconds of processor time of the main thread."""
        pid = self._child.pid
        fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def write(self, seconds: float) -> Slice:
        """Continue for some seconds, and pause."""
        self._child.send("\r")
        self._read(_WARM)
        begin, count, busy = time.monotonic(), self._written(), self._busy()
        self._read(seconds)
        took = time.monotonic() - begin
        found = Slice(
            (self._written() - count) / took,
            (self._busy() - busy) / took,
            self._written(),
            self._resident(),
        )
        self._child.send("\x1b")
        self._until("paused")
        return found

    def close(self) -> None:
        self._child.close(force=True)


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
        app = _App(home)
        app.write(float(seconds))
        for _ in range(int(rounds)):
            slices.append(app.write(float(seconds)))
            ratios.append(slices[-1].rate / alone(stepper, float(seconds)))
            print(json.dumps(slices[-1]._asdict() | {"ratio": ratios[-1]}), flush=True)
        app.close()
    first, last = slices[0], slices[-1]
    found = {
        "ratio": median(ratios),
        "screen": median(each.screen for each in slices),
        "bytes": (last.resident - first.resident) / (last.written - first.written),
        "megabytes": last.resident / 1e6,
    }
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
