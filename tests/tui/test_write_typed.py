"""The key after which any character can be typed into a passage."""

from __future__ import annotations

import pytest
from textual import events

from engine.network.modelfile import Model
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.write.branch import TYPED


def waits(screen: Screen) -> bool:
    return screen.write.transcript.takes_character and "TYPE" in screen.see("#status")


async def test_a_typed_character_stands_here_as_a_branch(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("left", "left", "left", "left", "apostrophe")
        await until(screen.pilot, lambda: waits(screen))
        assert "any character" in screen.see("#status")
        typed = "R" if text[-4] != "R" else "S"
        await screen.press(typed)
        assert screen.passage.exact() == text[:-4] + typed
        assert screen.passage.kinds[-1] == TYPED and "branch 2 of 2" in screen.see("#status")
        await screen.press("b")
        assert screen.passage.exact() == text and screen.passage.cursor == len(text) - 4


@pytest.mark.parametrize(
    ("key", "char"),
    [("enter", "\n"), ("tab", " "), ("space", " "), ("apostrophe", "'"), ("i", "i")],
)
async def test_every_key_of_a_character_types_it(
    tiny: Model, until: Until, key: str, char: str
) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        for name in ("apostrophe", key):  # in one packet
            screen.app.post_message(events.Key(name, char if name == key else "'"))
        await until(screen.pilot, lambda: screen.passage.exact() == text + char)
        assert screen.write.mode == "WALK" and not waits(screen)


async def test_escape_types_nothing(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        for key in ("escape", "ctrl+c"):
            await screen.press("apostrophe", key)
            assert not waits(screen) and "WALK" in screen.see("#status")
            assert screen.passage.exact() == text and screen.passage.at_end


async def test_a_key_without_a_character_does_what_it_does(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("apostrophe", "left", "left")
        assert not waits(screen) and screen.passage.cursor == len(text) - 2
        await screen.press("apostrophe", "f3")
        await until(screen.pilot, lambda: screen.app.tab == "train")
        await screen.press("f2", "right")
        assert not screen.write.transcript.takes_character
        assert screen.passage.exact() == text and screen.passage.cursor == len(text) - 1


async def test_who_goes_to_the_prompt_types_there(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("apostrophe")
        await screen.pilot.click("#prompt")
        await screen.press("R")
        assert screen.write.prompt.text == "R" and screen.passage.exact() == text
        assert "PROMPT" in screen.see("#status")


async def test_a_character_in_another_form_is_told(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("apostrophe", "é")
        assert screen.passage.exact() == text + "e" and "'é' read as 'e'" in screen.see("#status")


@pytest.mark.parametrize("char", ["日", "\x01", "\u202e", "\u0301", "\U0001f469"])
async def test_an_unknown_character_is_refused(tiny: Model, until: Until, char: str) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("apostrophe")
        await until(screen.pilot, lambda: waits(screen))
        screen.app.post_message(events.Key({"\t": "tab"}.get(char, "x"), char))
        await until(screen.pilot, lambda: "cannot stand here" in screen.see("#status"))
        assert screen.passage.exact() == text
        assert char.isprintable() or char not in screen.see("#status")


async def test_of_a_paste_the_first_character_counts(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        text = screen.passage.exact()
        await screen.press("apostrophe")
        await until(screen.pilot, lambda: waits(screen))
        screen.app.post_message(events.Paste("May"))
        await until(screen.pilot, lambda: screen.passage.exact() == text + "M")


async def test_without_a_passage_it_says_so(tiny: Model) -> None:
    async with opened() as screen:
        await screen.press("escape", "apostrophe")
        assert not waits(screen) and "nothing is written yet" in screen.see("#status")


async def test_it_pauses_the_writing(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        screen.write.session.state.speed = 20.0
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 9)
        await screen.press("escape", "escape", "space", "apostrophe")
        assert not screen.write.writing and waits(screen)
        await screen.press("d")
        assert screen.passage.kinds[-1] == TYPED and screen.passage.exact().endswith("d")


async def test_another_branch_is_written_with_the_settings_shown(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        await screen.press("left", "left", "left", "apostrophe", "R", "t", "b")
        assert screen.passage.generation.sampling == screen.write.session.state.sampling
