"""Keys that ask a trainer for something, and its answers."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from engine.runs.events import Changed, Paused, Refused
from tests.tui.training import TrainApp, requests, seen
from tui.dialogs import AskDialog, ConfirmDialog

pytestmark = pytest.mark.usefixtures("started")


@pytest.mark.parametrize(
    ("key", "request_", "value"),
    [
        ("space", "pause", 1.0),
        ("l", "lr", 0.8),
        ("L", "lr", 1.25),
        ("v", "save", 1.0),
        ("e", "evaluate", 1.0),
        ("w", "sample", 1.0),
    ],
)
async def test_a_key_asks_and_says_so_until_it_is_answered(fake_run, until, key, request_, value):
    run = fake_run()
    run.begin()
    run.progress(1, 2.0)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press(key)
        await until(pilot, seen(app, "asked to"))
        (asked,) = requests(run)
        assert (asked["request"], asked["value"]) == (request_, value)
        run.say(Refused(life=0, step=2, id=asked["id"], reason="not [now]"))
        await until(pilot, seen(app, "step 2: refused: not [now]"))


@pytest.mark.parametrize(
    ("key", "usual", "typed", "request_", "value", "text"),
    [
        ("b", "best", None, "back", 1.0, "best"),
        ("m", "", "calm", "mark", 1.0, "calm"),
        ("m", "", None, "mark", 1.0, ""),
        ("d", "0.5", "0.25", "dropout", 0.25, "0.25"),
        ("c", "1", "3", "clip", 3.0, "3"),
    ],
)
async def test_keys_that_ask_what(fake_run, until, key, usual, typed, request_, value, text):
    run = fake_run()
    run.begin()
    run.progress(10, 1.0)
    run.say(Changed(life=0, step=10, setting="dropout", value=0.5))
    app = TrainApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.pane.shown and app.pane.shown.number("dropout") == 0.5)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        box = app.screen.query_one(Input)
        assert box.value == usual
        if typed:
            box.value = typed
        await pilot.press("enter")
        await until(pilot, lambda: requests(run))
        asked = requests(run)[0]
        assert (asked["request"], asked["value"], asked["text"]) == (request_, value, text)


@pytest.mark.parametrize("typed", ["much", "nan", "1e999", "9" * 5000, ""])
async def test_a_dropout_that_is_no_number_is_not_asked_for(fake_run, until, typed):
    run = fake_run()
    run.begin()
    run.progress(10, 1.0)
    app = TrainApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await until(pilot, lambda: any("must be a number" in n.message for n in app._notifications))
        assert not requests(run)


async def test_space_goes_on_after_a_pause(fake_run, until):
    run = fake_run()
    run.begin()
    run.say(Paused(life=0, step=1))
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "paused", "#headline"))
        await pilot.press("space")
        await until(pilot, lambda: requests(run))
        assert requests(run)[0]["request"] == "resume"


async def test_stopping_asks_first(fake_run, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert not requests(run)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("s")
        await until(pilot, lambda: requests(run))
        assert requests(run)[0]["request"] == "stop"


async def test_a_killed_trainer_is_noticed_and_r_resumes_it(fake_run, started, until):
    run = fake_run("daily")
    run.begin()
    run.progress(100, 2.0)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        run.die()
        await until(pilot, seen(app, "was killed"))
        await pilot.press("l")
        assert not requests(run)
        await pilot.press("r")
        await until(pilot, seen(app, "starting", "#headline"))
        assert [r.name for r in started] == ["daily"]
        run.begin(life=1, step=50)
        await until(pilot, seen(app, "running", "#headline"))


async def test_what_was_said_before_a_stop_is_not_said_of_the_resumed_run(fake_run, until):
    run = fake_run("daily")
    run.begin()
    run.progress(100, 2.0)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        run.say(Changed(life=0, step=100, id="z", setting="stop", value=0))
        await until(pilot, seen(app, "stopping"))
        run.begin(life=1, step=100)
        run.progress(110, 1.9, life=1)
        await until(pilot, lambda: "stopping" not in app.text("#note"))
