"""`python -m tests.bench.first_training FILE [SECONDS [ROUNDS]]`: is the first training planned in full?

Each round imports a text into a new home and trains on it at once, then trains on it again, alone. Prints
the planned steps of both as JSON, and their ratio: 1 if helo's own work on the new text disturbs nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median


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


def planned(home: str, corpus: str, name: str, seconds: str) -> int:
    """The steps that a training of some seconds is planned to take."""
    lines = helo(home, "train", corpus, "--name", name, "--seconds", seconds, "--json")
    started = next(e for line in lines if (e := json.loads(line))["event"] == "started")
    return int(started["total_steps"])


def main(file: str, seconds: str = "12", rounds: str = "3") -> None:
    ratios = []
    for _ in range(int(rounds)):
        with tempfile.TemporaryDirectory() as home:
            helo(home, "corpora", "add", file, "--name", "text")
            first, again = (planned(home, "text", name, seconds) for name in ("first", "again"))
        ratios.append(first / again)
        print(json.dumps({"first": first, "again": again, "ratio": round(first / again, 3)}))
    print(json.dumps({"file": Path(file).name, "median_ratio": round(median(ratios), 3)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
