"""Trainings that were given a time end in time: their steps are planned anew on the way."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from engine.network import modelfile
from engine.runs import launch, measured, race, recipe
from engine.runs.events import (
    Evaluated,
    Event,
    Extended,
    Planned,
    Progress,
    RolledBack,
    Saved,
    Started,
    Stopped,
    total_steps,
    until,
)
from engine.runs.points import Cursor, read_cursor
from engine.runs.recipe import LADDER
from engine.runs.rundir import RunDirectory
from engine.text import sources
from engine.training.device import Device, kind_of
from engine.training.schedule import (
    end_after,
    evaluates,
    extend,
    next_rate,
    replan,
    share_done,
)
from engine.training.trainer import Trainer
from tests.configs import a_config
from tests.engine.lives import SMALL, a_run, ask, at, at_pace, live, only
from tests.engine.training.test_rollback import poison

SECONDS = 30.0


def slower(step: int) -> float:
    """The pace of a machine on which other work begins half way."""
    return 0.1 if step < 150 else 0.3


def simulated(
    pace: Callable[[float], float], planned: int, seconds: float, evaluation: float = 0.0
) -> tuple[Cursor, list[float], int]:
    """A training that takes no steps: its end, the learning rates, and how often it was planned anew.
    `pace` is how long a step takes that begins at that time."""
    config = a_config(seconds=seconds)
    cursor = Cursor(0, planned, "float32", 1, peak_lr=1.0, clip=1.0, dropout=0.0)
    end_after(cursor, seconds)
    rates, plans = list[float](), 0
    while cursor.step < cursor.total_steps:
        rates.append(next_rate(cursor, config))
        cursor.seconds += pace(cursor.seconds)
        cursor.step += 1
        looks = evaluates(cursor, config)
        plans += replan(cursor)
        cursor.seconds += evaluation if looks else 0.0
        assert plans < 100
    return cursor, rates, plans


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([5.0, 12.0, 60.0, 600.0]),
    st.floats(0.2, 5),
    st.lists(st.floats(0.25, 4), min_size=1, max_size=6),
    st.floats(0, 0.004),
)
def test_it_ends_in_time_whatever_else_the_machine_does(
    seconds: float, guess: float, loads: list[float], evaluation: float
) -> None:
    """The first plan is wrong by a factor, and other work begins and ends on the way."""
    step = 0.01 * seconds / 12

    def pace(now: float) -> float:
        return step * loads[min(int(now / seconds * len(loads)), len(loads) - 1)]

    planned = max(1, int(seconds / step * guess))
    cursor, rates, _ = simulated(pace, planned, seconds, evaluation * seconds)
    assert cursor.seconds == pytest.approx(seconds, rel=0.05 if seconds >= 20 else 0.1)
    top = int(np.argmax(rates))
    assert (np.diff(rates[: top + 1]) >= 0).all() and (np.diff(rates[top:]) <= 0).all()
    assert rates[-1] == pytest.approx(a_config(steps=1).final_lr) and max(rates) > 0.99


def test_an_even_pace_is_planned_once() -> None:
    cursor, _, plans = simulated(lambda now: 0.01, 6000, 60.0)
    assert (cursor.total_steps, plans) == (6000, 0)
    cursor, _, plans = simulated(lambda now: 0.01, 2000, 60.0)
    assert abs(cursor.total_steps - 6000) < 30 and plans == 1, "it is right once it is measured"


def test_a_hiccup_wastes_little_of_the_schedule() -> None:
    _, rates, _ = simulated(lambda now: 1.3 if 20 <= now < 21 else 0.01, 6000, 60.0)
    _, even, _ = simulated(lambda now: 0.01, 6000, 60.0)
    assert sum(rates) > 0.9 * sum(even)


@settings(deadline=None)
@given(st.integers(2, 500), st.data(), st.floats(0.05, 20), st.integers(1, 30))
def test_a_new_plan_keeps_the_share_done_and_evaluates_as_often(
    planned: int, data: st.DataObject, factor: float, evaluations: int
) -> None:
    config = a_config(seconds=100.0, evaluations=evaluations)
    cursor = Cursor(0, planned, "float32", 1, peak_lr=1.0, clip=1.0, dropout=0.0)
    end_after(cursor, 100.0)
    when, looks = data.draw(st.integers(1, planned - 1)), 0
    while cursor.step < cursor.total_steps:
        cursor.step += 1
        cursor.seconds += 100.0 / planned * (factor if cursor.step > when / 2 else 1)
        looks += evaluates(cursor, config)
        if cursor.step == when:
            share = share_done(cursor, when)
            replan(cursor)
            assert share_done(cursor, when) == share or cursor.total_steps == when
        before = share_done(cursor, cursor.step - 1)
        assert before <= share_done(cursor, cursor.step) <= 1.0
    assert 1 <= looks <= evaluations + 1


def test_a_time_that_was_over_long_ago_ends_it_with_the_next_step() -> None:
    cursor, rates, plans = simulated(lambda now: 40.0 if now > 30 else 0.1, 600, 60.0)
    assert cursor.seconds < 120 and plans == 1 and rates[-1] == pytest.approx(0.02)


def test_a_training_ends_in_time_and_says_how(home: object) -> None:
    run = a_run(seconds=SECONDS)
    with at_pace(slower, 0.2):
        events = live(run)
    started, stopped = events[0], events[-1]
    assert isinstance(started, Started) and isinstance(stopped, Stopped) and stopped.finished
    assert stopped.seconds == pytest.approx(SECONDS, rel=0.05) and started.until == SECONDS
    assert stopped.step == total_steps(run.events()) < started.total_steps
    plans = only(Planned, events)
    assert 1 <= len(plans) <= 4 and plans[-1].total_steps == stopped.step
    for plan in plans:
        saved = next(e for e in events[events.index(plan) :] if isinstance(e, Saved))
        assert saved.step == plan.step, "it is saved before it takes effect"
    looks = [e.step for e in only(Evaluated, events) if not e.final]
    assert len(looks) == 5 and looks[-1] == stopped.step
    rates = [e.lr for e in only(Progress, events)]
    top = rates.index(max(rates))
    assert rates[top:] == sorted(rates[top:], reverse=True)


@pytest.mark.parametrize("dies", [Planned, Saved, Evaluated])
def test_a_training_planned_anew_and_resumed_equals_one_that_was_not_disturbed(
    home: object, dies: type[Event]
) -> None:
    whole, parted = (a_run(name, seconds=SECONDS) for name in ("whole", "parted"))
    with at_pace(slower, 0.2):
        live(whole)
        steps = {e.step for e in only(dies, whole.events())}
        for step in sorted(steps):

            def die(trainer: Trainer) -> None:
                raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                live(parted, at(dies, step, die))
        live(parted)
    equal(whole, parted)
    assert parted.lives() > len(steps) >= 2
    told = [
        [(e.step, e.total_steps) for e in only(Planned, run.events())] for run in (whole, parted)
    ]
    assert sorted({*told[1]}) == told[0]


def equal(*runs: RunDirectory) -> None:
    """Both have the same last state, to the bit, and the same best model."""
    one, two = (load_file(run.states()[-1]) for run in runs)
    assert runs[0].states()[-1].name == runs[1].states()[-1].name
    assert set(one) == set(two) and all(torch.equal(one[k], two[k]) for k in one)
    bests = [modelfile.load(run.best).weights for run in runs]
    assert all(np.array_equal(bests[0][k], bests[1][k]) for k in bests[0])


def test_a_resumed_training_asks_no_clock_what_was_planned_before(home: object) -> None:
    """Its plan is in its state: what is planned next depends on that, and on nothing before it."""
    run = a_run(seconds=SECONDS)

    def die(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Saved) and only(Planned, run.events()):
            raise KeyboardInterrupt

    with at_pace(slower), pytest.raises(KeyboardInterrupt):
        live(run, die)
    planned = only(Planned, run.events())[-1].total_steps
    cursor = read_cursor(run.states()[-1])
    assert cursor.total_steps == planned
    even = (cursor.plan.until - cursor.plan.seconds) / (planned - cursor.plan.step)
    with at_pace(lambda step: even):
        events = live(run)
    assert not only(Planned, events) and events[-1].step == planned
    assert events[0].total_steps == planned  # type: ignore[attr-defined]


def test_what_was_lost_by_going_back_is_made_up_for(home: object) -> None:
    run = a_run(seconds=SECONDS)

    def poisoned(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Progress) and event.step > 120 and not only(RolledBack, run.events()):
            poison(trainer)

    with at_pace(lambda step: 0.1):
        events = live(run, poisoned)
    (back,) = only(RolledBack, events)
    assert back.step < 100
    plan = events[events.index(back) + 1]
    assert isinstance(plan, Planned) and plan.step == back.step
    assert events[-1].seconds == pytest.approx(SECONDS, rel=0.05)  # type: ignore[attr-defined]
    assert events[-1].step < events[0].total_steps  # type: ignore[attr-defined]


def test_a_machine_that_sleeps_costs_no_steps(home: object) -> None:
    def sleeping(step: int) -> float:
        return 3600.0 if step == 120 else 0.1

    run = a_run(seconds=SECONDS)
    with at_pace(sleeping):
        events = live(run)
    assert events[-1].step == pytest.approx(300, rel=0.04)
    assert events[-1].seconds == pytest.approx(SECONDS, rel=0.02)  # type: ignore[attr-defined]


def test_a_machine_that_has_become_that_slow_is_no_sleeping_one(home: object) -> None:
    run = a_run(seconds=SECONDS)
    with at_pace(lambda step: 6.0 if step >= 200 else 0.1):
        events = live(run)
    assert events[-1].step < 210


def test_training_longer_for_a_time_takes_that_time(home: object) -> None:
    run = a_run(steps=40)
    with at_pace(lambda step: 0.1):
        live(run)
        before = read_cursor(run.states()[-1]).seconds
    with at_pace(lambda step: 0.2):
        events = live(run, longer=100, seconds=10.0)
    taken = events[-1].seconds - before  # type: ignore[attr-defined]
    assert taken == pytest.approx(10.0, rel=0.1) and events[-1].finished  # type: ignore[attr-defined]
    (extended,) = only(Extended, events)
    assert until(run.events()) == extended.until == pytest.approx(before + 10.0)
    assert only(Planned, events) and 85 <= events[-1].step <= 95
    with at_pace(lambda step: 0.2):
        fixed = live(run, longer=10)
    assert not only(Planned, fixed) and not until(run.events())


def test_who_goes_back_before_it_still_has_the_time_that_is_left(home: object) -> None:
    run = a_run(steps=40)
    with at_pace(lambda step: 0.1):
        live(run, at(Evaluated, 20, lambda _: ask(run, "mark", text="early")))

        def back(trainer: Trainer, event: Event) -> None:
            if isinstance(event, Planned) and not only(RolledBack, run.events()):
                ask(run, "back", "b", text="early")

        events = live(run, back, longer=60, seconds=4.0)
    assert [e.step for e in only(RolledBack, events)] == [20]
    assert events[-1].seconds == pytest.approx(8.0, rel=0.1)  # type: ignore[attr-defined]


def test_the_steps_of_a_race_by_parameters_stay_as_planned(home: object) -> None:
    config = a_run(seconds=SECONDS).info().config
    ends = {}
    for by in race.MEASURES:
        run = race.lead(sources.obtain("hello"), config, "helo race", by)
        with at_pace(slower):
            ends[by] = live(run)
    fixed, timed = ends["parameters"], ends["seconds"]
    assert not only(Planned, fixed) and fixed[-1].step == fixed[0].total_steps  # type: ignore[attr-defined]
    assert timed[-1].seconds == pytest.approx(SECONDS, rel=0.05)  # type: ignore[attr-defined]


def test_what_a_run_did_corrects_what_was_measured(home: object) -> None:
    rung = LADDER[0]
    sizes = {"model": rung.model, "batch": rung.batch, "seq_length": rung.seq_length}
    kind = kind_of(Device("cpu", "float32", 1), "float32")
    measured.learn_pace(kind, [1000.0] * len(LADDER))
    for seconds, told in ((1.0, False), (30.0, True)):
        config = a_config(**SMALL | sizes | {"seconds": seconds, "dropout": 0.0})
        run = launch.create(None, sources.obtain("hello"), config)
        with at_pace(lambda step: 0.5):
            live(run)
        pace = measured.known(kind).pace
        assert pace[1:] == [1000.0] * (len(LADDER) - 1)
        assert (pace[0] != 1000.0) == told, "one of a second tells nothing"
    V = len(run.corpus().info.alphabet)
    real = rung.batch * rung.seq_length / 0.5 / recipe.speed(rung, V, 1.0)
    assert pace[0] == pytest.approx((1000 + real) / 2, rel=0.01)


def test_a_rate_that_rises_again_is_not_disturbed_by_a_new_plan() -> None:
    config = a_config(steps=100, warmup=0.5)
    cursor = Cursor(100, 100, "float32", 1, peak_lr=1.0, clip=1.0, dropout=0.0)
    extend(cursor, config, 200, seconds=10.0)
    rates = []
    while cursor.step < cursor.total_steps:
        rates.append(next_rate(cursor, config))
        cursor.step, cursor.seconds = cursor.step + 1, cursor.seconds + 0.05
        replan(cursor)
    assert abs(len(rates) - 200) < 10 and max(np.abs(np.diff(rates))) < 0.05
    assert rates[-1] == pytest.approx(config.final_lr) and math.isclose(
        rates[0], 0.02, abs_tol=0.05
    )
