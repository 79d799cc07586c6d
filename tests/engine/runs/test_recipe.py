"""What is trained where a person leaves it open."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.config import TrainConfig
from engine.errors import RunError, UsageError
from engine.runs import launch, recipe
from engine.runs.recipe import LADDER, complete

PACE = [250e3, 100e3, 60e3, 33e3, 20e3]
"""Two cores of a usual machine."""
SHAKESPEARE = {"chars": 1_000_000, "V": 65, "pace": PACE}


def sizes(config: TrainConfig) -> tuple[int, int]:
    return config.model.layers, config.model.hidden


@pytest.mark.parametrize(
    "seconds, expected",
    [(2, (1, 128)), (12, (1, 256)), (30, (1, 256)), (136, (2, 256)), (3600, (2, 512))],
)
def test_more_time_is_a_larger_network(seconds: float, expected: tuple[int, int]) -> None:
    config = complete({"seconds": seconds}, **SHAKESPEARE)
    assert sizes(config) == expected and config.seconds == seconds
    faster = complete({"seconds": seconds / 100}, 1_000_000, 65, [100 * p for p in PACE])
    assert replace(faster, seconds=seconds) == config, "what counts is how much is seen"


def test_epochs_and_steps_need_no_pace() -> None:
    assert not recipe.needs_pace({"epochs": 14}) and recipe.needs_pace({"seconds": 1.0})
    best = complete({"epochs": 14}, 1_000_000, 65)
    assert (sizes(best), best.batch, best.seq_length) == ((2, 512), 32, 64)
    assert (best.dropout, best.weight_decay, best.lr) == (0.5, 0.1, 0.005)
    assert complete({"steps": 7000}, 1_000_000, 65).model == best.model
    assert sizes(complete({"steps": 100}, 1_000_000, 65)) == (1, 128)


def test_what_is_given_is_kept_and_the_rest_follows_it() -> None:
    given = {"hidden": 64, "layers": 3, "batch": 5, "seq_length": 7, "dropout": 0.3, "lr": 0.1}
    config = complete({"seconds": 60, "cell": "gru", "weight_decay": 0.0, **given}, **SHAKESPEARE)
    assert config == TrainConfig(config.model, 5, 7, 0.3, 0.1, weight_decay=0.0, seconds=60)
    assert (config.model.cell, config.model.hidden, config.model.layers) == ("gru", 64, 3)
    wide = complete({"seconds": 60, "hidden": 1024}, **SHAKESPEARE)
    assert wide.lr == pytest.approx(5.12 / 1024, rel=0.05), "a wider network steps less far"


@pytest.mark.parametrize("lr_to", [0.0, 1e-4, 0.1])
def test_the_last_learning_rate_is_kept_as_a_share_of_the_peak(lr_to: float) -> None:
    config = complete({"steps": 9, "lr": 0.1, "lr_to": lr_to}, 1000, 65)
    assert config.lr_to == pytest.approx(lr_to) and config.final_lr == pytest.approx(lr_to / 0.1)
    assert complete({"steps": 9, "lr": 0.1}, 1000, 65).lr_to == pytest.approx(0.002)


@pytest.mark.parametrize(("lr", "lr_to"), [(0.1, 0.2), (0.1, -1), (0.1, math.nan), (0, 0)])
def test_a_last_learning_rate_above_the_peak_is_refused(lr: float, lr_to: float) -> None:
    with pytest.raises(UsageError, match="--lr"):
        recipe.check({"steps": 9, "lr": lr, "lr_to": lr_to})


def test_a_text_seen_often_has_more_dropout_and_decay_and_no_giant() -> None:
    once, often = (complete({"seconds": 300}, n, 65, PACE) for n in (50_000_000, 500_000))
    assert once.dropout == 0 and once.weight_decay == 0.01
    assert often.dropout > 0.3 and often.weight_decay == 0.1
    assert sizes(complete({"seconds": 3600}, 20_000, 65, PACE)) == (1, 128)


def test_an_alphabet_of_thousands_has_one_layer_and_large_steps() -> None:
    config = complete({"seconds": 136}, 550_000, 5969, PACE)
    assert (sizes(config), config.batch, config.seq_length) == ((1, 256), 32, 64)


@pytest.mark.parametrize("cell", CELLS)
def test_cells_that_explode_sooner_step_less_far(cell: str) -> None:
    lr = complete({"seconds": 12, "cell": cell}, **SHAKESPEARE).lr
    assert (lr < 0.02) == (cell in ("rnn", "rnn-relu", "mlstm"))


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"steps": 5, "epochs": 1},
        {"seconds": -1},
        {"seconds": 5, "hidden": 0},
        {"seconds": 5, "lr": -1.0},
    ],
)
def test_what_no_training_can_have_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        recipe.check(bad)
    with pytest.raises(UsageError):
        complete(bad, **SHAKESPEARE)


@given(
    st.floats(0.01, 1e6),
    st.integers(2, 10**10),
    st.integers(1, 60_000),
    st.lists(st.floats(1, 1e9), min_size=len(LADDER), max_size=len(LADDER)),
)
def test_there_is_an_answer_for_every_text_and_machine(
    seconds: float, chars: int, V: int, pace: list[float]
) -> None:
    config = complete({"seconds": seconds}, chars, V, pace)
    assert 0 <= config.dropout <= 0.5 and 0 < config.lr <= 0.02
    assert 0.01 <= config.weight_decay <= 0.1


def test_the_pace_is_measured_in_a_process_of_its_own() -> None:
    done: list[int] = []
    found = launch.pace("cpu", "float32", 1, done.append)
    assert done == [1, 2, 3, 4, 5] and len(found) == len(LADDER) and min(found) > 0
    assert found[0] > found[-1], "a small network is faster"


def test_a_device_that_is_not_there_has_no_pace() -> None:
    with pytest.raises(RunError, match="--device tpu is not there"):
        launch.pace("tpu", "float32", 1)
