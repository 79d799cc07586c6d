"""The n-gram models against counting with dictionaries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.text import ngram
from engine.text.ngram import NGram, baselines
from engine.vocab import Alphabet
from tests.conftest import SONNET

DATA = Path(__file__).parents[3] / "shared" / "data"


class Naive:
    """The equations of the module's docstring, one gram at a time."""

    def __init__(self, ids: list[int], V: int, order: int) -> None:
        self.V, self.order = V, order
        self.counts: dict[int, Counter[tuple[int, ...]]] = {}
        for n in range(1, order + 1):
            grams = [tuple(ids[i : i + n]) for i in range(len(ids) - n + 1)]
            if n == order:
                self.counts[n] = Counter(grams)
            else:
                before = defaultdict(set)
                for i, gram in enumerate(grams):
                    before[gram].add(ids[i - 1] if i else "start")
                self.counts[n] = Counter({gram: len(left) for gram, left in before.items()})
        self.D = {n: self.discounts(Counter(self.counts[n].values())) for n in self.counts}

    @staticmethod
    def discounts(n: Counter[int]) -> list[float]:
        if n[1] and n[2] and n[3]:
            Y = n[1] / (n[1] + 2 * n[2])
            D = [1 - 2 * Y * n[2] / n[1], 2 - 3 * Y * n[3] / n[2], 3 - 4 * Y * n[4] / n[3]]
            if min(D) > 0:
                return [0, *D]
        return [0, 0.5, 1, 1.5]

    def p(self, context: list[int], c: int) -> float:
        result = 1 / self.V
        for n in range(1, min(self.order, len(context) + 1) + 1):
            h = tuple(context[len(context) - n + 1 :])
            a = [self.counts[n][(*h, other)] for other in range(self.V)]
            if not sum(a):
                return result
            D = [self.D[n][min(count, 3)] for count in a]
            result = (a[c] - D[c]) / sum(a) + sum(D) / sum(a) * result
        return result

    def nats(self, ids: list[int]) -> list[float]:
        return [-math.log(self.p(ids[max(0, t - 9) : t], ids[t])) for t in range(1, len(ids))]


def sonnet() -> tuple[list[int], int]:
    alphabet = Alphabet(tuple(sorted(set(SONNET))))
    return alphabet.encode(SONNET).tolist(), len(alphabet)


texts = st.lists(st.integers(0, 3), min_size=6, max_size=60)


@pytest.mark.parametrize("chunk", [7, 1 << 20])
@pytest.mark.parametrize("order", range(1, 7))
def test_equal_to_counting_with_dictionaries(
    order: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ngram, "_CHUNK", chunk)
    ids, V = sonnet()
    naive = Naive(ids[:130], V, order)
    for text in (ids[130:], ids):
        nats = NGram(np.array(ids[:130], np.uint8), V, 6).nats(np.array(text, np.uint8))
        assert nats.shape == (6, len(text) - 1)
        np.testing.assert_allclose(nats[order - 1], naive.nats(text), rtol=1e-9)


@given(texts, texts, st.integers(1, 6))
def test_equal_on_any_text(learnt: list[int], text: list[int], order: int) -> None:
    nats = NGram(np.array(learnt), 5, order).nats(np.array(text))
    np.testing.assert_allclose(nats[-1], Naive(learnt, 5, order).nats(text), rtol=1e-9)


