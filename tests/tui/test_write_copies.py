"""The copy meter of the Write screen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from engine.network import modelfile
from engine.network.modelfile import History, Model
from engine.text import copies, corpus
from engine.text.corpus import Corpus
from tests.conftest import SONNET, make_model
from tests.tui.writing import PROMPT, Screen, Until, opened
from tui.write import meter
from tui.write.branch import CHOSEN, WRITTEN
from tui.write.next_character import NextCharacter
from tui.write.passage import Passage

WIDE = (140, 45)


@pytest.fixture
def verses(home: Path) -> Corpus:
    return corpus.add([SONNET], "verses", "here")


@pytest.fixture
def indexed(verses: Corpus) -> Corpus:
    copies.obtain(verses)
    return verses


@pytest.fixture
def taught(home: Path, verses: Corpus) -> Model:
    """The model `tiny`, which knows what it was trained on."""
    model = replace(make_model(), history=History("verses", verses.info.sha256))
    modelfile.save(home / "models" / "tiny.safetensors", model)
    return model


async def wrote(screen: Screen, until: Until, length: int = 40) -> None:
    for line in ("/seed 3", "/speed max", f"/length {length}", PROMPT):
        await screen.enter(line)
    await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
    await until(screen.pilot, lambda: not screen.write.writing)


def longest(passage: Passage, n: int) -> int:
    """The longest passage of the corpus among the first n characters, by trying them all."""
    text, best = passage.exact(), 0
    written = [kind in (WRITTEN, CHOSEN) for kind in passage.kinds]
    for start in range(n):
        end = start
        while end < n and written[end] and text[start : end + 1] in SONNET:
            end += 1
        best = max(best, end - start)
    return best


def told(screen: Screen, n: int) -> int:
    """The length that the meter tells of the first n characters."""
    found = screen.app.query_one(NextCharacter).meter.look(screen.passage, n)
    return int(found.longest.split()[0]) if found else 0


def followed(screen: Screen) -> bool:
    """Whether the pane shows a copy, and the meter has reached the end of the passage."""
    there = screen.app.query_one(NextCharacter).meter._followed
    reached = len(there.get(screen.passage.generation, "")) == screen.passage.shown
    return reached and bool(re.search(r"copied: \d+ char", screen.see("#next")))


def same(screen: Screen) -> None:
    """The meter tells the same as trying all passages, at each place of the text."""
    shown = screen.passage.shown
    assert [told(screen, n) for n in range(shown + 1)] == [
        longest(screen.passage, n) for n in range(shown + 1)
    ]


async def test_an_index_is_made_and_what_was_copied_is_shown(
    taught: Model, verses: Corpus, until: Until
) -> None:
    async with opened(WIDE) as screen:
        await wrote(screen, until)
        await until(screen.pilot, lambda: followed(screen), patience=60)
        assert copies.kept(verses)
        same(screen)
        n = screen.passage.shown
        assert f"copied: {longest(screen.passage, n)} characters, at line" in screen.see("#next")
        await screen.press("escape", "home", *["right"] * len(PROMPT))
        length = longest(screen.passage, len(PROMPT) + 1)
        assert screen.passage.cursor == len(PROMPT) + 1 and length == 1
        await until(screen.pilot, lambda: "copied: 1 character, at" in screen.see("#next"))


async def test_what_was_given_or_typed_is_no_copy_and_a_branch_goes_on_from_its_parent(
    taught: Model, indexed: Corpus, until: Until
) -> None:
    async with opened(WIDE) as screen:
        await wrote(screen, until)
        await until(screen.pilot, lambda: followed(screen))
        await screen.enter("/append more lovely")
        await until(screen.pilot, lambda: screen.passage.finished and not screen.write.writing)
        await until(screen.pilot, lambda: followed(screen))
        same(screen)
        await screen.press("escape", *["left"] * 60, "2", "apostrophe", "t")
        await until(screen.pilot, lambda: screen.passage.exact().endswith("t"))
        await screen.press("space")
        await until(screen.pilot, lambda: screen.passage.finished and not screen.write.writing)
        await until(screen.pilot, lambda: followed(screen))
        assert len(screen.passage.branches) == 2
        same(screen)
        await screen.press("b")
        await until(screen.pilot, lambda: followed(screen))
        same(screen)


async def test_the_index_of_a_large_text_is_made_if_asked_for(
    taught: Model, verses: Corpus, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meter, "UNASKED_MOST", len(SONNET) - 1)
    async with opened(WIDE) as screen:
        await wrote(screen, until)
        await until(screen.pilot, lambda: "/copies makes an index of" in screen.see("#next"))
        assert copies.kept(verses) is None
        await screen.enter("/copies")
        await until(screen.pilot, lambda: followed(screen), patience=60)
        assert "/copies makes" not in screen.see("#next")
        await screen.enter("/copies")
        length = longest(screen.passage, screen.passage.shown)
        assert f"copied: {length} characters, at line" in screen.write._note
        assert "of the text in copies of 20 or more" in screen.write._note


async def test_a_text_that_is_not_here_is_told_and_found_when_it_was_imported(
    taught: Model, verses: Corpus, until: Until
) -> None:
    (verses.folder / "corpus.json").rename(verses.folder / "away.json")
    async with opened(WIDE) as screen:
        await wrote(screen, until)
        await until(screen.pilot, lambda: "is not here" in screen.see("#next"))
        await screen.enter("/copies")
        assert "import it to see what is copied" in screen.write._note
        (verses.folder / "away.json").rename(verses.folder / "corpus.json")
        copies.obtain(verses)
        await wrote(screen, until)
        await until(screen.pilot, lambda: followed(screen))
        same(screen)


async def test_an_index_that_cannot_be_kept_is_told_and_tried_again(
    taught: Model, verses: Corpus, until: Until
) -> None:
    (verses.folder / copies.KEPT).mkdir()
    async with opened(WIDE) as screen:
        await wrote(screen, until)
        await until(screen.pilot, lambda: "tries again" in screen.see("#next"), patience=60)
        (verses.folder / copies.KEPT).rmdir()
        await screen.enter("/copies")
        await until(screen.pilot, lambda: followed(screen), patience=60)


async def test_what_a_text_holds_keeps_its_place_on_the_screen(home: Path, until: Until) -> None:
    """Wide characters, and those that would turn the line, move the cursor or begin an escape."""
    odd = "日本\u202e\x1b[31m\u0301\t語[b]\n"
    text = corpus.add([odd * 30], "odd", "here")
    copies.obtain(text)
    model = make_model(text=odd)
    model = replace(model, history=History("odd", text.info.sha256))
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with opened(WIDE) as screen:
        for line in ("/seed 3", "/length 40", f"/regex ({re.escape(odd)})+", "/speed max", "日"):
            await screen.enter(line)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        await until(screen.pilot, lambda: followed(screen))
        pane = screen.app.query_one(NextCharacter)
        lines = [pane.render_line(y).text for y in range(pane.size.height)]
        assert {cell_len(line) for line in lines} == {pane.size.width}
        shown = "\n".join(lines)
        assert "日本" in shown and "␛[31m" in shown and "[b]⏎" in shown
        assert not set(shown) & {"\u202e", "\x1b", "\t"}


async def test_a_damaged_text_is_told(taught: Model, verses: Corpus, until: Until) -> None:
    (verses.folder / corpus.IDS).write_bytes(b"")
    async with opened(WIDE) as screen:
        await wrote(screen, until)
        await until(screen.pilot, lambda: "import the text again" in screen.see("#next"))


async def test_a_model_that_names_no_text_says_so_only_if_asked(tiny: Model, until: Until) -> None:
    async with opened(WIDE) as screen:
        await screen.enter("/copies")
        assert "nothing is written yet" in screen.write._note
        await wrote(screen, until)
        assert "cop" not in screen.see("#next") and "trained" not in screen.see("#next")
        await screen.enter("/copies")
        assert "does not say what text it was trained on" in screen.write._note
