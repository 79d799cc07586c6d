"""Trainings that are at work at the same time: each has its share of the threads, and keeps it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from engine import blas
from engine.config import ModelConfig
from engine.runs import launch, rundir
from engine.runs.events import Saved, Started
from engine.text import sources
from engine.training import trainer
from tests.configs import a_config
from tests.engine.lives import SMALL, a_run, at, live, only

PROCESSORS = 6


@pytest.fixture(autouse=True)
def processors(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (blas, trainer):
        monkeypatch.setattr(module, "processors", lambda: PROCESSORS)


@pytest.fixture
def work() -> Iterator[ExitStack]:
    """What is entered here is at work."""
    with ExitStack() as stack:
        yield stack


def at_work(work: ExitStack, name: str, race: str = "") -> None:
    config = a_config(ModelConfig("gru", 8, 1), **SMALL | {"steps": 9})
    run = launch.create(name, sources.obtain("hello"), config, race=race)
    work.enter_context(run.lock())


def test_a_race_counts_as_one_and_whoever_asks_does_not(work: ExitStack) -> None:
    assert rundir.at_work() == 0
    at_work(work, "alone")
    for cell in ("rnn", "gru"):
        at_work(work, f"race-1-{cell}", "race-1")
    a_run("asleep")
    assert rundir.at_work() == 2
    assert rundir.at_work("race-1") == rundir.at_work("alone") == 1


def test_a_training_beside_another_takes_half_and_keeps_it_when_that_is_gone() -> None:
    run = a_run("r", threads=0)
    with ExitStack() as work:
        at_work(work, "other")
        (started,) = only(Started, live(run, at(Saved, 20, lambda t: setattr(t, "stopping", True))))
    assert started.threads == PROCESSORS // 2
    assert started.note == "3 of 6 threads, since other trainings are at work"
    (again,) = only(Started, live(run))
    assert (again.threads, again.note) == (PROCESSORS // 2, "")


@pytest.mark.parametrize(("given", "others", "threads"), [(0, 0, 6), (5, 1, 5), (0, 9, 1)])
def test_what_is_given_is_taken_and_there_is_always_one(
    work: ExitStack, given: int, others: int, threads: int
) -> None:
    for i in range(others):
        at_work(work, f"other-{i}")
    (started,) = only(Started, live(a_run("r", threads=given, steps=1)))
    assert started.threads == threads
    assert ("since other trainings are at work" in started.note) == (others > 0 and not given)


def test_the_pace_is_measured_with_the_threads_that_there_will_be(
    work: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        launch, "_measured", lambda module, what: asked.append(what) or iter([{"pace": []}])
    )
    launch.pace("cpu", "float32", 0)
    at_work(work, "other")
    launch.pace("cpu", "float32", 0)
    launch.pace("cpu", "float32", 2)
    assert [what["threads"] for what in asked] == [6, 3, 2]


def test_background_work_gives_way() -> None:
    code = (
        "import os; from engine import blas; blas.background()\n"
        "idle = getattr(os, 'SCHED_IDLE', None)\n"
        "print(os.nice(0), idle is None or os.sched_getscheduler(0) == idle)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["19", "True"], done.stderr
