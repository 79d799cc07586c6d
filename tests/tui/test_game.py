"""Shannon's game on the screen: guesses, giving up, the result, and what is copied."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pytest import MonkeyPatch

from corpora.sonnets import TEXT
from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.text import corpus
from engine.writing.shannon import MOST, ROUNDS, Game, bounds
from tests.conftest import SONNET, random_model
from tests.tui.test_read import see
from tests.tui.writing import Screen, Until, opened
from tui.read.game import GamePane

LINES = "a line of text\n" * 40


@asynccontextmanager
async def playing(
    until: Until, ref: str = "", size: tuple[int, int] = (100, 36)
) -> AsyncIterator[tuple[Screen, GamePane, Game]]:
    async with opened(size) as screen:
        await screen.enter(f"/game {ref}".rstrip())
        await until(screen.pilot, lambda: screen.app.screen.query(GamePane))
        pane = screen.app.screen.query_one(GamePane)
        await until(screen.pilot, lambda: pane._game and "Which" in see(screen, "#board"))
        assert pane._game
        yield screen, pane, pane._game


def right(game: Game, model: Model) -> str:
    """The key of the character that comes next."""
    char = model.alphabet.symbols[int(game.ids[game.at])]
    return {"\n": "enter", " ": "space"}.get(char, char)


async def guess_all(screen: Screen, game: Game, model: Model, until: Until) -> None:
    while not game.finished:
        done = len(game.guesses) + 1
        await screen.press(right(game, model))
        await until(screen.pilot, lambda done=done: len(game.guesses) == done)


@pytest.fixture
def model(home: Path) -> Model:
    found = random_model(text=TEXT + LINES)
    modelfile.save(home / "models" / "tiny.safetensors", found)
    return found


async def test_a_game_is_played_to_its_result(model: Model, until: Until) -> None:
    async with playing(until) as (screen, _, game):
        title = str(screen.app.screen.query_one("Board").border_title)
        assert "sonnets" in title and "against tiny" in title
        assert f"character 1 of {ROUNDS}" in see(screen, "#facts")
        assert "⏎" in see(screen, "#board")
        wrong = next(c for c in "SITA" if model.alphabet.ids[c] != int(game.ids[game.at]))
        await screen.press(wrong)
        await until(screen.pilot, lambda: f"not {wrong}" in see(screen, "#facts"))
        assert f"wrong: {wrong}" in see(screen, "#board")
        await screen.press(wrong)
        await until(screen.pilot, lambda: "already" in see(screen, "#facts"))
        await screen.press("☃")
        await until(screen.pilot, lambda: "does not know" in see(screen, "#facts"))
        await guess_all(screen, game, model, until)
        assert game.guesses == [2] + [1] * (ROUNDS - 1)
        await until(screen.pilot, lambda: "the result" in see(screen, "#facts"))
        shown = see(screen, "#board")
        lower, upper = bounds(game.guesses)
        assert f"you: between {lower:.2f} and {upper:.2f} bits" in shown and "you won" in shown
        assert f"{game.bits:.4f} bits" in shown


async def test_the_result_is_copied_and_another_game_begins(
    model: Model, until: Until, monkeypatch: MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "lines [b].txt"
    path.write_text(LINES)
    async with playing(until, str(path)) as (screen, pane, game):
        await guess_all(screen, game, model, until)
        await screen.press("y")
        await until(screen.pilot, lambda: "copied" in see(screen, "#facts"))
        lines = screen.app.clipboard.splitlines()
        assert lines[0] == "helo, Shannon's game: 20 characters of lines [b].txt"
        assert lines[1] == f"you  {'🟩' * ROUNDS} 0.00-0.00 bits"
        assert lines[2].startswith("tiny ") and lines[2].endswith("bits")
        monkeypatch.setenv("LC_ALL", "C")
        monkeypatch.setattr("tui.curves.ink._is_c", lambda: True)
        await screen.press("y")
        await until(screen.pilot, lambda: screen.app.clipboard.isascii())
        assert "1" * ROUNDS in screen.app.clipboard
        await screen.press("enter")
        await until(screen.pilot, lambda: pane._game is not game)
        await until(screen.pilot, lambda: "character 1 of" in see(screen, "#facts"))


async def test_a_character_is_shown_after_ten_wrong_guesses(model: Model, until: Until) -> None:
    async with playing(until) as (screen, _, game):
        await screen.press("ctrl+n")
        await until(screen.pilot, lambda: "10 more guesses" in see(screen, "#facts"))
        hidden = int(game.ids[game.at])
        tried = [
            c for c in model.alphabet.symbols if c.isalpha() and model.alphabet.ids[c] != hidden
        ]
        await screen.press(*tried[:MOST])
        await until(screen.pilot, lambda: "10 wrong" in see(screen, "#facts"))
        await screen.press("ctrl+n")
        await until(screen.pilot, lambda: game.guesses == [MOST + 1])
        assert "you   +" in see(screen, "#board")


async def test_escape_shows_the_result_so_far_and_then_leaves(model: Model, until: Until) -> None:
    async with playing(until, size=(60, 18)) as (screen, _, game):
        keys = [right(game, model)]
        game.guesses.append(1)
        keys.append(right(game, model))
        game.guesses.pop()
        await screen.press(*keys, "escape")
        await until(screen.pilot, lambda: "the result" in see(screen, "#facts"))
        assert "2 characters of" in see(screen, "#board")
        await screen.press("escape")
        await until(screen.pilot, lambda: len(screen.app.screen_stack) == 1)
    async with playing(until) as (screen, _, _):
        await screen.press("escape")
        await until(screen.pilot, lambda: len(screen.app.screen_stack) == 1)


async def test_it_is_played_on_what_was_held_out(home: Path, model: Model, until: Until) -> None:
    found = corpus.add([SONNET * 10], "sonnet", "a sonnet")
    model = replace(model, history=History("sonnet", found.info.sha256))
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with playing(until) as (screen, _, game):
        assert "part of sonnet" in str(screen.app.screen.query_one("Board").border_title)
        held = SONNET[-(len(SONNET) * 10 // 10) :] * 2
        assert model.alphabet.decode(game.ids.tolist()) in held


@pytest.mark.parametrize(("text", "why"), [("too short", "40 characters"), ("☃" * 99, "40 char")])
async def test_a_text_without_a_game_is_said_and_the_command_kept(
    model: Model, tmp_path: Path, until: Until, text: str, why: str
) -> None:
    path = tmp_path / "text.txt"
    path.write_text(text, "utf-8")
    async with opened() as screen:
        await screen.enter(f"/game {path}")
        await until(screen.pilot, lambda: why in screen.toasts)
        await until(screen.pilot, lambda: len(screen.app.screen_stack) == 1)
        assert screen.write.prompt.text == f"/game {path}"


async def test_a_character_of_several_bytes_is_one_key(
    home: Path, tmp_path: Path, until: Until
) -> None:
    text = "日本é" * 30
    symbols = "".join(sorted(set(text.encode().decode("latin-1"))))
    model = random_model(text=symbols)
    model = replace(model, alphabet=replace(model.alphabet, units="byte"))
    modelfile.save(home / "models" / "tiny.safetensors", model)
    path = tmp_path / "bytes.txt"
    path.write_text(text, "utf-8")
    async with playing(until, str(path)) as (screen, _, game):
        hidden = bytes(ord(symbols[i]) for i in game.ids[game.first :])
        char = hidden.decode("utf-8", "ignore")[0]
        await screen.press(char)
        await until(screen.pilot, lambda: game.guesses == [1] * len(char.encode()))
