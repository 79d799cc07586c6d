"""Following a run's log: what counts, what is kept, and how little is read at a time."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RunError
from engine.runs import kept
from engine.runs.events import (
    Changed,
    Evaluated,
    Paused,
    Progress,
    Resumed,
    RolledBack,
    Sampled,
    Saved,
    Started,
    Stopped,
    Vitals,
    fold,
)
from engine.runs.kept import FINEST, SLICE
from engine.runs.rundir import RunDirectory, status
from tests.engine.lives import only
from tui.curves.series import Series
from tui.train import follow, numbers
from tui.train.follow import LONG, Follower


def drain(follower):
    """Read until nothing is new."""
    while follower.read() or follower.behind:
        pass
    return follower.snapshot


def test_a_run_that_never_began_is_new(fake_run):
    snapshot = drain(Follower(fake_run().run))
    assert snapshot.status.word == "new" and snapshot.over
    assert snapshot.share == 0 and snapshot.seconds_left is None
    assert len(snapshot.train.steps) == 0


def test_a_living_run_is_followed_as_its_log_grows(fake_run):
    run = fake_run()
    run.begin()
    run.progress(100, 2.0)
    follower = Follower(run.run)
    assert drain(follower).progress.step == 100
    assert follower.read() is None
    run.progress(200, 1.5)
    run.evaluated(200, 1.6)
    run.sampled(200, "so fair")
    snapshot = drain(follower)
    assert snapshot.status.word == "running"
    assert snapshot.train.nats.tolist() == [2.0, 1.5]
    assert snapshot.validation.steps.tolist() == [200]
    assert [sample.text for sample in snapshot.samples] == ["so fair"]
    assert snapshot.share == 0.2
    assert snapshot.seconds_left == pytest.approx(80.0)


def test_going_on_from_an_earlier_step_voids_what_came_after_it(fake_run):
    run = fake_run()
    run.begin()
    run.progress(100, 2.0)
    run.progress(200, 1.0)
    follower = Follower(run.run)
    drain(follower)
    run.say(Resumed(life=1, step=150))
    run.progress(180, 1.4, life=1)
    assert drain(follower).train.steps.tolist() == [100, 180]


def test_a_torn_line_waits_for_its_end_and_nonsense_is_skipped(fake_run):
    run = fake_run()
    run.begin()
    run.say("no event at all")
    follower = Follower(run.run)
    drain(follower)
    with open(run.run.events_path, "a") as log:
        log.write('{"event": "paused", "life": 0,')
    assert follower.read() is None
    with open(run.run.events_path, "a") as log:
        log.write(' "step": 3}\n')
    assert drain(follower).status.word == "paused"


def test_a_sample_with_odd_line_separators_is_one_sample(fake_run):
    run = fake_run()
    run.begin()
    run.sampled(1, "one\u2028two\x85three")
    assert drain(Follower(run.run)).samples[0].text == "one\u2028two\x85three"


def test_a_killed_trainer_is_told_from_a_stopped_one(fake_run):
    run = fake_run()
    run.begin()
    follower = Follower(run.run)
    assert drain(follower).status.word == "running"
    run.die()
    assert drain(follower).status.word == "killed"


def test_what_is_asked_is_asked_until_the_event_with_its_id_comes(fake_run):
    run = fake_run()
    run.begin()
    follower = Follower(run.run)
    drain(follower)
    follower.ask("lr", "lower the rate", 0.8)
    asked = json.loads(run.run.control_path.read_text())
    assert (asked["request"], asked["value"]) == ("lr", 0.8)
    assert follower.asked == ["lower the rate"]
    run.say(Changed(life=0, step=1, id="another", setting="lr", value=1))
    drain(follower)
    assert follower.asked == ["lower the rate"]
    run.say(Changed(life=0, step=1, id=asked["id"], setting="lr", value=1))
    drain(follower)
    assert follower.asked == []


def test_a_dead_run_refuses_requests(fake_run):
    with pytest.raises(RunError):
        Follower(fake_run().run).ask("save", "save")


def test_a_trainer_that_has_not_spoken_yet_is_starting(fake_run):
    run = fake_run()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        follower = Follower(run.run, child)
        assert drain(follower).status.word == "starting"
        run.begin()
        assert drain(follower).status.word == "running"
    finally:
        child.communicate(b"\n")


def test_a_trainer_that_ends_before_it_speaks_has_failed_for_the_reason_in_its_log(fake_run):
    run = fake_run().run
    run.log.write_text("warning\nhelo: the corpus is gone\n")
    child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
    child.wait()
    status = drain(Follower(run, child)).status
    assert (status.word, status.reason) == ("failed", "the corpus is gone")


def test_a_damaged_description_does_not_hide_the_events(fake_run):
    run = fake_run()
    run.begin()
    (run.run.folder / "run.json").write_text("{")
    follower = Follower(run.run)
    assert drain(follower).started.parameters == 1234
    assert follower.info is None


def test_a_long_log_is_read_in_slices_and_thinned(fake_run):
    run, count = fake_run(), 100_000
    run.begin()
    line = '{"event": "progress", "life": 0, "step": %d, "chars": %d, "seconds": %d, '
    line += '"train_nats": %f, "lr": 0.004, "grad_norm": 1, "chars_per_second": 1}\n'
    with open(run.run.events_path, "a") as log:
        log.writelines(line % (i, i, i, 1 + 3 / i) for i in range(1, count + 1))
    follower = Follower(run.run)
    glimpse = follower.read()
    assert glimpse.partial and follower.behind
    assert glimpse.started and glimpse.share == 1
    assert glimpse.progress.step == count
    assert 100 < len(glimpse.train.steps) < FINEST
    slices = 0
    while follower.read() or follower.behind:
        slices += 1
        assert follower.snapshot.partial == follower.behind
    snapshot = follower.snapshot
    assert slices >= run.run.events_path.stat().st_size / SLICE
    assert FINEST / 4 <= len(snapshot.train.steps) <= FINEST
    assert snapshot.progress.step == snapshot.train.steps[-1] == count
    gaps = np.diff(snapshot.train.steps, prepend=0)
    assert 0 < gaps.min() and gaps.max() <= 4 * count / FINEST
    late = snapshot.train.steps > 1000
    assert snapshot.train.nats[late] == pytest.approx(1 + 3 / snapshot.train.steps[late], abs=0.01)


steps = st.integers(0, 3)


def said_by(kind):
    """Any event of a kind that a trainer writes: its numbers equal themselves, its counts count."""
    ranges = {"float": st.floats(0, 9), "int": st.integers(0, 9)}
    numbers = {f.name: ranges[f.type] for f in fields(kind) if f.type in ranges}
    return st.builds(kind, **numbers | {"step": steps})


KINDS = [Progress, Evaluated, Sampled, Saved, Vitals, Started, Changed, Paused, Resumed]
spoken = st.one_of(map(said_by, [*KINDS, RolledBack, Stopped]))


@given(st.lists(spoken, max_size=30), st.integers(1, 3000), st.integers(1, 3000))
def test_whatever_is_read_first_and_in_whatever_slices_what_counts_is_the_fold(said, slice, tail):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "SLICE", slice)
        patch.setattr(follow, "LONG", tail + 1)
        patch.setattr(follow, "TAIL", tail)
        run = RunDirectory(Path(folder))
        run.events_path.write_text("".join(f"{event.to_json()}\n" for event in said))
        snapshot, counts = drain(Follower(run)), run.events()
        assert counts == fold(said)
        assert snapshot.status.word == status(run, counts).word
    of = partial(only, events=counts)
    assert snapshot.last == (counts[-1] if counts else None)
    for one, kind in [("started", Started), ("progress", Progress), ("evaluated", Evaluated)]:
        assert getattr(snapshot, one) == (of(kind)[-1] if of(kind) else None)
    assert snapshot.train.steps.tolist() == [e.step for e in of(Progress)]
    assert snapshot.train.nats.tolist() == [e.train_nats for e in of(Progress)]
    curve = [e for e in of(Evaluated) if not e.final]
    assert snapshot.validation.nats.tolist() == [e.val_nats for e in curve]
    assert {e.step: e for e in snapshot.samples} == {e.step: e for e in of(Sampled)}
    assert {e.layer: e for e in snapshot.vitals} == {e.layer: e for e in of(Vitals)}
    changes = [e for e in of(Changed | RolledBack) if getattr(e, "setting", "") != "stop"]
    assert list(snapshot.changes) == changes
    assert snapshot.evaluating == sum(e.took for e in of(Evaluated))
    assert snapshot.saving == sum(e.took for e in of(Saved))
    assert not snapshot.partial


def test_a_series_leaves_out_what_is_no_number():
    series = Series.of([(1, 2.0), (2, math.nan), (3, math.inf), (4, 1.0)])
    assert series.steps.tolist() == [1, 4]
    assert len(Series.of([]).in_columns(10).steps) == 0


@pytest.mark.parametrize("columns", [1, 7, 100])
def test_columns_are_means_in_order(columns):
    series = Series.of((step, 5.0) for step in range(1000))
    drawn = series.in_columns(columns)
    assert len(drawn.steps) == columns
    assert np.all(np.diff(drawn.steps) > 0)
    assert drawn.nats == pytest.approx(np.full(columns, 5.0))


def test_best_is_the_lowest_and_the_final_pass_is_no_point_of_the_curve(fake_run):
    run = fake_run()
    run.begin()
    run.evaluated(10, 2.0)
    run.evaluated(20, 1.5)
    run.evaluated(1000, 1.45, final=True)
    run.finish()
    snapshot = drain(Follower(run.run))
    assert snapshot.status.word == "finished"
    assert snapshot.validation.nats.tolist() == [2.0, 1.5]
    assert isinstance(snapshot.evaluated, Evaluated) and snapshot.evaluated.final
    facts = dict(numbers.facts(snapshot))
    assert [facts[name].split()[0] for name in ("validation", "best", "best at step")] == [
        "1.500",
        "1.500",
        "20",
    ]
    assert facts["best, final"].startswith("1.450 nats")


def test_following_what_is_no_run_at_all_does_not_raise(home):
    assert drain(Follower(RunDirectory(home / "nowhere"))).status.word == "new"


def test_what_evaluations_and_saves_took_is_told_and_voided_with_them(fake_run):
    run = fake_run()
    run.begin()
    run.progress(100, 2.0)
    run.evaluated(100, 2.0, took=0.5)
    run.say(Saved(life=0, step=100, file="s", took=0.25))
    run.progress(200, 1.5)
    run.evaluated(200, 1.6, took=0.5)
    follower = Follower(run.run)
    snapshot = drain(follower)
    assert (snapshot.evaluating, snapshot.saving) == (1.0, 0.25)
    facts = dict(numbers.facts(snapshot))
    assert facts["evaluating"] == f"{1 / 20.25:.1%} of the time"
    assert facts["saving"] == f"{0.25 / 20.25:.1%} of the time"
    run.say(Resumed(life=1, step=100))
    assert drain(follower).evaluating == 0.5


def test_a_validation_that_gets_no_better_is_named(fake_run):
    run = fake_run()
    run.begin()
    for step, nats in enumerate([2.0, 1.5, 1.4, 1.5, 1.6, 1.7, 1.8]):
        run.evaluated(100 * step, nats)
    follower = Follower(run.run)
    assert "not improved" not in numbers.note(drain(follower), []).plain
    run.evaluated(700, 1.9)
    told = "validation has not improved for 5 evaluations; best at step 200"
    assert told in numbers.note(drain(follower), []).plain
    run.evaluated(800, 1.3)
    assert "not improved" not in numbers.note(drain(follower), []).plain


@pytest.mark.parametrize("spoke", [False, True])
@pytest.mark.parametrize(
    ("end", "word", "told"),
    [
        (
            "os.kill(os.getpid(), 9)",
            "killed",
            "was killed, as the kernel does when memory runs out",
        ),
        ("os.kill(os.getpid(), 11)", "killed", "was killed (Segmentation fault); what it saved"),
        ("sys.exit(3)", "failed", "all went wrong"),
    ],
)
def test_how_a_trainer_of_ours_ended_is_told(fake_run, spoke, end, word, told):
    run = fake_run()
    if spoke:
        run.begin()
        run.die()
    run.run.log.write_text("helo: all went wrong\n")
    child = subprocess.Popen([sys.executable, "-c", f"import os, sys; {end}"])
    child.wait()
    snapshot = drain(Follower(run.run, child))
    assert snapshot.status.word == word
    assert told in numbers.note(snapshot, []).plain


def test_a_pause_says_why_or_how_to_go_on(fake_run):
    run = fake_run()
    run.begin()
    follower = Follower(run.run)
    assert "nothing is measured yet" in numbers.note(drain(follower), []).plain
    run.say(Paused(life=0, step=5, reason="no space is left"))
    assert numbers.note(drain(follower), []).plain == "paused: no space is left"
    run.say(Resumed(life=0, step=5, id="none"), Paused(life=0, step=5))
    assert numbers.note(drain(follower), []).plain == "paused; space continues"
    run.evaluated(5, 1.5, id="one")
    told = numbers.note(drain(follower), []).plain
    assert "space continues; step 5: validation 1.5" in told


def test_the_end_of_a_long_log_voids_what_it_went_back_over(fake_run):
    run = fake_run()
    run.begin()
    run.sampled(1, "." * LONG)
    for step in (100, 200, 300):
        run.progress(step, 2.0)
    run.say("\ufffd torn {")
    run.say(Resumed(life=1, step=150))
    follower = Follower(run.run)
    glimpse = follower.read()
    assert glimpse.partial and not glimpse.samples
    assert glimpse.train.steps.tolist() == [100]
    assert "rest of this run" in numbers.note(glimpse, []).plain
    snapshot = drain(follower)
    assert not snapshot.partial and len(snapshot.samples) == 1
    assert snapshot.train.steps.tolist() == [100]


def test_samples_of_one_step_are_one(fake_run):
    run = fake_run()
    run.begin()
    for step in (10, 20, 20, 30):
        run.sampled(step, f"at {step}")
    samples = drain(Follower(run.run)).samples
    assert [sample.step for sample in samples] == [10, 20, 30]


def test_the_loss_at_a_step_is_the_newest_that_was_known():
    series = Series.of([(10, 2.0), (20, 1.0)])
    assert math.isnan(series.at(9))
    assert [series.at(step) for step in (10, 19, 20, 999)] == [2.0, 2.0, 1.0, 1.0]


def test_the_newest_vitals_of_each_layer_are_told(fake_run):
    run = fake_run()
    run.begin()
    follower = Follower(run.run)
    assert numbers.layers(drain(follower)) == []
    for step in (100, 200):
        for layer in (0, 1):
            found = dict(
                weight_norm=10.0 * layer + step / 100, update_ratio=0.0012, saturated=0.034
            )
            run.say(Vitals(life=0, step=step, layer=layer, **found))
    told = numbers.layers(drain(follower))
    assert [name for name, _ in told] == ["", "layer 1", "layer 2"]
    assert [value.split() for _, value in told[1:]] == [
        ["2", "0.12%", "3.4%"],
        ["12", "0.12%", "3.4%"],
    ]
