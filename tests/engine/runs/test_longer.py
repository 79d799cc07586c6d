"""How much longer a run is to train, from what a person asks for."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import MOST_STEPS
from engine.errors import RunError, UsageError
from engine.runs import longer
from engine.runs.events import Event, Extended
from engine.runs.longer import Longer
from engine.runs.rundir import RunDirectory
from tests.engine.lives import a_run
from tests.engine.said import progress, started

TRAINED: list[Event] = [
    started(total_steps=200, batch=4, seq_length=10, train_chars=1800),
    *(progress(step=step, seconds=step / 8) for step in range(2, 201, 2)),
]
"""At eight steps per second."""


@pytest.mark.parametrize(
    ("asked", "steps"),
    [
        ({"steps": 7}, 7),
        ({"epochs": 1.0}, 1799 // 4 // 10),
        ({"epochs": 0.5}, 22),
        ({"epochs": 1e-9}, 1),
        ({"seconds": 60.0}, 480),
        ({"seconds": 1e-9}, 1),
    ],
)
def test_an_amount_is_a_number_of_steps(asked: dict[str, Any], steps: int) -> None:
    seconds = asked.get("seconds", 0.0)
    assert longer.planned(TRAINED, asked) == Longer(steps, seconds)


def test_the_pace_is_that_of_the_newest_steps() -> None:
    slower = [progress(step=200 + i, seconds=25.0 + i) for i in range(1, 101)]
    assert longer.planned([*TRAINED, *slower], {"seconds": 60.0}).steps == 60
    assert (
        longer.planned([started(), progress(step=40, seconds=0.5)], {"seconds": 2.0}).steps == 160
    )


@pytest.mark.parametrize(
    "asked",
    [
        *({}, {"steps": 1, "epochs": 1.0}, {"steps": 0}, {"steps": MOST_STEPS}, {"steps": 1.5}),
        *({"epochs": 0.0}, {"epochs": math.nan}, {"seconds": -1.0}, {"seconds": math.inf}),
    ],
    ids=str,
)
def test_what_is_no_amount_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        longer.planned(TRAINED, asked)


@pytest.mark.parametrize("events", [[], [started()], [started(), progress(step=5, seconds=0.0)]])
def test_a_run_without_a_pace_says_what_to_give(events: list[Event]) -> None:
    with pytest.raises(RunError, match="give a number of steps"):
        longer.planned(events, {"seconds": 60.0})
    assert longer.planned(events, {"steps": 5}) == Longer(5)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("500 steps", {"steps": 500}),
        (" 1,200 Steps ", {"steps": 1200}),
        ("1 step", {"steps": 1}),
        ("2 epochs", {"epochs": 2.0}),
        ("0.5epoch", {"epochs": 0.5}),
        ("90s", {"seconds": 90.0}),
        ("1h30m", {"seconds": 5400.0}),
    ],
)
def test_amounts_as_they_are_typed(text: str, asked: dict[str, Any]) -> None:
    assert longer.amount(text) == asked


@pytest.mark.parametrize(
    "text", ["", "500", "much", "1.5 steps", "1..2 epochs", "steps", "-1 steps", "٣ steps", "m"]
)
def test_a_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="500 steps, 2 epochs, 5m or 1h30m"):
        longer.amount(text)


@given(st.text() | st.from_regex(r"[0-9.,]{0,400} ?(steps?|epochs?|[hms])"))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        assert longer.planned(TRAINED, longer.amount(text)).steps >= 1
    except UsageError:
        pass


def test_as_long_again_is_read_as_it_is_written() -> None:
    again = longer.as_long_again
    assert again(TRAINED) == "200 steps" and longer.amount(again(TRAINED)) == {"steps": 200}
    extended: list[Event] = [*TRAINED, Extended(life=1, step=200, total_steps=2000)]
    assert again([*extended, progress(step=1900)]) == "1,700 steps"
    assert again([]) == "1 step"


@pytest.mark.usefixtures("home")
def test_some_runs_cannot_be_trained_longer() -> None:
    run = a_run()
    with pytest.raises(RunError, match="saved nothing yet"):
        longer.check(run)
    run.state_path(0).touch()
    longer.check(run)
    lock = run.lock()
    lock.acquire()
    with pytest.raises(RunError, match="stop it first"):
        longer.check(run)
    lock.release()


@pytest.mark.usefixtures("home")
def test_a_run_of_a_race_stays_as_long_as_the_others() -> None:
    first = a_run()
    info = (first.folder / "run.json").read_text()
    (first.folder / "run.json").write_text(info.replace('"race": ""', '"race": "race-1"'))
    with pytest.raises(RunError, match=r"belongs to race-1.* start a new run"):
        longer.check(RunDirectory(first.folder))
