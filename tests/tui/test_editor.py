"""The prompt in the user's editor: here a program that does what the test says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.network.modelfile import Model
from tests.tui.writing import Screen, Until, opened, written
from tui.app import HeloApp

Editor = Callable[[str], None]
PRELUDE = "import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n"


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Editor:
    """Makes `$EDITOR` run a line of Python on `path`. The app lends its terminal, which it has not got."""

    @contextmanager
    def suspended(app: HeloApp) -> Iterator[None]:
        yield

    def make(line: str) -> None:
        program = tmp_path / "an editor.py"
        program.write_text(PRELUDE + line)
        monkeypatch.setenv("EDITOR", f"{sys.executable} '{program}'")

    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr(HeloApp, "suspend", suspended)
    return make


async def edit(screen: Screen, prompt: str) -> str:
    screen.write.prompt.fill(prompt)
    await screen.press("ctrl+o")
    return screen.write.prompt.text


@pytest.mark.parametrize("prompt", ["", "Shall I", "two\nlines\n", "\n\n", "//x  "])
async def test_what_is_saved_as_it_was_is_as_it_was(
    tiny: Model, editor: Editor, prompt: str
) -> None:
    editor("path.write_text(path.read_text())")
    async with opened() as screen:
        assert await edit(screen, prompt) == prompt


async def test_what_is_written_comes_back_as_a_paste_does(tiny: Model, editor: Editor) -> None:
    editor(r"path.write_bytes(b'\xef\xbb\xbfA\r\nB\rC\0\xff\x1b[2J\n')")
    async with opened() as screen:
        assert await edit(screen, "Shall I") == "A\nB\nC\ufffd\x1b[2J"
        assert "\x1b" not in screen.see("#prompt")
        await screen.press("!")
        assert screen.write.prompt.text.endswith("J!"), "the cursor is at the end"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sys.exit(3)", "ended with status 3; the prompt is as it was"),
        ("path.write_text('')", "left nothing; the prompt is as it was"),
        ("path.write_text(chr(10))", "left nothing"),
        ("path.unlink()", "No such file"),
        ("path.write_text('x' * 2_000_000)", "larger than 1,048,576 bytes"),
    ],
)
async def test_an_editor_that_fails_changes_nothing(
    tiny: Model, editor: Editor, line: str, words: str
) -> None:
    editor(line)
    async with opened() as screen:
        assert await edit(screen, "Shall I") == "Shall I"
        assert words in screen.toasts and screen.toasts.count("\n") == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "no editor is set: type export EDITOR=nano"),
        ("  ", "no editor is set"),
        ("nosuch-editor --wait", "did not work: No such file"),
        ("vim 'half", "cannot be started: No closing quotation"),
    ],
)
async def test_without_an_editor_it_says_how_to_set_one(
    tiny: Model, editor: Editor, monkeypatch: pytest.MonkeyPatch, command: str, words: str
) -> None:
    monkeypatch.setenv("EDITOR", command)
    async with opened() as screen:
        assert await edit(screen, "Shall I") == "Shall I"
        assert words in screen.toasts


async def test_the_visual_one_is_taken_first_and_the_command_does_the_same(
    tiny: Model, editor: Editor, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor("path.write_text('Rough')")
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter("/edit")
        await until(screen.pilot, lambda: screen.write.prompt.text == "Rough")
        monkeypatch.setenv("VISUAL", "nosuch")
        await screen.press("ctrl+o")
        assert "'nosuch' did not work" in screen.toasts


async def test_where_the_terminal_cannot_be_lent_it_says_so(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    async with opened() as screen:
        assert await edit(screen, "Shall I") == "Shall I"
        assert "needs a terminal to itself" in screen.toasts
