"""Pictures of Read, its table of models, and Shannon's game."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import textual
from pytest import MonkeyPatch
from textual.pilot import Pilot

from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import SONNET, random_model
from tests.tui.test_snapshots import DRAWN_WITH
from tui.app import HeloApp
from tui.read import game
from tui.read.game import GamePane
from tui.read.models import ModelsDialog
from tui.read.pane import ReadPane
from tui.write.pane import WritePane

pytestmark = [
    pytest.mark.skipif(
        textual.__version__ != DRAWN_WITH, reason=f"the pictures were drawn with {DRAWN_WITH}"
    ),
    pytest.mark.usefixtures("tiny", "bundled"),
]
SIZES = [(140, 45), (80, 24), (60, 18)]
Compare = Callable[..., bool]
Play = Callable[[Pilot[Any]], Any]


async def enter(pilot: Pilot[Any], line: str) -> None:
    write = pilot.app.query_one(WritePane)
    while write.session.opened is None:
        await pilot.pause(0.01)
    write.prompt.fill(line)
    await pilot.press("enter")


@pytest.fixture(autouse=True)
def still(tiny: Model, monkeypatch: MonkeyPatch, tmp_path: Path) -> None:
    """Nothing blinks, the draws are always the same, and the text to read is a file here."""
    monkeypatch.setattr("textual.widgets.TextArea.cursor_blink", False)
    monkeypatch.setattr(game, "Random", lambda: Random(3))
    (tmp_path / "sonnet.txt").write_text(SONNET)
    monkeypatch.chdir(tmp_path)


async def read(pilot: Pilot[Any], *keys: str) -> None:
    await enter(pilot, "/read sonnet.txt")
    while not (panes := pilot.app.screen.query(ReadPane)):
        await pilot.pause(0.01)
    pane = panes.first(ReadPane)
    while not (pane._reading and pane._coloured == len(SONNET)):
        await pilot.pause(0.01)
    while pane._page.size.width < 50:  # it is still laid out beside the candidates
        await pilot.pause(0.01)
    await pilot.press(*keys)
    while keys and not (pane._view and pane._view.index == pane._page.cursor):
        await pilot.pause(0.01)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_read(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def play(pilot: Pilot[Any]) -> None:
        await read(pilot, "down", *["right"] * 6)

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


@pytest.mark.parametrize("setting", ["textual-light", "no-color"])
def test_read_otherwise(snap_compare: Compare, monkeypatch: MonkeyPatch, setting: str) -> None:
    if setting == "no-color":
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.setenv("TEXTUAL_THEME", setting)

    async def play(pilot: Pilot[Any]) -> None:
        await read(pilot, "down", *["right"] * 6)

    assert snap_compare(HeloApp("tiny"), terminal_size=(80, 24), run_before=play)


@pytest.mark.parametrize("size", SIZES)
def test_models(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    modelfile.save(home / "models" / "other.safetensors", random_model(text=SONNET[9:]))
    (home / "models" / "broken.safetensors").write_bytes(b"no model")

    async def play(pilot: Pilot[Any]) -> None:
        await read(pilot)
        await pilot.press("m")
        while not isinstance(dialog := pilot.app.screen, ModelsDialog):
            await pilot.pause(0.01)
        while sum(row.verdict is not None for row in dialog._rows.values()) < 2:
            await pilot.pause(0.01)
        await pilot.pause()

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("over", [False, True])
def test_game(snap_compare: Compare, size: tuple[int, int], over: bool) -> None:
    async def play(pilot: Pilot[Any]) -> None:
        await enter(pilot, "/game sonnet.txt")
        while not (panes := pilot.app.screen.query(GamePane)):
            await pilot.pause(0.01)
        pane = panes.first(GamePane)
        while pane._game is None:
            await pilot.pause(0.01)
        played, alphabet = pane._game, pane._opened.model.alphabet
        for n in range(20 if over else 6):  # with n % 4 wrong guesses
            hidden = alphabet.symbols[int(played.ids[played.at])]
            wrong = [c for c in "etaoi" if c != hidden][: n % 4]
            keys = {"\n": "enter", " ": "space"}
            await pilot.press(*wrong, keys.get(hidden, hidden))
            while len(played.guesses) == n:
                await pilot.pause(0.01)
        await pilot.press(*([] if over else "QZ"))
        while not over and pane._said != "the model does not know Z: it is not in the text":
            await pilot.pause(0.01)
        await pilot.pause()

    assert snap_compare(HeloApp("tiny"), terminal_size=size, run_before=play)
