"""Saves beside the training: what is announced is on the disk, and nothing depends on when it got there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from engine.errors import StorageError
from engine.runs import points
from engine.runs.events import Changed, Event, Paused, Progress, Resumed, RolledBack, Sampled, Saved
from engine.training.state import Snapshot
from engine.training.trainer import Trainer
from tests.engine.lives import a_run, ask, at, live, only
from tests.engine.training.test_trainer_trouble import full


class Disk:
    """A disk that takes the state of a step only when it may."""

    def __init__(self, step: int) -> None:
        self.step, self.free, self.asked = step, threading.Event(), threading.Event()

    def hold(self, patch: pytest.MonkeyPatch) -> None:
        whole = Snapshot.write

        def write(taken: Snapshot, path: Path) -> None:
            if taken.cursor.step == self.step:
                self.asked.set()
                assert self.free.wait(60)
            whole(taken, path)

        patch.setattr(Snapshot, "write", write)

    def let_go_when_awaited(self, trainer: Trainer) -> None:
        finish = trainer.files.finish

        def awaited() -> None:
            self.free.set()
            finish()

        trainer.files.finish = awaited  # type: ignore[method-assign]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(20)
    disk.hold(monkeypatch)
    yield disk
    disk.free.set()


def test_it_learns_on_while_a_state_is_written_and_announces_what_is_on_the_disk(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.trainer.PROGRESS_EVERY", 0.0)
    run = a_run(steps=40)
    announced = dict[int, int]()

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Progress) and event.step == 25:
            assert disk.asked.wait(60) and not run.state_path(20).exists()
            disk.free.set()
        if isinstance(event, Saved):
            assert points.read_cursor(run.state_path(event.step)).step == event.step
            announced[event.step] = trainer.learner.cursor.step

    events = live(run, watch, beside=True)
    assert [e.step for e in only(Saved, events)] == [0, 10, 20, 30, 40]
    assert 25 <= announced[20] <= 30, "before the next save"
    undisturbed = a_run("other", steps=40)
    live(undisturbed)
    one, two = (load_file(r.state_path(40)) for r in (run, undisturbed))
    assert all(torch.equal(one[k], two[k]) for k in one)


def test_a_change_is_answered_once_the_state_before_it_is_written_and_saved_before_a_step(
    disk: Disk,
) -> None:
    run = a_run(steps=40)

    def watch(trainer: Trainer, event: Event) -> None:
        halve(trainer, event)
        if isinstance(event, Saved) and event.step == 20:
            assert trainer.learner.cursor.step == 20

    def ask_and_free(trainer: Trainer) -> None:
        ask(run, "lr", value=0.5)
        disk.let_go_when_awaited(trainer)

    halve = at(Sampled, 20, ask_and_free)
    events = live(run, watch, beside=True)
    mine = [e for e in events if e.step == 20 and isinstance(e, Saved | Changed)]
    assert [type(e) for e in mine] == [Saved, Changed, Saved]


def test_it_goes_back_to_what_was_still_being_written(disk: Disk) -> None:
    run = a_run(steps=40)

    def watch(trainer: Trainer, event: Event) -> None:
        poison(trainer, event)
        if isinstance(event, RolledBack):
            assert run.state_path(20).exists()

    def spoil(trainer: Trainer) -> None:
        begin = trainer.files.begin

        def begin_and_spoil() -> None:
            begin()
            for p in trainer.learner.model.parameters():
                torch.nn.init.constant_(p, torch.nan)
            disk.let_go_when_awaited(trainer)
            trainer.files.begin = begin  # type: ignore[method-assign]

        trainer.files.begin = begin_and_spoil  # type: ignore[method-assign]

    poison = at(Sampled, 20, spoil)
    events = live(run, watch, beside=True)
    assert [e.step for e in only(RolledBack, events)] == [20]
    assert events[-1].finished


@pytest.mark.parametrize("suffix", ["020.safetensors", "best.safetensors", "latest.safetensors"])
def test_what_a_full_disk_refused_the_thread_is_tried_again(suffix: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("engine.training.life.RETRY", 0.0)
    run = a_run(steps=40)

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Sampled) and event.step == 20:
            full(patch, suffix)
        if isinstance(event, Paused):
            assert "No space left" in event.reason and trainer.learner.cursor.step <= 30
            patch.undo()

    with pytest.MonkeyPatch.context() as patch:
        events = live(run, watch, beside=True)
    assert len(only(Paused, events)) == len(only(Resumed, events)) == 1
    assert [e.step for e in only(Saved, events)] == [0, 10, 20, 30, 40] and events[-1].finished


def test_a_stop_ends_a_run_whose_disk_is_full(monkeypatch: Any) -> None:
    monkeypatch.setattr("engine.training.life.RETRY", 0.0)
    run = a_run(steps=40)
    with pytest.MonkeyPatch.context() as patch:
        fill = at(Sampled, 20, lambda _: full(patch, "020.safetensors"))

        def watch(trainer: Trainer, event: Event) -> None:
            fill(trainer, event)
            if isinstance(event, Paused):
                ask(run, "stop")

        with pytest.raises(StorageError):
            live(run, watch, beside=True)
    assert live(run)[-1].finished
