"""The card of a unit, against its trace and the head's weights."""

from __future__ import annotations

import numpy as np
import pytest

from engine.config import ModelConfig
from engine.errors import NotFoundError, UsageError
from engine.inspecting.card import BINS, card
from engine.inspecting.trace import trace
from engine.network.stepper import Stepper, log_softmax
from tests.engine.networks import random_model
from tui.unit_card import NO_PUSHES, lines

IDS = np.random.default_rng(0).integers(0, 7, 700)


def stepper(cell: str = "lstm", **more: bool) -> Stepper:
    return Stepper(random_model(ModelConfig(cell, 6, 2, **more)))


@pytest.mark.parametrize("name", ["layers.1.c[3]", "layers.0.h[5]", "layers.0.f[0]"])
def test_its_values_are_those_of_the_trace(name: str) -> None:
    of = stepper()
    found = card(of, IDS, name)
    array, place = name.rstrip("]").split("[")
    own = trace(of, IDS, of.start_state())
    values = own.arrays[array][:, int(place)]
    assert found.mean == pytest.approx(values.mean(), abs=1e-6)
    assert (found.low, found.high) == pytest.approx((values.min(), values.max()))
    assert len(found.counts) == BINS and found.counts.sum() == len(IDS)
    for each in found.examples:
        assert each.value == pytest.approx(values[each.index], abs=1e-6)
    first = {each.kind: each for each in reversed(found.examples)}
    assert first["highest"].index == values.argmax() and first["lowest"].index == values.argmin()
    assert abs(first["zero"].value) == pytest.approx(np.abs(values).min())
    if name == "layers.1.c[3]":
        assert found.memory == pytest.approx(-1 / np.log(own.arrays["layers.1.f"][:, 3].mean()))


def test_a_push_is_what_the_odds_gain() -> None:
    of = stepper()
    found = card(of, IDS, "layers.1.h[2]")
    own = trace(of, IDS, of.start_state())
    W, b = of.model.weights["head.W_hy"], of.model.weights["head.b_y"]
    moved = own.outputs[-1].astype(np.float64)
    moved[2] += own.arrays["layers.1.h"][:, 2].std()
    gains = log_softmax(moved @ W + b) - log_softmax(own.outputs[-1] @ W + b)
    assert found.favours and found.opposes
    strongest, weakest = found.favours[0], found.opposes[0]
    assert strongest.id == gains.argmax() and weakest.id == gains.argmin()
    assert strongest.nats - weakest.nats == pytest.approx(np.ptp(gains), abs=1e-5)


@pytest.mark.parametrize(
    ("name", "more"), [("layers.0.h[1]", {}), ("layers.1.h[1]", {"layer_norm": True})]
)
def test_what_the_head_does_not_read_pushes_nothing(name: str, more: dict[str, bool]) -> None:
    of = stepper(**more)
    found = card(of, IDS, name)
    assert found.favours is None and NO_PUSHES in lines(found, of.alphabet, 60)


def test_a_plain_rnn_has_no_memory_to_tell_of() -> None:
    assert card(stepper("rnn"), IDS, "layers.1.h[0]").memory is None


@pytest.mark.parametrize(
    ("name", "error"),
    [("layers.1.c[6]", NotFoundError), ("layers.7.h[0]", NotFoundError), ("what", UsageError)],
)
def test_what_is_no_unit_is_refused(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        card(stepper(), IDS, name)


def test_a_card_of_hostile_text_fits() -> None:
    text = "你好\u202e\x1b\n\tab"
    of = Stepper(random_model(ModelConfig("gru", 4, 1), text))
    found = card(of, of.alphabet.encode(text * 9), "layers.0.h[0]")
    shown = lines(found, of.alphabet, 50)
    assert not any(c in line for line in shown for c in "\u202e\x1b\n\t")
