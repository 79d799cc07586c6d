"""The fields of the form: what they understand, and how they fit a tiny terminal."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.tui.training import TrainApp, ready, seen

pytestmark = pytest.mark.usefixtures("started")


async def test_how_long_is_asked_for_in_seconds_minutes_or_hours(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        for typed, shown in (("90s", "1:30: about"), ("5m", "5:00: about"), ("1h30m", "1:30:00")):
            app.query_one("#length", Input).value = typed
            await until(pilot, seen(app, shown, "#outlook"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
    assert started[0].info().command == "helo train winter --seconds 5400"


@pytest.mark.parametrize("wrong", ["", "many"])
async def test_a_tiny_terminal_shows_fields_and_scrolls_to_the_others(winter, until, wrong):
    app = TrainApp()
    async with app.run_test(size=(40, 8)) as pilot:  # the app itself needs two lines
        await until(pilot, ready(app))
        app.query_one("#hidden", Input).value = wrong
        await until(pilot, lambda: bool(wrong) == app.query_one("#problem").display)
        fields, room = app.query_one("#fields"), app.screen.region
        assert fields.size.height >= 4 and fields.max_scroll_x == 0
        for shown in ("#start", "#race", "#outlook"):
            assert room.contains_region(app.query_one(shown).region)
        for key in ("length", "processes"):
            field = app.query_one(f"#{key}", Input)
            field.focus()
            await until(pilot, lambda: app.focused is field)  # noqa: B023
            await until(pilot, lambda: fields.region.contains_region(app.focused.region))
        app.query_one("#hidden", Input).value = ""
        field.value = "x"  # the line that says what is wrong takes room
        await until(pilot, seen(app, "Processes must be", "#problem"))
        await until(pilot, lambda: fields.region.contains_region(app.focused.region))
