"""`python -m tests.bench.long_text MEGABYTES FILE…`: does a long text cost more than a short one?

Makes a text of so many MB of pieces of the files, cut at random places, and one of 1 MB. Prints as JSON:
`import_s`, the seconds that `helo corpora add` takes for the long one; `life_s` and `peak_mb`, the seconds
and the peak memory of a trainer of 60 steps on each, evaluations and the final one included; and `ratio`,
the characters a second of steps on the long text by those on the short one, in turns of 20 steps, as a
median, with `noise`, half the distance of its quartiles. The network is an LSTM 256×1, B 32, T 64.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median, quantiles

from engine import places
from engine.config import ModelConfig
from engine.runs import launch
from engine.text import corpus
from tests.bench.first_training import helo
from tests.configs import a_config

_MB = 1_000_000
_PIECE = 50_000
_STEPS, _ROUNDS = 20, 40


def write(path: Path, files: list[str], size: int) -> None:
    """Write a text of `size` bytes: pieces of the files, drawn by a fixed seed."""
    texts, rng = [Path(file).read_text("utf-8") for file in files], Random(0)
    with open(path, "wb") as out:
        while out.tell() < size:
            text = rng.choice(texts)
            begin = rng.randrange(max(1, len(text) - _PIECE))
            out.write(text[begin : begin + _PIECE].encode()[: size - out.tell()])


def life(home: str, run: str) -> tuple[float, int]:
    """The seconds and the peak memory, in MB, of a run's trainer from its start to its end."""
    command = [sys.executable, "-P", "-m", "engine.training.trainer", f"{home}/runs/{run}"]
    begin = time.perf_counter()
    child = subprocess.Popen(command)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0
    return round(time.perf_counter() - begin, 1), round(used.ru_maxrss * 1024 / _MB)


def ratios(names: tuple[str, str]) -> list[float]:
    """The speed of steps on the second corpus by that on the first, of each round."""
    from engine.runs.rundir import RunDirectory
    from engine.training.learner import Learner

    learners = [Learner(RunDirectory(places.runs() / name)) for name in names]
    for learner in learners:
        learner.plan()

    def seconds(learner: Learner) -> float:
        begin = time.perf_counter()
        for _ in range(_STEPS):
            learner.step()
        return time.perf_counter() - begin

    found = []
    for _ in range(_ROUNDS + 1):
        before, long, after = (seconds(learners[which]) for which in (0, 1, 0))
        found.append((before + after) / 2 / long)
    return found[1:]


def main(home: str, megabytes: str, *files: str) -> None:
    shown: dict[str, object] = {"mb": int(megabytes)}
    config = a_config(
        ModelConfig("lstm", 256, 1), batch=32, seq_length=64, dtype="float32", steps=60
    )
    for name, size in (("short", 1), ("long", int(megabytes))):
        text = Path(home, f"{name}.txt")
        write(text, list(files), size * _MB)
        begin = time.perf_counter()
        helo(home, "corpora", "add", str(text), "--name", name)
        shown["import_s"] = round(time.perf_counter() - begin, 2)
        launch.create(name, corpus.load(places.corpora() / name), config)
    lives = [life(home, name) for name in ("short", "long")]
    shown |= {"life_s": [s for s, _ in lives], "peak_mb": [mb for _, mb in lives]}
    found = ratios(("short", "long"))
    first, _, third = quantiles(found)
    shown |= {"ratio": round(median(found), 4), "noise": round((third - first) / 2, 4)}
    print(json.dumps(shown))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["HELO_HOME"] = home
        os.environ.setdefault(
            "GOMP_SPINCOUNT", "2000"
        )  # as trainers start; read when torch is loaded
        main(home, *sys.argv[1:])
