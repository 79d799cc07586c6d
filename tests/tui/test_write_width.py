"""The Write screen with characters that take two cells or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import make_model
from tests.tui.writing import Screen, Until, opened
from tui.write.colours import COLOURINGS, NO_COLOURS
from tui.write.next_character import NextCharacter
from tui.write.rates import SPEEDS

ODD = "ab\n\t日本語\u200c\u200d\ufe0f❤👩💻🏽🇫🇷e\u0301เ\u0e35क\u093f\U0001fae8"
PROMPT = "a日本e\u0301\tb👩\u200d💻a"
AT = {1: 1, 2: 1, 3: 2, 4: 2, 5: 3, 6: 5, 7: 5, 8: 6, 9: 7, 10: 7, 11: 10}
"""The character of the prompt that stands in each cell."""


@pytest.fixture
def odd(home: Path) -> Model:
    """A model whose every character is odd in some way, and which the library knows as `tiny`."""
    model = make_model(text=ODD + "".join(map(chr, range(0x4E00, 0x4E20))))
    modelfile.save(home / "models" / "tiny.safetensors", model)
    return model


async def prompted(screen: Screen, until: Until, length: int, prompt: str = PROMPT) -> None:
    screen.write.session.state.length = length
    screen.write.session.state.speed = SPEEDS[-1]
    await screen.enter(prompt)
    await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)


async def test_a_click_takes_what_is_shown_there(odd: Model, until: Until) -> None:
    async with opened() as screen:
        await prompted(screen, until, 0)
        found = {}
        for column in AT:
            await screen.pilot.click("#transcript", offset=(2 + column, 2))
            await screen.pilot.pause()
            found[column] = screen.passage.cursor
        assert found == AT


async def test_the_cursor_goes_up_and_down_in_its_column(odd: Model, until: Until) -> None:
    async with opened() as screen:
        await prompted(screen, until, 0, "日本語日本語\nab\tab")
        screen.passage.cursor = 11  # column 5
        assert screen.write.transcript.beside(screen.passage, -1) == 2
        screen.passage.cursor = 4  # column 8, where the second line has ended
        assert screen.write.transcript.beside(screen.passage, 1) == 12


async def test_a_mouse_selects_whole_characters(odd: Model, until: Until) -> None:
    async with opened() as screen:
        await prompted(screen, until, 0)
        pilot = screen.pilot
        for first, last in (1, 10), (2, 9), (4, 6), (3, 3 + 1):
            await pilot.mouse_down("#transcript", offset=(2 + first, 2))
            await pilot.hover("#transcript", offset=(2 + last, 2))
            await pilot.mouse_up("#transcript", offset=(2 + last, 2))
            await screen.press("ctrl+c")
            end = min(i for i in (*AT.values(), len(PROMPT)) if i > AT[last])
            assert screen.app.clipboard == PROMPT[AT[first] : end]


@pytest.mark.parametrize("digits", [False, True])
async def test_every_line_fills_its_room(
    odd: Model, until: Until, monkeypatch: pytest.MonkeyPatch, digits: bool
) -> None:
    if digits:
        monkeypatch.setenv("NO_COLOR", "1")
    async with opened((60, 18)) as screen:
        await prompted(screen, until, 600)
        await screen.press("escape", *["left"] * 20)
        transcript = screen.write.transcript
        for mode in (NO_COLOURS, *COLOURINGS):
            screen.write.colour(mode)
            for strip in transcript.render_lines(transcript.size.region):
                assert sum(cell_len(segment.text) for segment in strip) == transcript.size.width


async def test_candidates_stand_in_columns(odd: Model, until: Until) -> None:
    async with opened() as screen:
        await prompted(screen, until, 5)
        await screen.press("escape", "left")
        pane = screen.app.query_one(NextCharacter)
        await until(screen.pilot, lambda: "▶" in screen.see("#next"))
        lines = [pane.render_line(y).text for y in range(pane.size.height)]
        assert {cell_len(line) for line in lines} == {pane.size.width}
        rows = [line.rstrip() for line in lines if re.search("[▏▎▍▌▋▊▉█].*%.*%", line)]
        assert len(rows) >= 9
        assert {cell_len(row) for row in rows} == {pane.size.width}, "the last % is at the edge"
        bars = {cell_len(re.split("[▏▎▍▌▋▊▉█]", row)[0]) for row in rows}
        assert len(bars) == 1, "every bar begins in the same column"


async def test_a_narrow_status_line_has_no_empty_part(tiny: Model, until: Until) -> None:
    async with opened((40, 10)) as screen:
        await screen.enter("Shall")
        await until(screen.pilot, lambda: " of " in screen.see("#status"))
        parts = screen.see("#status").split("│")
        assert len(parts) > 1 and all(part.strip() for part in parts)
