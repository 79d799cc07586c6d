"""What is remembered of a machine, and measured on a busy one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import places
from engine.config import DEFAULT_CELL, ModelConfig
from engine.runs import measured, recipe
from engine.runs.measured import Kind, known, learn_pace, learn_run, learn_speedup
from engine.runs.recipe import LADDER, PACED
from engine.training.timing import fastest, ratio

pytestmark = pytest.mark.usefixtures("home")
KIND = Kind("a processor", "cpu", 2, "auto", "2.11")
PACE = [100.0 * (i + 1) for i in range(len(LADDER))]


def test_a_new_measurement_counts_for_half() -> None:
    assert learn_pace(KIND, PACE) == PACE == known(KIND).pace
    assert learn_pace(KIND, [3 * x for x in PACE]) == [2 * x for x in PACE] == known(KIND).pace
    assert learn_speedup(KIND, "lstm 512×2", 2.0) == 2.0
    assert learn_speedup(KIND, "lstm 512×2", 1.0) == 1.5, "a noisy second does not decide alone"
    assert known(KIND).speedups == {"lstm 512×2": 1.5} and known(KIND).pace[0] == 200


def test_every_kind_has_its_own() -> None:
    others = (
        replace(KIND, threads=1),
        replace(KIND, device="cuda"),
        replace(KIND, torch="2.12"),
        replace(KIND, helo="9"),
    )
    learn_pace(KIND, PACE)
    for other in others:
        assert known(other).pace == []
        learn_pace(other, [1.0] * len(LADDER))
    assert known(KIND).pace == PACE
    assert len(measured.everything()) == 1 + len(others)


def test_a_run_corrects_the_pace_of_its_sizes() -> None:
    rung = LADDER[2]
    sizes = (rung.batch, rung.seq_length)
    learn_run(KIND, rung.model, *sizes, PACED, 50.0)
    assert known(KIND).pace == [], "there is nothing to correct"
    learn_pace(KIND, PACE)
    learn_run(KIND, rung.model, *sizes, PACED, 100.0)
    assert known(KIND).pace == [100, 200, 200, 400, 500]
    learn_run(KIND, replace(rung.model, lines=True), *sizes, 200, recipe.speed(rung, 200, 400.0))
    assert known(KIND).pace[2] == pytest.approx(300, abs=0.01)
    for model, batch in ((ModelConfig("gru", 256, 2), sizes[0]), (rung.model, 7)):
        learn_run(KIND, model, batch, sizes[1], PACED, 1.0)
    assert known(KIND).pace[2] == pytest.approx(300, abs=0.01)


def test_only_the_newest_networks_are_kept() -> None:
    for hidden in range(1, measured._MOST + 3):
        learn_speedup(KIND, measured.network(ModelConfig(DEFAULT_CELL, hidden, 1), 1, 1), 2.0)
    kept = known(KIND).speedups
    assert len(kept) == measured._MOST and "lstm 2×1, 1 × 1" not in kept


def good() -> dict[str, object]:
    return {"version": 1, "kinds": [{"kind": asdict(KIND), "pace": PACE, "speedups": {}}]}


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[" * 10_000,
        json.dumps({"version": 2} | good() | {"version": 2}),
        json.dumps(good() | {"kinds": {}}),
        json.dumps(good()).replace("100.0", "0"),
        json.dumps(good()).replace("100.0", "1e999"),
        json.dumps(good()).replace("100.0, ", ""),
    ],
)
def test_what_was_measured_is_made_anew_where_it_cannot_be_read(home: Path, damage: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    places.machine().write_text(json.dumps(good()))
    assert known(KIND).pace == PACE
    places.machine().write_text(damage)
    assert measured.everything() == []
    assert learn_pace(KIND, PACE) == known(KIND).pace == PACE


def test_a_disk_that_refuses_costs_only_the_memory(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    places.machine().mkdir()
    assert learn_pace(KIND, PACE) == PACE
    assert learn_speedup(KIND, "n", 2.0) == 2.0


@given(st.lists(st.floats(0.001, 0.02), min_size=1, max_size=5), st.data())
def test_other_work_now_and_then_does_not_change_what_is_measured(
    true: list[float], data: st.DataObject
) -> None:
    """Of up to four times that a piece of work takes, all but one are longer."""

    def work(seconds: float) -> Iterator[float]:
        slow = data.draw(st.lists(st.floats(1.5, 3), max_size=3))
        return cycle([*(seconds * (factor + i) for i, factor in enumerate(slow)), seconds])

    works = [partial(next, work(seconds)) for seconds in true]
    assert fastest(works) == true


def test_what_agrees_at_once_is_not_repeated_nor_what_takes_too_long() -> None:
    taken = list[float]()

    def work(seconds: float) -> float:
        taken.append(seconds)
        return seconds * len(taken)

    assert fastest([lambda: taken.append(0.2) or 0.2]) == [0.2] and len(taken) == 2  # type: ignore[func-returns-value]
    taken.clear()
    assert fastest([partial(work, 4.0)]) == [4.0] and len(taken) == 2
    taken.clear()
    assert fastest([partial(work, 0.01)]) == [0.01] and len(taken) == 12


@given(st.floats(0.3, 3), st.lists(st.floats(1, 5), min_size=3, max_size=3))
def test_other_work_that_slows_both_does_not_change_which_is_faster(
    true: float, loads: list[float]
) -> None:
    """It comes and goes between turns, and in one turn of four it slows only one of both."""
    slow = cycle([*loads, loads[-1]])
    now = [1.0]

    def one() -> float:
        now[0] = next(slow)
        return 0.01 * true * now[0]

    times = cycle([1.0, 1.0, 1.0, 4.0])
    assert ratio(one, lambda: 0.01 * now[0] * next(times)) == pytest.approx(true)


def test_turns_that_agree_are_few() -> None:
    taken = list[int]()

    def work(worse: float) -> float:
        taken.append(1)
        return 0.01 * worse ** len(taken)

    assert ratio(partial(work, 1.0), partial(work, 1.0)) == 1.0 and len(taken) == 10
    taken.clear()
    ratio(partial(work, 1.2), lambda: 0.01)
    assert len(taken) == 12
    taken.clear()
    ratio(lambda: 2.0 * 2 ** len(taken), lambda: taken.append(1) or 1.0)  # type: ignore[func-returns-value]
    assert len(taken) == 5, "what takes long is not repeated"
