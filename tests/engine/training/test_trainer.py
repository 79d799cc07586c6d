"""A life of a run: what it yields, what it leaves, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.errors import ModelFileError
from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.runs import library, points
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Paused,
    Progress,
    Refused,
    Resumed,
    Sampled,
    Saved,
    Started,
    Stopped,
    total_steps,
)
from engine.runs.logs import append
from engine.runs.rundir import status
from engine.training import device
from engine.training.files import Files
from engine.training.learner import Learner
from engine.training.trainer import Trainer
from engine.writing import score
from tests.engine.lives import a_run, ask, at, at_pace, live, only


def test_a_whole_life() -> None:
    run = a_run(steps=40)
    events = live(run)
    assert isinstance(events[0], Started) and isinstance(events[-1], Stopped)
    assert (events[0].total_steps, events[0].batch, events[0].seq_length) == (40, 4, 10)
    assert (events[0].train_chars, events[0].val_chars, events[0].note) == (1800, 200, "")
    assert [e.step for e in events] == sorted(e.step for e in events)
    assert all(e.life == 0 and e.id == "" for e in events)

    looks = only(Evaluated, events)
    assert [e.step for e in looks] == [0, 10, 20, 30, 40, 40]
    assert [e.final for e in looks] == [False] * 5 + [True]
    losses = [e.val_nats for e in looks[:-1]]
    assert [e.best for e in looks[:-1]] == [x == min(losses[: i + 1]) for i, x in enumerate(losses)]
    assert losses[-1] < losses[0]

    assert [e.step for e in only(Sampled, events)] == [0, 10, 20, 30, 40]
    assert all(len(e.text) == 12 and set(e.text) <= set("helo") for e in only(Sampled, events))
    last = only(Progress, events)[-1]
    assert last.step == 40 and last.chars == 40 * 4 * 10
    assert [e.step for e in only(Saved, events)] == [0, 10, 20, 30, 40]
    assert {p.name for p in run.states()} <= {e.file for e in only(Saved, events)}
    assert 0 < sum(e.took for e in looks) < looks[-1].seconds
    assert all(e.took > 0 for e in only(Saved, events))
    assert events[-1].finished and status(run, run.events()).word == "finished"


@pytest.mark.parametrize(("speedup", "chosen"), [(1.0, "float32"), (2.0, "bfloat16")])
def test_a_precision_that_is_tried_leaves_no_trace(
    speedup: float, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = list[str]()

    def seconds(on: device.Device, work: Callable[[], object]) -> float:
        work()
        tried.append(on.dtype)
        return 1.0 if on.dtype == "float32" else 1.0 / speedup

    monkeypatch.setattr(device, "_has_bfloat16", lambda: True)
    monkeypatch.setattr(device.Device, "seconds", seconds)
    weights = []
    for dtype in ("auto", chosen):
        run = a_run(dtype, cell="peephole", dtype=dtype, steps=10)
        assert only(Started, live(run))[0].dtype == chosen
        weights.append(modelfile.load(run.latest).weights)
    assert {*tried} == {"float32", "bfloat16"}
    for name, values in weights[0].items():
        assert np.array_equal(values, weights[1][name]), name


def test_the_speed_is_that_of_the_steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock by which a step takes 0.1 s, and an evaluation and a save a minute each."""
    now = [0.0]

    def slow(owner: type, name: str, seconds: float) -> None:
        whole = getattr(owner, name)

        def slowed(*args: object) -> object:
            now[0] += seconds
            return whole(*args)

        monkeypatch.setattr(owner, name, slowed)

    monkeypatch.setattr("engine.training.trainer.time.perf_counter", lambda: now[0])
    slow(Learner, "step", 0.1)
    slow(Learner, "evaluate", 60.0)
    slow(Files, "begin", 60.0)
    speeds = [e.chars_per_second for e in only(Progress, live(a_run(steps=40)))]
    assert len(speeds) >= 8 and speeds == pytest.approx([4 * 10 / 0.1] * len(speeds))


