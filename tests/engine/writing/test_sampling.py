"""Sampling: every filter against its plain definition, and the laws of the whole."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.errors import UsageError
from engine.vocab import Alphabet
from engine.writing.sampling import (
    Place,
    Sampler,
    draw,
    log_softmax,
    min_p,
    temperature,
    top_k,
    top_p,
    typical,
    uniform,
)
from engine.writing.settings import SamplingConfig

# small whole numbers among them, so that equals occur
LOGITS = arrays(
    np.float32,
    st.integers(1, 12),
    elements=st.one_of(st.integers(-3, 3), st.floats(-80, 80, width=32)),
)
SHARE = st.floats(0.001, 0.999)
CONFIG = st.builds(
    SamplingConfig,
    temperature=st.one_of(st.just(0.0), st.floats(0, 100), st.just(5e-324)),
    top_k=st.integers(0, 20),
    top_p=st.one_of(st.just(1.0), st.floats(1e-9, 1)),
    min_p=st.floats(0, 1),
)
TEXT = st.lists(st.integers(0, 11), max_size=30)


def alphabet(size: int) -> Alphabet:
    return Alphabet(tuple("abcdefghijkl"[:size]))


def sampled(
    log_p: np.ndarray, config: SamplingConfig, text: Sequence[int] = ()
) -> tuple[np.ndarray, float]:
    """The distribution after the filters, and what was out of the question."""
    sampler = Sampler(config, alphabet(len(log_p)))
    state = sampler.constraint.start if sampler.constraint else None
    return sampler.distribution(log_p, Place(np.array(text, np.int32), state=state))


def filtered(log_p: np.ndarray, config: SamplingConfig, text: Sequence[int] = ()) -> np.ndarray:
    return sampled(log_p, config, text)[0]


def kept(log_p: np.ndarray) -> set[int]:
    return set(np.flatnonzero(np.isfinite(log_p)).tolist())


@given(LOGITS)
def test_log_softmax(logits: np.ndarray) -> None:
    log_p = log_softmax(logits)
    assert log_p.dtype == np.float64
    assert np.exp(log_p).sum() == pytest.approx(1)
    np.testing.assert_allclose(np.diff(log_p), np.diff(logits.astype(float)), atol=1e-9)
    np.testing.assert_allclose(log_softmax(np.stack([logits, logits]))[1], log_p)


@given(LOGITS, CONFIG)
def test_filtered_is_a_distribution_that_keeps_the_likeliest(
    logits: np.ndarray, config: SamplingConfig
) -> None:
    log_p = log_softmax(logits)  # equal where logits differ by less than its precision
    p = filtered(log_p, config)
    assert np.isfinite(p).all() and (p >= 0).all() and p.sum() == pytest.approx(1)
    assert p[log_p.argmax()] == p.max() > 0


@given(LOGITS)
def test_the_defaults_leave_the_distribution_as_it_is(logits: np.ndarray) -> None:
    log_p = log_softmax(logits)
    p, removed = sampled(log_p, SamplingConfig())
    np.testing.assert_allclose(p, np.exp(log_p), atol=1e-12)
    assert removed == 0 and p.tolist() == (np.exp(log_p) / np.exp(log_p).sum()).tolist()


@given(LOGITS, CONFIG)
def test_no_filter_writes_to_its_argument(logits: np.ndarray, config: SamplingConfig) -> None:
    log_p = log_softmax(logits)
    log_p.setflags(write=False)
    filtered(log_p, config)


@given(LOGITS, st.floats(0.05, 50))
def test_temperature(logits: np.ndarray, T: float) -> None:
    log_p = log_softmax(logits)
    got = np.exp(temperature(log_p, T))
    expected = (np.exp(log_p) / np.exp(log_p.max())) ** (1 / T)
    np.testing.assert_allclose(got, expected / expected.sum(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("T", [0.0, 5e-324, 1e-300, 1e-9])
def test_a_temperature_of_nothing_is_greedy(T: float) -> None:
    log_p = log_softmax(np.array([0.0, 3.0, 1.0, 3.0 - 1e-3]))
    assert np.exp(temperature(log_p, T)).tolist() == [0, 1, 0, 0]


def test_greedy_takes_the_first_of_equals() -> None:
    assert np.exp(temperature(log_softmax(np.zeros(3)), 0)).tolist() == [1, 0, 0]


@given(LOGITS, st.integers(0, 15))
def test_top_k_keeps_the_kth_and_its_equals(logits: np.ndarray, k: int) -> None:
    log_p = log_softmax(logits)
    ranked = sorted(log_p, reverse=True)
    least = ranked[k - 1] if 0 < k <= len(ranked) else -math.inf
    assert kept(top_k(log_p, k)) == {i for i, x in enumerate(log_p) if x >= least}


@given(LOGITS, SHARE)
def test_top_p_keeps_the_smallest_set_that_holds_the_share(logits: np.ndarray, p: float) -> None:
    log_p = log_softmax(logits)
    mass = np.exp(log_p)
    got = kept(top_p(log_p, p))
    assert mass[list(got)].sum() >= p * (1 - 1e-9)
    fewer = np.sort(mass)[::-1][: len(got) - 1].sum()
    assert fewer < p * (1 + 1e-9), "one symbol fewer would not have been enough"
    assert min(mass[list(got)]) >= max(
        (mass[i] for i in range(len(mass)) if i not in got), default=0
    )


def test_top_p_is_a_share_of_what_the_filters_before_it_left() -> None:
    p = np.array([0.4, 0.3, 0.2, 0.1])
    left = top_k(np.log(p), 2)  # 4/7 and 3/7
    assert kept(top_p(left, 0.57)) == {0}
    assert kept(top_p(left, 0.58)) == {0, 1}


@given(LOGITS, SHARE)
def test_min_p_is_relative_to_the_likeliest(logits: np.ndarray, p: float) -> None:
    log_p = log_softmax(logits)
    mass = np.exp(log_p)
    sure = {i for i, m in enumerate(mass) if m >= p * mass.max() * (1 + 1e-9)}
    may = {i for i, m in enumerate(mass) if m >= p * mass.max() * (1 - 1e-9)}
    assert sure <= kept(min_p(log_p, p)) <= may


@given(LOGITS, SHARE)
def test_typical_keeps_those_nearest_to_the_entropy(logits: np.ndarray, p: float) -> None:
    log_p = log_softmax(logits)
    mass = np.exp(log_p)
    entropy = -sum(m * math.log(m) for m in mass if m > 0)
    distance = np.array([abs(-x - entropy) if m > 0 else math.inf for x, m in zip(log_p, mass)])  # noqa: B905
    got = sorted(kept(typical(log_p, p)), key=lambda i: distance[i])
    assert mass[got].sum() >= p * (1 - 1e-9)
    assert mass[got[:-1]].sum() < p * (1 + 1e-9) or math.isclose(*distance[got[-2:]])
    others = (distance[i] for i in range(len(mass)) if i not in got)
    assert distance[got[-1]] <= min(others, default=math.inf) * (1 + 1e-9) + 1e-9


def test_typical_can_drop_the_likeliest() -> None:
    p = np.array([0.4, *[0.12] * 5])
    assert kept(typical(np.log(p), 0.25)) == {1, 2, 3}
    greedy = SamplingConfig(temperature=0, typical=0.25)
    assert filtered(np.log(p), greedy).tolist() == [1, *[0] * 5], "nothing else was left to keep"


@given(LOGITS, TEXT, st.floats(0.01, 10), st.integers(1, 40))
def test_the_penalty_raises_what_came_lately_to_a_power(
    logits: np.ndarray, text: list[int], penalty: float, window: int
) -> None:
    log_p = log_softmax(logits)
    text = [id for id in text if id < len(log_p)]
    lately = set(text[-window:])
    config = SamplingConfig(repetition_penalty=penalty, repetition_window=window)
    got = filtered(log_p, config, text)
    logs = [x * penalty if i in lately else x for i, x in enumerate(log_p)]
    expected = [math.exp(x - max(logs)) for x in logs]
    np.testing.assert_allclose(got, np.array(expected) / sum(expected), rtol=1e-9, atol=1e-300)


@given(LOGITS, CONFIG, TEXT, st.sets(st.sampled_from("abcdefghijkl")), st.floats(0.01, 5))
def test_what_is_banned_is_never_drawn_and_the_rest_is_as_before(
    logits: np.ndarray, config: SamplingConfig, text: list[int], ban: set[str], penalty: float
) -> None:
    log_p = log_softmax(logits)
    size, text = len(log_p), [id for id in text if id < len(log_p)]
    out = np.array([symbol in ban for symbol in alphabet(size).symbols])
    config = replace(config, ban="".join(sorted(ban)), repetition_penalty=penalty)
    if out.all():
        with pytest.raises(UsageError, match="--ban leaves no character"):
            Sampler(config, alphabet(size))
        return
    got, removed = sampled(log_p, config, text)
    assert got.sum() == pytest.approx(1) and not got[out].any()
    assert removed == pytest.approx(np.exp(log_p)[out].sum(), abs=1e-12)
    fewer = log_softmax(log_p[~out])  # as if the model had never known the others
    ids = {int(old): new for new, old in enumerate(np.flatnonzero(~out))}
    text = [ids.get(id, -1) for id in text][-config.repetition_window :]
    rest = filtered(fewer, replace(config, ban=""), [id for id in text if id >= 0])
    np.testing.assert_allclose(got[~out], rest, rtol=1e-6, atol=1e-9)


@given(
    LOGITS,
    CONFIG,
    st.sets(st.sampled_from("abcdefghijklm")),
    st.sets(st.sampled_from("abcdefghijklm"), min_size=1),
)
def test_what_is_forced_is_all_that_is_drawn(
    logits: np.ndarray, config: SamplingConfig, ban: set[str], force: set[str]
) -> None:
    log_p = log_softmax(logits)
    known = alphabet(len(log_p))
    forced = replace(config, force="".join(sorted(force)), ban="".join(sorted(ban)))
    others = "".join({*known.symbols} - (force - ban))
    if not others:
        assert filtered(log_p, forced).tolist() == filtered(log_p, config).tolist()
    elif len(others) == len(known):
        with pytest.raises(UsageError, match=r"^--(ban leaves no|force: the model knows none)"):
            Sampler(forced, known)
    else:
        got, removed = sampled(log_p, forced)
        expected, out = sampled(log_p, replace(config, ban=others))
        assert got.tolist() == expected.tolist() and removed == out


def test_a_ban_takes_escapes_and_kinds() -> None:
    known = Alphabet(tuple("\n !09A\\a\u00e9"))

    def left(ban: str, alphabet: Alphabet = known) -> str:
        V = len(alphabet)
        p, _ = Sampler(SamplingConfig(ban=ban), alphabet).distribution(
            np.full(V, -math.log(V)), Place(np.array([], np.int32))
        )
        return "".join(alphabet.symbols[i] for i in np.flatnonzero(p))

    assert left(r"\n\\") == " !09Aaé" and left(r"\s\d") == "!A\\aé" and left(r"\W") == "09Aaé"
    assert left(r"\x41\u00e9Q") == "\n !09\\a" and left("a-é") == "\n !09A\\"
    assert left(r"\w", Alphabet(tuple(".a\xc3"), "byte")) == ".\xc3"
    with pytest.raises(UsageError, match="--ban: 'é' is several bytes"):
        left("é", Alphabet(tuple("a\xe9"), "byte"))


@pytest.mark.parametrize(
    ("ban", "said"),
    [
        ("ab\\", "at the end; \\\\ is a backslash, at character 3: ab▸\\"),
        (r"x\q", r"\q means nothing here, at character 2: x▸\q"),
        (r"\xg1", "2 hexadecimal digits of a character must follow, at character 1"),
        (r"\U00110000", "8 hexadecimal digits"),
        (r"\u12", "4 hexadecimal digits"),
    ],
)
def test_a_list_of_characters_that_means_nothing_is_pointed_at(ban: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        SamplingConfig(ban=ban)
    assert str(caught.value).startswith("--ban: ") and said in str(caught.value)


def test_temperature_comes_before_the_filters_that_count_mass() -> None:
    p = np.array([0.6, 0.3, 0.1])
    hot = SamplingConfig(temperature=10, top_p=0.6)
    assert (filtered(np.log(p), hot) > 0).sum() == 2  # after top-p alone it would be one
    assert (filtered(np.log(p), SamplingConfig(top_p=0.6)) > 0).sum() == 1
    cold = SamplingConfig(temperature=0.5, min_p=0.3)
    assert (filtered(np.log(p), cold) > 0).sum() == 1  # 0.3² / 0.6² < 0.3
    assert (filtered(np.log(p), SamplingConfig(min_p=0.3)) > 0).sum() == 2


@given(
    arrays(np.float64, st.integers(1, 12), elements=st.sampled_from([0.0, 1e-300, 0.1, 1.0])),
    st.sampled_from([0.0, 0.5, 1 - 2.0**-53]),
)
def test_draw_never_picks_what_is_impossible(p: np.ndarray, u: float) -> None:
    if p.sum():
        assert p[draw(p / p.sum(), u)] > 0


def test_draw_follows_the_distribution() -> None:
    p = np.array([0.1, 0.0, 0.6, 0.3])
    drawn = Counter(draw(p, (i + 0.5) / 1000) for i in range(1000))
    assert drawn == {0: 100, 2: 600, 3: 300}


@given(st.integers(-(2**70), 2**70), st.integers(0, 2**70))
def test_uniform_is_in_range_and_repeats(seed: int, index: int) -> None:
    u = uniform(seed, index)
    assert 0 <= u < 1 and u == uniform(seed, index)


@pytest.mark.parametrize("by", ["index", "seed", "both"])
def test_uniform_is_even_and_not_correlated(by: str) -> None:
    n, bins = 20_000, 50
    where = {
        "index": lambda i: (7, i),
        "seed": lambda i: (i, 7),
        "both": lambda i: (i, i),
    }[by]
    u = np.array([uniform(*where(i)) for i in range(n)])
    expected = n / bins
    chi_square = ((np.histogram(u, bins, (0, 1))[0] - expected) ** 2 / expected).sum()
    assert chi_square < 99  # 49 degrees of freedom: exceeded once in 30,000
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 4 / math.sqrt(n)


def test_neighbouring_seeds_are_unrelated_streams() -> None:
    one, two = (np.array([uniform(seed, i) for i in range(5000)]) for seed in (1, 2))
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / math.sqrt(5000)
    assert abs(np.corrcoef(one[1:], two[:-1])[0, 1]) < 4 / math.sqrt(5000)
    assert not set(one) & set(two)


def test_logits_that_differ_by_next_to_nothing_are_a_tie() -> None:
    logits = np.array([-1.1754944e-38, 0.0], np.float32)
    assert filtered(log_softmax(logits), SamplingConfig(temperature=0)).tolist() == [1.0, 0.0]
