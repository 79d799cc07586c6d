"""Finding words in the transcript: ctrl+f, n and N."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.widgets import Input

from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import make_model
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.width import INSIDE
from tui.write.find import Find
from tui.write.search import Search

TEXT = st.text(st.sampled_from("abABé\n" + INSIDE), max_size=30)


def count(screen: Screen) -> str:
    return str(screen.app.screen.query_one(".count").render())


def marked(screen: Screen) -> list[str]:
    """What is marked on the screen, the match that is looked at in brackets."""
    palette = screen.write.transcript.palette
    runs = []
    for y in range(screen.write.transcript.size.height):
        for segment in screen.write.transcript.render_line(y):
            style = segment.style.without_color if segment.style else None
            if style and segment.style.bgcolor == palette.found.bgcolor and style.underline:
                runs.append(segment.text)
            elif style and segment.style.color == palette.here.color and style.reverse:
                runs.append(f"[{segment.text}]")
    return runs


@given(TEXT, st.text(st.sampled_from("abAB"), min_size=1, max_size=3))
def test_all_places_are_found_from_the_left_without_overlap(text: str, words: str) -> None:
    plain = "".join(char for char in text if char != INSIDE)
    case = words != words.lower()
    expected = re.findall(re.escape(words), plain, 0 if case else re.IGNORECASE)
    found = [text[a:b].replace(INSIDE, "") for a, b in Search(words).spans(text)]
    assert found == expected


def test_accents_are_found_in_both_forms_and_an_expression_is_text() -> None:
    assert Search("\u00e9").spans("e\u0301 \u00e9") == [(0, 2), (3, 4)]
    assert Search("e\u0301").spans("\u00e9") == [(0, 1)]
    assert Search("a.c").spans("abc a.c") == [(4, 7)]
    assert Search("").spans("abc") == []


async def test_each_match_is_counted_marked_and_gone_through(tiny: Model, until: Until) -> None:
    async with written(until, 400) as screen:
        text = screen.passage.exact()
        places = [match.start() for match in re.finditer("e", text, re.IGNORECASE)]
        await screen.press("home", "ctrl+f", "e")
        assert count(screen) == f"1 of {len(places)}" and len(places) > 3
        assert marked(screen)[0] == "[e]" and "e" in marked(screen)[1:]
        await screen.press("enter")
        assert count(screen) == f"2 of {len(places)}"
        await screen.press("n", "N", "N", "N")
        assert count(screen) == f"{len(places)} of {len(places)}", "from the first to the last"
        await screen.press("n", "n", "escape")
        assert screen.passage.cursor == places[1], "where it was left"
        assert not marked(screen) and screen.write.mode == "WALK"
        assert screen.passage.exact() == text


async def test_it_begins_at_the_cursor_and_capitals_matter_if_there_is_one(
    tiny: Model, until: Until
) -> None:
    async with written(until, 300) as screen:
        text = screen.passage.exact()
        rows = [match.start() for match in re.finditer("s", text, re.IGNORECASE)]
        await screen.press("ctrl+f", "s")
        at = int(count(screen).split()[0]) - 1
        wrapped = screen.write.transcript._block_of(screen.passage).wrapped
        line = wrapped.line_of(screen.passage.cursor)
        later = [i for i, place in enumerate(rows) if wrapped.line_of(place) >= line]
        assert at == (later[0] if later else 0)
        await screen.press("backspace", "S", "h")
        assert count(screen) == f"1 of {text.count('Sh')}"
        await screen.press("x")
        assert count(screen) == "no match" and not marked(screen)
        await screen.press("escape")
        assert screen.passage.at_end, "what is not found moves nothing"


async def test_it_is_found_from_the_prompt_while_it_writes_and_disturbs_neither(
    tiny: Model, until: Until
) -> None:
    async with opened() as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 9)
        await screen.type("Rough")
        await screen.press("ctrl+f", "S", "h", "a")
        assert count(screen).startswith("1 of ") and screen.write.writing
        before = screen.passage.shown
        await until(screen.pilot, lambda: screen.passage.shown > before)
        await screen.press("enter", "escape")
        assert screen.write.writing and screen.write.prompt.text == "Rough"
        assert screen.write.mode == "PROMPT"


async def test_keys_that_come_at_once_do_what_they_do_one_by_one(tiny: Model, until: Until) -> None:
    async with written(until, 400) as screen:
        await screen.press("home")
        for key in ("ctrl+f", "s", "enter", "n", "n", "N"):
            screen.app.post_message(events.Key(key, key if len(key) == 1 else None))
        found = len(re.findall("s", screen.passage.exact(), re.IGNORECASE))
        assert found > 3
        await until(screen.pilot, lambda: isinstance(screen.app.screen, Find))
        await until(screen.pilot, lambda: count(screen) == f"3 of {found}")


async def test_every_passage_is_searched(tiny: Model, until: Until) -> None:
    async with written(until, 20) as screen:
        first = screen.passage
        await screen.press("i")
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.passage is not first and screen.passage.finished)
        await until(screen.pilot, lambda: not screen.write.writing)
        await screen.press("escape", "ctrl+f", *"Shall I".replace(" ", ""))
        assert count(screen) == "no match"
        screen.app.screen.query_one(Input).value = "Shall I"
        await screen.pilot.pause()
        await screen.press("up")
        assert re.fullmatch(r"[12] of 2", count(screen))
        while not count(screen).startswith("1"):
            await screen.press("down")
        await screen.press("escape")
        assert screen.write.passage is first and first.cursor == 1, "no cursor stands before it"


async def test_wide_and_hidden_characters_are_found_as_they_are_shown(
    home: Path, until: Until
) -> None:
    model = make_model(text="ab\u202e日本e\u0301👩\u200d💻\n")
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with opened() as screen:
        screen.write.session.state.length = 0
        screen.write.prompt.fill("a\u202e日本e\u0301👩\u200d💻b")
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        await screen.press("ctrl+f")
        for words, shown in (
            ("\u202e", "\ufffd"),
            ("日本", "日本"),
            ("\u00e9", "e\u0301"),
            ("💻", "👩\u200d💻"),
        ):
            line = screen.app.screen.query_one(Input)
            line.value = words
            await until(screen.pilot, lambda: count(screen).startswith("1 of "))
            here = [f"[{char}]" for char in shown] if shown == "日本" else [f"[{shown}]"]
            await until(screen.pilot, lambda here=here: marked(screen) == here)
            assert "\u202e" not in line.value
            line.value = ""
            await until(screen.pilot, lambda: count(screen) == "")


async def test_without_a_passage_there_is_nothing_to_find(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.press("ctrl+f")
        assert not isinstance(screen.app.screen, Find)
        await until(screen.pilot, lambda: "nothing is written yet" in screen.see("#status"))
