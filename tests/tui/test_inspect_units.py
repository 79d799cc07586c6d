"""The panel Units by itself: what it finds, its card, a user's own expression, and what stops it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.message import Message
from textual.widgets import Input

from engine.inspecting import units as searching
from engine.inspecting.card import card
from engine.inspecting.hold import Held
from engine.inspecting.latest import read
from engine.inspecting.properties import PROPERTIES
from engine.network.stepper import Stepper
from engine.runs import found_units
from tests.conftest import random_model
from tests.tui.test_inspect_panels import CHINESE, place, shown, text_of, words
from tests.tui.writing import Until
from tui import telling
from tui.inspect import holding, units
from tui.inspect.choice import Choice
from tui.inspect.panel import LEVELS
from tui.inspect.units import UnitsPanel


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_units, "_WRITTEN", 4000)


def panel() -> UnitsPanel:
    return UnitsPanel(id="panel-4")


async def test_it_searches_when_asked_and_opens_a_card(until: Until) -> None:
    stepper = Stepper(random_model("lstm"))
    async with shown(it := panel()) as pilot:
        at = place(stepper, 60)
        it.look(at)
        assert "Enter searches" in words(it) and it.known is None
        await pilot.press("enter")
        await until(pilot, lambda: it.known and not it._said)
        assert it.known and [f.name for f in it.known.findings] == list(PROPERTIES)
        assert telling.AUC in words(it) and "a text that it wrote itself" in words(it)
        first = it.chosen
        assert first and text_of(it).splitlines()[1].startswith(f"▸ {first.name}")
        await pilot.press("down")
        assert it.chosen and it.chosen is it.listed[1]
        name = it.chosen.unit
        values = read(stepper, at.ids).trace.arrays[name.partition("[")[0]]
        values = values[:, int(name.partition("[")[2][:-1])]

        def shaded() -> bool:
            found = pilot.app.shades  # type: ignore[attr-defined]
            return found is not None and np.array_equal(
                found.levels, units.shades(0, values).levels
            )

        await until(pilot, shaded)
        await pilot.press("enter")
        await until(pilot, lambda: "standard deviation" in words(it))
        made = card(stepper, it.known.text.ids, name)
        assert f"mean {made.mean:.2f}".replace("-", "−") in words(it)
        await pilot.press("escape")
        assert telling.AUC in words(it)
        it.look(place(stepper, 50))
        assert telling.AUC in words(it)  # what was found is kept
        other = panel()
        other._asked = at
        assert other.known is it.known


async def test_a_users_own_expression(until: Until) -> None:
    stepper = Stepper(random_model("gru"))
    async with shown(it := panel()) as pilot:
        it.look(place(stepper, 40))
        await pilot.press("slash")
        pilot.app.screen.query_one(Input).value = "[aeiou] "
        await pilot.press("enter")
        await until(pilot, lambda: it.known)
        assert it.known and [f.name for f in it.known.findings] == ["[aeiou] "]
        await pilot.press("slash")
        pilot.app.screen.query_one(Input).value = "a[b"
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app._notifications)
        (told,) = pilot.app._notifications
        assert told.message == "Match: unterminated character set, at character 2: a▸[b"
        assert it.known and len(it.known.findings) == 1


async def test_escape_stops_the_search(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = Stepper(random_model("lstm"))
    monkeypatch.setattr(searching, "_STEP", 1)
    async with shown(it := panel()) as pilot:
        it.look(place(stepper, 40))
        await pilot.press("enter")
        await until(pilot, lambda: "Esc stops" in words(it))
        await pilot.press("escape")
        assert words(it).startswith("Stopped.") and it.known is None
        await until(
            pilot, lambda: not [w for w in it.workers if w.group == "search" and w.is_running]
        )
        assert it.known is None


async def test_a_text_that_is_too_short_is_told(
    until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_units, "_WRITTEN", 300)
    async with shown(it := panel()) as pilot:
        it.look(place(Stepper(random_model("lstm")), 40))
        await pilot.press("enter")
        await until(pilot, lambda: "300 characters: a search for units takes" in words(it))


@pytest.mark.parametrize("cell", ["rnn", "mingru"])
async def test_chinese_in_a_narrow_terminal(cell: str, until: Until) -> None:
    stepper = Stepper(random_model(cell, text=CHINESE))
    async with shown(it := panel(), (40, 20)) as pilot:
        it.look(replace(place(stepper, 40, CHINESE[:9]), came=None))
        await pilot.press("enter")
        await until(pilot, lambda: it.known and not it._said)
        assert max(len(line) for line in text_of(it).splitlines()) <= 40
        if it.chosen:
            await pilot.press("enter")
            await until(pilot, lambda: "standard deviation" in words(it))


def test_shades_rise_with_the_distance_from_zero() -> None:
    found = units.shades(3, np.array([0, 0.1, -1.0, 2.0, -2.0], np.float32))
    assert found.first == 3 and found.levels.tolist() == [0, 0, -2, LEVELS, -LEVELS]


def test_what_would_come_with_the_unit_at_other_values() -> None:
    stepper = Stepper(random_model("lstm"))
    found, ids = read(stepper, place(stepper, 30).ids), place(stepper, 30).ids
    made = card(stepper, ids, "layers.1.h[2]")
    lines = holding.held_lines(stepper, found.trace, made)
    assert [line[:13].strip() for line in lines] == [
        "as it is",
        "at −1",
        "at 0",
        "at its mean",
        "at +1",
    ]
    assert len({line[13:] for line in lines}) > 1 and all(line.count("%") == 5 for line in lines)
    assert len(holding.held_lines(stepper, found.trace, card(stepper, ids, "layers.0.c[2]"))) == 5
    assert holding.held_lines(stepper, found.trace, card(stepper, ids, "layers.1.f[2]")) == []


async def test_a_card_lets_the_network_write_on_with_the_unit_held(
    until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepper = Stepper(random_model("lstm"))
    asked: list[UnitsPanel.Hold] = []
    async with shown(it := panel()) as pilot:
        it.look(place(stepper, 40))
        await pilot.press("enter")
        await until(pilot, lambda: it.known and not it._said)
        await pilot.press("H")
        assert not pilot.app.query(Choice), "no card is open"
        await pilot.press("enter")
        await until(pilot, lambda: "at its mean" in words(it))
        assert it.chosen
        post = it.post_message

        def noted(message: Message) -> bool:
            if isinstance(message, UnitsPanel.Hold):
                asked.append(message)
            return post(message)

        monkeypatch.setattr(it, "post_message", noted)
        for keys in (["H", "down", "enter"], ["H", "escape"], ["H", "end", "enter"]):
            await pilot.press(*keys)
            await pilot.pause()
        found = [(each.unit, each.value) for each in asked]
        assert found == [(it.chosen.unit, 0.0), (it.chosen.unit, None)]
        it.look(place(Held.of(stepper, it.chosen.unit, 1.0), 40))
        assert it.known and "at its mean" in words(it), "the card stays open"
