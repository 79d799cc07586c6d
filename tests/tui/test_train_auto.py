"""What the form finds by itself where nothing is typed, and how it learns how fast the machine is."""

from __future__ import annotations

import time
from threading import Event

import pytest
from textual.widgets import Input, Select

from engine.errors import RunError, UsageError
from engine.runs import launch, recipe
from engine.text import corpus
from tests.tui.training import FACTS, PACE, TrainApp, found_for, ready, seen
from tui.train.fields import FIELDS, FOUND, asked
from tui.train.plan import Outlook, complete, describe

pytestmark = pytest.mark.usefixtures("started")
LARGE = Outlook("large", 5_000_000, recipe.PACED)
USUAL = {field.key: field.usual for field in FIELDS}


class Measured:
    """Stands in for the child that measures: waits until it may answer, or fails."""

    def __init__(self) -> None:
        self.may_answer = Event()
        self.problem = ""
        self.devices: list[str] = []

    def __call__(self, device, dtype, threads, report):
        self.devices.append(device)
        self.report = report
        assert self.may_answer.wait(20)
        if self.problem:
            raise RunError(self.problem)
        return PACE


@pytest.fixture
def measured(monkeypatch):
    child = Measured()
    monkeypatch.setattr(launch, "pace", child)
    yield child
    child.may_answer.set()


def shown(app, key):
    """What stands in an empty field."""
    field = app.query_one(f"#{key}", Input)
    assert field.value == ""
    return field.placeholder


async def test_empty_fields_say_what_is_found_once_the_machine_is_measured(winter, measured, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "measuring this machine", "#outlook"))
        await until(pilot, seen(app, "1,560 characters", "#outlook"))
        assert {shown(app, key) for key in FOUND} == {"auto"}
        measured.report(2)
        await until(pilot, seen(app, "measuring this machine: network 3 of 5", "#outlook"))
        measured.may_answer.set()
        await until(pilot, seen(app, "lstm 128×1", "#outlook"))
        config = found_for({"seconds": 300.0})
        assert shown(app, "hidden") == "auto: 128" and shown(app, "layers") == "auto: 1"
        assert shown(app, "dropout") == f"auto: {config.dropout:g}"
        assert shown(app, "lr") == f"auto: {config.lr:g}"
        assert measured.devices == ["auto"]


async def test_what_is_found_follows_the_text_the_length_and_the_other_fields(winter, until):
    corpus.add(["to be or not to be " * 20_000], "long", "a play")
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        app.query_one("#corpus", Select).value = "winter"
        await until(pilot, lambda: shown(app, "hidden") == "auto: 128")
        app.query_one("#corpus", Select).value = "long"
        await until(pilot, lambda: shown(app, "hidden") == "auto: 256")
        app.query_one("#length", Input).value = "1"
        await until(pilot, lambda: shown(app, "hidden") == "auto: 128")
        before = shown(app, "lr")
        app.query_one("#cell", Select).value = "rnn"
        await until(pilot, lambda: shown(app, "lr") != before)
        app.query_one("#unit", Select).value = "epochs"
        app.query_one("#length", Input).value = "20"
        await until(pilot, lambda: shown(app, "hidden") == "auto: 256")


async def test_what_is_typed_holds_and_what_is_emptied_is_found_again(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        hidden, usual = app.query_one("#hidden", Input), shown(app, "lr")
        hidden.value = "512"
        await until(pilot, seen(app, "lstm 512×1", "#outlook"))
        await until(pilot, lambda: shown(app, "lr") != usual)
        hidden.value = " "
        await until(pilot, seen(app, "lstm 128×1", "#outlook"))
        await until(pilot, lambda: shown(app, "lr") == usual)
        app.query_one("#batch", Input).value = "3"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
    info = started[0].info()
    assert info.config == found_for({"batch": 3, "seconds": 300.0})
    assert info.command == "helo train winter --batch 3 --seconds 300"


async def test_a_training_starts_once_the_machine_is_measured(winter, started, measured, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: measured.devices)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.query_one("#start").disabled)
        await until(pilot, seen(app, "measuring this machine", "#outlook"))
        assert not started
        measured.may_answer.set()
        await until(pilot, lambda: started)
    assert started[0].info().config == found_for({"seconds": 300.0})
    assert measured.devices == ["auto"]


async def test_a_start_says_how_far_the_measurement_is(winter, started, measured, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: measured.devices)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.pane.starting == "winter")
        measured.report(4)
        await until(pilot, seen(app, "measuring this machine: network 5 of 5", "#outlook"))
        measured.may_answer.set()
        await until(pilot, lambda: started and not app.pane.starting)


