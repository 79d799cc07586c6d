"""A run that is trained longer than was planned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from engine.network import modelfile
from engine.runs.events import (
    Evaluated,
    Extended,
    Progress,
    Resumed,
    RolledBack,
    Saved,
    Started,
    Stopped,
)
from engine.runs.kept import Kept
from engine.runs.points import Cursor, read_cursor
from engine.runs.rundir import RunDirectory, status
from engine.runs.summary import summary
from engine.training.schedule import extend, learning_rate, next_rate
from engine.training.trainer import Trainer
from tests.configs import a_config
from tests.engine.lives import a_run, ask, at, live, only
from tests.engine.training.test_rollback import poison


def finals(run: RunDirectory) -> list[int]:
    """The steps of the final evaluations that count."""
    return [e.step for e in only(Evaluated, run.events()) if e.final]


def test_a_finished_run_trains_on_and_is_measured_again() -> None:
    run = a_run(steps=40)
    live(run)
    info = (run.folder / "run.json").read_bytes()
    events = live(run, longer=20)
    assert [type(e) for e in events[:4]] == [Started, Resumed, Extended, Saved]
    assert [e.step for e in events[:4]] == [40] * 4
    assert (events[0].total_steps, events[2].total_steps) == (60, 60)  # type: ignore[attr-defined]
    assert [(e.step, e.final) for e in only(Evaluated, events)] == [
        *((45, False), (60, False)),
        (60, True),
    ]
    assert events[-1].finished and finals(run) == [60]
    assert status(run, run.events()).word == "finished"
    found = summary(run, Kept(run.events()))
    assert (found.step, found.total_steps) == (60, 60)
    best = min(e.val_nats for e in only(Evaluated, run.events()) if e.best)
    assert modelfile.load(run.best).history.best_val_nats == found.best_val_nats
    assert found.best_val_nats == pytest.approx(best, abs=0.1)
    assert (run.folder / "run.json").read_bytes() == info, "written once"
    assert live(run, longer=1)[-1].step == 61, "as often as one likes"


@pytest.mark.parametrize("first", [40, 20])
def test_stopped_and_resumed_on_the_way_it_equals_one_that_was_not(first: int) -> None:
    """Whether it had finished or was stopped before."""
    whole, parted = (a_run(name, steps=40) for name in ("whole", "parted"))
    for run in (whole, parted):
        live(run, at(Evaluated, first, lambda trainer: setattr(trainer, "stopping", True)))
        assert run.states()[-1] == run.state_path(first)
    live(whole, longer=35)
    total = first + 35
    live(parted, at(Extended, first, lambda _: ask(parted, "stop")), longer=35)
    assert parted.events()[-1].step == first and not finals(parted)

    def die(trainer: Trainer, event: object) -> None:
        if isinstance(event, Saved) and event.step > first:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live(parted, die)
    events = live(parted)
    assert isinstance(events[0], Started) and events[0].total_steps == total
    assert events[-1].finished and finals(parted) == finals(whole) == [total]
    one, two = (load_file(run.state_path(total)) for run in (whole, parted))
    assert set(one) == set(two) and all(torch.equal(one[k], two[k]) for k in one)
    bests = [modelfile.load(run.best).weights for run in (whole, parted)]
    assert all(np.array_equal(bests[0][k], bests[1][k]) for k in bests[0])


def test_killed_before_it_is_saved_it_was_not_asked() -> None:
    run = a_run(steps=40)
    live(run)

    def die(trainer: Trainer) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live(run, at(Extended, 40, die), longer=20)
    assert not finals(run), "its last loss is no longer that of its end"
    assert live(run)[-1].step == 40
    assert finals(run) == [40] and summary(run, Kept(run.events())).total_steps == 40
    assert live(run, longer=20)[-1].step == 60


def test_an_early_stop_does_not_end_what_was_asked_for() -> None:
    run = a_run(steps=40, lr=1e-9, early_stop=1)
    assert live(run)[-1].step < 40
    before = run.events()[-1].step
    ended = live(run, longer=30)[-1]
    assert isinstance(ended, Stopped) and (ended.step, ended.note) == (before + 30, "")


def test_who_goes_back_beyond_it_still_ends_where_was_asked() -> None:
    run = a_run(steps=40)
    live(run, at(Evaluated, 20, lambda _: ask(run, "mark", text="early")))
    live(run, at(Evaluated, 45, lambda _: ask(run, "back", "b", text="early")), longer=20)
    events = run.events()
    (back,) = only(RolledBack, events)
    after = events[events.index(back) + 1]
    assert isinstance(after, Extended) and (after.step, after.total_steps) == (20, 60)
    assert events[-1].step == 60 and finals(run) == [60]
    assert read_cursor(run.states()[-1]).extension.step == 20
    assert summary(run, Kept(events)).total_steps == 60


def test_what_goes_wrong_on_the_way_goes_back_to_its_beginning() -> None:
    run = a_run(steps=40)
    live(run)
    events = live(run, at(Saved, 40, poison), longer=20)
    assert [e.step for e in only(RolledBack, events)] == [40]
    assert len(only(Extended, events)) == 1, "its beginning was saved with its end"
    assert events[-1].finished and events[-1].step == 60


def test_a_stopped_run_may_also_end_sooner() -> None:
    run = a_run(steps=40)
    live(run, at(Evaluated, 20, lambda trainer: setattr(trainer, "stopping", True)))
    assert live(run, longer=5)[-1].step == 25
    assert summary(run, Kept(run.events())).total_steps == 25


def test_a_mark_beyond_the_end_brings_its_own_end() -> None:
    run = a_run(steps=40)
    live(run, at(Evaluated, 20, lambda _: ask(run, "mark", text="early")))
    live(run, at(Extended, 40, lambda _: ask(run, "mark", text="late")), longer=5)
    early = run.mark_path("early").read_bytes()
    for state in run.states():
        state.unlink()
    run.state_path(20).write_bytes(early)
    live(run, at(Extended, 20, lambda _: ask(run, "back", text="late")), longer=5)
    assert run.events()[-1].step == 45 and finals(run) == [45]
    assert summary(run, Kept(run.events())).total_steps == 45


RATES = st.floats(0, 1)


@given(st.integers(1, 300), st.integers(1, 300), st.data(), RATES, RATES)
def test_the_rate_goes_from_where_it_is_to_what_was_planned_so(
    planned: int, more: int, data: st.DataObject, warmup: float, final: float
) -> None:
    config = a_config(steps=planned, warmup=warmup, final_lr=final)
    stands = data.draw(st.integers(0, planned))
    cursor = Cursor(stands, planned, "float32", 1, peak_lr=config.lr, clip=1.0, dropout=0.0)
    before, total = next_rate(cursor, config), stands + more
    extend(cursor, config, total)
    rates = []
    for cursor.step in range(stands, total):
        rates.append(next_rate(cursor, config))
        whole = learning_rate((cursor.step + 1) / total, config, config.lr)
        if cursor.step + 1 - stands >= warmup * more:
            assert rates[-1] == pytest.approx(whole, abs=1e-12)
        elif stands:
            assert min(before, whole) <= rates[-1] * (1 + 1e-9)
            assert rates[-1] <= max(before, whole) * (1 + 1e-9)
    assert rates[-1] == pytest.approx(learning_rate(1.0, config, config.lr))


def test_a_run_that_was_never_extended_has_the_rates_it_always_had() -> None:
    run = a_run(steps=40)
    for event in only(Progress, live(run)):
        assert event.lr == learning_rate(min((event.step + 1) / 40, 1.0), run.info().config, 0.02)
