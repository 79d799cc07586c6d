"""Drawings of the ten digits, line by line: a network that learns them paints by writing.

A drawing is the digit's name on a line of its own, its five rows, and an empty line. Digit, ink and
margin are of any value alike. The hand leans to the left, to the right, or not at all; where it leans,
each row but the first stands one further to that side than the row above with probability 1/2, else right
below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from random import Random

from corpora import parts

LICENCE = "public domain"
FONT = """
 ####    ##    ####   ####  ##  ## ######  ####  ######  ####   ####
##  ##  ###   ##  ## ##  ## ##  ## ##     ##         ## ##  ## ##  ##
##  ##   ##      ##    ###  ###### #####  #####     ##   ####   #####
##  ##   ##    ##    ##  ##     ##     ## ##  ##   ##   ##  ##     ##
 ####  ###### ######  ####      ## #####   ####    ##    ####   ####
""".strip("\n").splitlines()
ROWS = len(FONT)
GLYPHS = [[row[x : x + 6].rstrip() for row in FONT] for x in range(0, 70, 7)]
"""The rows of each digit, without the spaces at their ends."""
INKS = "#@%o"
LEANS = (-1, 0, 1)
MARGINS = range(ROWS - 1, ROWS + 3)
"""Of the first row; the narrowest leaves room to lean to the left all the way down."""
_SEED = 1


def blocks() -> Iterator[str]:
    return parts.blocks(_drawings(Random(_SEED)))


def _drawings(rng: Random) -> Iterator[str]:
    while True:
        sizes = (len(GLYPHS), len(INKS), len(MARGINS), len(LEANS))
        digit, ink, margin, lean = (int(rng.random() * n) for n in sizes)
        place, rows = MARGINS[margin], []
        for row in GLYPHS[digit]:
            rows.append(" " * place + row.replace("#", INKS[ink]) + "\n")
            if rng.random() < 1 / 2:
                place += LEANS[lean]
        yield f"{digit}\n{''.join(rows)}\n"


def entropy_rate() -> float:
    """Nats per character.

    Drawings are independent, and where one ends is seen; so the rate is the entropy of a drawing over its
    mean length. Digit, ink, margin, and which rows moved to which side can all be read off a drawing, so
    its entropy is the sum of theirs. Of the 2^(ROWS − 1) ways to move to one side each has probability
    2^−(ROWS − 1) / 3, except that not to move is one and the same way for both sides, and the only one of
    a hand that does not lean. Both sides are alike, so the mean margin of every row is that of the first.
    """
    ways = 1 << (ROWS - 1)
    moved = 1 / ways / len(LEANS)
    straight = 1 - 2 * (ways - 1) * moved
    path = -straight * log(straight) - (1 - straight) * log(moved)
    nats = sum(log(len(choices)) for choices in (GLYPHS, INKS, MARGINS)) + path
    margin = sum(MARGINS) / len(MARGINS)
    inked = sum(len(row) for glyph in GLYPHS for row in glyph) / len(GLYPHS)
    chars = len("0\n\n") + ROWS * (margin + len("\n")) + inked
    return nats / chars
