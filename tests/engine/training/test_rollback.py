"""Training that goes wrong goes back to where all was well, at half the learning rate, or gives up."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engine.network import modelfile
from engine.runs import health, points
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Progress,
    RolledBack,
    Sampled,
    Saved,
    Stopped,
)
from engine.runs.rundir import RunDirectory, status
from engine.training.trainer import Trainer
from tests.engine.lives import Watcher, a_run, ask, at, live, only


def poison(trainer: Trainer) -> None:
    with torch.no_grad():
        trainer.learner.model.head.get_parameter("b_y").fill_(float("nan"))


def always_poisoned(run: RunDirectory, step: int) -> Watcher:
    """The run never gets beyond a step."""

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Saved) and event.step == step:
            poison(trainer)

    return watch


def test_weights_that_are_no_numbers_are_left_behind() -> None:
    run = a_run(steps=40)
    events = live(run, at(Saved, 20, poison))
    back = only(RolledBack, events)
    assert [(e.step, e.id) for e in back] == [(20, "")]
    assert "the loss is nan at step 21" in back[0].reason
    changed = events[events.index(back[0]) + 1]
    assert isinstance(changed, Changed) and (changed.setting, changed.value) == ("lr", 0.01)
    assert events[-1].finished and status(run, run.events()).word == "finished"
    assert max(e.lr for e in only(Progress, run.events()) if e.step > 20) <= 0.01
    looks = [e.step for e in run.events() if isinstance(e, Sampled)]
    assert looks == [0, 10, 20, 30, 40]


def test_going_back_draws_on_nothing_but_the_state() -> None:
    once, again, parted = (a_run(name, steps=40) for name in ("once", "again", "parted"))
    live(once, at(Saved, 20, poison))
    live(again, at(Saved, 20, poison))

    def watch(trainer: Trainer, event: Event) -> None:
        poisoned(trainer, event)
        if isinstance(event, Saved) and back:
            raise KeyboardInterrupt
        if isinstance(event, RolledBack):
            back.append(event)

    back: list[Event] = []
    poisoned = at(Saved, 20, poison)
    with pytest.raises(KeyboardInterrupt):
        live(parted, watch)
    live(parted, at(Evaluated, 30, lambda _: ask(parted, "stop")))
    live(parted)
    ends = [load_file(run.state_path(40)) for run in (once, again, parted)]
    for end in ends[1:]:
        assert all(torch.equal(ends[0][k], end[k]) for k in ends[0])


def test_a_state_that_was_saved_meanwhile_is_not_gone_on_from() -> None:
    run = a_run(steps=40, save_every=1e-9)  # every step
    events = live(run, at(Saved, 27, poison))
    assert [e.step for e in only(RolledBack, events)] == [20]
    assert events[-1].finished


def test_three_times_and_no_more() -> None:
    run = a_run(steps=40)
    events = live(run, always_poisoned(run, 20))
    assert [e.step for e in only(RolledBack, events)] == [20] * health.ROLLBACKS
    assert [e.value for e in only(Changed, events)] == [0.01, 0.005, 0.0025]
    failed = events[-1]
    assert isinstance(failed, Failed) and failed.step == 21
    assert "nan" in failed.reason and "after going back 3 times" in failed.reason
    assert "--init-from r" in failed.reason and "\n" not in failed.reason
    assert status(run, run.events()).word == "failed"
    modelfile.load(run.best)
    assert points.read_cursor(run.states()[-1]).peak_lr == 0.0025, "everything is kept"
    again = live(run)
    assert again[-1].finished, "and goes on"


def test_beyond_the_point_of_failure_it_may_fail_again() -> None:
    run = a_run(steps=40)
    poisoned = [always_poisoned(run, step) for step in (10, 20)]
    count = {10: 0, 20: 0}

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Saved) and event.step in count and count[event.step] < 2:
            count[event.step] += 1
            poisoned[event.step == 20](trainer, event)

    events = live(run, watch)
    assert [e.step for e in only(RolledBack, events)] == [10, 10, 20, 20]
    assert events[-1].finished


@pytest.mark.parametrize("lr", [10.0, 100.0])
@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_an_exploding_learning_rate_ends_well_or_is_given_up(cell: str, lr: float) -> None:
    run = a_run(cell=cell, steps=400, lr=lr, warmup=0.0, dropout=0.0)
    events = live(run)
    assert only(RolledBack, events), "it was noticed"
    if isinstance(events[-1], Failed):
        assert "exploded" in events[-1].reason
    else:
        assert events[-1].finished
    for path in (run.best, run.latest):
        modelfile.load(path)  # refuses what is no number
    assert all(points.read_cursor(path).total_steps == 400 for path in run.states())


def test_an_absurd_region_does_no_harm() -> None:
    noise = random.Random(0)
    absurd = "".join(chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(300)) + "\x00" * 300
    run = a_run("absurd", "hello" * 300 + absurd + "hello" * 300, steps=200, lr=0.05)
    events = live(run)
    assert isinstance(events[-1], Stopped) and events[-1].finished
    assert modelfile.load(run.best).history.best_val_nats < 1.0  # type: ignore[operator]


def test_a_sound_state_that_is_damaged_is_passed_over() -> None:
    run = a_run(steps=40)

    def break_both(trainer: Trainer) -> None:
        run.state_path(20).write_bytes(b"half a st")
        poison(trainer)

    back = only(RolledBack, live(run, at(Saved, 20, break_both)))
    assert back[0].step < 20 and "damaged" in back[0].reason


def test_what_health_calls_trouble() -> None:
    def many(loss: float, n: int = health.RECENT) -> list[float]:
        return [loss] * n

    assert "loss is nan" in health.trouble(float("nan"), 1.0, [], 4)
    assert "norm is inf" in health.trouble(1.0, float("inf"), [], 4)
    assert "exploded to 9 nats" in health.trouble(9.0, 1.0, many(9.0), 4)
    assert not health.trouble(9.0, 1.0, many(9.0, health.RECENT - 1), 4), "it may pass"
    assert not health.trouble(1.0, 1.0, many(1.0), 4)
    assert health.sound([], 4) and health.sound(many(1.0), 4)
    assert not health.sound(many(1.0) + many(9.0, 10), 4)


def test_every_file_is_whole_before_it_has_its_name() -> None:
    """The order of a save, for a loss of power: each file is on disk before its name is, its name before
    the next file is begun, and what is exported of a state follows the state."""
    import os

    import engine.storage as storage

    run, calls, names = a_run(steps=40), list[tuple[str, str]](), dict[int, str]()
    opened, replace, fsync, folder_opened = open, os.replace, os.fsync, os.open
    link = os.link

    def recorded_open(path, mode="r", *args, **more):  # type: ignore[no-untyped-def]
        file = opened(path, mode, *args, **more)
        if Path(path).suffix == ".tmp":  # to write it, or to sync what a library wrote
            names[file.fileno()] = Path(path).name
            calls.append(("open", Path(path).name))
        return file

    def recorded_fsync(handle: int) -> None:
        calls.append(("fsync", names[handle]))
        fsync(handle)

    def recorded_replace(old: Path, new: Path) -> None:
        calls.append(("replace", f"{old.name} {new.name}"))
        replace(old, new)

    def recorded_link(old: Path, new: Path) -> None:
        calls.append(("link", f"{old.name} {new.name}"))
        link(old, new)

    def recorded_folder(path: Path, flags: int) -> int:
        handle = folder_opened(path, flags)
        names[handle] = "folder"
        return handle

    def record(trainer: Trainer) -> None:
        patch.setattr(storage, "open", recorded_open, raising=False)
        for name, recorded in (
            ("replace", recorded_replace),
            ("fsync", recorded_fsync),
            ("link", recorded_link),
            ("open", recorded_folder),
        ):
            patch.setattr(f"engine.storage.os.{name}", recorded)

    with pytest.MonkeyPatch.context() as patch:
        begin, end = at(Sampled, 10, record), at(Saved, 10, lambda trainer: patch.undo())
        live(run, lambda trainer, event: (begin(trainer, event), end(trainer, event)))
    expected = []
    for name in (run.state_path(10).name, run.latest.name, run.best.name):
        beside = f".{name}.{os.getpid()}.tmp"
        best = name == run.best.name  # the same file as the latest, which is on disk
        made = [("link", f"{run.latest.name} {beside}")] if best else []
        expected += made or [("open", beside), ("fsync", beside)]
        expected += [("replace", f"{beside} {name}"), ("fsync", "folder")]
    assert calls == expected
