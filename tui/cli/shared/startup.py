"""How long helo takes to start, measured on whole processes in a pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

from engine.errors import HeloError
from engine.runs.library import DEFAULT_MODEL

RUNS = 5
_HELO = [sys.executable, "-P", "-m", "tui"]
_ROWS, _COLUMNS = 36, 120
_PATIENCE = 20.0
_PROMPT = "The "
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|.)"
)


def measure(report: Callable[[int, int], None]) -> list[dict[str, str | float]]:
    """The medians over `RUNS` processes each, in seconds. `report` is called with the runs done and the
    total.

    Raises HeloError if the app does not show what is expected.
    """
    version, frame, first = [], [], []
    for done in range(RUNS):
        version.append(_seconds(["--version"]))
        painted, written = _app()
        frame.append(painted)
        first.append(written)
        report(done + 1, RUNS)
    return [
        {"command": "helo --version", "seconds": round(median(version), 4)},
        {"command": "helo: first frame, the model loaded", "seconds": round(median(frame), 4)},
        {"command": "helo: Enter to first character", "seconds": round(median(first), 4)},
    ]


def _seconds(arguments: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([*_HELO, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def _app() -> tuple[float, float]:
    """Open the app, write with it and quit. Returns the seconds to the first frame, and from Enter to the
    first character."""
    with tempfile.TemporaryDirectory() as home:
        # greedy, so that the first character is a letter, not by chance a space or a line end
        Path(home, "config.toml").write_text("[sampling]\ntemperature = 0.0\n")
        terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", _ROWS, _COLUMNS, 0, 0))
        environment = {"HELO_HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        begin = time.perf_counter()
        process = subprocess.Popen(
            _HELO,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | environment,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            _wait(terminal, f"PROMPT[^\0]*{DEFAULT_MODEL}|{DEFAULT_MODEL}[^\0]*PROMPT")
            painted = time.perf_counter() - begin
            os.write(terminal, _PROMPT.encode())
            _wait(terminal, _PROMPT.strip())
            begin = time.perf_counter()
            os.write(terminal, b"\r")
            _wait(terminal, rf"{_PROMPT}\S")
            written = time.perf_counter() - begin
        finally:
            process.kill()
            process.wait()
            os.close(terminal)
        return painted, written


def _wait(terminal: int, pattern: str) -> None:
    """Read the app's output until its text matches `pattern`."""
    painted = b""
    deadline = time.monotonic() + _PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            with suppress(OSError):  # Linux raises this if the app has ended
                painted += os.read(terminal, 1 << 16)
        if re.search(pattern, _ESCAPES.sub("", painted.decode("utf-8", "replace"))):
            return
    raise HeloError("the app did not start properly: try helo, and helo doctor")
