"""The card of a unit, in lines of text. Independent of screens."""

from __future__ import annotations

import math

from rich.cells import cell_len

from engine.inspecting.card import Card, Example, Push
from engine.vocab import Alphabet
from engine.words import counted
from tui.text import one_line, symbol_name
from tui.width import cut

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_BEFORE, _AFTER = 30, 12
"""Characters shown about that of an example."""
_LABEL = 10

HISTOGRAM = (
    "How often it has each value, on a scale of square roots, from its least to its greatest."
)
EXAMPLES = (
    "Each ▸ stands before a character, with the value after that was read. Look at all kinds: the highest "
    "alone suggest more than there is."
)
PUSHES = (
    "The nats that a character's odds gain where the unit's h is one standard deviation higher and nothing "
    "else changes. Other units may push more."
)
NO_PUSHES = "The head does not read this unit, so it pushes no character by itself."
MEMORY = "memory: −1/ln of the mean share that it keeps. What comes in at each step is not in it."


def lines(card: Card, alphabet: Alphabet, width: int) -> list[str]:
    """All that a card says; no line is wider than `width` cells but sentences, which can be broken."""
    most = max(1, int(card.counts.max()))
    bars = "".join(_EIGHTHS[math.ceil(8 * math.sqrt(n / most))] for n in card.counts.tolist())
    about = f"mean {_number(card.mean)}, standard deviation {card.deviation:.2f}"
    if card.memory is not None:
        about += f", memory {'∞' if math.isinf(card.memory) else f'{card.memory:,.1f}'} characters"
    found = [f"{card.name}: {about}, over {counted(len(card.ids), 'character')}"]
    found += [f"{_number(card.low)} {bars} {_number(card.high)}", HISTOGRAM]
    if card.memory is not None:
        found.append(MEMORY)
    found += [_example(each, card, alphabet, width) for each in card.examples]
    found.append(EXAMPLES)
    if card.favours is None or card.opposes is None:
        return [*found, NO_PUSHES]
    pushed = [("favours", card.favours), ("opposes", card.opposes)]
    found += [cut(f"{name:<{_LABEL}}{_pushes(own, alphabet)}", width) for name, own in pushed]
    return [*found, PUSHES]


def _pushes(pushes: tuple[Push, ...], alphabet: Alphabet) -> str:
    names = ((symbol_name(alphabet.symbols[p.id], alphabet.units), p.nats) for p in pushes)
    return "  ".join(f"{name} {_signed(nats)}" for name, nats in names)


def _example(example: Example, card: Card, alphabet: Alphabet, width: int) -> str:
    at = example.index
    before = one_line(alphabet.decode(card.ids[max(0, at - _BEFORE) : at].tolist()))
    after = one_line(alphabet.decode(card.ids[at : at + _AFTER].tolist()))
    head = f"{example.kind:<{_LABEL}}{_number(example.value):>6}  "
    room = width - cell_len(head)
    while before and cell_len(f"{before}▸{after}") > room:
        before = before[1:]
    return head + cut(f"{before}▸{after}", room)


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # no −0.00


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
