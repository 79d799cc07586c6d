"""A life of a run that goes badly: nothing good is lost, and it can go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import storage
from engine.errors import CorpusError, HeloError, StorageError
from engine.runs import library
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