def test_what_it_leaves_opens_and_says_where_it_comes_from() -> None:
    run = a_run()
    events = live(run)
    best, latest = modelfile.load(run.best), modelfile.load(run.latest)
    assert library.model_path("r") == run.best
    assert (latest.history.steps, latest.history.chars) == (40, 1600)
    assert latest.history.corpus == "hello" and latest.history.versions["torch"]
    assert latest.history.corpus_sha256 == run.info().corpus_sha256
    final = only(Evaluated, events)[-1]
    assert (final.protocol, final.predictions) == ("stateful", 199)
    _, val = run.corpus().split(0.1)
    scored = score.stateful(Stepper(best), np.asarray(val))
    assert final.val_nats == pytest.approx(scored.nats_per_char, rel=1e-4)
    assert best.history.best_val_nats == pytest.approx(final.val_nats)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_a_run_stopped_and_resumed_equals_one_that_was_not(cell: str) -> None:
    whole, parted = (a_run(name, cell=cell, steps=120) for name in ("whole", "parted"))
    live(whole)

    first = live(parted, at(Evaluated, 30, lambda _: ask(parted, "stop")))
    assert isinstance(first[-1], Stopped) and not first[-1].finished and first[-1].step == 30
    assert status(parted, parted.events()).word == "stopped"
    second = live(parted, at(Evaluated, 60, lambda _: ask(parted, "stop")))
    assert [type(e) for e in second[:2]] == [Started, Resumed]
    assert second[1].step == 30 and second[0].life == 1
    third = live(parted)
    assert third[-1].step == 120 and third[0].life == 2

    one, two = load_file(whole.state_path(120)), load_file(parted.state_path(120))
    assert set(one) == set(two) and any(k.startswith("optim.") for k in one)
    assert all(torch.equal(one[k], two[k]) for k in one), "to the bit, the random numbers too"
    files = (whole.best, parted.best)
    bests = [modelfile.load(file).weights for file in files]
    assert all(np.array_equal(bests[0][k], bests[1][k]) for k in bests[0])


def test_requests_are_answered_by_one_event_with_their_id() -> None:
    run = a_run(steps=40)
    requests = [
        ("pause", "a", 1.0),
        ("pause", "b", 1.0),
        ("evaluate", "c", 1.0),
        ("sample", "d", 1.0),
        ("save", "e", 1.0),
        ("lr", "f", 0.5),
        ("lr", "g", 0.0),
        ("lr", "h", 1e9),
        ("lr", "i", float("nan")),
        ("explode", "j", 1.0),
        ("resume", "k", 1.0),
        ("resume", "l", 1.0),
    ]

    def ask_all(trainer: Trainer) -> None:
        append(run.control_path, "no request")
        for request in requests:
            ask(run, *request)

    events = live(run, at(Evaluated, 10, ask_all))
    answers = [(e.id, type(e)) for e in events if e.id]
    assert answers == [
        ("a", Paused),
        ("b", Refused),
        ("c", Evaluated),
        ("d", Sampled),
        ("e", Saved),
        ("f", Changed),
        ("g", Refused),
        ("h", Refused),
        ("i", Refused),
        ("j", Refused),
        ("k", Resumed),
        ("l", Refused),
    ]
    assert only(Changed, events)[0].value == pytest.approx(0.01)
    assert events[-1].finished


def test_a_change_of_the_learning_rate_is_saved_before_the_next_step_and_stays() -> None:
    run = a_run(steps=40)

    def halve(trainer: Trainer) -> None:
        ask(run, "lr", value=0.5)

    def die(trainer: Trainer, event: Event) -> None:
        halve_at_20(trainer, event)
        changed.extend(only(Changed, [event]))
        if isinstance(event, Saved) and changed:
            raise KeyboardInterrupt

    changed = list[Event]()
    halve_at_20 = at(Evaluated, 20, halve)
    with pytest.raises(KeyboardInterrupt):
        live(run, die)
    assert points.read_cursor(run.state_path(20)).peak_lr == pytest.approx(0.01)
    later = live(run)
    assert max(e.lr for e in only(Progress, later)) <= 0.01


def test_while_paused_nothing_is_learnt_and_requests_are_answered() -> None:
    run, asked = a_run(steps=40), list[Event]()

    def watch(trainer: Trainer, event: Event) -> None:
        pause(trainer, event)
        if isinstance(event, Saved) and trainer.paused and not asked:
            asked.append(event)
            ask(run, "sample", "s")
            ask(run, "resume", "r")

    pause = at(Evaluated, 10, lambda _: ask(run, "pause", "p"))
    events = live(run, watch)
    assert [(e.id, e.step) for e in events if e.id] == [("p", 10), ("s", 10), ("r", 10)]
    assert [e.step for e in asked] == [10], "a pause is saved"
    assert events[-1].finished


