"""What the palette offers of a tab: all that its keys do."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from engine.network.modelfile import Model
from tests.tui.training import requests
from tui.app import HeloApp
from tui.library.pane import LibraryPane
from tui.train.keys import KEYS
from tui.train.watch import RunView

pytestmark = pytest.mark.usefixtures("started", "tiny")
AWAY = {"train.go-on", "train.resume", "train.longer", "train.open", "train.keep", "train.swap"}
"""What a running training that has saved nothing yet, with room for all, cannot do."""


def helps(app: HeloApp) -> set[str]:
    return {command.help for command in app.get_system_commands(app.screen)}


async def show_run(app, pilot, until):
    await pilot.press("f3")
    await until(pilot, lambda: app.query("#headline"))
    await until(pilot, lambda: "running" in str(app.query_one("#headline", Static).render()))


async def choose(app, title):
    """Do what stands behind a title in the palette."""
    commands = {command.title: command.callback for command in app.get_system_commands(app.screen)}
    await commands[title]()


async def test_all_that_can_be_done_with_a_run_is_offered(fake_run, until):
    run = fake_run("daily")
    run.begin()
    run.sampled(10, "one")
    run.sampled(20, "two")
    app = HeloApp("tiny")
    async with app.run_test(size=(140, 45)) as pilot:
        before = helps(app)
        await show_run(app, pilot, until)
        keys = [*KEYS, *RunView.BINDINGS]
        away = {binding.tooltip for binding in keys if binding.id in AWAY}
        assert helps(app) - before == {binding.tooltip for binding in keys} - away
        await choose(app, "Train: Pause")
        await until(pilot, lambda: [r["request"] for r in requests(run)] == ["pause"])
        await choose(app, "Train: Bits or nats")
        await until(pilot, lambda: "loss in bits" in str(app.query_one("#curve").border_title))


async def test_a_form_has_no_run_to_steer_and_the_library_its_own(
    fake_run, until, home, tiny: Model
):
    app = HeloApp("tiny")
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: app.query("#form"))
        assert not any(binding.tooltip in helps(app) for binding in KEYS)
        await pilot.press("f5")
        await until(pilot, lambda: app.query("#items"))
        offered = helps(app)
        assert {b.tooltip for b in LibraryPane.BINDINGS if b.id == "library.import"} <= offered
