"""A temperature that follows a schedule, by place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from engine.writing.sampling import Place, Sampler, log_softmax, temperature
from engine.writing.schedule import schedule_of
from engine.writing.settings import SamplingConfig
from tests.conftest import random_model
from tests.engine.writing.test_sampling import LOGITS, alphabet


@pytest.mark.parametrize("form", ["0.5-1.2/500", "0.5->1.2/500", "0.5→1.2/500", " .5 → 1.2 / 500 "])
def test_the_temperature_of_each_character(form: str) -> None:
    schedule = schedule_of(form)
    assert [schedule.at(i) for i in (-3, 0, 500, 501, 10**7)] == [0.5, 0.5, 1.2, 1.2, 1.2]
    assert schedule.at(250) == pytest.approx(0.85)
    assert schedule_of("2-0/4").at(3) == 0.5


@given(LOGITS, st.floats(0, 3), st.floats(0, 3), st.integers(1, 50), st.integers(0, 60))
def test_it_is_the_temperature_at_a_place(
    logits: np.ndarray, first: float, last: float, length: int, written: int
) -> None:
    log_p = log_softmax(logits)
    first, last = round(first, 3), round(last, 3)
    config = SamplingConfig(schedule=f"{first:.3f}-{last:.3f}/{length}", temperature=7)
    place = Place(np.arange(written) % len(log_p), written)
    got, _ = Sampler(config, alphabet(len(log_p))).distribution(log_p, place)
    T = last if written >= length else first + (last - first) * written / length
    np.testing.assert_allclose(got, np.exp(temperature(log_p, T)), rtol=1e-6, atol=1e-9)
    assert got.sum() == pytest.approx(1) and math.isfinite(got.max())


@given(LOGITS, st.text("ab\n", max_size=30), st.integers(0, 30), st.integers(1, 9))
def test_each_line_begins_it_anew_and_so_does_what_is_written(
    logits: np.ndarray, text: str, given_: int, length: int
) -> None:
    log_p = log_softmax(logits)
    known = Alphabet(("\n", *"abcdefghijk"[: len(log_p) - 1]))
    text = "".join(c for c in text if c in known.ids)
    written = text[min(given_, len(text)) :]
    place = Place(known.encode(text), len(written), line_end=0)
    config = SamplingConfig(schedule=f"1.2→0.5/{length} / line")
    got, _ = Sampler(config, known).distribution(log_p, place)
    after = len(written.rpartition("\n")[2])
    T = 1.2 - 0.7 * min(after / length, 1)
    np.testing.assert_allclose(got, np.exp(temperature(log_p, T)), rtol=1e-6, atol=1e-9)


def test_a_text_rises_after_each_line_end() -> None:
    model = random_model("rnn", 8, 1, text="\nabc")
    model.weights["head.b_y"][0] = 1.0
    ids = model.alphabet.encode("ab\nc")
    text = Generation(Stepper(model), ids, SamplingConfig(schedule="9-0/3/line"), seed=1)
    while len(text) < 120:
        text.advance()
    lines = text.text[4:].split("\n")
    assert len(lines) > 3
    for i in range(4 + len(lines[0]) + 1, 120):
        step = text.step(i)
        after = len(text.text[:i].rpartition("\n")[2])
        assert (step.drawn_prob == 1) == (after >= 3), "greedy from the fourth character on"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("0.5", "as in 0.5-1.2/500 or 1.2-0.5/20/line, not '0.5'"),
        ("hot-cold/3", "as in 0.5-1.2/500"),
        ("1-2/3.5", "as in 0.5-1.2/500"),
        ("nan-1/5", "as in 0.5-1.2/500"),
        ("-1-2/5", "as in 0.5-1.2/500"),
        ("1e3-2/5", "as in 0.5-1.2/500"),
        ("٣-2/5", "as in 0.5-1.2/500"),
        ("0.5-101/5", "--schedule must be between 0 and 100, not 101"),
        ("1-2/0", "--schedule must be between 1 and 10,000,000, not 0"),
        ("1-2/" + "9" * 5000, "between 1 and 10,000,000"),
        ("9" * 5000 + "-2/1", "between 0 and 100, not inf"),
        ("1-2/3/lines", "as in 0.5-1.2/500"),
        ("1-2/line", "as in 0.5-1.2/500"),
        ("1-2/3\n4", "as in 0.5-1.2/500"),
    ],
)
def test_a_schedule_that_is_none_is_refused(form: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        SamplingConfig(schedule=form)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_last_one_set_of_temperature_and_schedule_counts() -> None:
    both = SamplingConfig(schedule="1-2/3", temperature=0.5)
    with pytest.raises(UsageError, match="--schedule and --temperature exclude each other"):
        both.check_alone()
    assert both.changed("temperature", 1.5).schedule == ""
    assert both.stepped("temperature", 1) == SamplingConfig(temperature=0.55)
    assert both.changed("top_k", 3).schedule == "1-2/3"
