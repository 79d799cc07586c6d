"""A race from the Train screen: what is asked, what is started, and what becomes of it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from textual.widgets import Input, Select, Static

from engine.errors import UsageError
from engine.runs import launch
from tests.tui.training import TrainApp, ready, seen
from tui.told import in_app
from tui.train.compare import Compared
from tui.train.racing import FIELDS, Entry, RaceDialog

pytestmark = pytest.mark.usefixtures("started")
USUAL = {field.key: field.usual for field in FIELDS}
ENDS = "import sys; words = sys.stdin.read(); sys.stderr.write(words); sys.exit(bool(words))"


@pytest.fixture
def driven(monkeypatch):
    """Drivers are processes that wait, and fail with the words they are told; gives what was asked for."""
    asked, children = [], []

    def drive(leader, others, by):
        with open(leader.log, "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-c", ENDS], stdin=subprocess.PIPE, stderr=log
            )
        children.append(child)
        asked.append((leader, others, by, child))
        return child

    monkeypatch.setattr(launch, "drive", drive)
    yield asked
    for child in children:
        child.kill()
        child.communicate()


async def begin(app, pilot, until, **values):
    """Ask for a race with these values."""
    await until(pilot, ready(app))
    await pilot.press("ctrl+r")
    await until(pilot, lambda: isinstance(app.screen, RaceDialog))
    for key, value in values.items():
        app.screen.query_one(f"#{key}", Input).value = value
    await pilot.press("enter")


async def test_two_keys_start_a_race_of_the_usual_cells(winter, driven, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await begin(app, pilot, until)
        await until(pilot, lambda: driven)
        await until(pilot, seen(app, "starting"))
        assert app.pane.at_work()
    leader, others, by, _ = driven[0]
    info = leader.info()
    assert (leader.name, info.race) == ("race-1-rnn", "race-1")
    assert (others, by) == (("lstm", "gru"), "parameters")
    assert (info.config.model.cell, info.config.seconds) == ("rnn", 60.0)
    assert info.command == "helo race winter --cells rnn,lstm,gru --seconds 60 --by parameters"


@pytest.mark.parametrize(
    ("size", "by"),
    [((140, 45), "mouse"), ((80, 24), "mouse"), ((60, 18), "mouse"), ((60, 18), "key")],
)
async def test_the_button_asks_and_escape_changes_nothing(winter, driven, until, size, by):
    app = TrainApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, ready(app))
        for button in app.query("#buttons Button"):
            assert app.screen.region.contains_region(button.region)
        if by == "mouse":
            last = size[1] - (1 if size[1] < 30 else 2)
            await until(pilot, lambda: app.query_one("#race").region.y == last)
            assert await pilot.click("#race")
        else:
            app.query_one("#race").focus()
            await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RaceDialog))
        for shown in app.screen.query("Input, Select, .note"):
            assert app.screen.region.contains_region(shown.region)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, RaceDialog))
        assert not driven and not app.query_one("#start").disabled


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("cells", "rnn", "Cells must name two cells or more"),
        ("cells", "rnn,[/b]", "not '[/b]'"),
        ("cells", "", "Cells must be some of"),
        ("seconds", "0", "How long must be more than 0"),
        ("seconds", " ", "How long must be more than 0"),
        ("seconds", "soon", "How long must be a time such as 90, 90s, 5m or 1h30m, not 'soon'"),
        ("hidden", "many", "Hidden must be a whole number"),
        ("hidden", "0", "Hidden must be between 1 and"),
    ],
)
def test_what_is_no_race_is_refused(field, value, said):
    with pytest.raises(UsageError) as refused:
        Entry.of(USUAL | {field: value})
    assert said in in_app(refused.value)


async def test_what_is_wrong_is_told_where_it_was_typed(winter, driven, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await begin(app, pilot, until, cells="rnn,[/b]", seconds="5", hidden="9")
        trouble = app.screen.query_one("#trouble", Static)
        await until(pilot, lambda: "not '[/b]'" in str(trouble.render()))
        app.screen.query_one("#cells", Input).value = " gru , rnn"
        app.screen.query_one("#by", Select).value = "seconds"
        await pilot.press("enter")
        await until(pilot, lambda: driven)
    leader, others, by, _ = driven[0]
    assert (leader.name, others, by) == ("race-1-gru", ("rnn",), "seconds")
    assert leader.info().config.model.hidden == 9 and leader.info().config.seconds == 5


async def test_a_text_that_is_too_small_is_refused_in_the_form(home, tmp_path, driven, until):
    (tmp_path / "short.txt").write_text("too short" * 9)
    app = TrainApp()
    async with app.run_test() as pilot:
        await app.pane.fill_in(str(tmp_path / "short.txt"))
        await until(pilot, seen(app, "none to validate on", "#outlook"))
        await begin(app, pilot, until)
        await until(pilot, seen(app, "corpus short is too small for a race", "#problem"))
        assert not driven and not app.query_one("#race").disabled


async def test_stopping_what_runs_stops_the_race_and_not_only_a_run_of_it(winter, driven, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await begin(app, pilot, until)
        await until(pilot, seen(app, "starting"))
        app.pane.stop_all()
        assert driven[0][3].wait(20) == -15
        await until(pilot, lambda: not app.pane.at_work())


async def test_why_a_race_ended_is_told(winter, driven, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await begin(app, pilot, until)
        await until(pilot, seen(app, "starting"))
        driven[0][3].communicate(b"helo: the disk is [/full]\n")
        await until(pilot, seen(app, "the disk is [/full]"))
        await until(pilot, lambda: app._notifications)
        assert [n.message for n in app._notifications] == ["race-1 ended: the disk is [/full]"]


async def test_runs_of_a_race_are_drawn_over_each_other(fake_run, until):
    alone, first, second = fake_run("alone"), *(fake_run(n, "race-1") for n in ("one", "two"))
    for run in (alone, first, second):
        run.begin()
        run.evaluated(10, 2.0)
    app = TrainApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: len(app.pane._followers) == 3)
        compared = app.pane.compared
        assert (
            not compared.mark(alone.run) and compared.mark(first.run) and compared.mark(second.run)
        )
        await until(pilot, lambda: app.pane.shown)
        shown = app.pane.shown
        assert shown
        await until(pilot, lambda: not compared.behind)
        names = {other.name for other in compared.others(shown.run)}
        assert names == {"one", "two"} - {shown.run.name}


def test_another_race_takes_the_place_of_the_one_before(fake_run):
    compared, runs = Compared(), [fake_run(name) for name in "abcde"]
    for made, race in zip(runs, ("r", "r", "s", "s", "s"), strict=True):
        compared.enter(made.run, race)
    compared.enter(runs[2].run, "s")
    assert [bool(compared.mark(made.run)) for made in runs] == [False, False, True, True, True]
