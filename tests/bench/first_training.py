"""`python -m tests.bench.first_training FILE [SECONDS [ROUNDS]]`: is the first training planned in full?

Each round imports a text into a new home and trains on it at once, then trains on it twice more, alone.
Prints the planned characters of the three as JSON. `ratio` is the first by the mean of the others: 1 if
helo's own work on the new text disturbs nothing. `noise` is the second by the third: the machine alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean, median


def helo(home: str, *arguments: str) -> list[str]:
    """The lines that a command of helo writes."""
    done = subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        env=os.environ | {"HELO_HOME": home},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def planned(home: str, name: str, seconds: str) -> int:
    """The characters that a training of some seconds is planned to read."""
    lines = helo(home, "train", "text", "--name", name, "--seconds", seconds, "--json")
    started = next(e for line in lines if (e := json.loads(line))["event"] == "started")
    return int(started["total_steps"] * started["batch"] * started["seq_length"])


def main(file: str, seconds: str = "12", rounds: str = "3") -> None:
    ratios, noises = [], []
    for _ in range(int(rounds)):
        with tempfile.TemporaryDirectory() as home:
            helo(home, "corpora", "add", file, "--name", "text")
            first, second, third = (planned(home, name, seconds) for name in ("a", "b", "c"))
        ratios.append(first / mean((second, third)))
        noises.append(second / third)
        shown = {"ratio": round(ratios[-1], 3), "noise": round(noises[-1], 3)}
        print(json.dumps({"characters": [first, second, third]} | shown), flush=True)
    medians = {"ratio": round(median(ratios), 3), "noise": round(median(noises), 3)}
    print(json.dumps({"file": Path(file).name, "medians": medians}))


if __name__ == "__main__":
    main(*sys.argv[1:])
