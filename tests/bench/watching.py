"""`python -m tests.bench.watching FILE [SECONDS [ROUNDS]]`: what does the Train screen cost a training?

An LSTM 256×1 learns from FILE, and the app, in a terminal of 140 by 45, shows it. In turns of SECONDS the
app is halted and let go on. Prints medians as JSON: `watched`, the speed of the steps while the app runs by
that while it is halted before and after, with half the distance of its quartiles; `core`, the share of a
core that the app takes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from statistics import mean, median, quantiles

from engine.runs.events import Progress, parse
from engine.runs.logs import LineReader
from tests.app_terminal import AppTerminal
from tests.bench.first_training import helo

_NETWORK = "--hidden 256 --layers 1 --batch 32 --seq-length 64 --dtype float32 --steps 30000"
_TRAIN = "\x1bOR"
_TICKS = os.sysconf("SC_CLK_TCK")


def busy(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main(file: str, seconds: str = "8", rounds: str = "8") -> None:
    with tempfile.TemporaryDirectory() as home:
        helo(home, "corpora", "add", file, "--name", "text")
        helo(home, "train", "text", "--name", "watched", "--detach", *_NETWORK.split())
        app = AppTerminal((140, 45), {"HELO_HOME": home})
        try:
            app.send(_TRAIN)
            app.until(lambda text: "step " in text and "of 30,000" in text)
            measure(app, Path(home, "runs", "watched", "events.jsonl"), float(seconds), int(rounds))
        finally:
            app.child.kill(signal.SIGCONT)
            app.child.close(force=True)
            helo(home, "runs", "stop", "watched")


def measure(app: AppTerminal, log: Path, seconds: float, rounds: int) -> None:
    reader = LineReader(log)

    def speed() -> float:
        """Characters a second of the steps meanwhile; those of the first progress began before."""
        reader.read()
        app.take(seconds)
        told = [parse(line) for line in reader.read()]
        return mean([e.chars_per_second for e in told if isinstance(e, Progress)][1:])

    ratios, cores = [], []
    app.take(seconds)
    for _ in range(rounds):
        app.child.kill(signal.SIGSTOP)
        before = speed()
        app.child.kill(signal.SIGCONT)
        used = busy(app.child.pid)
        watched = speed()
        cores.append((busy(app.child.pid) - used) / seconds)
        app.child.kill(signal.SIGSTOP)
        after = speed()
        ratios.append(2 * watched / (before + after))
    first, _, third = quantiles(ratios)
    shown = {"watched": median(ratios), "half_spread": (third - first) / 2, "core": median(cores)}
    print(json.dumps({name: round(value, 4) for name, value in shown.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