async def test_a_start_that_is_refused_imports_nothing(
    home, tmp_path, started, measured, facts_wait, until
):
    path = tmp_path / "play.txt"
    path.write_text("to be or not to be " * 40)
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.text("#outlook"))
        app.query_one("#device", Select).value = "cuda"
        await app.pane.fill_in(str(path))
        await until(pilot, seen(app, "760 characters", "#outlook"))
        await pilot.press("ctrl+s")
        await until(pilot, seen(app, "examining this machine", "#outlook"))
        facts_wait.set()
        await until(pilot, seen(app, "Device cuda is not there", "#problem"))
        app.query_one("#device", Select).value = "auto"
        await until(pilot, lambda: measured.devices)
        measured.problem = "torch is missing"
        await pilot.press("ctrl+s")
        measured.may_answer.set()
        await until(pilot, seen(app, "torch is missing", "#problem"))
    assert not started and not list(corpus.corpora())


async def test_leaving_does_not_wait_for_a_measurement(winter, started, measured, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: measured.devices)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.query_one("#start").disabled)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not started


async def test_a_machine_that_cannot_be_measured_is_told(winter, started, measured, until):
    measured.problem = "torch is [missing]"
    measured.may_answer.set()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, seen(app, "torch is [missing]", "#device-hint"))
        await until(pilot, seen(app, "chosen at the start", "#outlook"))
        assert shown(app, "hidden") == "auto"
        await pilot.press("ctrl+s")
        await until(pilot, seen(app, "torch is [missing]", "#problem"))
        assert not started and measured.devices == ["auto", "auto"]
        app.query_one("#unit", Select).value = "epochs"
        await until(pilot, lambda: shown(app, "hidden") == "auto: 128")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
    assert measured.devices == ["auto", "auto"]


async def test_each_device_is_measured_once(winter, measured, monkeypatch, until):
    names = {"cuda": "a GPU"}
    two = FACTS | {"devices": ["cuda", "cpu"], "names": names}
    monkeypatch.setattr(launch, "device_facts", lambda: two)
    measured.may_answer.set()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: measured.devices)
        for device in ("auto", "cpu", "auto", "cpu", "mps", "auto"):
            app.query_one("#device", Select).value = device
            await pilot.pause()
            await until(pilot, lambda d=device: d in measured.devices or d == "mps")
        assert measured.devices == ["auto", "cpu"]
        await until(pilot, seen(app, "cuda (a GPU), cpu", "#device-hint"))


def test_only_what_differs_from_the_usual_is_given():
    assert asked(USUAL).given == {"seconds": 300.0}
    typed = {"cell": "gru", "residual": "on", "batch": " 8 ", "dropout": "0", "lr": "1e-5"}
    found = asked(USUAL | typed | {"unit": "steps", "length": "1000000"})
    assert found.given == {
        "cell": "gru",
        "residual": True,
        "batch": 8,
        "dropout": 0.0,
        "lr": 1e-5,
        "steps": 1_000_000,
    }
    words = "--cell gru --residual --batch 8 --dropout 0 --lr 1e-05 --steps 1000000"
    assert found.command("my text.txt") == f"helo train 'my text.txt' {words}"


@pytest.mark.parametrize(
    ("unit", "length"), [("steps", "9" * 400), ("epochs", "1e308"), ("seconds", "1e308")]
)
def test_a_length_beyond_all_measure_is_refused(unit, length):
    with pytest.raises(UsageError, match=f"--{unit} must be .* [0-9,]+, not"):
        asked(USUAL | {"unit": unit, "length": length})


@pytest.mark.parametrize("length", [{"seconds": 600.0}, {"epochs": 2.0}, {"steps": 5000}])
def test_the_time_is_told_from_the_pace_where_no_run_is_alike(length):
    config = complete(length, LARGE, PACE)
    lines = list(describe(config, LARGE, [], PACE))
    assert "about" in lines[-1]
    assert "about" not in list(describe(config, LARGE, []))[-1]
    other = complete(length | {"cell": "gru"}, LARGE, PACE)
    assert "about" not in list(describe(other, LARGE, [], PACE))[-1]


def test_a_time_cannot_be_planned_without_the_pace():
    assert complete({"seconds": 300.0}, LARGE, None) is None
    assert complete({"epochs": 1.0}, LARGE, None)
