"""Ghost text behind the prompt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import places
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.foresight import Foresight
from tests.conftest import random_model
from tests.tui.writing import Screen, Until, opened

pytestmark = pytest.mark.usefixtures("tiny")


def saved(home: Path, text: str) -> Model:
    """The model `tiny`, which continues any text with `text`, over and over."""
    symbols = tuple(sorted({*text, "\n", "/"}))
    model = random_model("rnn", len(symbols), 1, text="".join(symbols))
    V = len(symbols)
    follows = {a: b for a, b in zip(text, text[1:] + text[0], strict=True)}
    to = np.array([[follows.get(a, text[0]) == b for b in symbols] for a in symbols])
    weights = {name: np.zeros_like(W) for name, W in model.weights.items()}
    weights["layers.0.W_xh"] = 9 * np.eye(V, dtype=np.float32)
    weights["head.W_hy"] = 9 * to.astype(np.float32)
    made = replace(model, name="tiny", weights=weights)
    modelfile.save(home / "models" / "tiny.safetensors", made)
    return made


def line(screen: Screen) -> str:
    """The first line of the input."""
    return screen.write.prompt.render_line(0).text.rstrip()


async def haunted(screen: Screen, until: Until, shown: str) -> None:
    await until(screen.pilot, lambda: screen.write.prompt.suggestion == shown)


async def test_it_stands_behind_the_cursor_and_the_arrows_take_it(home: Path, until: Until) -> None:
    saved(home, "wel, it/s")
    async with opened((60, 30)) as screen:
        prompt = screen.write.prompt
        await screen.press("w", "e")
        await until(screen.pilot, lambda: prompt.suggestion.startswith("l, it/swel, it/sw"))
        assert line(screen).startswith("wel, it/swel, it/s")
        assert prompt.text == "we"
        await screen.press("right")
        assert prompt.text == "wel" and prompt.suggestion.startswith(", it/s")
        await screen.press("ctrl+right")
        assert prompt.text == "wel," and prompt.suggestion.startswith(" it/s")
        await screen.press("ctrl+right")
        assert prompt.text == "wel, it"
        await screen.press("/", "shift+right")
        assert prompt.text == "wel, it/" and prompt.suggestion.startswith("swel")
        await screen.press("left")
        assert not prompt.suggestion
        await screen.press("right")
        await until(screen.pilot, lambda: prompt.suggestion.startswith("swel"))
        await screen.press("enter")
        assert screen.passage.exact().startswith("wel, it/")


async def test_it_ends_with_the_line_and_takes_no_more_than_its_room(
    home: Path, until: Until
) -> None:
    saved(home, "漢字\n")
    async with opened((20, 30)) as screen:
        prompt = screen.write.prompt
        await screen.press("漢")
        await haunted(screen, until, "字⏎")
        await screen.press("right", "right")
        assert prompt.text == "漢字\n"
        await haunted(screen, until, "漢字⏎")
    saved(home, "漢字")
    async with opened((20, 30)) as screen:
        await screen.press("漢")
        await haunted(screen, until, "字漢字漢字漢字")
        assert line(screen) == "漢字漢字漢字漢字"


async def test_what_would_break_the_screen_is_made_visible_and_taken_unaltered(
    home: Path, until: Until
) -> None:
    saved(home, "a\x1b\t\u202e[b]")
    async with opened() as screen:
        prompt = screen.write.prompt
        await screen.press("a")
        await until(screen.pilot, lambda: prompt.suggestion.startswith("␛␉\ufffd[b]a␛"))
        assert line(screen).startswith("a␛␉\ufffd[b]a␛")
        await screen.press("right", "right", "right")
        assert prompt.text == "a\x1b\t\u202e"
    saved(home, "e\u0301")
    async with opened() as screen:
        await screen.type("e")
        await until(screen.pilot, lambda: screen.write.prompt._answered)
        assert not screen.write.prompt.suggestion, "an accent would join what was typed"
        await screen.type("\u0301")
        await until(
            screen.pilot, lambda: screen.write.prompt.suggestion.startswith("e\u0301e\u0301")
        )
        await screen.press("right")
        assert screen.write.prompt.text == "e\u0301e\u0301", "a letter and its accent are one"


@pytest.mark.parametrize("text", ["/", "/sa", "//save", ""])
async def test_a_command_and_an_empty_prompt_have_none(text: str, until: Until) -> None:
    async with opened() as screen:
        await screen.type(text or "S")
        if not text:
            await until(screen.pilot, lambda: screen.write.prompt.suggestion)
            await screen.press("backspace")
        assert screen.write.prompt.text == text and not screen.write.prompt._ghost


async def test_a_key_and_a_command_turn_it_off_and_that_is_remembered(
    home: Path, until: Until
) -> None:
    async with opened() as screen:
        await screen.press("I")
        await until(screen.pilot, lambda: screen.write.prompt.suggestion)
        await screen.press("ctrl+t")
        assert not screen.write.prompt.suggestion
    assert json.loads(places.state().read_text())["ghost"] is False
    async with opened() as screen:
        assert not screen.write.session.state.ghost
        await screen.enter("/ghost")
        assert screen.write.session.state.ghost
    places.config().write_text("ghost = false\n")
    async with opened() as screen:
        assert not screen.write.session.state.ghost
    assert json.loads(places.state().read_text())["ghost"] is True
    places.config().write_text("ghost = 1\n")
    async with opened() as screen:
        assert "ghost must be true or false" in screen.toasts


async def test_there_is_none_while_a_passage_is_written(until: Until) -> None:
    async with opened() as screen:
        screen.write.session.state.length = 100_000
        await screen.enter("Shall")
        assert screen.write.writing
        await screen.type("I")
        assert screen.write.prompt._asked is None
        await screen.press("escape")
        await until(screen.pilot, lambda: screen.write.prompt.suggestion)


async def test_another_model_goes_on_in_another_way(home: Path, until: Until) -> None:
    saved(home, "ab")
    async with opened() as screen:
        await screen.press("a")
        await until(screen.pilot, lambda: screen.write.prompt.suggestion.startswith("bab"))
        saved(home, "ac")
        screen.write.open("tiny")
        await until(screen.pilot, lambda: screen.write.prompt.suggestion.startswith("cac"))


async def test_it_is_what_the_model_is_surest_of(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        for text in ("Shall I com", "Rough"):
            screen.write.prompt.fill(text)
            wanted = Foresight(Stepper(tiny)).line(text, 48, lambda: False)
            assert wanted
            await until(screen.pilot, lambda: screen.write.prompt._ghost == wanted)  # noqa: B023