def test_a_signal_ends_a_pause_and_everything_is_saved() -> None:
    run = a_run(steps=40)

    def watch(trainer: Trainer, event: Event) -> None:
        pause(trainer, event)
        if isinstance(event, Saved) and trainer.paused:
            trainer.stop(15, None)

    pause = at(Evaluated, 10, lambda _: ask(run, "pause"))
    events = live(run, watch)
    assert isinstance(events[-1], Stopped) and not events[-1].finished
    assert run.states()[-1] == run.state_path(10)


def test_requests_of_an_earlier_life_are_not_answered_again() -> None:
    run = a_run(steps=40)
    live(run, at(Evaluated, 10, lambda _: ask(run, "stop", "once")))
    ask(run, "stop", "while dead")
    assert live(run)[-1].finished


def killed_at(trainer: Trainer) -> None:
    raise KeyboardInterrupt


def test_a_life_killed_before_its_first_save_leaves_nothing_in_the_log() -> None:
    run = a_run(steps=40)
    with pytest.raises(KeyboardInterrupt):
        live(run, at(Sampled, 0, killed_at))
    assert not run.states()
    live(run)
    assert [e.step for e in run.events() if isinstance(e, Sampled)] == [0, 10, 20, 30, 40]
    assert [e.step for e in only(Evaluated, run.events())] == [0, 10, 20, 30, 40, 40]


def test_a_final_score_is_not_given_twice() -> None:
    run = a_run(steps=40)

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Evaluated) and event.final:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live(run, watch)
    scored = modelfile.load(run.best).history.best_val_nats
    assert live(run)[-1].finished
    assert [e.final for e in only(Evaluated, run.events())] == [False] * 5 + [True]
    assert modelfile.load(run.best).history.best_val_nats == scored


def test_what_a_killed_life_had_not_exported_is_exported() -> None:
    run = a_run(steps=40)
    with pytest.raises(KeyboardInterrupt):
        live(run, at(Saved, 20, killed_at))
    run.best.write_bytes(b"older")
    live(run, at(Resumed, 20, lambda _: ask(run, "stop")))
    assert modelfile.load(run.best).history.steps == 20


def test_few_states_are_kept() -> None:
    run = a_run(steps=60, save_every=1e-9)
    live(run)
    assert run.states()[-1] == run.state_path(60) and run.state_path(59).exists()
    assert len(run.states()) <= 3


def test_epochs_and_seconds_become_steps() -> None:
    per_epoch = 1799 // 4 // 10
    assert live(a_run("epochs", epochs=0.5))[-1].step == -(-per_epoch // 2)
    run = a_run("seconds", seconds=0.5)
    end = live(run)[-1]
    assert isinstance(end, Stopped) and end.finished
    assert end.step == total_steps(run.events()) and end.seconds == pytest.approx(0.5, abs=0.4)


def test_measuring_leaves_no_trace() -> None:
    with at_pace(lambda step: 0.01):
        first = live(a_run("measured", seconds=0.3))
    total = first[-1].step
    assert only(Started, first)[0].total_steps == total > 1
    live(a_run("counted", steps=total))
    paths = [
        library.model_path(name).with_name("latest.safetensors") for name in ("measured", "counted")
    ]
    one, two = (modelfile.load(path).weights for path in paths)
    assert all(np.array_equal(one[k], two[k]) for k in one)


def test_learning_on_from_a_model() -> None:
    first = a_run(steps=40)
    live(first)
    second = a_run("second", steps=1, init_from="r")
    events = live(second)
    assert only(Evaluated, events)[0].val_nats < 1.3, "it begins where the other ended"
    other = a_run("other", cell="gru", init_from="r")
    with pytest.raises(ModelFileError, match="--init-from r"):
        live(other)


def test_the_state_is_carried_from_step_to_step_and_begins_each_epoch_at_zero() -> None:
    run = a_run(steps=200, dropout=0.0)
    per_epoch = 1799 // 4 // 10

    def loss(step: int, carried: float) -> float:
        learner = Learner(run)
        learner.plan()
        learner.cursor.step = step
        for s in chain(*learner.training_step.carried):
            s.fill_(carried)
        return learner.step()[0]

    for step in (0, per_epoch, 2 * per_epoch):
        assert loss(step, 0.9) == loss(step, 0.0)
    for step in (1, per_epoch - 1, per_epoch + 1):
        assert loss(step, 0.9) != loss(step, 0.0)
