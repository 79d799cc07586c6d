"""The tree of a passage's branches, and two of them compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.widgets import Input, OptionList

from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.settings import SamplingConfig
from tests.conftest import make_model
from tests.tui.test_write_branches import fork
from tests.tui.test_write_passage import PROMPT, STEPPER, byte_model, never, written
from tests.tui.test_write_width import ODD
from tests.tui.writing import Screen, Until, opened
from tests.tui.writing import written as screen_written
from tui.text import visible
from tui.write.compare import BranchesCompared, Side, diverge, tail
from tui.write.passage import Passage
from tui.write.tree import BranchTree, heading, line, rows

HIDDEN = "\x00\x1b\x7f\x9b\u200e\u202e\u2066\u2028\U000e0041"
"""Characters that control the terminal, turn text around, or show nothing."""
HOSTILE = "\x1b[31m\u202egnp\u2066\x07\t日本e\u0301👩\u200d💻\n[b]x[/b]"


def branched() -> Passage:
    """The first branch, one that left it late, two in a row that left it early, the first named."""
    p, start = written(40), len(PROMPT)
    fork(p, start + 30)
    p.show_branch(0)
    early = fork(p, start + 5)
    p.extend_goal(20)
    p.write_ahead(100, never)
    p.reveal(20)
    fork(p, start + 15)
    p.rename(early, "early")
    return p


def test_branches_follow_the_one_they_left_in_the_order_of_the_text() -> None:
    p = branched()
    told = [(r.id, r.number, r.guides, r.name, r.fork - len(PROMPT), r.came) for r in rows(p)]
    assert told == [
        (0, 1, "", "", -len(PROMPT), "begun"),
        (2, 3, "├ ", "early", 5, "typed"),
        (3, 4, "│ └ ", "", 15, "typed"),
        (1, 2, "└ ", "", 30, "typed"),
    ]
    assert [r.length for r in rows(p)] == [len(PROMPT) + 40, 21, 1, 1]
    assert [r.shown for r in rows(p)] == [False, False, True, False]
    one = p.branches[2]
    assert rows(p)[1].opening == one.glyphs.text[one.fork :].replace("\n", "⏎")


def test_the_bits_are_those_of_what_is_its_own_and_was_not_given() -> None:
    p = branched()
    first, early, *_ = rows(p)
    assert first.bits == pytest.approx(p.branches[0].bits(len(PROMPT)).mean())
    assert early.bits == pytest.approx(p.branches[2].generation.bits()[len(PROMPT) + 5 :].mean())
    given = Passage(STEPPER, p.ids()[:5], SamplingConfig(), 0, 0)
    assert rows(given)[0].bits is None and "–" in line(rows(given)[0], False, 60).plain


def test_a_row_is_as_wide_as_its_place_and_its_columns_stand_below_their_names() -> None:
    p = branched()
    for width in (56, 71, 72, 136):
        head = heading(width)
        assert len(head) == width and ("from" in head) is (width >= 72)
        for row in rows(p):
            text = line(row, True, width).plain
            assert cell_len(text) == width and "●" in text and ("▶" in text) is row.shown
            assert text.endswith(row.came) and head.endswith("how")
            assert text[: head.index("length") + 6].endswith(f"{row.length}")


@given(st.text(max_size=90), st.integers(0, 140))
def test_any_name_is_shown_safely_in_any_width(name: str, width: int) -> None:
    p = written(3)
    p.rename(0, name)
    text = line(rows(p)[0], False, width).plain
    assert width < 40 or cell_len(text) == width
    assert visible(text) == text and "\n" not in text and "\t" not in text


def test_a_long_line_of_descent_is_indented_only_so_far() -> None:
    p, start = written(60), len(PROMPT)
    for i in range(40):
        fork(p, start + i)
        p.extend_goal(30)
        p.write_ahead(100, never)
        p.reveal(30)
    told = [line(row, False, 72).plain for row in rows(p)]
    assert len(told) == 41 and all(cell_len(text) == 72 for text in told)
    assert told[1][6:8] == "└ " and "… " in told[40]
    assert all(text[30:36].strip() for text in told), "there is room for the text"


def test_the_beginning_of_a_branch_may_be_part_of_a_character() -> None:
    model = byte_model("éèa")
    p = Passage(Stepper(model), model.alphabet.encode("aéa"), SamplingConfig(), 0, 0)
    p.write_ahead(0, never)
    p.type(1, model.alphabet.encode("è"))
    assert rows(p)[1].opening == "è" and rows(p)[1].fork == 2
    assert diverge(p.branches[0], p.branches[1]) == 1
    marks = make_model(text="a\u0301\u0300")
    p = Passage(Stepper(marks), marks.alphabet.encode("aa\u0301a"), SamplingConfig(), 0, 0)
    p.write_ahead(0, never)
    p.type(2, marks.alphabet.encode("\u0300"))
    assert rows(p)[1].opening == "◌\u0300"
    assert diverge(p.branches[0], p.branches[1]) == 1


def test_where_two_branches_diverge() -> None:
    p = branched()
    start = len(PROMPT)
    assert diverge(p.branches[0], p.branches[2]) == start + 5
    assert diverge(p.branches[1], p.branches[3]) == start + 5
    assert diverge(p.branches[2], p.branches[3]) == start + 15
    p.show_branch(0)
    p.type(p.shown, np.array([1, 2]))
    assert diverge(p.branches[0], p.branches[0]) == p.shown


def test_of_the_shared_beginning_the_last_lines_are_shown() -> None:
    assert tail("one two", 30) == "one two" and tail("", 30) == ""
    text = " ".join(["word"] * 100)
    assert tail(text, 21).startswith("…word") and text.endswith(tail(text, 21)[1:])
    assert len(tail(text, 21)) <= 2 * 21


@asynccontextmanager
async def treed(until: Until, size: tuple[int, int] = (110, 30)) -> AsyncIterator[Screen]:
    """The tree of a passage with three branches, of which the last is shown."""
    async with screen_written(until) as screen:
        await screen.press("left", "left", "left", "left", "apostrophe")
        await screen.press("R" if screen.passage.exact()[-4] != "R" else "S")
        await screen.press("left", "left", "left", "apostrophe", "T")
        assert len(screen.passage.branches) == 3
        await show(screen, until)
        yield screen


async def show(screen: Screen, until: Until) -> None:
    await screen.press("B")
    await until(screen.pilot, lambda: isinstance(screen.app.screen, BranchTree) and told(screen))


def told(screen: Screen) -> list[str]:
    """The rows of the tree."""
    options = screen.app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(i).prompt) for i in range(options.option_count)]


async def test_the_tree_shows_the_branches_and_goes_to_one(tiny: Model, until: Until) -> None:
    async with treed(until) as screen:
        tree = screen.app.screen
        assert (
            len(told(screen)) == 3 and "▶" in told(screen)[tree.query_one(OptionList).highlighted]
        )
        await screen.press("home", "enter")
        await until(screen.pilot, lambda: screen.app.screen is not tree)
        assert screen.passage.current == 0 and "branch 1 of 3" in screen.see("#status")
        assert screen.write.mode == "WALK"
        await show(screen, until)
        await screen.press("end", "enter")
        await until(screen.pilot, lambda: not isinstance(screen.app.screen, BranchTree))
        shown = screen.passage.branches[screen.passage.current]
        assert screen.passage.cursor == shown.fork > 0


async def test_escape_changes_nothing(tiny: Model, until: Until) -> None:
    async with treed(until) as screen:
        before = (screen.passage.current, screen.passage.cursor)
        await screen.press("up", "escape")
        await until(screen.pilot, lambda: not isinstance(screen.app.screen, BranchTree))
        assert (screen.passage.current, screen.passage.cursor) == before


async def test_a_click_goes_to_a_branch(tiny: Model, until: Until) -> None:
    async with treed(until) as screen:
        await screen.pilot.click(OptionList, offset=(10, 0))
        await until(screen.pilot, lambda: not isinstance(screen.app.screen, BranchTree))
        assert screen.passage.current == 0


async def test_a_branch_is_named_with_any_text(tiny: Model, until: Until) -> None:
    async with treed(until) as screen:
        await screen.press("n")
        await until(screen.pilot, lambda: screen.app.screen.query(Input))
        screen.app.screen.query_one(Input).insert_text_at_cursor(HOSTILE)
        await screen.pilot.pause()
        shown = screen.app.screen.query_one(Input)
        strips = "".join(s.text for s in shown.render_lines(shown.size.region))
        assert visible(strips) == strips
        await screen.press("enter")
        await until(screen.pilot, lambda: any("日本" in row for row in told(screen)))
        name = screen.passage.branches[screen.passage.current].name
        assert "日本" in name and "[b]x[/b]" in name
        assert all(visible(row) == row for row in told(screen))
        await screen.press("n")
        await until(screen.pilot, lambda: screen.app.screen.query(Input))
        screen.app.screen.query_one(Input).value = ""
        await screen.press("enter")
        await until(screen.pilot, lambda: not any("日本" in row for row in told(screen)))


async def test_deleting_asks_and_takes_the_family(tiny: Model, until: Until) -> None:
    async with treed(until) as screen:
        tree = screen.app.screen
        await screen.press("home", "d")
        assert "the first branch cannot be deleted" in screen.toasts and screen.app.screen is tree
        id = screen.passage.current
        parent = screen.passage.branches[id].parent
        assert parent is not None
        await screen.press(*["down"] * [row.id for row in rows(screen.passage)].index(id), "d")
        await until(screen.pilot, lambda: screen.app.screen is not tree)
        await screen.press("escape")
        assert len(screen.passage.branches) == 3
        await screen.press("d", "d")
        await until(screen.pilot, lambda: len(told(screen)) == 2)
        assert id not in screen.passage.branches and screen.passage.current == parent
        await screen.press("escape")
        await until(screen.pilot, lambda: screen.app.screen is not tree)
        assert "branch" in screen.see("#status")
        assert screen.passage.exact().split("\n")[-1] in screen.see("#transcript")


async def test_the_only_branch(tiny: Model, until: Until) -> None:
    async with screen_written(until) as screen:
        await screen.enter("/tree") if screen.write.mode == "PROMPT" else await screen.press("B")
        await until(
            screen.pilot, lambda: isinstance(screen.app.screen, BranchTree) and told(screen)
        )
        text = "\n".join(s.text for s in screen.app.screen._compositor.render_strips())
        assert "─ 1 branch ─" in text and "One branch so far" in text
        await screen.press("c", "d")
        assert "mark another branch" in screen.toasts and "the only one" in screen.toasts
        await screen.press("enter")
        await until(screen.pilot, lambda: not isinstance(screen.app.screen, BranchTree))
        assert len(screen.passage.branches) == 1


async def test_without_a_passage_there_is_no_tree(tiny: Model) -> None:
    async with opened() as screen:
        await screen.enter("/tree")
        assert "nothing is written yet" in screen.see("#status")


async def test_two_marked_branches_are_compared(tiny: Model, until: Until) -> None:
    async with treed(until) as screen:
        tree = screen.app.screen
        await screen.press("home", "space", "down", "space", "down", "space")
        assert [("●" in row) for row in told(screen)] == [False, True, True], "only two"
        await screen.press("space")
        assert [("●" in row) for row in told(screen)] == [False, True, False]
        await screen.press("c")
        await until(screen.pilot, lambda: isinstance(screen.app.screen, BranchesCompared))
        await until(screen.pilot, lambda: "Both begin" in seen(screen))
        titles = [str(side.border_title) for side in screen.app.screen.query(Side)]
        assert len(titles) == 2 and all("bits a character" in title for title in titles)
        await screen.press("escape")
        await until(screen.pilot, lambda: screen.app.screen is tree)


def seen(screen: Screen) -> str:
    return "\n".join(s.text for s in screen.app.screen._compositor.render_strips())


async def test_both_sides_scroll_together(tiny: Model, until: Until) -> None:
    async with screen_written(until, length=1500) as screen:
        await screen.press("home", "right", "right", "right", "apostrophe", "R", "B")
        await until(
            screen.pilot, lambda: isinstance(screen.app.screen, BranchTree) and told(screen)
        )
        await screen.press("end", "c")  # with the branch that it left
        await until(screen.pilot, lambda: isinstance(screen.app.screen, BranchesCompared))
        await until(screen.pilot, lambda: "Both begin" in seen(screen))
        one, other = screen.app.screen.query(Side)
        assert one.size.width == other.size.width and one.region.y == other.region.y
        for keys, top in (("down", 1), ("up", 0), ("up", 0)):
            await screen.press(keys)
            assert one.top == other.top == top
        await screen.press("pagedown")
        assert one.top == other.top > 1
        await screen.press("end")
        last = max(len(one.wrapped), len(other.wrapped)) - one.size.height
        assert one.top == other.top == last > 0
        await screen.pilot.resize_terminal(80, 24)
        await until(screen.pilot, lambda: one.region.y != other.region.y)
        assert one.size.width == other.size.width > 70
        await screen.press("end", "down", "home")
        assert one.top == other.top == 0


async def test_odd_characters_stay_in_line_in_the_tree_and_beside_each_other(
    home: Path, until: Until
) -> None:
    model = make_model(text=ODD + HIDDEN)
    modelfile.save(home / "models" / "tiny.safetensors", model)
    async with screen_written(until, length=60) as screen:
        whole = screen.passage.exact()
        for i, char in enumerate(ODD + HIDDEN):
            screen.passage.show_branch(0)
            screen.passage.go(5 + i)
            at = screen.passage.cursor
            screen.write._typed(char)
            passage = screen.passage
            assert passage.exact()[at : at + 1] == char and whole[:at] == passage.exact()[:at]
            passage.rename(passage.current, f"{char}{char}")
            assert visible(shown := screen.see("#transcript")) == shown
        await show(screen, until)
        width = screen.app.size.width
        for strip in screen.app.screen._compositor.render_strips():
            assert strip.cell_length == width and visible(strip.text) == strip.text
            assert cell_len(strip.text) == width or "\u200d" in strip.text
        await screen.press("end", "c")
        await until(screen.pilot, lambda: isinstance(screen.app.screen, BranchesCompared))
        await until(screen.pilot, lambda: "bits a character" in seen(screen))
        for strip in screen.app.screen._compositor.render_strips():
            assert strip.cell_length == width and visible(strip.text) == strip.text
