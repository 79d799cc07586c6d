"""`python -m tests.bench.in_time FILE [SECONDS …]`: does `helo train --seconds S` train for S seconds?

Trains on a text for each time three times: alone, with other work that begins half way, and with other work
that ends half way. The other work is a process that spins on every processor. Prints a line of JSON for
each: `ratio` is the time spent training by the time asked for, `wall` that from the trainer's start to its
last step, with saves and samples, `first` what the steps of the first plan would have taken at the real
pace, `plans` how often it was planned anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from engine.blas import processors

_SPIN = "while True: pass"
LOADS = ("none", "begins", "ends")


def events(home: str, *arguments: str) -> Iterator[dict[str, Any]]:
    """The events of `helo train`, as they come."""
    command = [sys.executable, "-m", "tui", "train", *arguments, "--json"]
    child = subprocess.Popen(
        command, env=os.environ | {"HELO_HOME": home}, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout
        yield from map(json.loads, child.stdout)


def train(home: str, file: str, seconds: float, load: str) -> dict[str, Any]:
    """One training, with `load`, one of `LOADS`."""
    others = list[subprocess.Popen[bytes]]()

    def begin() -> None:
        others.extend(subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(processors()))

    def end() -> None:
        while others:
            other = others.pop()
            other.kill()
            other.wait()

    planned, plans, turned, last = 0, 0, False, dict[str, Any]()
    begun = ended = 0.0
    if load == "ends":
        begin()
    try:
        for event in events(home, file, "--seconds", f"{seconds:g}"):
            plans += event["event"] == "planned"
            if event["event"] == "started":
                planned, begun = event["total_steps"], time.monotonic()
            elif event["event"] == "stopped":
                last = event
            elif event["event"] == "progress":
                ended = time.monotonic()
                if event["seconds"] > seconds / 2 and not turned:
                    turned = True
                    {"begins": begin, "ends": end}.get(load, end)()
    finally:
        end()
    taken = last["seconds"]
    return {
        "seconds": seconds,
        "other work": load,
        "ratio": round(taken / seconds, 3),
        "wall": round((ended - begun) / seconds, 3),
        "first": round(planned * taken / last["step"] / seconds, 3),
        "plans": plans,
    }


def main(file: str, *times: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        for seconds in map(float, times or ("12", "60")):
            for load in LOADS:
                print(json.dumps(train(home, file, seconds, load)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
