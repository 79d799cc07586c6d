"""What a network would say with a unit held at a value, and letting it write on so."""

from __future__ import annotations

from engine.inspecting.card import Card
from engine.inspecting.hold import Held, held
from engine.inspecting.trace import Trace
from engine.inspecting.why import likeliest
from engine.network.stepper import Stepper
from tui.inspect.choice import Choice
from tui.phrases import percent
from tui.text import symbol_name

HELD = (
    "What may come at the cursor with the unit as it is, and set to other values for this one step: all "
    "that it did before stays. H lets the network write on from here with the unit held all along."
)
_AS_IT_IS = "as it is"
_CANDIDATES = 5


def plain(stepper: Stepper) -> Stepper:
    """The network itself, without a unit that is held."""
    return stepper.plain if isinstance(stepper, Held) else stepper


def values(made: Card) -> dict[str, float]:
    """The values that a card holds its unit at."""
    return {"at −1": -1.0, "at 0": 0.0, "at its mean": made.mean, "at +1": 1.0}


def can_be_held(stepper: Stepper, made: Card) -> bool:
    """Whether the card's unit is a state, and no gate."""
    return made.name.partition("[")[0].rpartition(".")[2] in stepper.cell.states


def held_lines(stepper: Stepper, found: Trace, made: Card) -> list[str]:
    """The likeliest characters at the cursor with the unit as it is, and at other values."""
    if not can_be_held(stepper, made):
        return []
    logits = {name: held(stepper, found, made.name, value) for name, value in values(made).items()}
    lines = []
    for name, own in {_AS_IT_IS: found.logits[-1], **logits}.items():
        likely = (
            f"{symbol_name(stepper.alphabet.symbols[id], stepper.alphabet.units)} {percent(p)}"
            for id, p in likeliest(own, _CANDIDATES)
        )
        lines.append(f"{name:<13}{'  '.join(likely)}")
    return lines


def dialog(made: Card) -> Choice:
    """Asks at which of the `values` the network should write on; the last choice is none of them."""
    question = f"Write on from the cursor, in a new passage, with {made.name} held"
    return Choice(question, [*values(made), f"{_AS_IT_IS}: not held"], "write on")
