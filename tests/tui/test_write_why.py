"""The line in Write that says why: switched by a key, remembered, and true."""

from __future__ import annotations

import pytest

from engine.errors import ModelFileError
from engine.inspecting.trace import trace
from engine.inspecting.why import Side, Term, Why, likeliest, why
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.runs import habit
from tests.tui.writing import PROMPT, Screen, Until, opened, written
from tui.reasons import in_short, signed
from tui.remember import load_state
from tui.write.next_character import NextCharacter
from tui.write.rates import SPEEDS


def said(screen: Screen) -> str:
    """What stands in the pane, in one line."""
    pane = screen.app.query_one(NextCharacter)
    return " ".join(" ".join(pane.render_line(y).text for y in range(pane.size.height)).split())


def true_line(screen: Screen, at: int) -> str:
    """How it begins for the character at this place."""
    stepper = screen.passage.generation.stepper
    assert isinstance(stepper, Stepper)
    found = trace(stepper, screen.passage.ids()[:at], stepper.start_state())
    (a, _), (b, _) = likeliest(found.logits[-1], 2)
    told = why(stepper, found.outputs[-1], habit.mean(stepper, None), a, b)
    return f"{signed(told.log_odds)} = habit {signed(told.habit)}, news {signed(told.news)}"


async def test_it_is_switched_and_remembered_and_walks(tiny: Model, until: Until) -> None:
    async with written(until) as screen:
        assert "why" not in said(screen)
        await screen.press("w")
        await until(screen.pilot, lambda: true_line(screen, screen.passage.cursor) in said(screen))
        before = said(screen)
        await screen.press("left", "left")
        await until(screen.pilot, lambda: true_line(screen, screen.passage.cursor) in said(screen))
        assert said(screen) != before
        await screen.press("home")
        assert screen.passage.cursor == 1
        await until(screen.pilot, lambda: true_line(screen, 1) in said(screen))
    assert load_state()[0].why
    async with written(until) as screen:
        await until(screen.pilot, lambda: "habit" in said(screen))
        await screen.press("w")
        assert "habit" not in said(screen)
    assert not load_state()[0].why


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
async def test_where_the_pane_is_low_it_takes_the_place_of_the_summary(
    tiny: Model, until: Until, size: tuple[int, int]
) -> None:
    async with opened(size) as screen:
        screen.write.session.state.speed, screen.write.session.state.why = SPEEDS[-1], True
        screen.write.session.state.length = 20
        await screen.enter(PROMPT)
        await until(screen.pilot, lambda: screen.write.passage and screen.passage.finished)
        await until(
            screen.pilot, lambda: true_line(screen, screen.passage.cursor)[:18] in said(screen)
        )
        assert "entropy" not in said(screen)


async def test_what_goes_wrong_is_said_there(
    tiny: Model, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflows(*_: object) -> None:
        raise ModelFileError("its logits overflow")

    monkeypatch.setattr(habit, "mean", overflows)
    async with written(until) as screen:
        await screen.press("w")
        await until(screen.pilot, lambda: "why: its logits overflow" in said(screen))
        await screen.press("left")
        assert screen.passage.cursor < screen.passage.shown


def test_the_line_names_the_unit_that_pushes_most() -> None:
    def told(towards: float, against: float) -> str:
        sides = [
            Side((Term(i, push),) if push else (), 0, 0.0)
            for i, push in enumerate((towards, against))
        ]
        return in_short(Why(0, 1, 0.5, 1.0, -0.5, *sides), "x", "y", lambda unit: f"u{unit}")

    begin = "why x, not y: +0.50 = habit +1.00, news −0.50"
    assert told(0.2, 0.3) == f"{begin}, of which u1 −0.30"
    assert told(0.4, 0.3) == f"{begin}, of which u0 +0.40"
    assert told(0.0, 0.0) == begin
