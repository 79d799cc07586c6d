"""The panels How far back and Gates by themselves: what they show of a place, and what stops them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from engine.cells import CELLS
from engine.inspecting import memory
from engine.inspecting.gates import tally_of
from engine.inspecting.latest import Near
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.generate import Generation
from tests.conftest import make_model, random_model
from tests.tui.writing import Until
from tui.curves import openings, reach
from tui.inspect import far_back, gates
from tui.inspect.far_back import FarBackPanel
from tui.inspect.gates import GatesPanel
from tui.inspect.panel import LEVELS, Panel, Place, Shades

CHINESE = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n" * 3
STEPPER = Stepper(random_model("lstm"))


def place(
    stepper: Stepper, n: int, prompt: str = "Shall I", live: bool = False, path: Path | None = None
) -> Place:
    """A place after n characters that the model writes."""
    text = Generation(stepper, stepper.alphabet.fit(prompt).ids, seed=1)
    while len(text) <= n:
        text.advance()
    ids = text.ids()
    return Place(stepper, path, ids[:n], int(ids[n]), Near(0, stepper.start_state()), live)


class Alone(App[None]):
    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self.shades: Shades | None = None

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_panel_shaded(self, event: Panel.Shaded) -> None:
        self.shades = event.shades


@asynccontextmanager
async def shown(panel: Panel, size: tuple[int, int] = (110, 40)) -> AsyncIterator[Pilot[None]]:
    async with Alone(panel).run_test(size=size, notifications=True) as pilot:
        panel.focus()
        await pilot.pause()
        yield pilot


def text_of(panel: Panel) -> str:
    static = panel.query_one("Static")
    return "\n".join(strip.text.rstrip() for strip in static.render_lines(static.size.region))


def words(panel: Panel) -> str:
    return " ".join(text_of(panel).split())


def saved(home: Path, name: str, model: modelfile.Model) -> Path:
    path = home / "models" / f"{name}.safetensors"
    modelfile.save(path, model)
    return path


# -- how far back


@pytest.mark.parametrize("cell", CELLS)
async def test_both_curves_and_what_each_character_told(until: Until, cell: str) -> None:
    stepper, panel = Stepper(random_model(cell)), FarBackPanel(id="panel")
    here = place(stepper, 20)
    async with shown(panel) as pilot:
        panel.look(here)
        await until(
            pilot, lambda: "effective memory" in words(panel) and "bits with" in words(panel)
        )
        await until(pilot, lambda: pilot.app.shades)
        said, shades = words(panel), pilot.app.shades
    for sentence in (reach.LOSS_MEANS, reach.GRADIENT_MEANS, reach.TOLD_MEANS):
        assert sentence in said
    assert "in a text that it wrote itself." in said
    bits = memory.told(stepper, np.append(here.ids, here.came), 20)
    assert f"{bits[-1]:.2f} bits with the last 20, {bits[0]:.2f} with none" in said
    assert "all before these 0.00" in said
    gains = (bits[:-1] - bits[1:])[::-1]
    assert shades.first == 0 and len(shades.levels) == 20
    strong = abs(gains) > 0.2
    assert (np.sign(shades.levels[strong]) == np.sign(gains[strong])).all()
    assert abs(shades.levels).max() <= LEVELS


async def test_a_second_model_reads_the_text_of_the_first(home: Path, until: Until) -> None:
    saved(home, "two", random_model("rnn"))
    raw = replace(make_model("gru", text="abc"), alphabet=Alphabet(("a", "b", "c"), "byte"))
    saved(home, "bytes", raw)
    panel = FarBackPanel(id="panel")
    async with shown(panel, (120, 40)) as pilot:
        panel.look(place(STEPPER, 20))
        await pilot.press("m")
        await until(pilot, lambda: pilot.app.screen.query("OptionList"))
        names = [
            "none",
            *(str(o.prompt) for o in pilot.app.screen.query_one("OptionList").options[1:]),
        ]
        assert "two" in names
        await pilot.press(*["down"] * names.index("two"), "enter")
        await until(pilot, lambda: words(panel).count("effective memory:") == 2)
        assert "○ two" in words(panel)
        await pilot.press("m", "enter")
        await until(pilot, lambda: words(panel).count("effective memory:") == 1)
        await pilot.press("m", *["down"] * names.index("bytes"), "enter")
        await until(pilot, lambda: pilot.app._notifications)
        assert "counts bytes" in next(iter(pilot.app._notifications)).message


async def test_what_is_measured_once_is_kept(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    stepper, times = Stepper(make_model("gru")), list[int]()
    monkeypatch.setattr(far_back, "measure", lambda *a: times.append(1) or memory.measure(*a))
    for panel in (FarBackPanel(id="one"), FarBackPanel(id="two")):
        async with shown(panel) as pilot:
            panel.look(place(stepper, 20))
            await until(pilot, lambda panel=panel: "effective memory:" in words(panel))
    assert len(times) == 1


async def test_measuring_shows_how_far_it_is_and_can_be_stopped(
    until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, go = FarBackPanel(id="panel"), threading.Event()
    stepper = Stepper(make_model("gru"))

    def slow(stepper: Any, ids: Any, report: Callable[[int, int], None]) -> None:
        report(1, 4)
        go.wait(10)
        report(2, 4)
        raise AssertionError("it was not stopped")

    with monkeypatch.context() as patched:
        patched.setattr(far_back, "measure", slow)
        async with shown(panel) as pilot:
            panel.look(place(stepper, 20))
            await until(pilot, lambda: "measuring tiny: 25% · Esc stops" in words(panel))
            await pilot.press("escape")
            go.set()
            await until(pilot, lambda: "Stopped: Enter measures" in words(panel))
            patched.undo()
            await pilot.press("enter")
            await until(pilot, lambda: "effective memory:" in words(panel))


async def test_while_it_writes_nothing_is_computed_for_the_cursor(until: Until) -> None:
    panel = FarBackPanel(id="panel")
    async with shown(panel) as pilot:
        panel.look(place(STEPPER, 20, live=True))
        await until(pilot, lambda: "effective memory:" in words(panel))
        assert "Pause to see" in words(panel)


@pytest.mark.parametrize("n", [1, 90])
async def test_the_next_character_is_the_likeliest(until: Until, n: int) -> None:
    panel = FarBackPanel(id="panel")
    here = replace(place(STEPPER, n), came=None)
    async with shown(panel) as pilot:
        panel.look(here)
        await until(pilot, lambda: "the likeliest to come" in words(panel))


@pytest.mark.parametrize("size", [(138, 26), (78, 12), (58, 8)])
async def test_wide_and_odd_characters_stay_in_line(until: Until, size: tuple[int, int]) -> None:
    stepper = Stepper(random_model("gru", text=CHINESE + "\u202e\u0301\x1b"))
    panel = FarBackPanel(id="panel")
    async with shown(panel, size) as pilot:
        panel.look(place(stepper, 15, "床前\u202e明月\u0301\x1b光，疑是"))
        await until(pilot, lambda: "bits with" in words(panel) and "床前" in text_of(panel))
        lines = text_of(panel).splitlines()
    row = next(i for i, line in enumerate(lines) if "床前" in line)
    assert "\u202e" not in lines[row] and "\x1b" not in lines[row]
    assert all(cell_len(line) <= size[0] for line in lines)
    width = cell_len(lines[row].lstrip())
    assert cell_len(lines[row - 1].strip()) <= width


# -- gates


@pytest.mark.parametrize("cell", CELLS)
async def test_the_gates_of_a_passage(until: Until, cell: str) -> None:
    stepper, panel = Stepper(random_model(cell)), GatesPanel(id="panel")
    here = place(stepper, 40)
    own = [gate for gate in CELLS[cell].gates if gate in "ifozr"]
    async with shown(panel, (120, 40)) as pilot:
        panel.look(here)
        wanted = openings.MEANS if own else openings.NO_GATES
        await until(pilot, lambda: wanted in words(panel))
        said = words(panel)
    if own:
        assert openings.UNLIKE_TRAINING in said and openings.SORTED_MEANS in said
        assert "Over the 40 characters before the cursor, read by random." in said
        for gate in tally_of(stepper, here.ids).gates:
            assert openings.gate_words(gate, 16) in said or openings.gate_words(gate, 30) in said


async def test_gates_follow_what_is_written(until: Until) -> None:
    panel, here = GatesPanel(id="panel"), place(STEPPER, 1200)
    async with shown(panel) as pilot:
        for n in (40, 1200, 700):
            panel.look(replace(here, ids=here.ids[:n], live=True))
            await until(pilot, lambda n=n: f"Over the {n:,} characters" in words(panel))


async def test_a_model_that_trains_shows_its_newest_gates(
    home: Path, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "_OFTEN", 0.05)
    folder = home / "runs" / "r"
    folder.mkdir(parents=True)
    model = random_model("lstm")
    modelfile.save(folder / "best.safetensors", model)
    panel = GatesPanel(id="panel")
    async with shown(panel) as pilot:
        panel.look(place(STEPPER, 40, path=folder / "best.safetensors"))
        await until(pilot, lambda: openings.MEANS in words(panel))
        later = random_model("lstm", seed=5)
        later = replace(later, history=replace(later.history, steps=1234))
        modelfile.save(folder / "latest.safetensors", later)
        await until(pilot, lambda: "read by r of step 1,234." in words(panel))
        again = place(STEPPER, 50, path=folder / "best.safetensors")
        panel.look(again)
        await until(pilot, lambda: "Over the 50 characters" in words(panel))
        first = tally_of(Stepper(later), again.ids).gates[0]
        said = words(panel)
        assert openings.gate_words(first, 16) in said or openings.gate_words(first, 30) in said


@pytest.mark.parametrize("size", [(138, 26), (78, 12), (58, 8)])
async def test_gates_fit_any_width(until: Until, size: tuple[int, int]) -> None:
    panel = GatesPanel(id="panel")
    async with shown(panel, size) as pilot:
        panel.look(place(STEPPER, 40))
        await until(pilot, lambda: openings.MEANS in words(panel))
        assert all(cell_len(line) <= size[0] for line in text_of(panel).splitlines())
