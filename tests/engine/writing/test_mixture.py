"""Two models that write one text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.network.stepper import Stepper, log_softmax
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from engine.writing.mixture import Mixture, mixed, parse_mix
from engine.writing.settings import SamplingConfig
from tests.conftest import SONNET, random_model

ONE = Stepper(random_model("lstm", 6, 2, seed=1))
SAME = Stepper(random_model("gru", 5, 1, seed=2))  # the same alphabet
OTHER = Stepper(random_model("rnn", 4, 1, text="abcXYZé \n", seed=3))


def believed(stepper: Stepper, ids: list[int]) -> np.ndarray:
    """p after a text."""
    state = stepper.start_state()
    logits, state = stepper.step(stepper.alphabet.start, state) if not ids else (None, state)
    for id in ids:
        logits, state = stepper.step(id, state)
    return np.exp(log_softmax(logits))  # type: ignore[arg-type]


def write(text: Generation, n: int) -> list[Any]:
    while len(text) < n:
        text.advance()
    return [text.step(i) for i in range(n)]


@given(st.floats(0.01, 0.99), st.text("Shall Imore", min_size=1, max_size=6))
def test_the_prediction_is_the_weighted_mean(share: float, prompt: str) -> None:
    ids = ONE.alphabet.encode(prompt)
    log_p, _ = (mixture := mixed(ONE, SAME, share)).sequence(ids, mixture.start_state())
    expected = (1 - share) * believed(ONE, ids.tolist()) + share * believed(SAME, ids.tolist())
    np.testing.assert_allclose(np.exp(log_p[-1]), expected, rtol=1e-5)
    assert np.exp(log_p[-1]).sum() == pytest.approx(1)


def test_a_share_of_0_or_1_is_one_model_alone() -> None:
    assert mixed(ONE, OTHER, 0) is ONE and mixed(ONE, OTHER, 1) is OTHER


def test_two_alphabets_become_one_and_what_a_model_cannot_read_it_skips() -> None:
    mixture = mixed(ONE, OTHER, 0.25)
    both = mixture.alphabet
    assert {*both.symbols} == {*ONE.alphabet.symbols, *"abcXYZé \n"}
    ids = both.encode("a étX")
    log_p, _ = mixture.sequence(ids, mixture.start_state())
    p = np.exp(log_p[-1])
    of_one = believed(ONE, ONE.alphabet.fit("a et").ids.tolist())  # é as e, no X
    of_other = believed(OTHER, OTHER.alphabet.fit("a éX").ids.tolist())  # no t
    for symbol, got in zip(both.symbols, p, strict=True):
        own = of_one[ONE.alphabet.ids[symbol]] if symbol in ONE.alphabet.ids else 0
        its = of_other[OTHER.alphabet.ids[symbol]] if symbol in OTHER.alphabet.ids else 0
        assert got == pytest.approx(0.75 * own + 0.25 * its, rel=1e-5)


@pytest.mark.parametrize("prompt", ["", "Shall é X", SONNET[:70]])
def test_going_back_and_forking_repeats_a_mixed_text(prompt: str) -> None:
    mixture = mixed(ONE, OTHER, 0.5)
    config = SamplingConfig(temperature=0.8, repetition_penalty=1.2)
    text = Generation(mixture, mixture.alphabet.encode(prompt), config, 4)
    total = len(prompt) + 60
    steps = write(text, total)
    assert set(text.text) & {*"XYZ"} and set(text.text) & {*"hlmdrwy"}
    assert all(np.isfinite((s.bits, s.prediction.entropy)).all() for s in steps)
    for n in (total - 1, len(prompt) + 32, max(1, len(prompt))):
        fork = text.fork(n)
        text.rewind(n)
        assert write(text, total) == write(fork, total) == steps


def test_models_that_do_not_go_together_are_refused() -> None:
    greek = Stepper(random_model(text="αβγ"))
    with pytest.raises(UsageError, match="have no character in common"):
        mixed(ONE, greek, 0.5)
    model = random_model(text="ab")
    byte = Stepper(replace(model, name="raw", alphabet=Alphabet(("a", "b"), "byte")))
    for pair in ((ONE, byte), (byte, ONE)):
        with pytest.raises(UsageError, match="random writes characters and raw bytes"):
            mixed(*pair, 0.5)
    assert isinstance(mixed(byte, byte, 0.5), Mixture)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("other", "as in other:0.3, not 'other'"),
        ("other:", "as in other:0.3"),
        (":0.5", "as in other:0.3"),
        ("other:much", "as in other:0.3"),
        ("other:nan", "as in other:0.3"),
        ("other:1.5", "--mix must be between 0 and 1, not 1.5"),
        ("other:-inf", "between 0 and 1"),
    ],
)
def test_a_share_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_mix(text)
    assert said in str(caught.value)


def test_a_path_may_have_a_colon() -> None:
    assert parse_mix("C:/models/a.safetensors:0.25") == ("C:/models/a.safetensors", 0.25)
