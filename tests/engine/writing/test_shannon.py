"""Shannon's game: its bounds, and its rules."""

from __future__ import annotations

import math
from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora.sonnets import TEXT
from engine.errors import UsageError
from engine.network.stepper import Stepper
from engine.runs.library import open_model
from engine.vocab import Alphabet
from engine.writing import score
from engine.writing.generate import Generation
from engine.writing.shannon import CONTEXT, LEAST, MOST, ROUNDS, Game, bounds, excerpt
from tests.conftest import random_model

GUESSES = st.lists(st.integers(1, 30), min_size=1, max_size=60)


@given(GUESSES)
def test_the_lower_bound_is_never_above_the_upper_one(guesses: list[int]) -> None:
    found = bounds(guesses)
    assert 0 <= found.lower <= found.upper <= math.log2(len(set(guesses))) + 1e-9
    assert bounds(guesses * 3) == pytest.approx(found), "only the shares count"


@given(GUESSES)
def test_they_are_shannons_where_more_guesses_are_rarer(guesses: list[int]) -> None:
    order = [g for g, _ in Counter(guesses).most_common()]
    ideal = [order.index(g) + 1 for g in guesses]
    q = {i: ideal.count(i) / len(ideal) for i in range(1, 40)}
    lower = sum(i * (q[i] - q[i + 1]) * math.log2(i) for i in range(1, 39))
    upper = -sum(share * math.log2(share) for share in q.values() if share)
    assert bounds(ideal) == pytest.approx((lower, upper), abs=1e-9)
    assert bounds(guesses) == pytest.approx((lower, upper), abs=1e-9)


@given(st.integers(1, 40), st.integers(1, 5))
def test_what_is_certain_has_no_bits_and_what_is_uniform_all(n: int, times: int) -> None:
    assert bounds([1] * n) == (0, 0)
    even = bounds(list(range(1, n + 1)) * times)
    assert even == pytest.approx((math.log2(n), math.log2(n)))


def game(stepper: Stepper, seed: int = 0) -> Game:
    ids = stepper.alphabet.encode_known(TEXT)[0]
    return Game(stepper, excerpt(ids, stepper.alphabet, Random(seed)))


@given(st.integers(LEAST, 400), st.integers(0, 1000))
def test_an_excerpt_is_a_part_of_the_text_and_begins_with_a_word(n: int, seed: int) -> None:
    alphabet = random_model(text=TEXT).alphabet
    text = TEXT[:n]
    part = alphabet.decode(excerpt(alphabet.encode(text), alphabet, Random(seed)).tolist())
    assert part in text and ROUNDS < len(part) <= CONTEXT + ROUNDS
    starts = [i for i in range(n) if text.startswith(part, i)]
    assert any(i == 0 or text[i - 1] in " \n" for i in starts)


@given(st.integers(0, 1000))
def test_bytes_are_guessed_from_the_beginning_of_a_character(seed: int) -> None:
    text = ("日本 жёсткий é " * 20).encode()
    alphabet = Alphabet(tuple(sorted({chr(byte) for byte in text})), "byte")
    ids = excerpt(alphabet.encode(text), alphabet, Random(seed))
    whole = "".join(alphabet.symbols[i] for i in ids).encode("latin-1")
    assert not 0x80 <= whole[-ROUNDS] < 0xC0


@pytest.mark.parametrize("n", [0, 1, LEAST - 1])
def test_a_text_can_be_too_short(n: int) -> None:
    alphabet = random_model(text=TEXT).alphabet
    with pytest.raises(UsageError, match=f"{LEAST} characters"):
        excerpt(alphabet.encode(TEXT[:n]), alphabet, Random(0))


def test_the_networks_guesses_and_bits_are_its_own_and_those_of_the_score() -> None:
    stepper = Stepper(random_model(text=TEXT))
    played = game(stepper)
    while not played.finished:
        assert played.guess(int(played.ids[played.at]))
    whole = score.stateful(stepper, played.ids)
    before = score.stateful(stepper, played.ids[: played.first])
    nats = whole.nats_per_char * whole.chars - before.nats_per_char * before.chars
    assert played.bits == pytest.approx(nats / math.log(2) / ROUNDS, rel=1e-4)
    written = Generation(stepper, played.ids)
    while written.in_prompt:
        written.advance()
    assert played.ranks == written.ranks(played.first).tolist()
    assert played.guesses == [1] * ROUNDS


def test_wrong_guesses_count_once_and_a_character_can_be_given_up_late() -> None:
    played = game(Stepper(random_model(text=TEXT)))
    right = int(played.ids[played.at])
    others = [id for id in range(20) if id != right]
    for i, id in enumerate(others[:MOST]):
        assert not played.may_give_up
        with pytest.raises(UsageError, match=f"{MOST - i} more"):
            played.give_up()
        assert not played.guess(id) and not played.guess(id)
    assert played.wrong == others[:MOST] and played.guesses == played.ranks == []
    played.give_up()
    assert played.guesses == [MOST + 1] and played.wrong == [] and len(played.ranks) == 1
    assert not played.guess((int(played.ids[played.at]) + 1) % 20)
    assert played.guess(int(played.ids[played.at]))
    assert played.guesses == [MOST + 1, 2] and np.isfinite(played.bits)


def test_the_bundled_model_knows_all_of_the_sonnets() -> None:
    alphabet = open_model("shakespeare").alphabet
    assert alphabet.decode(alphabet.encode(TEXT).tolist()) == TEXT
