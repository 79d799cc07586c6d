"""Lives of small runs, lived in the process of the test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from torch import Tensor

from engine.config import ModelConfig
from engine.runs import launch
from engine.runs.events import Event
from engine.runs.logs import append
from engine.runs.longer import Longer
from engine.runs.rundir import RunDirectory
from engine.text import corpus, sources
from engine.training.evaluate import Evaluation
from engine.training.learner import Learner
from engine.training.trainer import Trainer
from tests.configs import a_config

SMALL: dict[str, Any] = {
    "batch": 4,
    "seq_length": 10,
    "lr": 0.02,
    "dropout": 0.2,
    "threads": 1,
    "dtype": "float32",
    "device": "cpu",
    "evaluations": 4,
    "sample_length": 12,
    "save_every": 1000.0,
}
T = TypeVar("T")
Watcher = Callable[[Trainer, Event], object]


def a_run(
    name: str = "r",
    text: str = "hello",
    cell: str = "lstm",
    init_from: str = "",
    lines: bool = False,
    **settings: Any,
) -> RunDirectory:
    """A new run on an imported corpus, or on a text."""
    hello = text == "hello"
    found = sources.obtain(text) if hello else corpus.add([text], name, "here", lines=lines)
    if not {"steps", "epochs", "seconds"} & set(settings):
        settings["steps"] = 40
    config = a_config(ModelConfig(cell, 8, 2, lines=lines), **SMALL | settings)
    return launch.create(name, found, config, init_from=init_from)


class AtOnce(ThreadPoolExecutor):
    """Does what it is given before it goes on."""

    def submit(self, do: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        future = super().submit(do, *args, **more)
        wait([future])
        return future


def live(
    run: RunDirectory,
    watch: Watcher = lambda trainer, event: None,
    longer: int = 0,
    seconds: float = 0.0,
    beside: bool = False,
) -> list[Event]:
    """One life; `watch` sees every event as it comes. The log is kept as the process keeps it. Unless
    states are written `beside` the training, each is saved before the next step."""
    trainer, seen = Trainer(run, longer=Longer(longer, seconds)), list[Event]()
    if not beside:
        trainer.files.writer = AtOnce(1)
    with closing(trainer.events()) as events:
        for event in events:
            append(run.events_path, event.to_json())
            seen.append(event)
            watch(trainer, event)
    return seen


@contextmanager
def at_pace(step: Callable[[int], float], evaluation: float = 0.0) -> Iterator[None]:
    """The clock of trainings stands still, but for what each step, by its number, and each evaluation
    takes."""
    clock = SimpleNamespace(now=0.0, monotonic=time.monotonic, sleep=time.sleep)
    clock.perf_counter = lambda: clock.now
    learn, evaluate = Learner._learn, Learner.evaluate

    def learning(learner: Learner, number: int, lr: float) -> Tensor:
        clock.now += step(number)
        return learn(learner, number, lr)

    def evaluating(learner: Learner, every: int) -> Evaluation:
        clock.now += evaluation
        return evaluate(learner, every)

    with pytest.MonkeyPatch.context() as patch:
        for module in ("trainer", "life", "learner"):
            patch.setattr(f"engine.training.{module}.time", clock)
        patch.setattr(Learner, "_learn", learning)
        patch.setattr(Learner, "evaluate", evaluating)
        yield


def ask(run: RunDirectory, request: str, id: str = "q", value: float = 1.0, text: str = "") -> None:
    line = json.dumps({"id": id, "request": request, "value": value, "text": text})
    append(run.control_path, line)


def at(kind: type[Event], step: int, do: Callable[[Trainer], object]) -> Watcher:
    """Do something when the first event of that kind comes at that step."""
    done: list[Event] = []

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, kind) and event.step == step and not done:
            done.append(event)
            do(trainer)

    return watch


def until(found: Callable[[], T], seconds: float = 60.0) -> T:
    """What is found once it is true of something; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return result


def only(kind: type[Event], events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]
