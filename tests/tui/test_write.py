"""The Write screen: PROMPT and WALK, writing, candidates, branches, and odd prompts."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pytest import MonkeyPatch
from textual import events
from textual.widget import Widget

from engine import places
from engine.cells import CELLS
from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import stacked
from tests.tui.writing import PROMPT, Until, opened, written
from tui.text import one_line
from tui.write.passage import Passage
from tui.write.rates import SPEEDS, Pace, neighbour


async def test_it_welcomes(tiny: Model) -> None:
    async with opened() as screen:
        assert "press Enter" in screen.see("#transcript") and "tiny" in screen.see("#transcript")
        assert "PROMPT" in screen.see("#status") and "tiny" in screen.see("#status")


async def test_a_prompt_is_written_on(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.press(*"Shall", "enter")
        assert screen.write.prompt.text == ""
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 12)
        assert "Shall" in screen.see("#transcript")
        assert "▶" in screen.see("#next") and "surprisal" in screen.see("#next")
        assert "writing" in screen.see("#status")
        await screen.press("ctrl+c")
        shown = screen.passage.shown
        assert not screen.write.writing and "paused" in screen.see("#status")
        await screen.pilot.pause(0.1)
        assert screen.passage.shown == shown
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.passage.shown > shown)


@pytest.mark.parametrize("cell", CELLS)
async def test_every_stack_writes(home: Path, until: Until, cell: str) -> None:
    model = stacked(cell)
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with opened() as screen:
        assert str(model.config) in screen.see("#transcript")
    async with written(until, length=12) as screen:
        assert screen.passage.finished and PROMPT in screen.see("#transcript")
        await screen.press("left")
        assert "▶" in screen.see("#next")


async def test_writing_stops_at_the_length_and_enter_goes_on(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        assert screen.passage.shown == len(PROMPT) + 30
        assert "done" in screen.see("#status")
        await screen.press("i", "enter")
        await until(screen.pilot, lambda: screen.passage.shown == len(PROMPT) + 60)


async def test_enter_with_text_begins_anew_and_keeps_the_old(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter("Thou")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 8)
        first = screen.passage
        await screen.enter("Rough")
        await until(screen.pilot, lambda: screen.passage is not first)
        shown = first.shown
        await until(screen.pilot, lambda: screen.passage.shown > 10)
        assert first.shown == shown and screen.passage.exact().startswith("Rough")
        assert "Thou" in screen.see("#transcript") and "Rough" in screen.see("#transcript")


async def test_modes(tiny: Model) -> None:
    async with opened() as screen:
        for keys, mode in (("escape", "WALK"), ("i", "PROMPT"), ("tab", "WALK"), ("tab", "PROMPT")):
            await screen.press(keys)
            assert screen.see("#status").startswith(f" {mode}")
            assert screen.write.prompt.border_title == "prompt"


async def test_escape_closes_the_menu_then_pauses_then_walks(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = 20.0
        await screen.enter(PROMPT)
        await screen.type("/te")
        for there, hint in (
            ("PROMPT", "esc Close"),
            ("PROMPT", "esc Pause"),
            ("PROMPT", "esc Walk"),
        ):
            assert screen.write.mode == there
            await until(screen.pilot, lambda hint=hint: hint in screen.see("#hints"))
            assert screen.write.writing is (hint != "esc Walk")
            await screen.press("escape")
        assert screen.write.mode == "WALK" and screen.write.prompt.text == "/te"
        assert not screen.app.query_one("#commands").display
        await screen.press("space")
        assert screen.write.writing
        await screen.press("escape")
        assert not screen.write.writing and screen.write.mode == "WALK"


async def test_letters_walk_and_change_the_screen(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        at = screen.passage.cursor
        await screen.press("h", "h", "h", "l")
        assert screen.passage.cursor == at - 2
        assert "←/→ walk" in screen.see("#hints")
        await screen.press("g", "l")
        assert screen.app.tab == "library"
        await screen.press("ctrl+g", "w")
        assert screen.app.tab == "write" and screen.write.mode == "WALK"
        for key in "gl":  # in one packet
            screen.app.post_message(events.Key(key, key))
        await until(screen.pilot, lambda: screen.app.tab == "library")
        await screen.press("f2", "g", "escape", "f4")
        assert screen.app.tab == "inspect"


async def test_ctrl_c_pauses_and_tab_walks_while_it_is_written(tiny: Model) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = 20.0
        await screen.enter(PROMPT)
        assert screen.write.prompt.border_subtitle == "Esc or ctrl+c pauses"
        await screen.press("tab")
        assert screen.write.writing and screen.write.mode == "WALK"
        await screen.press("tab", "ctrl+c")
        assert not screen.write.writing and screen.write.mode == "PROMPT"
        assert "ctrl+c" not in screen.write.prompt.border_subtitle and not screen.toasts


async def test_walking_shows_what_was_believed(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        assert "nothing chosen yet" in screen.see("#next")
        await screen.press("left", "left")
        assert screen.passage.cursor == screen.passage.shown - 2
        assert "of this" in screen.see("#next")
        await screen.press("home")
        assert screen.passage.cursor == 1
        await screen.press("end", "right")
        assert screen.passage.shown == len(PROMPT) + 31
        await screen.press("home", "down")
        assert screen.passage.at_end or screen.passage.glyphs[: screen.passage.cursor].count("\n")
        await screen.press("up")
        assert screen.passage.cursor < 110


async def test_a_candidate_is_taken_and_branches(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("1")
        assert screen.passage.shown == len(text) + 1 and screen.passage.exact().startswith(text)
        await screen.press("left", "left", "left", "left")
        at = screen.passage.cursor
        view = screen.passage.view(at)
        assert view and view.step
        rank = "2" if view.prediction.top[1].id != view.step.id else "1"
        await screen.press(rank)
        assert "branch 2 of 2" in screen.see("#status")
        assert screen.passage.exact()[:at] == text[:at]
        await screen.press("b")
        assert "branch 1 of 2" in screen.see("#status") and screen.passage.exact()[:-1] == text
        assert screen.passage.cursor == at


async def test_space_plays_on_from_the_cursor(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("home", "space")
        await until(screen.pilot, lambda: screen.passage.at_end)
        assert screen.passage.exact().startswith(text)


async def test_history(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        for prompt in ("Rough\nwinds", "May"):
            before = screen.write.passage
            await screen.enter(prompt)
            await until(screen.pilot, lambda before=before: screen.write.passage is not before)
        await until(screen.pilot, lambda: len(screen.write._prompts.all) == 2)
        await screen.press(*"dar", "up")
        assert screen.write.prompt.text == "May"
        await screen.press("up")
        assert screen.write.prompt.text == "Rough\nwinds"
        await screen.press("up")
        assert screen.write.prompt.cursor_location[0] == 0 and "Rough" in screen.write.prompt.text
        await screen.press("down", "down")
        assert screen.write.prompt.text == "May"
        await screen.press("down")
        assert screen.write.prompt.text == "dar"
    assert places.history().exists()


async def test_ctrl_j_is_a_line_and_a_paste_is_kept_whole(tiny: Model) -> None:
    async with opened() as screen:
        await screen.press("a", "ctrl+j", "b")
        assert screen.write.prompt.text == "a\nb"
        await screen.type("\r\nc\rd\n" * 5)
        assert screen.write.prompt.text == "a\nb" + "\nc\nd\n" * 5
        assert screen.write.prompt.size.height == 5


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        ("/* comment */", "'/'"),
        ("[/bold] may", "'['"),
        ("\x1b[31mday\x07 \u202eday", "U+001B"),
        ("日本 day é", "'日'"),
        ("//temp 1 day", "'/'"),
        ("", ""),
        ("\n\n", ""),
    ],
)
async def test_odd_prompts(tiny: Model, until: Until, prompt: str, told: str) -> None:
    async with opened() as screen:
        await screen.enter(prompt)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 12)
        assert told in screen.see("#transcript")
        everything = screen.see("#transcript") + screen.see("#next") + screen.see("#prompt")
        assert "\x1b" not in everything and "\u202e" not in everything


async def test_a_very_long_prompt(tiny: Model, until: Until, monkeypatch: MonkeyPatch) -> None:
    reads, write_ahead = threading.Event(), Passage.write_ahead
    monkeypatch.setattr(Passage, "write_ahead", lambda *args: reads.is_set() and write_ahead(*args))
    async with opened() as screen:
        prompt = "Shall I compare thee\n" * 4800
        await screen.enter(prompt)
        await until(screen.pilot, lambda: screen.write.passage)
        assert screen.passage.shown == len(prompt) > 100_000
        assert "reading the prompt" in screen.see("#status")
        reads.set()
        await until(screen.pilot, lambda: len(screen.passage.generation) > 100)
        started = time.monotonic()
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (140, 45)])
async def test_no_cell_of_the_pane_is_without_the_theme(
    tiny: Model, until: Until, size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 9)
        pane = screen.app.query_one("#next", Widget)
        strips = pane.render_lines(pane.size.region)
        assert all(cell.style and cell.style.bgcolor for strip in strips for cell in strip)


async def test_selected_text_is_copied_exactly(tiny: Model, until: Until) -> None:
    async with written(until, 200) as screen:
        screen.app.screen.text_select_all()
        await screen.press("ctrl+c")
        assert screen.passage.exact() in screen.app.clipboard


async def test_a_mouse_selects_characters(tiny: Model, until: Until) -> None:
    async with written(until, 200) as screen:
        pilot = screen.pilot
        await pilot.mouse_down("#transcript", offset=(2 + 1, 2))
        await pilot.hover("#transcript", offset=(2 + 3, 3))
        await pilot.mouse_up("#transcript", offset=(2 + 3, 3))
        wrapped = screen.write.transcript._blocks[1].wrapped
        end = wrapped.starts[1] + 4
        assert end < wrapped.starts[2], "the second line is longer than what is selected of it"
        await screen.press("ctrl+c")
        assert screen.app.clipboard == screen.passage.exact(1, end)
        assert screen.passage.at_end, "selecting is no click"


async def test_a_click_walks_there(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        await screen.press("i")
        await screen.pilot.click("#transcript", offset=(2 + 3, 2))
        await until(screen.pilot, lambda: screen.passage.cursor == 3)


async def test_earlier_passages_can_be_walked(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        first = screen.passage
        await screen.press("i")
        await screen.enter("Rough")
        await until(screen.pilot, lambda: screen.passage is not first)
        await screen.press("tab", "left_square_bracket")
        assert screen.write.passage is first
        await screen.press("right_square_bracket")
        assert screen.write.passage is not first


async def test_quitting_while_it_writes_is_quick(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = SPEEDS[-1]
        screen.write.session.state.length = 100_000
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 50)
        started = time.monotonic()
    assert time.monotonic() - started < 2


async def test_it_follows_its_end_unless_scrolled_up(tiny: Model, until: Until) -> None:
    async with opened((60, 24)) as screen:
        screen.write.session.state.speed = SPEEDS[-2]
        await screen.enter("/length 100000")  # not done within the test, however fast the machine
        await screen.enter(PROMPT)
        transcript = screen.write.transcript
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 2000)
        await screen.pilot.pause()
        assert transcript.scroll_offset.y == transcript.max_scroll_y > 10
        await screen.press("tab", "pageup", "pageup")
        y = transcript.scroll_offset.y
        shown = screen.passage.shown
        await until(screen.pilot, lambda: screen.passage.shown > shown + 200)
        assert transcript.scroll_offset.y == y and "more below" in str(transcript.border_subtitle)
        await screen.press("end")
        assert transcript.scroll_offset.y == transcript.max_scroll_y
        assert not transcript.border_subtitle


async def test_nothing_is_said_to_be_below_a_passage_that_became_shorter(
    tiny: Model, until: Until
) -> None:
    async with written(until, 900) as screen:
        await screen.pilot.resize_terminal(60, 20)
        await screen.pilot.pause()
        transcript = screen.write.transcript
        assert transcript.max_scroll_y > 0
        await screen.press("home", "right", "2")
        await until(screen.pilot, lambda: transcript.max_scroll_y == 0)
        assert not transcript.border_subtitle


async def test_resizing_wraps_again(tiny: Model, until: Until) -> None:
    async with written(until, 300) as screen:
        await screen.pilot.resize_terminal(60, 20)
        await screen.pilot.pause()
        lines = screen.see("#transcript").splitlines()
        assert max(map(len, lines)) <= 58
        await screen.press("left", "1")


def test_pace() -> None:
    pace = Pace()
    pace.restart()
    assert pace.due(10, 0.0) == 1
    pace.count(0.0, 1)
    assert pace.due(10, 0.05) == 0 and pace.due(10, 0.05) == 1
    pace.count(1.0, 1)
    assert pace.due(10, 60) == 10
    assert pace.measured == 1


def test_speeds() -> None:
    assert neighbour(30, 1) == 60 and neighbour(30, -1) == 15 and neighbour(40, 1) == 60
    assert neighbour(1, -1) == 1 and neighbour(SPEEDS[-1], 1) == SPEEDS[-1]


async def test_prompts_to_begin_with_are_offered(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        offered = screen.write.prompt.openings
        assert len(offered) == 3 and all(
            one_line(text) in screen.see("#transcript") for text in offered
        )
        await screen.press("down")
        assert screen.write.prompt.text == offered[0]
        await screen.press("down", "down", "down")
        assert screen.write.prompt.text == offered[2]
        await screen.press("up", "up", "up")
        assert screen.write.prompt.text == ""
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.write.passage)
        given = screen.passage.generation.prompt.tolist()
        assert tiny.alphabet.decode(given) == offered[0]
        await until(screen.pilot, lambda: screen.passage.shown > len(given))
        before = screen.passage
        await screen.press("ctrl+c", "enter")
        assert screen.passage is before, "Enter alone continues it"
