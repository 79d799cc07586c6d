"""The Train screen with a real trainer."""

from __future__ import annotations

from textual.app import App
from textual.widgets import Input, Select, Static

from engine.runs import launch, rundir
from tui.train.pane import TrainPane

PATIENCE = 90.0


class TrainApp(App[None]):
    """The pane alone."""

    def compose(self):
        yield TrainPane()


async def test_a_training_is_started_watched_and_finishes(home, monkeypatch, until):
    monkeypatch.setattr(launch, "device_facts", lambda: {"problem": "not asked"})
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        pane = app.query_one(TrainPane)
        await pane.fill_in("hello")
        await until(pilot, lambda: app.query_one("#corpus", Select).value == "hello")
        for key, value in {"hidden": "8", "batch": "4", "length": "40"}.items():
            app.query_one(f"#{key}", Input).value = value
        app.query_one("#unit", Select).value = "steps"
        await pilot.press("ctrl+s")

        def note():
            return str(app.query_one("#note", Static).render())

        await until(pilot, lambda: "finished" in note(), PATIENCE)
        assert "step 40 of 40" in str(app.query_one("#bar", Static).render())
        assert str(app.query_one("#text", Static).render()).strip("helo\n") == ""
        await until(pilot, lambda: not pane.at_work(), PATIENCE)
    (run,) = rundir.runs()
    assert rundir.status(run, run.events()).word == "finished"
    assert run.best.exists()
