"""`/save`: what stands in the file, by its suffix, and what happens when it cannot be written."""

from __future__ import annotations

import errno
import json
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color_triplet import ColorTriplet

from engine import storage
from engine.errors import UsageError
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.vocab import Alphabet
from engine.writing.settings import SamplingConfig
from tests.conftest import Cli, make_model, random_model
from tests.tui.writing import Until, opened, written
from tui.legible import LEAST, contrast
from tui.write.passage import Passage
from tui.write.saved_page import COLOURS, page_of
from tui.write.saving import parts_of

HARD = "<b>&\"'\x00\t\n\r\x1b\x7f\x85\u200d\u202e\u2066\u2028\ufffe\ud800e\u0301日אب👩💻]>-"
"""Mark-up, controls, overrides of direction, halves of pairs, and characters of no width or two cells."""
SHOWN = {"html", "head", "meta", "title", "style", "body", "h1", "p", "pre", "bdi", "span"}
SVG = "{http://www.w3.org/2000/svg}"


@cache
def stepper(units: str = "char") -> Stepper:
    text = HARD if units == "char" else bytes(range(256)).decode("latin-1")
    model = random_model(text=text, hidden=4, layers=1)
    alphabet = Alphabet(model.alphabet.symbols, units)
    return Stepper(Model("<i>&\u202ename", model.config, alphabet, model.weights, model.history))


def read(prompt: str | bytes, units: str = "char", length: int = 20) -> Passage:
    """A passage in which the prompt is read and some characters are written."""
    step = stepper(units)
    passage = Passage(step, step.model.alphabet.encode(prompt), SamplingConfig(), 5, length)
    passage.write_ahead(1000, lambda: False)
    passage.reveal(1000)
    return passage


def saved(passage: Passage, suffix: str) -> bytes:
    return b"".join(parts_of(passage, suffix))


