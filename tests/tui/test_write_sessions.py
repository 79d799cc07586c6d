"""Sessions in the app: what is written is kept, and /sessions opens and deletes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.widgets import OptionList

from engine import places
from engine.network import modelfile
from engine.network.modelfile import Model
from tests.conftest import make_model
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.dialogs import ConfirmDialog
from tui.write.kept import records, shelf
from tui.write.kept.book import Book
from tui.write.kept.screen import SessionList


def told() -> list[records.PassageTold]:
    """The passages of the session that was written to last."""
    session = records.told(shelf.paths()[0].read_bytes())
    assert not session.bad
    return list(session.passages.values())


async def listed(screen: Screen, until: Until) -> OptionList:
    """The list of sessions."""
    if screen.write.mode == "WALK":
        await screen.press("i")
    await screen.enter("/sessions")
    await until(screen.pilot, lambda: isinstance(screen.app.screen, SessionList))
    found = screen.app.screen.query_one(OptionList)
    none = screen.app.screen.query_one(".none")
    await until(screen.pilot, lambda: found.option_count or "Nothing" in str(none.render()))
    return found


async def reopened(screen: Screen, until: Until) -> None:
    """Open the session at the top of the list, and wait until it can be gone on with."""
    await listed(screen, until)
    await screen.press("enter")
    await until(screen.pilot, lambda: screen.write.passage and not screen.passage.closed)


async def test_what_was_written_is_there_the_next_time_and_goes_on_in_the_same_file(
    tiny: Model, until: Until
) -> None:
    async with written(until, 60) as screen:
        await screen.press("left", "left", "left", "2", "left")
        before = screen.passage
        text, place, cursor = before.exact(), before.place, before.cursor
    path = shelf.paths()[0]
    async with opened() as screen:
        assert screen.write.passage is None, "nothing opens by itself"
        await reopened(screen, until)
        passage = screen.passage
        assert (passage.exact(), passage.place, passage.cursor) == (text, place, cursor)
        assert text.split("\n")[0] in screen.see("#transcript")
        assert screen.write.mode == "WALK"
        await screen.press("end", "right", "right")
        assert passage.shown == len(text) + 2
        before.go(before.shown)
        assert before.forward() and before.forward()
        assert passage.exact() == before.exact(), "as it would have gone on"
    assert shelf.paths() == [path]
    (one,) = told()
    branch = one.branches[one.current]
    assert branch.length == passage.shown and passage.exact().endswith(branch.text)


async def test_an_app_in_which_nothing_is_written_leaves_no_session(
    tiny: Model, until: Until
) -> None:
    async with opened() as screen:
        await listed(screen, until)
        await screen.press("d", "enter", "escape")
        assert not isinstance(screen.app.screen, SessionList)
    assert not places.sessions().exists()


async def test_what_is_shown_is_on_the_disk_a_second_later(tiny: Model, until: Until) -> None:
    async with opened() as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.shown > 20)
        at = screen.passage.shown
        await until(
            screen.pilot, lambda: shelf.paths() and told() and told()[0].branches[0].length >= at
        )
        assert screen.write.writing
        assert not shelf.cut_off(), "it is open"


async def test_only_after_a_crash_the_welcome_tells_of_sessions(tiny: Model, until: Until) -> None:
    async with written(until, 5):
        pass
    async with opened() as screen:
        await until(screen.pilot, lambda: "press Enter" in screen.see("#transcript"))
        assert "/sessions" not in screen.see("#transcript")
    path = shelf.paths()[0]
    path.write_bytes(path.read_bytes().removesuffix(b'{"kind":"ended"}\n'))
    async with opened() as screen:
        told = "/sessions has what you wrote"
        await until(screen.pilot, lambda: told in screen.see("#transcript"))
        await screen.enter("/model tiny")
        await until(screen.pilot, lambda: told in screen.see("#transcript"))


async def test_without_its_model_it_can_be_read_copied_and_saved(
    tiny: Model, home: Path, until: Until, tmp_path: Path
) -> None:
    async with written(until, 30) as screen:
        text = screen.passage.exact()
    modelfile.save(home / "models" / "tiny.safetensors", make_model(seed=9))
    async with opened() as screen:
        await listed(screen, until)
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.write.passage)
        assert "to read: tiny has other weights now" in screen.see("#transcript")
        for keys in (("end", "right"), ("space",), ("1",), ("'",)):
            await screen.press("escape", *keys)
            await until(screen.pilot, lambda: "it can only be read" in screen.see("#status"))
            screen.write._forget_note()
        await screen.press("left", "left", "c", "c", "c", "c", "y")
        assert screen.app.clipboard == text == screen.passage.exact()
        await screen.press("i")
        await screen.enter("/append x")
        await until(screen.pilot, lambda: "it can only be read" in screen.see("#status"))
        await screen.enter(f"/save {tmp_path}/x.txt")
        await until(screen.pilot, (tmp_path / "x.txt").exists)
        assert (tmp_path / "x.txt").read_text() == text


async def test_a_session_is_deleted_after_asking(tiny: Model, until: Until) -> None:
    async with written(until, 5):
        pass
    async with written(until, 5) as screen:
        found = await listed(screen, until)
        assert found.option_count == 2
        await screen.press("d")
        assert not isinstance(screen.app.screen, ConfirmDialog), "it is open"
        await screen.press("down", "d", "escape")
        assert found.option_count == 2 and len(shelf.paths()) == 2
        await screen.press("d", "d")
        await until(screen.pilot, lambda: found.option_count == 1 and len(shelf.paths()) == 1)
        await screen.press("enter")
        await until(screen.pilot, lambda: "is open already" in screen.toasts)


async def test_a_home_that_cannot_be_written_is_told_once_and_writing_goes_on(
    tiny: Model, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(book: Book, path: Path, flags: int) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(Book, "_hold", refuse)
    async with opened() as screen:
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: "what you write is not kept" in screen.toasts)
        at = screen.passage.shown
        for _ in range(3):
            screen.write.keep()
        await until(screen.pilot, lambda: screen.passage.shown > at)
        assert screen.toasts.count("what you write is not kept") == 1


async def test_a_damaged_session_is_opened_as_far_as_it_goes_and_said(
    tiny: Model, until: Until
) -> None:
    async with written(until, 30):
        pass
    path = shelf.paths()[0]
    path.write_bytes(path.read_bytes() + b"\xff\x1b[2J\n")
    async with opened() as screen:
        await reopened(screen, until)
        await until(screen.pilot, lambda: "1 line of" in screen.see("#status"))
    assert path.with_suffix(".damaged.jsonl").exists()


@pytest.mark.parametrize("size", [(40, 10), (60, 18), (140, 45)])
async def test_the_list_shows_any_text_in_one_line(
    home: Path, until: Until, size: tuple[int, int]
) -> None:
    odd = "a\u202e日本e\u0301👩\u200d💻\t\nb"
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text=odd))
    async with opened(size) as screen:
        screen.write.session.state.length = 3
        screen.write.prompt.fill(odd * 20)
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        screen.write.pause()
        await until(screen.pilot, lambda: shelf.paths())
        found = await listed(screen, until)
        lines = [strip.text for strip in found.render_lines(found.size.region)]
        assert "a�日本" in lines[0] and "\u202e" not in "".join(lines)
        assert not "".join(lines[1:]).strip()
