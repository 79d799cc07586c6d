"""Which lines are commands, and how they are completed."""

from __future__ import annotations

import pytest

from engine.errors import UsageError
from engine.network.modelfile import Model
from tests.conftest import Cli
from tui.commands import Completion, parse
from tui.write.command import LINES, SCREEN
from tui.write.slash import COMMANDS


def test_commands() -> None:
    assert parse("/temperature 0.5", SCREEN) == (COMMANDS[1], "0.5")
    appended = parse("/append  two words ", SCREEN)
    assert appended and (appended[0].name, appended[1]) == ("append", "two words")
    assert all(parse(text, SCREEN) is None for text in ("/*", "/ x", "//clear", " /clear", "x", ""))
    for text in ("/", "/ ", "/no", "/0", "/é", "/t"):
        with pytest.raises(UsageError):
            parse(text, SCREEN)
    took = parse("/ta 1", LINES)
    assert took and took[0].name == "take" and took == parse("/take 1", SCREEN)


def test_completion() -> None:
    completion = Completion(SCREEN, {"model": lambda: ["shakespeare", "shape", "tiny"]})
    assert completion.complete("/mod") == "/model "
    assert completion.complete("/model s") == "/model sha"
    assert completion.complete("/model t") == "/model tiny"
    assert [c.label for c in completion.choices("/te")] == ["/temperature F"]
    assert completion.complete("/t") == "" and len(completion.choices("/t")) > 2
    assert completion.complete("hello") == completion.complete("/*") == ""
    assert completion.choices("/model x\n") == completion.choices("model") == []
    assert [c.text for c in completion.choices("/temp 2")] == [""], "a line that tells what to type"
    assert completion.choices("/temp ")[0].text == "/temp 0.5"


def test_settings_and_their_values_after_set() -> None:
    completion = Completion(SCREEN, {"model": lambda: ["shape", "tiny"], "speed": lambda: ["max"]})
    assert completion.complete("/set") == "/set " and "/set " in texts(completion, "/")
    assert texts(completion, "/set ") == [f"/set {c.name} " for c in COMMANDS if c.sets]
    assert [c.label for c in completion.choices("/set top-p")] == ["top-p F"]
    assert texts(completion, "/set model ") == ["/set model shape", "/set model tiny"]
    assert texts(completion, "/SET top_k ") == [f"/SET top_k {k}" for k in (5, 10, 40, 0)]
    assert texts(completion, "/set speed ") == [f"/set speed {v}" for v in (10, 30, 100, "max")]
    assert texts(completion, "/set speed m") == ["/set speed max"]
    assert texts(completion, "/set temp 0.3") == [""] and completion.choices("/set nothing ") == []
    usual = [text for c in COMMANDS if c.sets for text in texts(completion, f"/{c.name} ") if text]
    assert len(usual) > 20 and all(parse(text, SCREEN) for text in usual)


def texts(completion: Completion, typed: str) -> list[str]:
    return [choice.text for choice in completion.choices(typed)]


def test_habits_from_other_programs_in_lines(cli: Cli, tiny: Model) -> None:
    lines = "/length 20", "/set rng 3", "/temp 0", "/set top-k 3", "/sing", "Shall I", "/bye", "May"
    done = cli("-m", "tiny", "--plain", stdin="\n".join(lines).encode())
    text = cli("sample", "tiny", "-p", "Shall I", "-n", "20", "-s", "3", "-t", "0").out
    assert done.out == f"{text}\n" and "there is no command /sing: /help lists" in done.err
    assert "/exit and /bye" in cli("-m", "tiny", "--plain", stdin=b"/?\n").out
