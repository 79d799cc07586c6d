"""Pictures of the Train screen, from logs that are always the same.

`pytest tests/tui/test_train_snapshots.py --snapshot-update` takes them anew.
"""

from __future__ import annotations

import pytest

from engine import places
from engine.runs.events import Changed, Failed, Paused, Vitals
from engine.text import corpus, survey
from tests.tui.conftest import FakeRun
from tests.tui.test_snapshots import Compare
from tests.tui.test_snapshots import pytestmark as drawn_with
from tests.tui.training import TrainApp, seen
from tui.train.curve import Curve

LARGE, SMALL = (140, 45), (80, 24)
pytestmark = [drawn_with, pytest.mark.usefixtures("started")]


def learn(run: FakeRun, steps: int = 600, rises: float = 0.0, better: float = 0.0) -> None:
    """A training that begins, and what its log says until a step; `rises` is how much of its validation
    loss comes back."""
    survey.obtain(corpus.load(places.corpora() / "winter"))
    run.begin()
    for step in range(0, steps + 1, 10):
        loss = 1.2 - better + 2 / (1 + step / 60)
        if step:
            run.progress(step, loss)
        if step % 100 == 0:
            run.evaluated(step, loss + 0.1 + rises * step / 500, took=0.2)
            run.sampled(
                step, f"Now is the winter of step {step},\nand this is what it writes.\n" * 3
            )
    run.say(
        Vitals(life=0, step=steps, layer=0, weight_norm=12.3, update_ratio=0.0021, saturated=0.04)
    )


def shows(until, app: TrainApp, text: str, *keys: str, selector: str = "#note"):
    """Wait for a text, then press keys."""

    async def play(pilot):
        await until(pilot, seen(app, text, selector))
        await pilot.press(*keys)
        await until(
            pilot, lambda: "●" in app.text("#life") and "◆" in str(app.query_one(Curve).content)
        )
        await pilot.pause()

    return play


@pytest.mark.parametrize("size", [LARGE, SMALL])
@pytest.mark.parametrize("state", ["running", "paused", "failed", "overfitting"])
def test_a_run(snap_compare: Compare, fake_run, until, size, state):
    run = fake_run("daily")
    learn(run, rises=2.0 if state == "overfitting" else 0.0)
    app = TrainApp()
    told = "not improved"
    if state == "running":
        run.say(Changed(life=0, step=600, setting="lr", value=0.002, id="one"))
        told = "lr is 0.002"
    if state == "paused":
        run.say(Paused(life=0, step=600))
        told = "space continues"
    if state == "failed":
        told = "loss is nan"
    play = shows(until, app, told)

    async def fail(pilot):
        await until(pilot, seen(app, "running", "#headline"))
        run.say(Failed(life=0, step=600, reason="the loss is nan at step 601"))
        run.die()
        await play(pilot)

    before = fail if state == "failed" else play
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_a_run_that_is_compared(snap_compare: Compare, fake_run, until, theme):
    others = [fake_run("larger"), fake_run("smaller")]
    for run, better in zip(others, (0.15, -0.15), strict=True):
        learn(run, better=better)
        run.finish()
    learn(fake_run("daily"))
    app = TrainApp()
    app.theme = theme

    async def play(pilot):
        await until(pilot, seen(app, "running", "#headline"))
        for run in others:
            app.pane.compared.toggle(run.run)
        await until(pilot, lambda: "△ smaller" in str(app.query_one("#curve").border_title))
        await until(pilot, seen(app, "△ smaller", "#numbers"))
        await until(pilot, lambda: "●" in app.text("#life"))
        await pilot.pause()

    assert snap_compare(app, terminal_size=LARGE, run_before=play)


@pytest.mark.parametrize("keys", [("home",), ("left",) * 3])
def test_an_older_sample(snap_compare: Compare, fake_run, until, keys):
    learn(fake_run("daily"))
    app = TrainApp()
    play = shows(until, app, "step 600", *keys, selector="#text")
    assert snap_compare(app, terminal_size=LARGE, run_before=play)