@given(texts, st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_the_probabilities_after_any_context_sum_to_one(
    learnt: list[int], context: list[int]
) -> None:
    model = NGram(np.array(learnt), 5)
    nats = np.stack([model.nats(np.array([*context, c]))[:, -1] for c in range(5)])
    assert np.isfinite(nats).all() and (nats >= 0).all()
    np.testing.assert_allclose(np.exp(-nats).sum(axis=0), 1, rtol=1e-12)


def test_the_discounts_are_estimated_where_the_counts_allow() -> None:
    """a b c d occur 1, 2, 3 and 4 times, and Y is 1/3."""
    learnt = np.array([0, 1, 1, 2, 2, 2, 3, 3, 3, 3])
    p = np.exp(-NGram(learnt, 5, 1).nats(np.array([0, 0, 1, 2, 3, 4]))[0])
    D = np.array([1 / 3, 1, 3 - 4 / 3, 3 - 4 / 3, 0])
    np.testing.assert_allclose(p, (np.arange(1, 6) % 5 - D) / 10 + D.sum() / 10 / 5)


def test_baselines_are_the_means_over_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    ids, V = sonnet()
    learnt, text = np.array(ids[:130]), np.array(ids[130:])
    nats = NGram(learnt, V).nats(text)
    for chunk in (1, 2, 5, 1 << 20):
        monkeypatch.setattr(ngram, "_CHUNK", chunk)
        results = baselines(learnt, text, V)
        assert [result.order for result in results] == [1, 2, 3, 4, 5, 6]
        for result, row in zip(results, nats, strict=True):
            assert result.nats_per_char == pytest.approx(row.mean())
            assert result.bits_per_char == pytest.approx(row.mean() / math.log(2))
            assert (result.predictions, result.learnt_from) == (len(text) - 1, 130)


def test_characters_that_were_not_learnt_have_a_probability() -> None:
    ids, V = sonnet()
    nats = NGram(np.array(ids), V + 2).nats(np.array([V, V + 1, V, ids[0], V]))
    assert np.isfinite(nats).all() and (nats > 0).all()


def test_only_the_first_characters_are_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngram, "LEARNT_MOST", 30)
    ids, V = sonnet()
    whole, first = (baselines(np.array(part), np.array(ids), V) for part in (ids, ids[:30]))
    assert whole == first and whole[0].learnt_from == 30


def test_noise_is_learnt_from_fewer_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ngram, "_SAMPLE", 1000)
    noise = np.random.default_rng(0).integers(0, 200, 9000).astype(np.uint8)
    grams = NGram(noise[:1000], 200).grams
    assert grams == sum(
        len({tuple(noise[i : i + n]) for i in range(1001 - n)}) for n in range(1, 7)
    )
    for most, learnt in ((3 * grams, 3000), (grams // 2, 1000), (99 * grams, 9000)):
        monkeypatch.setattr(ngram, "GRAMS_MOST", most)
        assert baselines(noise, noise[:9], 200)[0].learnt_from == learnt
    monkeypatch.setattr(ngram, "GRAMS_MOST", 1)
    assert baselines(noise[:1000], noise[:9], 200)[0].learnt_from == 1000


def test_a_large_alphabet() -> None:
    """V⁶ does not fit in 64 bits."""
    V = 3000
    learnt = np.random.default_rng(0).integers(0, V, 2000).astype(np.uint16)
    learnt[1000:] = learnt[:1000]
    model, naive = NGram(learnt, V), Naive(learnt.tolist(), V, 6)
    text = learnt[990:1010]
    np.testing.assert_allclose(model.nats(text)[-1], naive.nats(text.tolist()), rtol=1e-9)


def test_what_is_learnt_from_is_left_as_it_was() -> None:
    ids, V = sonnet()
    learnt = np.array(ids, np.uint8)
    learnt.setflags(write=False)
    baselines(learnt, learnt, V)
    assert learnt.tolist() == ids


@pytest.mark.parametrize("n", [0, 1])
def test_too_short_to_be_scored(n: int) -> None:
    ids = np.zeros(20, np.uint8)
    with pytest.raises(UsageError, match="two characters"):
        baselines(ids, ids[:n], 3)
    assert NGram(ids, 3).nats(ids[:n]).shape == (6, 0)


@pytest.mark.parametrize(("order", "n"), [(0, 9), (-1, 9), (1, 0), (2, 1), (6, 5)])
def test_orders_that_cannot_be(order: int, n: int) -> None:
    ids = np.zeros(20, np.uint8)
    with pytest.raises(UsageError, match="order"):
        baselines(ids[:n], ids, 3, order)


@pytest.mark.parametrize("order", range(1, 7))
def test_the_shortest_text_to_learn_from(order: int) -> None:
    ids = np.arange(order)
    assert np.isfinite(NGram(ids, 7, order).nats(np.arange(7))).all()


def test_shakespeare() -> None:
    path = DATA / "tinyshakespeare.txt"
    if not path.exists():
        pytest.skip("needs shared/data")
    text = path.read_text("utf-8")
    alphabet = Alphabet(tuple(sorted(set(text))))
    ids = alphabet.encode(text)
    split = len(ids) - len(ids) // 10
    bits = [b.bits_per_char for b in baselines(ids[:split], ids[split:], len(alphabet))]
    assert bits == sorted(bits, reverse=True)
    assert 2.2 < bits[4] < 2.9
