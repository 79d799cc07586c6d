"""Units that tell a property of a text, in rows and in words. Independent of screens."""

from __future__ import annotations

from engine.inspecting.units import MARGIN, Finding
from engine.runs.found_units import FoundUnits
from engine.words import counted

HEADS = {
    "property": "left",
    "unit": "left",
    "AUC": "right",
    "last": "right",
    "new net": "right",
    "chance": "right",
    "": "left",
}
RARE = "too rare"

AUC = (
    "AUC: of two characters, one with the property and one without, how often the unit is higher at the "
    "one with it, or lower where ↓ stands: .5 is a coin's throw. The unit was chosen on the first half of "
    "the text; all numbers are of the second."
)
BASELINES = (
    f"It is found only if it is better by {MARGIN} than all of these. last: the best guess from the last "
    "character alone. new net: the best unit of untrained networks of the same shape. chance: the best of "
    "all units for labels of other stretches of text."
)
NOT_SAID = (
    "A unit that is found knows the property. It does not follow that the network uses it there, nor that "
    "no other unit knows it."
)


def row(found: Finding) -> list[str]:
    """The cells below HEADS."""
    if not found.unit:
        return [found.name, "", "", "", "", "", RARE]
    numbers = (found.auc, found.alone, found.untrained, found.chance)
    return [found.name, unit_words(found), *map(auc, numbers), verdict(found)]


def unit_words(found: Finding) -> str:
    return f"{found.unit}{' ↓' if found.falls else ''}"


def verdict(found: Finding) -> str:
    """Whether a unit was found; if not, what does as well."""
    if not found.unit:
        return RARE
    if found.found:
        return "found"
    rivals = {
        "last": found.alone,
        "new net": found.untrained,
        "chance": found.chance,
    }
    return f"no: {max(rivals, key=lambda name: rivals[name])}"


def auc(value: float) -> str:
    """An AUC, such as .966."""
    return f"{value:.3f}".removeprefix("0")


def searched(found: FoundUnits) -> str:
    """What was searched, in a sentence."""
    chars = counted(len(found.text.ids), "character")
    return f"Over {chars} of {found.text.source}; labels of other stretches from {found.others}."
