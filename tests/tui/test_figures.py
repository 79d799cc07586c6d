"""The table of a run's figures, and what is made from it."""

from __future__ import annotations

import io
from dataclasses import fields

import pytest
from rich.console import Console

from engine.runs.events import Extended, Planned, RolledBack, Sampled, Vitals
from engine.runs.kept import Kept
from engine.runs.rundir import RunStatus
from tests.engine.said import evaluated, progress, started
from tui.cli.shared.views import LiveView
from tui.figures.snapshot import Snapshot, look
from tui.figures.table import FIGURES, Figure, Place, measured, shown
from tui.train import numbers

PLACES: tuple[Place, ...] = ("column", "lines", "page", "live", "log", "layers")
LEARNT = [
    started(total_steps=100, train_chars=1000),
    progress(step=50, chars=500, seconds=65.0, lr=0.00123, grad_norm=0.5, chars_per_second=6400.0),
    evaluated(step=50, val_nats=1.5),
    evaluated(step=60, val_nats=1.6, best=False),
]
FINAL = evaluated(step=100, val_nats=1.25, final=True)


def snapshot(*events):
    return look(Kept(events), RunStatus("running"))


def drawn(*events) -> list[str]:
    """What the live view of the command line shows between its title and its footer."""
    view = LiveView("a run", "ctrl+c stops it")
    for event in events:
        view.show(event, "")
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(view._render())
    return console.file.getvalue().splitlines()[1:-1]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.label)
def test_every_row_is_of_a_field_and_has_a_place(figure: Figure) -> None:
    kind = figure.event or Snapshot
    assert figure.field in {field.name for field in fields(kind)} or hasattr(kind, figure.field)
    assert any(getattr(figure, place) for place in PLACES)
    assert not figure.layers or figure.event is Vitals


def test_what_is_not_known_is_told_as_such_or_not_at_all():
    new = snapshot()
    assert {text for name, text in numbers.facts(new)} == {"–"}
    assert "best, final" not in dict(numbers.facts(new))
    assert numbers.lines(new).plain == "training –  validation –  best –"
    assert not any(text for place in ("page", "live") for _, text in shown(place, new))


def test_a_field_that_an_older_log_lacks_is_not_known():
    figure = Figure(None, "final", "new", column="{:.1f}", log="{:.1f}")
    assert figure.text("column", figure.value(snapshot(*LEARNT))) == ""
    assert figure.text("column", figure.value(snapshot(*LEARNT, FINAL))) == "1.2"


def test_the_time_left_is_that_which_was_asked_for():
    timed = [started(total_steps=100, train_chars=1000, until=80.0), *LEARNT[1:]]
    assert snapshot(*timed).seconds_left == 15.0
    assert snapshot(*LEARNT).seconds_left == pytest.approx(40 * 65 / 50), "by the pace so far"
    late = progress(step=90, seconds=90.0)
    assert snapshot(*timed, late).seconds_left == 0.0
    anew = Planned(life=0, step=60, total_steps=200)
    assert snapshot(*timed, anew).seconds_left == 15.0 and snapshot(*timed, anew).share == 0.3
    more = Extended(life=1, step=200, total_steps=260, until=95.0)
    assert snapshot(*timed, more).seconds_left == 30.0
    steps = Extended(life=1, step=200, total_steps=260)
    assert snapshot(*timed, steps).seconds_left == pytest.approx(60 * 65 / 50)


def test_little_room_takes_two_lines_of_56_cells():
    first, second = numbers.lines(snapshot(*LEARNT)).plain.splitlines()
    assert first == "training 1.000  validation 1.600  best 1.500  at step 50"
    assert second == "6,400 chars/s  rate 0.00123  gradient 0.5  1:05"
    assert max(map(len, (first, second))) <= 56


def test_an_event_is_told_by_its_figures():
    assert measured(LEARNT[1]) == "train 1.0000 nats, 6,400 characters/s, lr 0.00123"
    assert measured(LEARNT[2]) == "validation 1.5000 nats, 2.1640 bits"
    assert measured(Sampled(life=0, step=0, prompt="", text="")) == ""


def test_the_layers_table_has_a_column_for_each_of_its_rows(monkeypatch):
    more = Figure(Vitals, "layer", "number", layers="no. {}")
    monkeypatch.setattr(numbers, "FIGURES", (*FIGURES, more))
    norms = {"weight_norm": 12.5, "update_ratio": 0.001, "saturated": 0.25}
    found = numbers.layers(snapshot(Vitals(life=0, step=1, layer=0, **norms)))
    assert found == [
        ("", "weights  update  saturated  number"),
        ("layer 1", "12.5     0.10%   25.0%      no. 0"),
    ]


def test_the_live_view_tells_the_curve_and_the_final_measure_apart():
    bar, losses, speed = drawn(*LEARNT)
    assert bar.endswith("60%  step 60 of 100  0:52 left")
    assert losses == "train 1.000   validation 1.600   best 1.500 nats, 2.164 bits"
    assert speed == "6,400 characters/s   lr 0.00123"
    _, losses, _ = drawn(*LEARNT, FINAL)
    assert losses.endswith("best 1.500 nats, 2.164 bits   final 1.250 nats, 1.803 bits")


def test_the_live_view_forgets_what_a_run_went_back_over():
    sample = Sampled(life=0, step=60, prompt="", text="so fair")
    assert any("so fair" in line for line in drawn(*LEARNT, sample))
    bar, losses, _, state = drawn(*LEARNT, sample, RolledBack(life=0, step=55))
    assert "step 55 of 100" in bar and "validation 1.500" in losses
    assert state == "went back to step 55"
