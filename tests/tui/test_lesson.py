"""The lesson as text and as a screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cells import CELLS
from engine.inspecting.lesson.equations import Equation
from engine.inspecting.lesson.hello import Lesson, begin
from engine.inspecting.lesson.numbers import Number
from engine.inspecting.lesson.pages import Page, deltas, page, parts, titles
from engine.network.modelfile import Model
from tests.conftest import Cli
from tests.tui import writing
from tests.tui.test_cli_json import asked
from tests.tui.writing import Screen, Until, opened
from tui.inspect.pane import InspectPane
from tui.lesson.figure import HERE, length
from tui.lesson.layout import laid_out
from tui.lesson.screen import LessonScreen
from tui.lesson.words import fitted, in_cells, number, written

SIZES = [(138, 44), (78, 23), (58, 17)]
"""What the screen has for a page in terminals of 140×45, 80×24 and 60×18."""


def drawn(
    lesson: Lesson, at: int, found: Page, here: Number | None, size: tuple[int, int]
) -> list[str]:
    """The lines of a page, with the number that is explained in brackets that take no cell."""
    lines = laid_out(lesson, found, here, f"{at + 1}/40", *size)
    assert len(lines) <= size[1] and max(map(length, lines)) <= size[0]
    marked = ["".join(f"[{t}]" if s == HERE else t for t, s in line) for line in lines]
    return [line.rstrip() for line in marked]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", CELLS)
def test_every_page_fits_and_nothing_of_it_is_left_out(cell: str, size: tuple[int, int]) -> None:
    begun = begin(cell)
    for lesson in (begun, replace(begun, only=3).trained()):
        u = lesson.network
        for at in range(len(titles(lesson))):
            found = page(lesson, at)
            for here in (*found.numbers[:: 1 + len(found.numbers) // 4], *found.numbers[-1:]) or (
                None,
            ):
                lines = drawn(lesson, at, found, here, size)
                text = "\n".join(lines)
                words = " ".join(text.split())
                assert found.title in lines[0] and f"{lesson.mean:.3f}" in lines[0]
                assert "more than fit" not in text
                if size[0] < 138:
                    assert " ".join(found.said.split()) in words
                names = {line[:4].strip() for line in lines}
                shown = set(parts(u)) if at < 10 or size[0] > 58 else set()
                assert shown | {"y h", "y e", "y l", "y o", "x"} <= names
                if found.about in deltas(u):
                    assert found.about in names
                if here and here.t is not None:
                    digits = 3 if here.row == "loss" else 2
                    assert f"{number(here.equation.value, digits)}]" in text
                if here:
                    assert here.equation.name.split(" = ")[0] in words


def test_a_small_terminal_is_told_what_is_left_out() -> None:
    lesson = begin("lstm")
    at = titles(lesson).index("The input gate")
    found = page(lesson, at)
    here = found.numbers[-1]
    lines = drawn(lesson, at, found, here, (40, 10))
    assert any("lines more than fit here" in line for line in lines)
    text = " ".join(lines)
    assert "[" in text and here.equation.name in text, "the number is there"
    lines = drawn(lesson, at, found, found.numbers[-1], (58, 17))
    assert lines[1].startswith("‹") and "›" not in lines[1]
    lines = drawn(lesson, at, found, found.numbers[0], (58, 17))
    assert lines[1].endswith("›") and "‹" not in lines[1]


def test_numbers_appear_with_their_pages() -> None:
    lesson = begin("rnn")
    first, last = (
        "\n".join(drawn(lesson, at, page(lesson, at), None, SIZES[0])[1:15]) for at in (0, 16)
    )
    assert "2.20" not in first and "·" in first and "▲" not in first
    assert "·" not in last
    assert last.count("▲") == 4 and last.count("▼") == 12


@given(st.floats(-1e6, 1e6))
def test_a_number_fits_its_cells(value: float) -> None:
    assert len(in_cells(value)) == 5
    assert number(value).count("−") == (round(value, 2) < 0)


def test_equations_in_a_line() -> None:
    made = Equation("h₁", -0.5, ((0.31, 1.0), (-0.2, 0.0), (0.5, -0.25), (0.0,)), ("tanh(",), ")")
    assert written(made) == "h₁ = tanh(0.31·1 − 0.20·0 + 0.50·−0.25 + 0) = −0.50"
    assert fitted("", made, 45, 1) == ["h₁ = tanh(0.31·1 + … 3 more …) = −0.50"]
    assert fitted("", made, 45, 2) == ["h₁ = tanh(0.31·1 − 0.20·0 + 0.50·−0.25 + 0) =", "−0.50"]
    assert written(Equation("q", 0.0, ((0.0,),))) == "q = 0 = 0.00"
    assert written(Equation("d", -0.00034, ((0.02, -0.017),))) == "d = 0.0200·−0.0170 = −0.0003"
    assert written(Equation("d", 0.25, ())) == "d = 0.25"


def test_the_command_prints_a_page_or_all(cli: Cli) -> None:
    done = cli("lesson", "--page", "3")
    assert done.status == 0 and done.out.startswith("3/20 The hidden state")
    assert "h₁ = tanh(0.31·1 + 0.18·0 − 0.23·0 + 1.08·0 + 0) = 0.30" in done.out
    assert "weights of y" in done.out and done.out.count("step ") >= 12
    every = cli("lesson", "--cell", "minimal-gru").out
    assert all(f"/{len(titles(begin('mingru')))} {t}" in every for t in titles(begin("mingru")))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--page", "21"), "--page must be between 1 and 20, not 21"),
        (("--page", "0"), "--page must be between 1 and 20, not 0"),
        (("--cell", "x\x1b"), "there is no cell"),
    ],
)
def test_what_there_is_not_is_said(cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    done = cli("lesson", *arguments)
    assert done.status == 2 and said in done.err and done.err.count("\n") == 1
    assert "\x1b" not in done.err


def test_the_answer_has_every_number(cli: Cli) -> None:
    pages = asked(cli, "lesson", "--cell", "lstm")
    assert [each["page"] for each in pages] == list(range(1, pages[0]["pages"] + 1))
    (one,) = asked(cli, "lesson", "--page", "7")
    assert [round(step["loss"], 3) for step in one["steps"]] == [2.079, 2.9, 0.38, 0.231]
    assert one["numbers"][-1]["value"] == one["loss"] and one["numbers"][-1]["step"] is None
    assert one["steps"][0]["after"]["h"] == pytest.approx([0.3, -0.1, 0.9], abs=0.05)


@asynccontextmanager
async def taught(until: Until, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Screen]:
    async with opened(size) as screen:
        await screen.enter("/lesson")
        await until(screen.pilot, lambda: isinstance(screen.app.screen, LessonScreen))
        await until(screen.pilot, lambda: "The task" in see(screen))
        yield screen


def see(screen: Screen) -> str:
    found = screen.app.screen.query_one("#page")
    return "\n".join(strip.text.rstrip() for strip in found.render_lines(found.outer_size.region))


async def test_keys(tiny: Model, until: Until) -> None:
    async with taught(until) as screen:
        press = screen.press
        await press("space", "right")
        assert "3/20 The hidden state" in see(screen)
        await press("down")
        assert "step 1: h₂ = tanh(−0.10·1" in see(screen)
        await press("up", "up")
        assert "step 4: h₃" in see(screen)
        await press("left")
        assert "2/20" in see(screen)
        await press("end")
        assert "20/20" in see(screen) and "1.397 → 1.135" in see(screen)
        await press("space")
        assert "20/20" in see(screen), "there is no page beyond"
        await press("x")
        assert "trained 1 · mean loss 1.397 → 1.135" in see(screen)
        await press("o")
        assert "only step 1" in see(screen)
        await press("o", "r", "home")
        assert "mean loss 1.397" in see(screen) and "trained" not in see(screen)
        await press("f1")
        await press("escape", "escape")
        assert not isinstance(screen.app.screen, LessonScreen)


async def test_another_cell_in_its_place(tiny: Model, until: Until) -> None:
    async with taught(until) as screen:
        await screen.press("space", "space", *["c"] * (len(CELLS) - 1))
        assert "mingru" in see(screen) and "The hidden state" in see(screen)
        assert "z" in {line[:5].strip() for line in see(screen).splitlines()}
        await screen.press("c")
        assert "rnn" in see(screen)
        await screen.press("o", "space", "x")
        assert "only step 1" in see(screen) and "→" in see(screen).splitlines()[0]


async def test_it_is_drawn_anew_for_another_size(tiny: Model, until: Until) -> None:
    async with taught(until) as screen:
        assert "weights of y" not in see(screen)
        await screen.pilot.resize_terminal(140, 45)
        await until(screen.pilot, lambda: "weights of y" in see(screen))


@pytest.mark.parametrize("key", ["5", "L"])
async def test_inspect_opens_it(tiny: Model, until: Until, key: str) -> None:
    async with writing.written(until) as screen:
        await screen.press("f4")
        await until(screen.pilot, lambda: screen.app.query(InspectPane))
        await until(screen.pilot, lambda: screen.app.focused in screen.app.query("InspectPane *"))
        await screen.press(key)
        await until(screen.pilot, lambda: isinstance(screen.app.screen, LessonScreen))
        await screen.app.run_action("lesson")
        await screen.press("escape")
        assert not isinstance(screen.app.screen, LessonScreen), "it was not opened twice"
