"""Nested brackets of four kinds. Only the innermost can be closed, so a network needs a stack.

A line begins with an opening bracket. Inside brackets another is opened with probability OPEN; otherwise
the innermost is closed, as it always is at depth DEEPEST. Outside brackets the line ends with probability
END; otherwise another is opened. All kinds are equally likely. These are the bounded Dyck languages of
Hewitt et al., "RNNs can generate bounded hierarchical languages with optimal memory", EMNLP 2020.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from random import Random

from corpora import parts

LICENCE = "public domain"
PAIRS = ("()", "[]", "{}", "<>")
DEEPEST = 5
OPEN = 0.45
END = 0.1
_SEED = 1


def blocks() -> Iterator[str]:
    return parts.blocks(_lines(Random(_SEED)))


def _lines(rng: Random) -> Iterator[str]:
    while True:
        line, closing = "", ""
        while closing or not line or rng.random() >= END:
            if len(closing) < DEEPEST and (not closing or rng.random() < OPEN):
                pair = PAIRS[int(rng.random() * len(PAIRS))]
                line, closing = line + pair[0], pair[1] + closing
            else:
                line, closing = line + closing[0], closing[1:]
        yield line + "\n"


def entropy_rate() -> float:
    """Nats per character.

    The entropy of a line is that of its choices. Lines are independent and of finite mean length, so the
    rate is mean entropy over mean length. Both are sums over the depths d of v_d, the expected visits per
    line. A line begins once, with the choice of a kind, and is outside brackets v_0 = 1/END times, once
    after each group. Each edge from d to d+1 is crossed as often up as down, which gives

        v_1 (1 − p_1) = v_0,    v_d p_d = v_{d+1} (1 − p_{d+1}),    p_d = OPEN, but 0 at d = DEEPEST

    A visit at depth d costs h(p_d) + p_d log kinds, where h(p) = −p log p − (1 − p) log(1 − p); the
    bracket that closes costs nothing.
    """
    kind = log(len(PAIRS))
    visits, opens = 1 / END, 1 - END
    nats = kind + visits * (_binary(opens) + opens * kind)
    chars = 1 + visits
    crossings = visits
    for depth in range(1, DEEPEST + 1):
        opens = OPEN if depth < DEEPEST else 0.0
        visits = crossings / (1 - opens)
        nats += visits * (_binary(opens) + opens * kind)
        chars += visits
        crossings = visits * opens
    return nats / chars


def _binary(p: float) -> float:
    """h(p) in nats."""
    return -sum(q * log(q) for q in (p, 1 - p) if q)
