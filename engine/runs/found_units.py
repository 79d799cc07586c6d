"""The units of a model that tell something, searched for in the text it is usually looked into with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import CorpusError, NotFoundError
from engine.inspecting.properties import Property
from engine.inspecting.units import Finding, Look, search
from engine.network.stepper import Stepper
from engine.runs.heldout import learnt
from engine.runs.usual_text import UsualText, usual_text

CHARS = 50_000
"""Characters of the text."""
_WRITTEN = 20_000
"""Characters that the model writes where its corpus is not here."""
_OTHERS = 400_000


@dataclass(frozen=True)
class FoundUnits:
    """The findings for some properties, and what they were searched in."""

    findings: tuple[Finding, ...]
    text: UsualText
    others: str
    """Where the labels that have nothing to do with the text come from, in a few words."""


def found_units(
    stepper: Stepper,
    path: Path | None,
    properties: Sequence[Property],
    text: UsualText | None = None,
    look: Look = lambda share: None,
) -> FoundUnits:
    """Search a text for the units of properties; without a text, the held-out part of the model's corpus
    if that is here, else what the model writes itself. `path` is the model's file, if it is known.

    Raises what `search` raises.
    """
    others = None
    if text is None:
        try:
            others = learnt(stepper.model, path, _OTHERS)
        except (NotFoundError, CorpusError):
            pass
        text = usual_text(stepper, path, _WRITTEN if others is None else CHARS)
    findings = search(stepper, text.ids, properties, others, look)
    moved = "the same text, moved along it" if others is None else "the text it was trained on"
    return FoundUnits(tuple(findings), text, moved)
