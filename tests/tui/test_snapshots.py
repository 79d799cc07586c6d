"""Pictures of the Write screen, compared with those that were looked at and found good.

`pytest tests/tui/test_snapshots.py --snapshot-update` takes them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.pilot import Pilot

from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.text import copies, corpus
from tests.conftest import SONNET
from tui.app import HeloApp
from tui.write.next_character import NextCharacter
from tui.write.pane import WritePane

DRAWN_WITH = "8.2.8"
pytestmark = pytest.mark.skipif(
    textual.__version__ != DRAWN_WITH, reason=f"the pictures were drawn with textual {DRAWN_WITH}"
)
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def still(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing blinks."""
    monkeypatch.setattr("textual.widgets.TextArea.cursor_blink", False)
    yield


def scene(*lines: str, keys: tuple[str, ...] = ()) -> Callable[[Pilot[Any]], Any]:
    """Enter lines, wait until nothing is being written, then press keys."""

    async def play(pilot: Pilot[Any]) -> None:
        write = pilot.app.query_one(WritePane)
        while not (write._opening and write._opening.is_finished):
            await pilot.pause(0.01)
        for line in ("/seed 7", "/speed max", "/length 90", *lines):
            before = write.passage
            write.prompt.fill(line)
            await pilot.press("enter")
            while not line.startswith("/") and (write.passage is before or write.writing):
                await pilot.pause(0.01)
        write._forget_note()
        await pilot.press(*keys)
        await pilot.pause()

    return play


def test_welcome(snap_compare: Compare) -> None:
    assert snap_compare(HeloApp("tiny"), terminal_size=(120, 32), run_before=scene())


def test_written(snap_compare: Compare) -> None:
    assert snap_compare(HeloApp("tiny"), terminal_size=(120, 32), run_before=scene("Shall I"))


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
def test_walking(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", theme)
    keys = ("escape", "c", *["left"] * 9, "2", "b", "t", "t", "k")
    play = scene("Shall I", keys=keys)
    assert snap_compare(HeloApp("tiny"), terminal_size=(120, 32), run_before=play)


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (40, 10)])
def test_small(snap_compare: Compare, size: tuple[int, int]) -> None:
    play = scene("Shall I", keys=("escape", "left", "left"))
    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


def test_commands(snap_compare: Compare) -> None:
    play = scene("Shall I", keys=("slash", "t"))
    assert snap_compare(HeloApp("tiny"), terminal_size=(120, 32), run_before=play)


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(
        HeloApp("tiny"), terminal_size=(120, 40), run_before=scene("Shall I", keys=("f1",))
    )


@pytest.mark.parametrize("size", [(140, 45), (80, 24), (60, 18)])
def test_details(snap_compare: Compare, tiny: Model, home: Path, size: tuple[int, int]) -> None:
    """All that the pane can say, what was copied included."""
    text = corpus.add([SONNET], "verses", "here")
    copies.obtain(text)
    taught = replace(tiny, history=History("verses", text.info.sha256))
    modelfile.save(home / "models" / "tiny.safetensors", taught)
    play = scene("Shall I", keys=("escape", "left", "d"))

    async def play_and_wait(pilot: Pilot[Any]) -> None:
        await play(pilot)
        meter, passage = (
            pilot.app.query_one(NextCharacter).meter,
            pilot.app.query_one(WritePane).passage,
        )
        assert passage
        while len(meter._followed.get(passage.generation, ())) < passage.shown:
            await pilot.pause(0.01)
        await pilot.pause()

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play_and_wait)


def test_details_without_colours(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    play = scene("Shall I", keys=("escape", "left", "d"))
    assert snap_compare(HeloApp("tiny"), terminal_size=(80, 24), run_before=play)
