"""How fast helo writes, compared with the usual loop and with the limit that memory sets.

All of it on one thread, as the app writes: on two the figures would depend on what else runs, since two
threads wait for each other in each product.
All sides take turns, round after round, and each figure is the median of its rounds, so that other load
on the machine affects all of them alike. torch runs in a child process, as in a program of its own:
NumPy's memory and threads would change its speed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Self

import numpy as np

from engine.blas import one_thread
from engine.cells import CELLS
from engine.config import ModelConfig
from engine.errors import RunError
from engine.network.modelfile import Model
from engine.network.parameters import initial, rows
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation

ALPHABET = 65
"""V of the measured networks, that of tiny-shakespeare."""
ROUNDS = 9
ROUND_SECONDS = 0.15
PAUSE = 0.1


@dataclass(frozen=True)
class WritingSpeed:
    """Characters per second of one stream."""

    cell: str
    hidden: int
    layers: int
    chars_per_second: float
    """Whole Steps: the network, the filters, the draw and what the pane shows."""
    logits_per_second: float
    """The network alone."""
    network_ratio: float
    """Whole Steps ÷ the network alone."""
    torch_chars_per_second: float | None
    """The usual loop, which calls torch's module and multinomial once per character; None if torch has no
    module for the cell."""
    torch_ratio: float | None
    """Whole Steps ÷ the usual loop."""
    limit_ratio: float
    """The network alone ÷ its matrix-vector products alone, which memory bandwidth limits."""


def writing_speed(config: ModelConfig, report: Callable[[int, int], None]) -> WritingSpeed:
    """Measure one network with untrained weights; `report` is called with the rounds done and the total.

    Raises RunError if torch does not run.
    """
    alphabet = Alphabet(tuple(chr(32 + i) for i in range(ALPHABET)))
    model = Model("bench", config, alphabet, initial(config, ALPHABET, 0))
    stepper = Stepper(model)
    one_thread()
    with ExitStack() as stack:
        sides: list[Side] = [_steps(stepper), _logits(stepper), _products(model)]
        if CELLS[config.cell].torch_module:
            sides.append(stack.enter_context(_UsualLoop(config)))
        counts = [_calibrate(side) for side in sides]
        rates: list[list[float]] = [[] for _ in sides]
        for done in range(ROUNDS):
            for side, count, found in zip(sides, counts, rates, strict=True):
                found.append(count / _seconds(side, count))
            report(done + 1, ROUNDS)
    steps, logits, products, *others = map(median, rates)
    usual = others[0] if others else None
    return WritingSpeed(
        cell=config.cell,
        hidden=config.hidden,
        layers=config.layers,
        chars_per_second=steps,
        logits_per_second=logits,
        network_ratio=steps / logits,
        torch_chars_per_second=usual,
        torch_ratio=steps / usual if usual else None,
        limit_ratio=logits / products,
    )


Side = Callable[[int], None]
"""A function that writes a number of characters."""


def _seconds(side: Side, count: int) -> float:
    time.sleep(PAUSE)  # the previous side's threads keep spinning for a moment
    begin = time.perf_counter()
    side(count)
    return time.perf_counter() - begin


def _calibrate(side: Side) -> int:
    """The characters per round, after a warm-up."""
    side(20)
    return max(20, int(20 * ROUND_SECONDS / _seconds(side, 20)))


def _steps(stepper: Stepper) -> Side:
    generation = Generation(stepper, np.array([0]))

    def write(count: int) -> None:
        for _ in range(count):
            generation.advance()

    return write


def _logits(stepper: Stepper) -> Side:
    def write(count: int) -> None:
        state = stepper.zero_state()
        for _ in range(count):
            _, state = stepper.step(1, state)

    return write


def _products(model: Model) -> Side:
    """The matrix-vector products for a character, with matrices in the faster memory order."""
    matrices = [
        np.asfortranarray(W)
        for name, W in model.weights.items()
        if W.ndim == 2 and name not in rows(model.config)
    ]
    vectors = [np.ones(W.shape[0], np.float32) for W in matrices]
    results = [np.empty(W.shape[1], np.float32) for W in matrices]

    def write(count: int) -> None:
        for _ in range(count):
            for x, W, out in zip(vectors, matrices, results, strict=True):
                np.dot(x, W, out=out)

    return write


class _UsualLoop:
    """`engine.training.usual`, the loop of char-rnn programs in PyTorch, in a process of its own."""

    def __init__(self, config: ModelConfig) -> None:
        shape = (config.cell, config.hidden, config.layers)
        command = [sys.executable, "-P", "-m", "engine.training.usual", *map(str, shape)]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._child.communicate()

    def __call__(self, count: int) -> None:
        assert self._child.stdin and self._child.stdout
        self._child.stdin.write(f"{count}\n")
        if not self._child.stdout.readline():
            raise RunError("torch could not be measured: see the message above")
