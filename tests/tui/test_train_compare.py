"""Several runs over each other."""

from __future__ import annotations

import shutil

import pytest
from textual.widgets import OptionList

from engine.text import corpus
from tests.tui.conftest import FakeRun
from tests.tui.training import TrainApp, seen
from tui.train.compare import MARKS, Compared, RunChoice
from tui.train.curve import Curve

pytestmark = pytest.mark.usefixtures("started")


@pytest.fixture
def runs(fake_run):
    """Five runs that ended, and one that goes on, `main`."""
    made = []
    for number, name in enumerate(["a", "b", "c", "d", "e", "main"]):
        run = fake_run(name)
        run.begin()
        for step in range(0, 501, 100):
            run.progress(step, 2.0)
            run.evaluated(step, 2.5 + number / 10 - step / 1000)
        made.append(run)
        if name != "main":
            run.finish()
    return made


def test_four_runs_have_marks_and_a_fifth_takes_one_that_is_free(runs):
    compared, (*five, main) = Compared(), [made.run for made in runs]
    assert [compared.toggle(run) for run in five] == [True] * 4 + [False]
    assert [compared.mark(run) for run in five] == [*MARKS, ""]
    assert compared.toggle(five[1]) and compared.toggle(five[4])
    assert compared.mark(five[4]) == MARKS[1]
    assert not compared.others(main)
    while compared.behind:
        compared.read()
    others = compared.others(main)
    assert [other.mark for other in others] == list(MARKS)
    assert [other.name for other in others] == ["a", "e", "c", "d"]
    assert [other.best for other in others] == pytest.approx([2.0, 2.4, 2.2, 2.3])
    assert [other.name for other in compared.others(five[0])] == ["e", "c", "d"]
    runs[0].evaluated(600, 1.5)
    assert compared.read()
    assert compared.others(main)[0].best == 1.5


def test_a_run_that_is_deleted_is_compared_no_more(runs):
    compared, (first, second, *_, main) = Compared(), [made.run for made in runs]
    assert compared.toggle(first) and compared.toggle(second)
    while compared.behind:
        compared.read()
    assert not compared.read()
    shutil.rmtree(first.folder)
    assert compared.read() and not compared.read()
    assert [other.name for other in compared.others(main)] == ["b"]
    assert compared.mark(first) == ""


async def choose(app, pilot, until, name):
    await pilot.press("a")
    await until(pilot, lambda: isinstance(app.screen, RunChoice))
    options = app.screen.query_one(OptionList)
    names = [str(option.prompt).split()[-5] for option in options.options]
    assert sorted(names) == ["a", "b", "c", "d", "e"]
    options.highlighted = names.index(name)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, RunChoice))


@pytest.mark.parametrize("no_color", ["", "1"])
async def test_another_run_is_drawn_named_and_taken_away(runs, until, monkeypatch, no_color):
    if no_color:
        monkeypatch.setenv("NO_COLOR", no_color)
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        curve = app.query_one(Curve)

        def drawn(mark):
            return mark in str(curve.content)

        for mark, name in zip(MARKS, "bca", strict=False):
            await choose(app, pilot, until, name)
            await until(pilot, lambda mark=mark: drawn(mark))
            assert f"{mark} {name}" in str(curve.border_title)
        best = app.text("#numbers").splitlines()[-3:]
        assert [line.split()[:3] for line in best] == [
            ["○", "b", "2.100"],
            ["△", "c", "2.200"],
            ["□", "a", "2.000"],
        ]
        await choose(app, pilot, until, "c")
        await until(pilot, lambda: not drawn("△"))
        assert drawn("○") and drawn("□")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, RunChoice))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RunChoice))
        assert drawn("○")


async def test_a_run_alone_has_nothing_to_be_compared_with(fake_run, until):
    run = fake_run()
    run.begin()
    app = TrainApp()
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        await pilot.press("a")
        await until(pilot, lambda: app._notifications)
        assert "no other run" in next(iter(app._notifications)).message


async def test_a_run_on_another_text_does_not_stretch_the_axis(fake_run, until, home):
    far = FakeRun(corpus.add(["ab" * 500], "letters", "here"), "far", "")
    far.begin()
    near = fake_run("near")
    near.begin()
    main = fake_run("main")
    main.begin()
    for step in range(0, 501, 100):
        main.progress(step, 2.0)
        for run, nats in ((main, 2.0), (near, 2.1), (far, 0.1)):
            run.evaluated(step, nats)
    for run in (near, far):
        run.finish()
    app = TrainApp()
    async with app.run_test(size=(140, 45), notifications=True) as pilot:
        await until(pilot, seen(app, "running", "#headline"))
        curve = app.query_one(Curve)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, RunChoice))
        prompts = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        assert sorted("another text" in prompt for prompt in prompts) == [False, True]
        app.screen.dismiss(far.run)
        await until(pilot, lambda: "far" in str(curve.border_title))
        assert "○ far ↓ on another text" in str(curve.border_title)
        told = "far learns another text, letters: the losses cannot be compared"
        assert told in [note.message for note in app._notifications]
        before = str(curve.content)
        assert "○" not in before and " 0.1 " not in before
        assert [line.split()[:2] for line in app.text("#numbers").splitlines()[-2:]] == [
            ["on", "another"],
            ["○", "far"],
        ]
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, RunChoice))
        app.screen.dismiss(near.run)
        await until(pilot, lambda: "△ near" in str(curve.border_title))
        assert "△" in str(curve.content)
