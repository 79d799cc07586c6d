"""`python -m tests.bench.together`: characters a second of many texts at once, against one alone.

The bundled model, with as many threads as are faster for each. All take their turns in one run; a figure is
the best of the rounds, since other work only ever makes one slower.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from threadpoolctl import ThreadpoolController

from engine.network.stepper import Stepper
from engine.runs.library import DEFAULT_MODEL, open_model
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig
from engine.writing.streams import Streams

ROUNDS = 12
SECONDS = 0.3
ENDLESS = 10**9
COUNTS = (1, 8, 16, 32, 64, 128)


def alone(stepper: Stepper) -> Callable[[], int]:
    text = Generation(stepper, stepper.alphabet.encode("\n"), top=1, rewinds=False)

    def step() -> int:
        text.advance()
        return 1

    return step


def together(stepper: Stepper, count: int) -> Callable[[], int]:
    streams = Streams(stepper, SamplingConfig(), ENDLESS, count)
    for seed in range(count):
        streams.add([], seed)

    def step() -> int:
        streams.advance()
        return count

    return step


def pace(step: Callable[[], int], threads: int, blas: ThreadpoolController) -> float:
    with blas.limit(limits=threads, user_api="blas"):
        begin, done = time.perf_counter(), 0
        while (now := time.perf_counter()) < begin + SECONDS:
            done += step()
    return done / (now - begin)


def main() -> None:
    stepper, blas = Stepper(open_model(DEFAULT_MODEL)), ThreadpoolController()
    most = max(each.num_threads for each in blas.select(user_api="blas").lib_controllers)
    sides = {"alone": alone(stepper)} | {str(n): together(stepper, n) for n in COUNTS}
    best = dict.fromkeys(sides, 0.0)
    for _ in range(ROUNDS):
        for name, step in sides.items():
            best[name] = max(best[name], *(pace(step, n, blas) for n in {1, most}))
    for name, found in best.items():
        print(f"{name:>6} {found:8,.0f} a second  × {found / best['alone']:.2f}")


if __name__ == "__main__":
    main()