class Html(HTMLParser):
    """Reads a page as a browser does: the names of its elements, and the text of each `pre`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags = set[str]()
        self.attributes = set[str]()
        self.classes = list[str]()
        self.text = ""
        self._in_pre = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self._in_pre = tag == "pre" or self._in_pre
        if self._in_pre and tag == "span":
            self.classes.append(dict(attributes)["class"] or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_pre = self._in_pre and tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text += data if self._in_pre else ""


def drawings(data: bytes) -> list[ElementTree.Element]:
    """The lines of an SVG file, its head and legend among them."""
    return ElementTree.fromstring(data.decode()).findall(f"{SVG}text")


@given(st.text(st.sampled_from(HARD), min_size=1, max_size=40))
def test_a_page_has_the_text_as_the_screen_shows_it_and_no_mark_up_from_it(prompt: str) -> None:
    passage = read(prompt)
    page = Html(saved(passage, ".html").decode())
    assert page.text == "\n" + passage.glyphs  # the first line end is the parser's to drop
    assert page.tags <= SHOWN
    known = {"charset", "http-equiv", "content", "name", "class", "dir"}
    assert page.attributes <= known
    assert not set("\x00\x1b\u202e\u2066\u2028") & set(saved(passage, ".html").decode())


@given(st.text(st.sampled_from(HARD), min_size=1, max_size=40))
def test_a_picture_has_the_text_as_the_screen_shows_it_and_no_mark_up_from_it(prompt: str) -> None:
    passage = read(prompt)
    data = saved(passage, ".svg")
    tree = ElementTree.fromstring(data.decode())
    known = {"svg", "title", "style", "rect", "text", "tspan"}
    assert {element.tag.removeprefix(SVG) for element in tree.iter()} == known
    shown = "".join("".join(element.itertext()) for element in drawings(data))
    blank = str.maketrans("", "", " \t\n")
    assert shown.translate(blank).endswith(passage.glyphs.translate(blank))


@given(st.binary(min_size=1, max_size=40))
def test_bytes_are_shown_as_the_characters_they_make(prompt: bytes) -> None:
    passage = read(prompt, "byte", 0)
    shown = passage.glyphs.replace("\u2060", "")
    assert Html(saved(passage, ".html").decode()).text == "\n" + shown
    assert ElementTree.fromstring(saved(passage, ".svg").decode()) is not None


def test_each_character_has_the_style_of_its_surprisal_and_origin() -> None:
    passage = read("<b>", length=60)
    passage.go(10)
    assert passage.take(10, 3) and passage.type(11, passage.model.alphabet.encode("日"))
    bits, classes = passage.bits(0), list[str]()
    page = Html(saved(passage, ".html").decode())
    own = page_of(passage)
    for i in range(passage.shown):
        level = sum(bits[i] >= bound for bound in (0.5, 2, 4, 7))
        origin = " given" if i < 3 else {10: " chosen", 11: " typed"}.get(i, "")
        assert own.classes(i, i + 1) == f"s{level}{origin}"
        classes.append(f"s{level}{origin}")
    assert set(page.classes) <= set(classes)
    mean = np.mean(bits[3:])
    assert f"{mean:.2f} bits a character" in saved(passage, ".html").decode()


def test_what_the_network_has_not_read_has_no_surprisal_and_no_steps() -> None:
    step = stepper()
    passage = Passage(step, step.model.alphabet.encode("<b>"), SamplingConfig(), 5, 10)
    assert 'class="given">&lt;b&gt;<' in saved(passage, ".html").decode()
    assert "bits a character" not in saved(passage, ".html").decode()
    with pytest.raises(UsageError, match="not been read yet"):
        parts_of(passage, ".jsonl")


def test_what_was_asked_for_is_saved_though_the_passage_goes_on() -> None:
    passage = read("<b>")
    for suffix in (".txt", ".jsonl", ".html", ".svg"):
        before, parts = saved(passage, suffix), parts_of(passage, suffix)
        passage.extend_goal(5)
        passage.write_ahead(1000, lambda: False)
        passage.reveal(5)
        passage.go(4)
        assert passage.take(4, 2)
        assert b"".join(parts) == before != saved(passage, suffix)


def test_steps_tell_what_the_user_gave_from_what_was_drawn_before_it() -> None:
    passage = read("<b>", length=4)
    passage.append(passage.model.alphabet.encode("日"))
    passage.extend_goal(0)
    passage.write_ahead(1000, lambda: False)
    steps = [json.loads(line) for line in saved(passage, ".jsonl").splitlines()]
    assert [step["seed"] for step in steps] == [True] * 3 + [False] * 4 + [True]
    assert "".join(step["char"] for step in steps) == passage.exact()


def test_the_steps_are_those_of_sample(cli: Cli, tiny: Model, tmp_path: Path) -> None:
    file = tmp_path / "steps.JSONL"
    lines = f"/length 20\n/seed 3\nShall I\n/save {file}\n"
    done = cli("-m", "tiny", "--plain", stdin=lines.encode())
    assert f"27 characters saved to {file}" in done.err
    sampled = cli("sample", "tiny", "-p", "Shall I", "-n", "20", "-s", "3", "--json").out
    one_text = [json.loads(line) for line in sampled.splitlines()]
    for step in one_text:
        del step["stream"]
    assert [json.loads(line) for line in file.read_text().splitlines()] == one_text


@pytest.mark.parametrize("light", COLOURS)
def test_the_colours_are_legible_and_differ(light: str) -> None:
    ink, ground, surprise = COLOURS[light]
    parsed = [ColorTriplet(*bytes.fromhex(colour[1:])) for colour in (ink, *surprise)]
    behind = ColorTriplet(*bytes.fromhex(ground[1:]))
    assert all(contrast(colour, behind) >= LEAST for colour in parsed)
    assert all(a != b for a, b in pairwise(parsed))


@pytest.mark.parametrize("suffix", [".html", ".svg", ".jsonl", ".txt"])
async def test_the_app_saves_each_kind(
    tiny: Model, until: Until, tmp_path: Path, suffix: str
) -> None:
    file = tmp_path / f"text{suffix}"
    async with written(until) as screen:
        await screen.press("i")
        await screen.enter(f"/save {file}")
        await until(screen.pilot, file.exists)
        assert file.read_bytes() == saved(screen.passage, suffix)


async def test_a_full_disk_is_a_line_and_leaves_nothing(
    tiny: Model, until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with written(until) as screen:
        monkeypatch.setattr(storage.os, "fsync", full)
        await screen.press("i")
        await screen.enter(f"/save {tmp_path}/a.html")
        await until(screen.pilot, lambda: "No space left on device" in screen.toasts)
        assert not list(tmp_path.glob("*a.html*"))


async def test_y_copies_the_whole_passage_and_the_selection_if_there_is_one(
    tiny: Model, until: Until
) -> None:
    async with written(until, length=200) as screen:
        await screen.press("left", "left", "y")
        assert screen.app.clipboard == screen.passage.exact() and "\n" in screen.app.clipboard
        await until(screen.pilot, lambda: "207 characters copied" in screen.see("#status"))
        await screen.pilot.mouse_down("#transcript", offset=(2, 2))
        await screen.pilot.hover("#transcript", offset=(4, 2))
        await screen.pilot.mouse_up("#transcript", offset=(4, 2))
        await screen.press("y")
        assert screen.app.clipboard == screen.passage.exact(0, 3)
        await until(screen.pilot, lambda: "3 characters copied" in screen.see("#status"))


async def test_y_copies_the_true_text_whatever_it_is(home: Path, until: Until) -> None:
    modelfile.save(home / "models" / "tiny.safetensors", make_model(text=HARD))
    async with opened() as screen:
        screen.write.session.state.length = 0
        await screen.press("escape", "y")
        await until(screen.pilot, lambda: "nothing is written yet" in screen.see("#status"))
        await screen.press("i")
        screen.write.prompt.fill(HARD)
        await screen.press("enter")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        await until(screen.pilot, lambda: not screen.write.writing)
        await screen.press("escape", "y")
        assert screen.app.clipboard == screen.passage.exact().replace("\ud800", "?")
        assert "\u202e" in screen.app.clipboard


def test_help_names_the_suffixes(tiny: Model, cli: Cli) -> None:
    text = cli("-m", "tiny", "--plain", stdin=b"/help\n").out
    (line,) = [line for line in text.splitlines() if line.startswith("/save FILE")]
    assert all(suffix in line for suffix in (".html", ".svg", ".jsonl"))
