"""A temperature that follows a schedule, by place."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.writing.sampling import Place, Sampler, log_softmax, temperature
from engine.writing.schedule import schedule_of
from engine.writing.settings import SamplingConfig
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


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("0.5", "as in 0.5-1.2/500, not '0.5'"),
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
