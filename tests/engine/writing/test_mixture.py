"""Two models that write one text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
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


@pytest.mark.parametrize(("share", "alone"), [(0.0, ONE), (1.0, OTHER)])
@settings(max_examples=12)
@given(st.text("abc \n", min_size=1, max_size=40), st.integers(0, 9))
def test_at_its_ends_a_mixture_writes_as_one_model_does(
    share: float, alone: Stepper, prompt: str, seed: int
) -> None:
    mixture, known = Mixture(ONE, OTHER, share), alone.alphabet
    prompt = "".join(c for c in prompt if c in known.ids) or " "
    text, expected = (
        write(Generation(stepper, stepper.alphabet.encode(prompt), seed=seed), 40)
        for stepper in (mixture, alone)
    )
    for ours, other in zip(text, expected, strict=True):
        assert ours.char == other.char
        assert ours.prob == pytest.approx(other.prob, rel=1e-12)
        assert ours.prediction.entropy == pytest.approx(other.prediction.entropy)
        possible = {c.char: c.prob for c in ours.prediction.top if c.prob}
        assert possible == {
            c.char: pytest.approx(c.prob) for c in other.prediction.top if c.char in possible
        }


@settings(max_examples=12)
@given(
    st.floats(0, 1), st.floats(0, 1), st.text("abXY é", min_size=1, max_size=40), st.integers(0, 60)
)
def test_another_share_counts_from_the_next_character_on(
    before: float, after: float, prompt: str, back: int
) -> None:
    first = Mixture(ONE, OTHER, before)
    second = first.shared(after)
    ids = first.alphabet.encode(prompt)
    text = Generation(first, ids, SamplingConfig(top_k=9), seed=5)
    old = write(text, len(ids) + 30)
    text.mix(second)
    anew = Generation(Mixture(ONE, OTHER, after), text.ids(), SamplingConfig(top_k=9), seed=5)
    while anew.in_prompt:
        anew.advance()
    assert write(text, len(old)) == old, "what is written stays as it was"
    np.testing.assert_allclose(
        [c.prob for c in text.prediction().top], [c.prob for c in anew.prediction().top], rtol=1e-5
    )
    n = max(text.shortest, len(old) - back)
    text.rewind(n)
    anew.rewind(max(n, anew.shortest))
    if n:
        np.testing.assert_allclose(
            [c.prob for c in text.prediction().top],
            [c.prob for c in anew.prediction().top],
            rtol=1e-5,
        )
