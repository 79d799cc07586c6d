"""Read: a text coloured by surprise, with the candidates at the cursor."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest
from pytest import MonkeyPatch
from textual import events
from textual.geometry import Offset
from textual.selection import Selection

from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.network.stepper import Stepper
from engine.text import corpus
from engine.writing import score
from tests.conftest import SONNET, Cli, make_model
from tests.tui.writing import Screen, Until, opened
from tui.app import HeloApp
from tui.read import page
from tui.read.door import PasteArea
from tui.read.page import Page
from tui.read.pane import ReadPane
from tui.write.colours import SURPRISAL
from tui.write.session import Opened, open_ref


@asynccontextmanager
async def reading(
    until: Until, ref: str, size: tuple[int, int] = (140, 45)
) -> AsyncIterator[tuple[Screen, ReadPane]]:
    """A text that has been read to its end."""
    async with opened(size) as screen:
        await screen.enter(f"/read {ref}")
        await until(screen.pilot, lambda: screen.app.screen.query(ReadPane))
        pane = screen.app.screen.query_one(ReadPane)
        await until(screen.pilot, lambda: pane._reading and pane._reading.finished)
        await until(screen.pilot, lambda: "READ  reading" not in see(screen, "#facts"))
        await until(screen.pilot, lambda: pane._page.size.width > 50)  # laid out for its size
        yield screen, pane


def see(screen: Screen, selector: str) -> str:
    found = screen.app.screen.query(selector)
    lines = [widget.render_lines(widget.size.region) for widget in found]
    return "\n".join(strip.text.rstrip() for strips in lines for strip in strips)


@pytest.fixture
def sonnet(tmp_path: Path) -> Path:
    path = tmp_path / "sonnet.txt"
    path.write_text(SONNET * 4)
    return path


async def test_a_text_is_read_with_the_bits_of_the_score(
    tiny: Model, sonnet: Path, until: Until
) -> None:
    async with reading(until, str(sonnet)) as (screen, _):
        assert "Shall I compare thee" in see(screen, "#page")
        result = score.stateful(Stepper(tiny), tiny.alphabet.encode(SONNET * 4))
        assert f"{result.bits_per_char:.4f} bits per character" in see(screen, "#facts")
        assert f"1 of {len(SONNET) * 4:,}" in see(screen, "#facts")
        page = screen.app.screen.query_one(Page)
        assert len(page._levels) == len(SONNET) * 4


async def test_a_command_waits_until_the_model_is_open(
    tiny: Model, sonnet: Path, until: Until, monkeypatch: MonkeyPatch
) -> None:
    asked, go = Event(), Event()

    def slowly(ref: str) -> Opened:
        asked.set()
        go.wait()
        return open_ref(ref)

    monkeypatch.setattr("tui.write.pane.open_ref", slowly)
    app = HeloApp("tiny")
    async with app.run_test(size=(110, 30)) as pilot:
        screen = Screen(pilot)
        await until(pilot, asked.is_set)
        screen.write.prompt.fill(f"/read {sonnet}")
        screen.write.prompt.action_submit()
        Timer(0, go.set).start()
        await until(pilot, lambda: app.screen.query(ReadPane))
        assert not screen.toasts


async def test_the_cursor_shows_what_was_expected(tiny: Model, sonnet: Path, until: Until) -> None:
    async with reading(until, str(sonnet)) as (screen, pane):
        assert "given" in see(screen, "#next")
        await screen.press("right")
        await until(screen.pilot, lambda: "▶" in see(screen, "#next"))
        assert "2 of" in see(screen, "#facts") and "to here" in see(screen, "#facts")
        await screen.press("end", "left", "down")
        assert f"{len(SONNET) * 4:,} of" in see(screen, "#facts")
        await until(screen.pilot, lambda: "⏎" in see(screen, "#next"))
        await screen.press("up", "home", "l", "l", "h")
        assert "2 of" in see(screen, "#facts")
        await screen.pilot.click("#page", offset=(8, 2))
        assert pane._page.cursor == SONNET.index("\n") + 1 + 6
        await screen.press("escape")
        assert not screen.app.screen.query(ReadPane) and screen.write.prompt.has_focus


async def test_n_goes_from_surprise_to_surprise(tiny: Model, sonnet: Path, until: Until) -> None:
    async with reading(until, str(sonnet)) as (screen, pane):
        assert pane._reading
        pane._reading.bits[:] = 1
        pane._reading.bits[[5, 40]] = 7.5
        places = []
        for key in ("n", "n", "n", "N", "N"):
            await screen.press(key)
            places.append(pane._page.cursor)
        assert places == [5, 40, 40, 5, 5]
        assert "after this one" in screen.toasts and "before this one" in screen.toasts


async def test_unknown_characters_are_left_out_and_counted(
    tiny: Model, tmp_path: Path, until: Until, cli: Cli
) -> None:
    path = tmp_path / "odd.txt"
    path.write_text("Shall\x1b[31m ☃☃ \u202esummer's 日本 day\n[b]\n", "utf-8")
    scored = json.loads(cli("score", str(path), "-m", "tiny", "--skip-unknown", "--json").out)
    async with reading(until, str(path)) as (screen, _):
        assert "left out" in see(screen, "#facts") and "☃" in screen.toasts
        shown = see(screen, "#page")
        assert "summer's" in shown and "☃" not in shown and "\x1b" not in shown
        assert f"{scored['skipped']} unknown" in see(screen, "#facts")
        assert f"{scored['bits_per_char']:.4f} bits" in see(screen, "#facts")
        assert f"of {scored['chars'] + 1}" in see(screen, "#facts")


async def test_what_is_selected_is_the_true_text(home: Path, tmp_path: Path, until: Until) -> None:
    text = "tab\there \u202eoverride\n日本 e\u0301\x1b[2J end of it all\n" * 3
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text=text))
    path = tmp_path / "true.txt"
    path.write_text(text, "utf-8")
    async with reading(until, str(path)) as (screen, pane):
        assert "\u202e" not in pane._page.text and "\x1b" not in see(screen, "#page")
        whole = Selection(Offset(0, 0), None)
        selected = pane._page.get_selection(whole)
        assert selected and selected[0] == text
        screen.app.screen.selections = {pane._page: Selection(Offset(0, 0), Offset(3, 0))}
        await screen.press("ctrl+c")
        assert screen.app.clipboard == "tab"


async def test_a_paste_is_read(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter("/read")
        await until(screen.pilot, lambda: isinstance(screen.app.focused, PasteArea))
        screen.app.post_message(events.Paste("☃"))
        await screen.pilot.pause()
        await screen.press("enter")
        await until(screen.pilot, lambda: "two characters" in screen.toasts)
        await until(screen.pilot, lambda: isinstance(screen.app.focused, PasteArea))
        assert screen.app.screen.query_one(PasteArea).text == "☃"
        screen.app.post_message(events.Paste("Shall\r\nI"))
        await screen.pilot.pause()
        await screen.press("enter")
        await until(screen.pilot, lambda: "of 7" in see(screen, "#facts"))
        assert "what was pasted" in str(screen.app.screen.query_one(Page).border_title)


@pytest.mark.parametrize(
    ("ref", "why"), [("/no/file", "no file"), (".", "folder"), ("validation", "not here")]
)
async def test_what_cannot_be_read_is_said_and_kept(
    tiny: Model, until: Until, ref: str, why: str
) -> None:
    async with opened() as screen:
        await screen.enter(f"/read {ref}")
        await until(screen.pilot, lambda: why in screen.toasts)
        await until(screen.pilot, lambda: len(screen.app.screen_stack) == 1)
        assert screen.write.prompt.text == f"/read {ref}"


async def test_the_validation_part_is_that_of_the_models_corpus(
    home: Path, tiny: Model, until: Until
) -> None:
    found = corpus.add([SONNET * 10], "sonnet", "a sonnet")
    history = History("sonnet", found.info.sha256)
    modelfile.save(home / "models" / "tiny.safetensors", replace(tiny, history=history))
    async with reading(until, "validation") as (screen, pane):
        _, held = found.split(0.1)
        assert pane._fitted
        assert np.array_equal(pane._fitted.ids, np.asarray(held[:]))
        assert "of the corpus sonnet" in screen.toasts


async def test_a_long_text_is_wrapped_in_a_thread(
    tiny: Model, sonnet: Path, until: Until, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_AT_ONCE", 100)
    async with reading(until, str(sonnet)) as (screen, pane):
        n, whole = len(SONNET) * 4, pane._page
        await until(screen.pilot, lambda: len(whole._wrapped.text) == n)
        at_once = page.Wrapped(whole._wrap_width)
        at_once.extend(whole.text)
        assert whole._wrapped.starts == at_once.starts
        await screen.press("end")
        assert whole.cursor == n - 1
        await screen.pilot.resize_terminal(60, 18)
        await until(screen.pilot, lambda: whole._wrapped.width < 60)
        assert len(whole._wrapped.text) == n and whole.cursor == n - 1


async def test_without_colours_digits_stand_below_the_text(
    tiny: Model, sonnet: Path, until: Until, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with reading(until, str(sonnet), (80, 24)) as (screen, pane):
        assert pane._reading
        levels = SURPRISAL.levels_of(pane._reading.bits)
        rows = [pane._page.render_line(y).text for y in range(4)]
        lines = SONNET.splitlines()
        for i, line in enumerate(lines[:2]):
            at = SONNET.index(line)
            assert rows[2 * i].startswith(line)
            below = "".join(str(level or " ") for level in levels[at : at + len(line)])
            assert rows[2 * i + 1].startswith(below)
        assert "1: 0.5–2" in see(screen, "#surprise")
        await screen.pilot.click("#page", offset=(8, 4))
        assert pane._page.cursor == len(lines[0]) + 1 + 6


async def test_reading_pauses_the_writing_and_another_tab_leaves_it(
    tiny: Model, sonnet: Path, until: Until
) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = 20.0
        await screen.enter("Shall")
        await until(screen.pilot, lambda: screen.write.writing)
        await screen.enter(f"/read {sonnet}")
        await until(screen.pilot, lambda: screen.app.screen.query(ReadPane))
        assert not screen.write.writing
        await screen.press("f5")
        await until(screen.pilot, lambda: screen.app.tab == "library")
        assert len(screen.app.screen_stack) == 1
