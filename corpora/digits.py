"""Drawings of the ten digits, line by line: a network that learns them paints by writing.

A drawing is the digit's name on a line of its own, five rows, and an empty line. Digit, ink and margin
are uniform. The hand leans left, right, or not at all. If it leans, each row after the first is one
column further to that side than the row above with probability 1/2, and otherwise directly below it.
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
"""The rows of each digit, without trailing spaces."""
INKS = "#@%o"
LEANS = (-1, 0, 1)
MARGINS = range(ROWS - 1, ROWS + 3)
"""Left margins of the first row. The narrowest leaves room to lean left all the way down."""
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

    Drawings are independent, and the end of one is visible, so the rate is the entropy of a drawing over
    its mean length. Digit, ink, margin, and which rows moved to which side can all be read off a drawing,
    so its entropy is the sum of theirs. Each of the 2^(ROWS − 1) ways to move to one side has probability
    2^−(ROWS − 1) / 3, except that not moving at all is the same for both sides, and for a hand that does
    not lean. The sides are symmetric, so the mean margin of every row is that of the first.
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
