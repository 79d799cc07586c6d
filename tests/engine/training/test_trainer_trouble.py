"""A life of a run that goes badly: nothing good is lost, and it can go on."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save as to_bytes
from safetensors.torch import load_file

from engine import storage
from engine.errors import CorpusError, HeloError, StorageError
from engine.runs import library, points
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Paused,
    Refused,
    Resumed,
    Sampled,
    Saved,
    Started,
)
from engine.runs.logs import append
from engine.training.trainer import Trainer
from tests.engine.lives import a_run, ask, at, live, only


@pytest.mark.parametrize("text", ["ab", "aa", "abc", "hello world", "ab" * 99 + "a"])
def test_corpora_smaller_than_a_batch(text: str) -> None:
    run = a_run(text=text, steps=12, batch=64, seq_length=500)
    events = live(run)
    assert events[-1].finished
    started = events[0]
    assert isinstance(started, Started)
    assert "shrunk" in started.note and "no validation" in started.note
    assert started.batch * started.seq_length <= len(text) - 1
    assert not only(Evaluated, events) and not run.best.exists()
    assert len(only(Sampled, events)) == 5
    assert library.open_model("r").history.best_val_nats is None


def test_no_validation_refuses_an_evaluation() -> None:
    run = a_run(steps=20, validation=0.0)
    events = live(run, at(Sampled, 10, lambda _: ask(run, "evaluate")))
    assert only(Refused, events)[0].reason == "this run has no validation text"


def full(patch: pytest.MonkeyPatch, suffix: str) -> None:
    """From now on no file whose name ends so is written."""
    import engine.storage as storage

    whole = storage.os.replace

    def refuse(old: Path, new: Path) -> None:
        if str(new).endswith(suffix):
            raise OSError(28, "No space left on device")
        whole(old, new)

    patch.setattr("engine.storage.os.replace", refuse)


@pytest.mark.parametrize("suffix", ["best.safetensors", "latest.safetensors", "000.safetensors"])
def test_a_full_disk_pauses_the_run_and_loses_nothing(suffix: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("engine.training.life.RETRY", 0.0)
    run = a_run(steps=40)
    tries: list[Event] = []

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Sampled) and event.step == 0:
            full(patch, suffix)
        if isinstance(event, Paused):
            assert "No space left" in event.reason
            ask(run, "evaluate", "while full")
        if event.id == "while full":
            tries.append(event)
            patch.undo()

    with pytest.MonkeyPatch.context() as patch:
        events = live(run, watch)
    assert events[-1].finished
    assert [type(e) for e in tries] == [Refused]
    assert len(only(Paused, events)) == len(only(Resumed, events)) == 1
    assert not list(run.folder.glob(".*")), "nothing half-written is left"


def test_a_stop_is_obeyed_on_a_full_disk(monkeypatch: Any) -> None:
    monkeypatch.setattr("engine.training.life.RETRY", 0.0)
    run = a_run(steps=40)

    def watch(trainer: Trainer, event: Event) -> None:
        if isinstance(event, Saved):
            full(patch, ".safetensors")
        if isinstance(event, Paused):
            ask(run, "stop", "enough")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(StorageError):
        live(run, watch)
    events = run.events()
    assert events[-1].id == "enough" and isinstance(events[-1], Changed)
    assert live(run)[-1].finished


def test_it_goes_on_from_the_newest_state_that_can_be_read() -> None:
    run = a_run(steps=40)
    live(run, at(Evaluated, 20, lambda _: ask(run, "stop")))
    run.state_path(30).write_bytes(b"half a st")
    events = live(run)
    assert only(Resumed, events)[0].step == 20 and events[-1].finished
    note = only(Started, events)[0].note
    assert "state-000000030.safetensors is damaged" in note and "back to step 20" in note


ODD_REQUESTS = (
    *({"request": "lr", "value": v} for v in (10**400, math.nan, math.inf, -math.inf, -1, 0)),
    *({"request": "lr", "value": v} for v in (1e-300, 1e300, "2", None, [1], True)),
    *({"request": "dropout", "value": v} for v in (5, -1, math.nan, 10**400)),
    *({"request": "clip", "value": v} for v in (0, -1, 1e-300, math.inf, "x")),
    *(
        {"request": "mark", "text": t}
        for t in ("../../x", "\x1b[31m", "a/b", "x" * 999, "\udce9", 7)
    ),
    *({"request": "back", "text": t} for t in ("../../x", "\x1b[31m", "x" * 999, {}, "damaged")),
    {"request": "eval\x1b[0m"},
    {"request": "x" * 100_000},
)
NO_REQUESTS = ("[" * 100_000, '{"id": ' * 50_000, "9" * 5000, "\0", '{"id": 3, "request": "lr"}')


def test_whatever_is_asked_is_answered_and_never_ends_the_trainer() -> None:
    run = a_run(steps=20)

    def demand(trainer: Trainer) -> None:
        path = run.mark_path("damaged")  # its tensors are another network's
        cursor = points.read_cursor(run.states()[-1])
        metadata = {"format": points.FORMAT, "cursor": json.dumps(asdict(cursor))}
        path.write_bytes(to_bytes({"model.head.b_y": np.zeros(1, np.float32)}, metadata))
        for n, about in enumerate(ODD_REQUESTS):
            append(run.control_path, json.dumps({"id": str(n)} | about))
        for line in NO_REQUESTS:
            append(run.control_path, line)

    events = live(run, at(Sampled, 10, demand))
    answers = [event for event in events if event.id]
    assert [event.id for event in answers] == [str(n) for n in range(len(ODD_REQUESTS))]
    for event in answers:
        assert isinstance(event, Refused) and event.reason.isprintable() and len(event.reason) < 300
    assert events[-1].finished and not run.mark_path("../../x").exists()
    undisturbed = a_run("other", steps=20)
    live(undisturbed)
    ends = [load_file(r.states()[-1]) for r in (run, undisturbed)]
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())


def test_no_state_can_be_read() -> None:
    run = a_run(steps=40)
    live(run, at(Evaluated, 20, lambda _: ask(run, "stop")))
    for path in run.states():
        path.write_bytes(b"nothing")
    with pytest.raises(HeloError, match="damaged"):
        live(run)


def test_a_corpus_that_is_gone() -> None:
    run = a_run()
    storage.remove_folder(run.corpus().folder)
    with pytest.raises(CorpusError):
        Trainer(run)
