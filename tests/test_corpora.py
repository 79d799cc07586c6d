"""The built-in corpora: what is in them, and whether their entropy rates are those of their text."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from corpora import BUILT_IN, arithmetic, brackets, digits

HASHES = {
    "brackets": "0951f4ee1646e11001fa0a3caa31bdaad6f027419a63caadef7498f8202eed0f",
    "arithmetic": "20abaa27019a4a582cc6121678979fe5a229e49f3bb8d3297d177dd31415929b",
    "digits": "4520529cc230bd3f5803f44e4392082d992bb5a12c80d9cb5443586c0538dfa3",
}


def text(name: str) -> str:
    return "".join(BUILT_IN[name].blocks())


def rate(name: str) -> float:
    computed = BUILT_IN[name].entropy_rate
    assert computed is not None
    return computed()


@pytest.mark.parametrize("name", HASHES)
def test_the_text_is_the_same_everywhere(name: str) -> None:
    made = text(name)
    assert hashlib.sha256(made.encode()).hexdigest() == HASHES[name]
    assert 1_000_000 <= len(made) < 1_020_000 and made.isascii() and made.endswith("\n")


def test_what_is_certain_has_no_entropy_and_what_is_not_known_no_rate() -> None:
    assert rate("hello") == 0
    assert BUILT_IN["python"].entropy_rate is None


# An oracle knows how the text was made and gives each part of it its true probability.


def bracket_nats(line: str) -> float:
    """−log p of a line: each choice by the module's description, the closing bracket by a stack."""
    closes = dict(brackets.PAIRS)
    stack: list[str] = []
    nats = 0.0
    for i, char in enumerate(line):
        deep = len(stack)
        opens = 1 - brackets.END if not deep else brackets.OPEN
        opens = 1 if not i else 0 if deep == brackets.DEEPEST else opens
        if char in closes:
            nats -= math.log(opens / len(closes))
            stack.append(closes[char])
        else:
            assert char == (stack.pop() if deep else "\n")
            nats -= math.log(1 - opens)
    assert not stack and line.endswith("\n")
    return nats


def sum_nats(line: str) -> float:
    """−log p of a line: two numbers and a sign."""
    asked, answer = line.split("=")
    assert re.fullmatch(r"\d{1,2}[+-]\d{1,2}", asked)
    assert eval(asked) == int(answer)
    return math.log(2 * 100 * 100)


def drawing_nats(drawing: str) -> float:
    """−log p of a drawing: what can be read off it, and the ways to have come to its rows' places."""
    name, *rows, empty = drawing.removesuffix("\n").split("\n")
    glyph = digits.GLYPHS[int(name)]
    places = [len(row) - len(drawn) for row, drawn in zip(rows, glyph, strict=True)]
    [ink] = set(drawing) & set(digits.INKS)
    for row, place, drawn in zip(rows, places, glyph, strict=True):
        assert row == " " * place + drawn.replace("#", ink)
    assert empty == ""
    moves = np.diff(places).tolist()
    ways = [
        np.prod([((move == 0) + (move == lean)) / 2 for move in moves]) for lean in digits.LEANS
    ]
    return -math.log(1 / 10 / len(digits.INKS) / len(digits.MARGINS) * float(np.mean(ways)))


ORACLES: dict[str, tuple[str, Callable[[str], float]]] = {
    "brackets": ("\n", bracket_nats),
    "arithmetic": ("\n", sum_nats),
    "digits": ("\n\n", drawing_nats),
}


@pytest.mark.parametrize("name", ORACLES)
def test_who_knows_how_it_was_made_loses_the_entropy_rate(name: str) -> None:
    end, oracle = ORACLES[name]
    parts = [part + end for part in text(name).split(end)[:-1]]
    nats, lengths = np.array([oracle(part) for part in parts]), np.array(list(map(len, parts)))
    lost = nats.sum() / lengths.sum()
    error = (nats - lost * lengths).std() / math.sqrt(len(parts)) / lengths.mean()
    assert 0 < error < 0.01 * lost
    assert abs(lost - rate(name)) < 4 * error


# The same rates by other ways.


@pytest.mark.parametrize(("deepest", "pairs"), [(1, 1), (2, 4), (5, 3), (9, 2)])
def test_brackets_as_a_markov_chain(
    deepest: int, pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stationary distribution over depths by linear algebra; the last state is the line's beginning."""
    monkeypatch.setattr(brackets, "DEEPEST", deepest)
    monkeypatch.setattr(brackets, "PAIRS", brackets.PAIRS[:pairs])
    n = deepest + 2
    P = np.zeros((n, n))
    P[0, 1], P[0, -1], P[-1, 1] = 1 - brackets.END, brackets.END, 1
    for depth in range(1, deepest + 1):
        P[depth, depth - 1] = 1
        if depth < deepest:
            P[depth, depth + 1], P[depth, depth - 1] = brackets.OPEN, 1 - brackets.OPEN
    A = np.vstack([P.T - np.eye(n), np.ones(n)])
    stationary = np.linalg.lstsq(A, np.append(np.zeros(n), 1), rcond=None)[0]
    up = np.array([P[i, i + 1] if i < n - 2 else i == n - 1 for i in range(n)])
    choice = -(P * np.log(np.where(P > 0, P, 1))).sum(axis=1) + up * math.log(pairs)
    assert brackets.entropy_rate() == pytest.approx(stationary @ choice, rel=1e-9)


def test_digits_by_listing_every_drawing() -> None:
    """Each way to make one, with its probability; equal drawings add up."""
    p: Counter[tuple[str, ...]] = Counter()
    moves = list(product((0, 1), repeat=digits.ROWS - 1))
    for glyph, lean, moved in product(digits.GLYPHS, digits.LEANS, moves):
        places = digits.MARGINS[0] + lean * np.cumsum((0, *moved))
        rows = tuple(" " * place + row for place, row in zip(places, glyph, strict=True))
        p[rows] += 1 / len(digits.GLYPHS) / len(digits.LEANS) / len(moves)
    alike = len(digits.INKS) * len(digits.MARGINS)
    nats = sum(-q * math.log(q / alike) for q in p.values())
    further = digits.ROWS * (len(digits.MARGINS) - 1) / 2
    chars = sum(q * (3 + sum(len(row) + 1 for row in rows)) for rows, q in p.items()) + further
    assert rate("digits") == pytest.approx(nats / chars, rel=1e-12)


def test_arithmetic_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 0 and 1: 0+0=0, 0+1=1, 1+0=1, 1+1=2, 0-0=0, 0-1=-1, 1-0=1, 1-1=0, and their line ends."""
    monkeypatch.setattr(arithmetic, "BELOW", 2)
    assert arithmetic.entropy_rate() == pytest.approx(math.log(8) / (49 / 8))


def test_a_digit_looks_like_one() -> None:
    drawn = [row.replace("#", "█") for row in digits.GLYPHS[7]]
    assert drawn == ["██████", "    ██", "   ██", "  ██", "  ██"]
