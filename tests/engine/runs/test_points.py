"""The kept points of a run: marks, going back, and runs that branch off."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine import storage
from engine.errors import NotFoundError, RunError
from engine.network import modelfile
from engine.runs import points
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Paused,
    Refused,
    RolledBack,
    Sampled,
    Saved,
)
from engine.runs.rundir import RunDirectory, status
from engine.training.learner import Learner
from engine.training.trainer import Trainer
from tests.engine.lives import a_run, ask, at, live, only


def name(run: RunDirectory, mark: str = "", at_step: int = 20, id: str = "m") -> list[Event]:
    return live(run, at(Sampled, at_step, lambda _: ask(run, "mark", id, text=mark)))


def test_a_mark_is_kept_for_ever() -> None:
    run = a_run(steps=80)
    events = name(run, "gold")
    assert [(e.file, e.step) for e in events if e.id == "m"] == [("mark-gold.safetensors", 20)]  # type: ignore[attr-defined]
    assert events[-1].finished
    kept = points.points(run)
    assert [(p.name, p.step) for p in kept if p.name == "gold"] == [("gold", 20)]
    best = points.read_cursor(run.states()[-1]).best_step
    assert [p.step for p in kept if p.name == "best"] == [best]
    assert [p.step for p in kept] == sorted(p.step for p in kept)


def test_a_mark_without_a_name_is_called_after_its_step() -> None:
    run = a_run(steps=40)
    name(run)
    assert points.find(run, "20").path == run.mark_path("20")


@pytest.mark.parametrize("wrong", ["best", "12", "a/b", "../x", "-", "x" * 300, "gold"])
def test_what_is_no_name_for_a_mark(wrong: str) -> None:
    run = a_run(steps=40)
    run.mark_path("gold").touch()
    before = set(run.marks())
    answer = next(e for e in name(run, wrong) if e.id == "m")
    assert isinstance(answer, Refused) and "\n" not in answer.reason
    assert set(run.marks()) == before


def test_going_back_to_a_mark_learns_again_as_it_did() -> None:
    whole, parted = a_run("whole", steps=40), a_run("parted", steps=40)
    live(whole)
    marks = at(Sampled, 10, lambda _: ask(parted, "mark", "m", text="ten"))
    backs = at(Sampled, 30, lambda _: ask(parted, "back", "b", text="ten"))
    events = live(parted, lambda trainer, event: (marks(trainer, event), backs(trainer, event)))
    back = only(RolledBack, events)
    assert [(e.step, e.id, e.reason) for e in back] == [(10, "b", "")]
    assert [e.step for e in parted.events() if isinstance(e, Sampled)] == [0, 10, 20, 30, 40]
    ends = [load_file(run.state_path(40)) for run in (whole, parted)]
    assert all(torch.equal(ends[0][k], ends[1][k]) for k in ends[0])
    assert parted.mark_path("best-30").exists(), "the best so far is not lost"
    bests = [modelfile.load(run.best).weights for run in (whole, parted)]
    assert all(np.array_equal(bests[0][k], bests[1][k]) for k in bests[0])


def test_back_without_a_name_is_back_to_the_best_and_survives_a_kill() -> None:
    run = a_run(steps=40, save_every=1e-9)

    def watch(trainer: Trainer, event: Event) -> None:
        back(trainer, event)
        if isinstance(event, Saved) and gone:
            raise KeyboardInterrupt
        gone.extend(only(RolledBack, [event]))

    gone = list[Event]()
    back = at(Saved, 27, lambda _: ask(run, "back", "b"))
    with pytest.raises(KeyboardInterrupt):
        live(run, watch)
    assert [e.step for e in gone] == [20]
    assert run.states()[-1] == run.state_path(20), "nothing newer is gone on from"
    assert live(run)[-1].finished


def test_back_to_what_is_not_kept_is_refused_with_what_is() -> None:
    run = a_run(steps=40)
    events = live(run, at(Sampled, 20, lambda _: ask(run, "back", "b", text="3")))
    [answer] = [e for e in events if e.id == "b"]
    assert isinstance(answer, Refused)
    assert "has kept no '3'; it has kept 10, best" in answer.reason
    assert events[-1].finished and not only(RolledBack, events)


def test_a_paused_run_stays_paused_when_it_goes_back() -> None:
    run = a_run(steps=40)

    def ask_both(trainer: Trainer) -> None:
        ask(run, "pause", "p")
        ask(run, "back", "b", text="10")

    def watch(trainer: Trainer, event: Event) -> None:
        both(trainer, event)
        if isinstance(event, Paused) and event.step == 10:
            word.append(status(run, run.events()).word)
            ask(run, "resume", "r")

    word, both = list[str](), at(Sampled, 20, ask_both)
    assert live(run, watch)[-1].finished
    assert word == ["killed"], "no process has the lock in this test; the events say paused"
    assert only(Paused, run.events())[-1].step == 10


def test_clip_and_dropout_are_changed_and_saved_before_the_next_step() -> None:
    run = a_run(steps=40)
    wrong = [("clip", -1.0), ("clip", 0.0), ("dropout", 1.0), ("dropout", float("nan"))]

    def ask_all(trainer: Trainer) -> None:
        ask(run, "clip", "c", 0.25)
        ask(run, "dropout", "d", 0.5)
        for i, (setting, value) in enumerate(wrong):
            ask(run, setting, f"w{i}", value)

    def watch(trainer: Trainer, event: Event) -> None:
        asked(trainer, event)
        learners.append(trainer.learner)
        if event.id == "w3":
            raise KeyboardInterrupt

    learners, asked = list[Learner](), at(Sampled, 20, ask_all)
    with pytest.raises(KeyboardInterrupt):
        live(run, watch)
    answers = [e for e in run.events() if e.id]
    assert [(e.setting, e.value) for e in only(Changed, answers)] == [
        ("clip", 0.25),
        ("dropout", 0.5),
    ]
    assert len(only(Refused, answers)) == 4
    assert (learners[0].optimiser.clip, learners[0].model.dropout) == (0.25, 0.5)
    again = live(run, lambda trainer, event: learners.append(trainer.learner))
    assert again[-1].finished
    assert (learners[-1].optimiser.clip, learners[-1].model.dropout) == (0.25, 0.5)
    assert learners[-1] is not learners[0]


def test_a_changed_dropout_takes_effect() -> None:
    plain, changed = a_run("plain", steps=40), a_run("changed", steps=40)
    live(plain)
    live(changed, at(Sampled, 20, lambda _: ask(changed, "dropout", "d", 0.0)))
    ends = [load_file(run.state_path(40)) for run in (plain, changed)]
    assert not all(torch.equal(ends[0][k], ends[1][k]) for k in ends[0] if "model" in k)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"dtype": "ß"}, {"dtype": "auto"}, {"threads": 0}, {"threads": 10**9}, {"processes": 0}),
        *({"peak_lr": 0}, {"peak_lr": 1e9}, {"clip": -1}, {"dropout": 2}, {"total_steps": 0}),
        *({"step": 41}, {"step": -1}, {"extension": {"step": 11}}, {"extension": {"rate": 2}}),
    ],
    ids=str,
)
def test_a_state_that_no_trainer_wrote_is_damaged(wrong: dict[str, object]) -> None:
    run = a_run()
    live(run, at(Saved, 10, lambda trainer: setattr(trainer, "stopping", True)))
    path = run.states()[-1]
    with safe_open(path, "pt") as file:
        told, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}
    assert points.read_cursor(path).total_steps == 40
    save_file(tensors, path, told | {"cursor": json.dumps(json.loads(told["cursor"]) | wrong)})
    with pytest.raises(RunError, match="is damaged"):
        points.read_cursor(path)


def test_a_state_of_a_newer_helo_says_so(tmp_path: Path) -> None:
    save_file({}, tmp_path / "mark-x.safetensors", {"format": "helo-state/2", "cursor": "{}"})
    with pytest.raises(RunError, match="newer helo: update helo"):
        points.read_cursor(tmp_path / "mark-x.safetensors")


def test_what_no_trainer_knows_is_refused() -> None:
    run = a_run()
    events = live(run, at(Sampled, 10, lambda _: ask(run, "fly", "f")))
    [refused] = only(Refused, events)
    assert refused.id == "f" and "not a request this trainer knows" in refused.reason
    assert events[-1].step == 40


def test_a_run_branches_off_a_kept_point() -> None:
    first = a_run("first", steps=40)
    name(first, "gold")
    second = a_run("second", steps=5, init_from="first@gold", lr=0.001, cell="lstm")
    assert second.info().init_from == "first@20"
    state = load_file(first.mark_path("gold"))
    begun = modelfile.load(second.begin).weights
    assert all(np.array_equal(begun[k], state[f"model.{k}"].numpy()) for k in begun)
    storage.remove_folder(first.folder)
    events = live(second)
    assert events[-1].finished, "it needs the other run no longer"
    assert only(Evaluated, events)[0].val_nats < 1.3


def test_what_a_run_cannot_branch_off() -> None:
    first = a_run("first", steps=40)
    name(first, "gold")
    for ref, words in (
        ("first@7", "it has kept gold, "),
        ("first@", "kept no ''"),
        ("no@7", "no run"),
    ):
        with pytest.raises(NotFoundError, match=words):
            a_run("second", init_from=ref)
    fresh = a_run("fresh")
    with pytest.raises(NotFoundError, match="has kept nothing yet"):
        a_run("second", init_from="fresh@best")
    fresh.state_path(3).write_bytes(b"damaged")
    assert points.points(fresh) == []


def test_a_run_ends_early_where_validation_does_not_improve() -> None:
    run = a_run(steps=400, evaluations=40, early_stop=3, lr=1e-30)
    events = live(run)
    stopped = events[-1]
    assert stopped.finished and stopped.step < 400  # type: ignore[attr-defined]
    assert stopped.note == "validation has not improved for 3 evaluations"  # type: ignore[attr-defined]
    looks = [e for e in only(Evaluated, events) if not e.final]
    assert [e.best for e in looks[-4:]] == [True, False, False, False]
    assert only(Evaluated, events)[-1].final and status(run, run.events()).word == "finished"
    again = live(run)
    assert again[-1].step == stopped.step, "and does not go on by itself"


def test_an_early_end_waits_for_evaluations_that_nobody_asked_for() -> None:
    run = a_run(steps=400, evaluations=40, early_stop=2, lr=0.02, dropout=0.0)
    asks = at(Saved, 20, lambda _: ask(run, "evaluate", "e"))

    def freeze(trainer: Trainer, event: Event) -> None:
        asks(trainer, event)
        if event.id == "e":
            trainer.learner.cursor.best_nats = 0.0

    events = live(run, freeze)
    assert events[-1].step == 40 and events[-1].finished  # type: ignore[attr-defined]
    assert run.states()[-1] == run.state_path(40)
