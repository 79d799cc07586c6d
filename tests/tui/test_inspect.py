"""Inspect: the passage of Write with its cursor, and why its characters were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from textual.widget import Widget

from engine.config import ModelConfig
from engine.inspecting.latest import Near
from engine.inspecting.trace import trace
from engine.inspecting.why import likeliest, why
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.runs import habit
from engine.writing.mixture import Mixture
from tests.conftest import make_model
from tests.engine.networks import random_model
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.inspect.keys import PANEL_KEYS
from tui.inspect.panel import Place, Shades
from tui.inspect.panels import PANELS
from tui.inspect.text import PassageText
from tui.inspect.why import WhyPanel
from tui.reasons import NEVER, signed


def said(screen: Screen) -> str:
    """All that the panel says, or what stands in its place."""
    note = screen.app.query_one("#inspect-note", Widget)
    panel = screen.app.query_one("#panel-1", Widget)
    return str((note if note.display else panel.query_one("Static", Widget)).render())  # type: ignore[union-attr]


def told_at(screen: Screen) -> int:
    """The place that the panel tells of."""
    found = screen.app.query_one(WhyPanel)
    return found._told.first + len(found._told.written.pushes) if found._told else 0


async def inspected(screen: Screen, until: Until) -> None:
    await screen.press("f4")
    await until(screen.pilot, lambda: screen.app.query("#panel-1"))
    await until(screen.pilot, lambda: "log-odds" in said(screen))


async def test_without_a_text_it_says_what_to_do(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.press("ctrl+g", "i")
        await until(screen.pilot, lambda: screen.app.query("#inspect-note"))
        await until(screen.pilot, lambda: "Nothing is written yet" in said(screen))
        for key in ("left", "right", "up", "down", "home", "end", "space", "escape", "1", "5", "a"):
            await screen.press(key)
        assert screen.app.tab == "inspect" and not screen.toasts


async def test_the_numbers_are_the_engines(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        await inspected(screen, until)
        await screen.press("left", "left", "left")
        at = screen.passage.cursor
        assert at == screen.passage.shown - 3
        await until(screen.pilot, lambda: told_at(screen) == at)
        stepper = screen.passage.generation.stepper
        assert isinstance(stepper, Stepper)
        found = trace(stepper, screen.passage.ids()[:at], stepper.start_state())
        top = likeliest(found.logits[-1], 3)
        mean = habit.mean(stepper, None)

        def line(a: int, b: int) -> str:
            of = why(stepper, found.outputs[-1], mean, top[a][0], top[b][0])
            return f"log-odds {signed(of.log_odds):>7}"

        assert line(0, 1) in said(screen)
        await screen.press("b")
        await until(screen.pilot, lambda: line(0, 2) in said(screen))
        await screen.press("a")
        await until(screen.pilot, lambda: line(1, 2) in said(screen))
        await screen.press("A", "B")
        await until(screen.pilot, lambda: line(0, 1) in said(screen))
        await screen.press("f2")
        assert screen.app.tab == "write" and screen.passage.cursor == at


async def test_it_follows_what_is_written(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        await inspected(screen, until)
        before = screen.passage.shown
        await screen.press("space")
        await until(screen.pilot, lambda: screen.passage.finished and not screen.write.writing)
        assert screen.passage.shown == before + 30
        await until(screen.pilot, lambda: told_at(screen) == screen.passage.shown)
        await screen.press("home")
        await until(screen.pilot, lambda: told_at(screen) == 1)
        await screen.press("end", "up")
        assert 0 < screen.passage.cursor < screen.passage.shown
        await until(screen.pilot, lambda: told_at(screen) == screen.passage.cursor)
        assert f"{screen.passage.cursor} of {screen.passage.shown}" in screen.see("#inspect-bar")


async def test_two_models_at_once_are_refused(tiny: Model, home: Path, until: Until) -> None:
    modelfile.save(home / "models" / "other.safetensors", make_model("gru"))
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter("/mix other:0.5")
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: isinstance(screen.passage.generation.stepper, Mixture))
        await screen.press("f4")
        await until(screen.pilot, lambda: screen.app.query("#inspect-note"))
        await until(screen.pilot, lambda: "Two models" in said(screen))


@pytest.mark.parametrize("cell", ["rnn", "gru"])
async def test_other_cells_and_odd_characters(cell: str, home: Path, until: Until) -> None:
    text = "Shal I\u202e\x1b你好\n\t"
    model = random_model(ModelConfig(cell, 6, 2), text)
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with written(until) as screen:
        await screen.press("f4")
        await until(screen.pilot, lambda: screen.app.query("#panel-1"))
        await until(screen.pilot, lambda: "log-odds" in said(screen))
        assert (NEVER in said(screen)) is (cell == "rnn")
        for _ in range(6):
            await screen.press("left")
        shown = screen.see("#inspect-text") + said(screen)
        assert "\x1b" not in shown and "\u202e" not in shown


async def test_marks_stand_below_the_text_where_there_are_no_colours(
    tiny: Model, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with written(until) as screen:
        await inspected(screen, until)
        text = screen.app.query_one(PassageText)
        text.show("好a\nbc", 5)
        text.shade(Shades(1, np.array([1, -4, 2, 3], np.int8)))
        rows = [row.rstrip() for row in screen.see("#inspect-text").splitlines()]
        plain = [row.strip("│ ") for row in rows if row.strip("│╭╮╰╯─ ")]
        assert plain[:4] == ["好a⏎", "░█", "bc", "▒▓"]


def test_places_are_told_apart() -> None:
    one, other = (Stepper(random_model(ModelConfig("rnn", 3, 1))) for _ in range(2))
    near = Near(0, one.zero_state())
    ids = np.array([1, 2])
    place = Place(one, None, ids, 3, near, False)
    assert place.same_as(Place(one, None, ids.copy(), 3, near, True)) and place.index == 2
    for different in (
        None,
        Place(one, None, ids, 4, near, False),
        Place(other, None, ids, 3, near, False),
    ):
        assert not place.same_as(different)
    assert not place.same_as(Place(one, None, ids[:1], 3, near, False))


def test_each_panel_has_a_key() -> None:
    assert len(PANELS) == PANEL_KEYS
