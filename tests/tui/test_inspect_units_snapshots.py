"""Pictures of the panel Units of Inspect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from engine.inspecting.properties import PROPERTIES
from engine.inspecting.units import Finding
from engine.runs.found_units import FoundUnits
from engine.runs.usual_text import UsualText
from tests.tui.test_inspect_panel_snapshots import (
    CHINESE,
    SIZES,
    Compare,
    inspect,
    pytestmark,
    still,
)
from tui.app import HeloApp
from tui.inspect import units
from tui.inspect.text import PassageText
from tui.inspect.units import UnitsPanel
from tui.write.pane import WritePane

__all__ = ["pytestmark", "still"]

_TOLD = {
    "far": ("layers.1.c[3]", False, 0.966, 0.628, 0.754, 0.555),
    "line-end": ("layers.0.c[5]", True, 0.89, 0.708, 0.664, 0.54),
    "speaker": ("layers.1.h[2]", False, 0.853, 0.839, 0.794, 0.609),
}


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search finds is always the same."""

    def search(stepper: Any, path: Any, properties: Any, *more: Any) -> FoundUnits:
        ids = np.arange(5000) * 7 % len(stepper.alphabet)
        state = stepper.cell.states[-1]
        findings = (
            Finding(p.name, p.says, 0.2, *_named(_TOLD[p.name], state))
            if p.name in _TOLD
            else Finding(p.name, p.says, 0.0)
            for p in PROPERTIES.values()
        )
        return FoundUnits(tuple(findings), UsualText(ids, "a text"), "the text it was trained on")

    monkeypatch.setattr(units, "found_units", search)


def _named(told: tuple[Any, ...], state: str) -> tuple[Any, ...]:
    return (told[0].replace(".c[", f".{state}["), *told[1:])


async def listed(pilot: Pilot[Any], prompt: str = "Shall I compare thee") -> UnitsPanel:
    panel: UnitsPanel = await inspect(pilot, UnitsPanel, prompt)
    await pilot.press("enter")
    while not (panel.known and not panel._said):
        await pilot.pause(0.01)
    await shaded(pilot)
    return panel


async def shaded(pilot: Pilot[Any]) -> None:
    text, write = pilot.app.query_one(PassageText), pilot.app.query_one(WritePane)
    while text._shades is None or text._shades.first + len(text._shades.levels) != write.looked_at:
        await pilot.pause(0.01)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_the_list(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[Any]) -> None:
        await listed(pilot)

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


async def card(pilot: Pilot[Any], prompt: str = "Shall I compare thee") -> None:
    panel = await listed(pilot, prompt)
    await pilot.press("enter")
    while not panel._held:
        await pilot.pause(0.01)
    await shaded(pilot)


@pytest.mark.parametrize("size", SIZES)
def test_a_card(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=card)


def test_a_card_in_chinese_without_colours(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(pilot: Pilot[Any]) -> None:
        await card(pilot, CHINESE[:12])

    assert snap_compare(HeloApp("tang"), terminal_size=(80, 24), run_before=play)
