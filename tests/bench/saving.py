"""`python -m tests.bench.saving FILE [ROUNDS]`: what saves cost a training of ten seconds.

LSTM 256×1, B 32, T 64, on FILE. A training has 21 saves, so each round takes as many steps as fit into
0.475 s, three times, and saves at the beginning of the second. Prints medians as JSON: `waits` is the share
of the time that the steps stand still for a save; `lost` the share by which a round with a save is longer
than those beside it, with the `noise` of that, half the distance of its quartiles; `processor` the
processor time of a save, in ms.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from statistics import median, quantiles

ROUND = 10 / 21


def main(file: str, rounds: str = "40") -> None:
    os.environ.setdefault("GOMP_SPINCOUNT", "2000")  # as trainers start; read when torch is loaded
    from engine.config import ModelConfig
    from engine.runs import launch
    from engine.runs.events import Event, Saved
    from engine.text import corpus
    from engine.training.life import Life
    from tests.configs import a_config

    model = ModelConfig("lstm", 256, 1)
    config = a_config(model, batch=32, seq_length=64, dtype="float32", steps=10**6, threads=0)
    life = Life(launch.create("saving", corpus.add([file], "text", "here"), config))

    def steps(n: int, saves: bool = False) -> tuple[float, float, float]:
        """Seconds, processor seconds, and those that a save was waited for."""
        begin, used, events = time.perf_counter(), time.process_time(), list[Event]()
        if saves:
            events += life.begin_save()
        for _ in range(n):
            life.learner.step()
            if life.files.writing and life.files.writing.over:
                events += life.finish_save()
        waited = sum(event.took for event in events if isinstance(event, Saved))
        return time.perf_counter() - begin, time.process_time() - used, waited

    life.learner.plan()
    n = max(1, int(20 * ROUND / steps(20)[0]))
    waits, lost, processor = [], [], []
    for _ in range(int(rounds)):
        before, saving, after = steps(n), steps(n, saves=True), steps(n)
        waits.append(saving[2] / saving[0])
        lost.append(2 * saving[0] / (before[0] + after[0]) - 1)
        processor.append(1000 * (saving[1] - (before[1] + after[1]) / 2))
    first, _, third = quantiles(lost)
    figures = {"waits": median(waits), "lost": median(lost), "noise": (third - first) / 2}
    shown = {name: round(value, 4) for name, value in figures.items()}
    print(json.dumps(shown | {"processor": round(median(processor), 1)}))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["HELO_HOME"] = home
        main(*sys.argv[1:])
