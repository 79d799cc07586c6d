"""What the colours of the transcript tell, and the digits where there are no colours."""

from __future__ import annotations

import numpy as np
import pytest

from engine.network.modelfile import Model
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.write.colours import COLOURINGS, NO_COLOURS


def block(screen: Screen) -> tuple[bytes, list[str]]:
    """The levels of the passage, and the lines of the transcript."""
    transcript = screen.write.transcript
    (found,) = (b for b in transcript._blocks if b.passage)
    lines = [transcript.render_line(y).text.rstrip() for y in range(transcript.size.height)]
    return bytes(found.levels), lines


async def test_c_goes_through_the_modes(tiny: Model, until: Until) -> None:
    async with written(until, 60) as screen:
        passage, seen = screen.passage, []
        for _ in range(len(COLOURINGS)):
            await screen.press("c")
            name = screen.write.session.state.colouring
            seen.append(name)
            mode = COLOURINGS[name]
            assert mode.title in screen.see("#legend")
            levels, _lines = block(screen)
            values = mode.values(passage.branch, 0, None)
            assert len(levels) == len(values) == passage.shown
            for value, level in zip(values.tolist(), levels, strict=True):
                assert sum(value >= bound for bound in mode.bounds) == level
        assert seen == [*COLOURINGS]
        await screen.press("c")
        assert screen.write.session.state.colouring == NO_COLOURS
        assert not screen.app.query_one("#legend").display


async def test_levels_grow_with_the_text_and_follow_its_branches(tiny: Model, until: Until) -> None:
    async with written(until, 40) as screen:
        screen.write.colour("rank")
        await screen.press(*["left"] * 20, "4", "right", "right", "b", "right")
        passage = screen.passage
        levels, _lines = block(screen)
        assert levels == COLOURINGS["rank"].levels(passage.branch, 0)


async def test_the_margin_has_the_mean_of_each_line(tiny: Model, until: Until) -> None:
    async with written(until, 200) as screen:
        screen.write.colour("surprisal")
        await screen.pilot.pause()
        wrapped = next(b for b in screen.write.transcript._blocks if b.passage).wrapped
        _, lines = block(screen)
        checked = 0
        for line in range(len(wrapped)):
            start, end = wrapped.span(line)
            if end > start:
                mean = np.mean(screen.passage.branch.bits(start, end))
                assert lines[1 + line].endswith(f"  {mean:.2f}")  # the first line is a note
                checked += 1
        assert checked > 2


async def test_without_colours_digits_tell_the_level(
    tiny: Model, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with written(until, 60) as screen:
        screen.write.colour("origin")
        await screen.press("home", "right")
        wrapped = next(b for b in screen.write.transcript._blocks if b.passage).wrapped
        levels, lines = block(screen)
        for line in range(len(wrapped)):
            start, end = wrapped.span(line)
            text, digits = lines[1 + 2 * line], lines[2 + 2 * line]
            assert text.startswith(wrapped.text[start:end].rstrip())
            told = "".join(str(level) if level else " " for level in levels[start:end])
            assert digits == told.rstrip()
        assert "1: the prompt" in screen.see("#legend")
        await screen.pilot.click("#transcript", offset=(2 + 3, 1 + 1))  # below the first line
        assert screen.passage.cursor == 3
        await screen.press("down")
        assert wrapped.line_of(screen.passage.cursor) == 1


async def test_what_was_selected_over_digits_is_the_text(
    tiny: Model, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with written(until, 60) as screen:
        screen.write.colour("surprisal")
        screen.write.transcript.text_select_all()
        selected = screen.app.screen.get_selected_text()
        assert selected and selected.rstrip("\n").endswith(screen.passage.exact().rstrip("\n"))


async def test_a_mode_can_be_named(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter("/colour entropy")
        assert screen.write.session.state.colouring == "entropy"
        await screen.enter("/set color = none")
        assert screen.write.session.state.colouring == NO_COLOURS
        await screen.enter("/colour pink")
        assert "/colour takes none, surprisal, rank, entropy, origin" in screen.toasts
        assert screen.write.session.state.colouring == NO_COLOURS


async def test_the_status_has_the_bits_of_what_was_written(tiny: Model, until: Until) -> None:
    async with written(until, 60) as screen:
        passage = screen.passage
        bits = passage.bits(len(PROMPT))
        assert passage.branch.mean_bits() == pytest.approx(bits.mean())
        assert f"{bits.mean():.2f} bits" in screen.see("#status")
