"""Pictures of two panels of Inspect: How far back, and Gates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import textual
from pytest import MonkeyPatch
from textual.pilot import Pilot

from engine.network import modelfile
from tests.conftest import random_model
from tests.tui.test_snapshots import DRAWN_WITH
from tui.app import HeloApp
from tui.inspect.far_back import FarBackPanel
from tui.inspect.gates import GatesPanel
from tui.inspect.panels import PANELS
from tui.inspect.text import PassageText
from tui.write.pane import WritePane

pytestmark = [
    pytest.mark.skipif(
        textual.__version__ != DRAWN_WITH, reason=f"the pictures were drawn with {DRAWN_WITH}"
    ),
    pytest.mark.usefixtures("bundled"),
]
SIZES = [(140, 45), (80, 24), (60, 18)]
CHINESE = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def still(home: Path, monkeypatch: MonkeyPatch) -> None:
    """Nothing blinks. There are two models."""
    monkeypatch.setattr("textual.widgets.TextArea.cursor_blink", False)
    for name, cell, text in (("tiny", "lstm", ""), ("other", "rnn", ""), ("tang", "gru", CHINESE)):
        model = random_model(cell, text=text) if text else random_model(cell)
        modelfile.save(home / "models" / f"{name}.safetensors", model)


async def inspect(pilot: Pilot[Any], panel: type, prompt: str = "Shall I compare thee") -> Any:
    """Write a text, and look at it in a panel of Inspect."""
    write = pilot.app.query_one(WritePane)
    while write.session.opened is None:
        await pilot.pause(0.01)
    for line in ("/seed 3", "/speed max", "/length 60", prompt):
        write.prompt.fill(line)
        await pilot.press("enter")
    while not (write.passage and write.passage.finished and not write.writing):
        await pilot.pause(0.01)
    await pilot.press("f4")
    while not (found := pilot.app.query(panel)):
        await pilot.pause(0.01)
    await pilot.press(str(1 + PANELS.index(panel)), *["left"] * 7)
    return found.first(panel)


async def measured(pilot: Pilot[Any], panel: FarBackPanel) -> None:
    """Wait until the curves are there, and the text is shaded for the cursor."""
    text, write = pilot.app.query_one(PassageText), pilot.app.query_one(WritePane)

    def shaded() -> bool:
        found = text._shades
        return found is not None and found.first + len(found.levels) == write.looked_at

    while not (panel.measured and not panel._said and shaded()):
        await pilot.pause(0.01)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_how_far_back(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[Any]) -> None:
        await measured(pilot, await inspect(pilot, FarBackPanel))

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


def test_how_far_back_of_two_models(snap_compare: Compare) -> None:
    async def play(pilot: Pilot[Any]) -> None:
        panel = await inspect(pilot, FarBackPanel)
        await pilot.press("m", "down", "enter")
        while panel._other is None:
            await pilot.pause(0.01)
        await measured(pilot, panel)

    assert snap_compare(HeloApp("tiny"), terminal_size=(140, 45), run_before=play)


def test_how_far_back_in_chinese_without_colours(
    snap_compare: Compare, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def play(pilot: Pilot[Any]) -> None:
        await measured(pilot, await inspect(pilot, FarBackPanel, CHINESE[:12]))

    assert snap_compare(HeloApp("tang"), terminal_size=(80, 24), run_before=play)


@pytest.mark.parametrize("size", SIZES)
def test_gates(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[Any]) -> None:
        panel = await inspect(pilot, GatesPanel)
        at = pilot.app.query_one(WritePane).looked_at
        while panel._counts is None or len(panel._counts) != at:
            await pilot.pause(0.01)
        await pilot.pause()

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)
