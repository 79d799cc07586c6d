"""The sections of the `next character` pane: what they say, and which of them have room."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.writing.settings import SamplingConfig
from tests.conftest import make_model
from tests.tui.writing import Until, opened, written
from tui.write.branch import GIVEN
from tui.write.passage import Passage
from tui.write.sections import Form, Ink, Line, copied, not_copied, ranks, stacked, strip
from tui.write.shown import Copying, Shown, Tally

INK = Ink(lambda name: Style(), 3)


def text(lines: list[Line]) -> list[str]:
    return ["".join(segment.text for segment in line) for line in lines]


def form(length: int) -> Form:
    return [INK.line("x")] * length


@given(
    st.lists(st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True), max_size=5),
    st.integers(0, 20),
)
def test_sections_fill_the_room_in_order(lengths: list[list[int]], height: int) -> None:
    lengths = [sorted(each, reverse=True) for each in lengths]
    lines = stacked([[form(n) for n in each] for each in lengths], height)
    assert len(lines) <= height
    shown = "".join("x" if line else "|" for line in lines).split("|")[1:]
    if sum(each[-1] + 1 for each in lengths) <= height:
        assert len(shown) == len(lengths), "all have a place before any has a long form"
    if sum(each[0] + 1 for each in lengths) <= height:
        assert [len(each) for each in shown] == [each[0] for each in lengths]
    if lengths and height > lengths[0][-1]:
        assert len(shown[0]) in lengths[0]


@given(st.lists(st.floats(0, 40), min_size=2, max_size=50), st.integers(10, 60))
def test_the_strip_shows_a_bit_an_eighth_and_every_character(bits: list[float], width: int) -> None:
    tall, low, least = strip(Shown(bits=tuple(bits)), INK, width)
    (bars,) = text(least)
    assert bars == "".join("▁▂▃▄▅▆▇█"[min(7, int(b))] for b in bits[-width:])
    assert text(low)[0] == bars and "mean" in text(low)[1]
    rows = [row[2:] for row in text(tall)[:-1]]
    assert [row[:2] for row in text(tall)[:-1]] == ["8 ", "  ", "4 ", "  "]
    latest = bits[2 - width :]
    assert {len(row) for row in rows} == {len(latest)}
    for i, b in enumerate(latest):
        eighths = sum(" ▁▂▃▄▅▆▇█".index(row[i]) for row in rows)
        assert eighths == 1 + min(31, int(b * 4))


def test_one_character_makes_no_strip_and_nothing_written_no_ranks() -> None:
    assert strip(Shown(bits=(1.0,)), INK, 40) == [] == ranks(Shown(), INK, 40)
    assert copied(Shown(), INK, 40) == [] == not_copied(Shown(), INK, 40)


@pytest.mark.parametrize("width", [20, 28, 40, 60])
def test_ranks_are_shares_in_classes(width: int) -> None:
    long, short = ranks(Shown(ranks=(5, 2, 2, 0, 1, 0)), INK, width)
    lines = text(long)
    assert lines[0] == "ranks of 10 characters"
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3–5", "6–10", "11–100", "beyond"]
    assert [line.split()[-1] for line in lines[1:]] == [
        "50.0%",
        "20.0%",
        "20.0%",
        "–",
        "10.0%",
        "–",
    ]
    assert {len(line) for line in lines[1:]} == {width}
    assert " ".join(text(short)[1:]) == "1 50%, 2 20%, 3–5 20%, 11–100 10%"
    assert all(len(line) <= width for line in text(short)[1:])


def test_a_copy_is_told_in_forms_that_fit_and_nothing_in_it_moves_the_screen() -> None:
    long = "31 characters, at line 10,984 of tinyshakespeare"
    shown = Shown(copied=Copying(longest=long, text="日本" * 40, here="1 character, at line 2"))
    for width in (20, 28, 40, 60):
        most, least = copied(shown, INK, width)
        assert " ".join(text(least)) == f"copied: {long}"
        assert text(most)[:-2] == text(least) and text(most)[-2].startswith("  日本")
        assert "here: 1 character, at line 2".startswith(text(most)[-1].rstrip("…"))
        assert all(cell_len(line) <= width for line in text(most))
    (why,) = not_copied(Shown(copied=Copying(note="copied: index of big 40%")), INK, 12)
    assert text(why) == ["copied:", "index of big", "40%"]


def classes(ranked: list[int]) -> tuple[int, ...]:
    def kind(rank: int) -> int:
        return next((i for i, last in enumerate((1, 2, 5, 10, 100)) if rank <= last), 5)

    counted = Counter(map(kind, ranked))
    return tuple(counted[i] for i in range(6)) if ranked else ()


def test_a_tally_counts_what_was_written_up_to_any_place_of_any_branch() -> None:
    stepper = Stepper(make_model())
    prompt = stepper.alphabet.fit("Shall I").ids
    passage, tally = Passage(stepper, prompt, SamplingConfig(), 3, 80), Tally()

    def same(n: int) -> None:
        written = [i for i in range(n) if passage.kinds[i] != GIVEN]
        steps = [passage.generation.step(i).rank for i in written]
        assert tally.of(passage, n) == classes(steps)

    passage.write_ahead(100, lambda: False)
    assert tally.of(passage, 7) == ()
    for count in (1, 20, 59):
        passage.reveal(count)
        same(passage.shown)
    same(30)
    same(31)
    assert passage.take(40, 2)
    same(41)
    passage.append(stepper.alphabet.fit(" thee").ids)
    passage.extend_goal(9)
    passage.write_ahead(20, lambda: False)
    passage.reveal(9)
    same(passage.shown)
    passage.next_branch()
    same(passage.shown)


async def test_details_take_the_place_of_the_text_and_give_it_back(
    tiny: Model, until: Until
) -> None:
    async with written(until) as screen:
        before = screen.see("#next")
        assert "ranks of 30" in before
        narrow, size = screen.app.query_one("#next").size.width, screen.write.transcript.size
        await screen.press("d")
        pane = screen.app.query_one("#next")
        await until(screen.pilot, lambda: pane.size.width > 2 * narrow)
        assert pane.size.height == screen.write.transcript.size.height
        assert screen.write.transcript.size == size
        assert pane.border_subtitle == "d: back to the text"
        assert "ranks of 30 characters" in screen.see("#next")
        await screen.press("left", "left")
        assert screen.passage.cursor == screen.passage.shown - 2, "the keys of WALK still work"
        assert "ranks of 29 characters" in screen.see("#next")
        await screen.press("right", "right", "i")
        await screen.enter("/details")
        await until(screen.pilot, lambda: pane.size.width == narrow)
        assert pane.border_subtitle == "" and screen.see("#next") == before


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (40, 10)])
async def test_what_has_no_room_beside_the_text_is_in_the_details(
    tiny: Model, until: Until, size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        await screen.enter("/speed max")
        await screen.enter("/length 20")
        await screen.enter("Shall I")
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        await until(screen.pilot, lambda: not screen.write.writing)
        assert "ranks of" not in screen.see("#next")
        text = screen.write.transcript.size
        await screen.press("escape", "d", "left")
        if size == (40, 10):
            await until(screen.pilot, lambda: "chosen" in screen.see("#next"))
        else:
            await until(screen.pilot, lambda: "ranks of" in screen.see("#next"))
            assert {"entropy", "surprisal,"} <= set(screen.see("#next").split())
        assert screen.write.transcript.size == text, "its lines stay as they are"
