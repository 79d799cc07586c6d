"""A finished run is trained longer from the Train screen."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from engine.runs import launch
from engine.runs.events import Extended
from engine.runs.longer import NO_LONGER, Longer
from tests.tui.training import TrainApp, seen
from tui.dialogs import AskDialog
from tui.train.curve import Curve

pytestmark = pytest.mark.usefixtures("started")


@pytest.fixture
def asked(monkeypatch, started):
    """How much longer the trainers that were started were to train."""
    found, start = [], launch.start

    def counting(run, processes=1, longer=NO_LONGER):
        found.append(longer)
        return start(run, processes)

    monkeypatch.setattr(launch, "start", counting)
    return found


@pytest.fixture
def run(fake_run):
    """A run near its end."""
    run = fake_run("daily")
    run.begin()
    run.progress(1000, 2.0)
    run.run.state_path(1000).touch()
    return run


async def finish(run, app, pilot, until):
    """Watch it finish."""
    await until(pilot, seen(app, "running", "#headline"))
    run.finish()
    await until(pilot, seen(app, "r trains it longer"))


async def test_r_asks_how_much_longer_until_it_is_told(run, until, asked):
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await finish(run, app, pilot, until)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        first = app.screen
        assert first.query_one(Input).value == "1,000 steps"
        for typed, why in (("much", "500 steps, 2 epochs, 5m"), ("0 steps", "How long must be")):
            shown = app.screen
            shown.query_one(Input).value = typed
            await pilot.press("enter")
            await until(
                pilot, lambda s=shown: isinstance(app.screen, AskDialog) and app.screen != s
            )
            assert any(why in n.message for n in app._notifications)
            assert app.screen.query_one(Input).value == typed
        app.screen.query_one(Input).value = "20s"
        await pilot.press("enter")
        await until(pilot, lambda: asked == [Longer(200, 20.0)])
        run.begin(life=1, step=1000)
        run.say(Extended(life=1, step=1000, total_steps=1200))
        await until(pilot, seen(app, "step 1,000 of 1,200", "#bar"))
        assert "running" in app.text("#headline")
        curve = app.query_one(Curve)
        await until(pilot, lambda: "► continued" in str(curve.border_title))


async def test_esc_leaves_it_finished(run, until, asked):
    app = TrainApp()
    async with app.run_test() as pilot:
        await finish(run, app, pilot, until)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, AskDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, AskDialog))
        assert not asked and "finished" in app.text("#headline")


async def test_a_run_of_a_race_says_why_not(run, until, asked):
    info = run.run.folder / "run.json"
    info.write_text(info.read_text().replace('"race": ""', '"race": "race-1"'))
    app = TrainApp()
    async with app.run_test() as pilot:
        await finish(run, app, pilot, until)
        await pilot.press("r")
        await until(
            pilot, lambda: any("belongs to race-1" in n.message for n in app._notifications)
        )
        assert not asked and not isinstance(app.screen, AskDialog)
