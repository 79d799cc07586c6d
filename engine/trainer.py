"""The training process: `python -P -m engine.trainer RUN_DIR`.

The loop steps, evaluates, samples, saves and answers requests, and yields an event for each; what it
yields is written to the run's log. It starts a run, or goes on from its newest state.
"""

from __future__ import annotations

import math
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from engine import modelfile
from engine.errors import HeloError, RunError, StorageError, UsageError
from engine.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progress,
    Refused,
    Resumed,
    Sampled,
    Saved,
    Started,
    Stopped,
)
from engine.follower import follow
from engine.learner import Learner
from engine.parallel import ALONE, Group, joined, leave
from engine.parameters import count
from engine.rundir import LineReader, Request, RunDirectory, parse_request
from engine.vitals import vitals

PROGRESS_EVERY = 0.25
_POLL = 0.1
_RETRY = 1.0
_RECENT = 50
_MOST_DRIFT = 0.1
"""Nats by which a carried state may be worse than a cold one; that of a sound network is better."""


class Trainer:
    """One life of a run."""

    def __init__(self, run: RunDirectory, group: Group = ALONE) -> None:
        self.run, self.group = run, group
        self.life = group.agree(run.lives())
        self.learner = Learner(run, group)
        self.resuming = bool(run.states())
        self.control = LineReader(run.control_path, _size(run.control_path))
        self.stopping = self.paused = False
        self.failure: Failed | None = None
        self.losses = list[float]()
        self.recent: deque[float] = deque(maxlen=_RECENT)
        self.norm = 0.0
        self.last_save = time.monotonic()

    def _about(self) -> dict[str, Any]:
        return {"life": self.life, "step": self.learner.cursor.step}

    @property
    def evaluate_every(self) -> int:
        return math.ceil(self.learner.cursor.total_steps / self.learner.config.evaluations)

    def events(self) -> Iterator[Event]:
        """The life, from Started to Stopped or Failed."""
        learner = self.learner
        if self.resuming:
            learner.restore()
        else:
            learner.plan()
        yield self._started()
        if self.resuming:
            yield Resumed(**self._about())
        else:
            yield from self._look()
            yield from self._save()
        yield from self._train()
        if self.failure:
            yield self.failure
            return
        finished = learner.cursor.step >= learner.cursor.total_steps
        yield from self._save()
        if finished and learner.has_validation:
            yield from self._final()
        yield Stopped(**self._about(), finished=finished, seconds=learner.cursor.seconds)

    def _started(self) -> Started:
        learner, asked = self.learner, self.learner.config
        notes = [learner.note] if learner.note else []
        if (learner.layout.batch, learner.layout.seq_length) != (asked.batch, asked.seq_length):
            notes.append("batch and sequence length shrunk to fit the corpus")
        if not learner.has_validation:
            notes.append("no validation: the corpus is too small for one or --validation is 0")
        return Started(
            **self._about(),
            total_steps=learner.cursor.total_steps,
            batch=learner.layout.batch,
            seq_length=learner.layout.seq_length,
            parameters=count(learner.config.model, len(learner.alphabet)),
            train_chars=len(learner.train_ids),
            val_chars=len(learner.val_ids),
            device=learner.device.kind,
            dtype=learner.device.dtype,
            threads=learner.device.threads,
            processes=self.group.size,
            note="; ".join(notes),
        )

    def _train(self) -> Iterator[Event]:
        learner, cursor = self.learner, self.learner.cursor
        since, steps = time.perf_counter(), cursor.step
        while cursor.step < cursor.total_steps:
            requests = self._requests()
            if (requests or self.stopping) and not self._hear(learner.settle()):
                return
            for request in requests:
                yield from self._answer(request)
            if self.paused:
                yield from self._wait_while_paused()
                since, steps = time.perf_counter(), cursor.step
            if self.stopping:
                return
            begin = time.perf_counter()
            results = learner.step()
            last = cursor.step == cursor.total_steps
            looks = last or cursor.step % self.evaluate_every == 0
            saves = time.monotonic() - self.last_save >= learner.config.save_every
            if looks or saves:
                results += learner.settle()
            cursor.seconds += time.perf_counter() - begin
            if not self._hear(results):
                return
            now = time.perf_counter()
            if self.losses and (last or now - since >= PROGRESS_EVERY):
                yield self._progress(cursor.step - steps, now - since)
                since, steps = now, cursor.step
            if looks:
                yield from self._look()
            if saves:
                yield from self._save()

    def _hear(self, results: list[tuple[float, float]]) -> bool:
        """Take note of losses and norms; whether training can go on."""
        for loss, norm in results:
            self.losses.append(loss)
            self.recent.append(loss)
            self.norm = norm
            if reason := self._trouble(loss, norm):
                self.failure = Failed(**self._about(), reason=reason)
                return False
        return True

    def _trouble(self, loss: float, norm: float) -> str:
        """Why training cannot go on, or nothing: not a number, or a mean loss that blind guessing
        would beat by far (char-rnn's guard, made relative to the alphabet)."""
        kept = f"; the model from before is kept: --init-from {self.run.name} with a lower --lr goes on"
        if not math.isfinite(loss):
            return f"the loss is {loss}{kept}"
        # a loss scale tries how far it can go: an overflow is its everyday
        if not math.isfinite(norm) and self.learner.optimiser.scale is None:
            return f"the gradients' norm is {norm}{kept}"
        limit = 2 * math.log(len(self.learner.alphabet)) + 1
        if len(self.recent) == _RECENT and sum(self.recent) / _RECENT > limit:
            return f"the loss exploded to {sum(self.recent) / _RECENT:.2f} nats{kept}"
        return ""

    def _progress(self, steps: int, seconds: float) -> Progress:
        learner, losses = self.learner, self.losses
        self.losses = []
        return Progress(
            **self._about(),
            chars=learner.cursor.chars,
            seconds=round(learner.cursor.seconds, 3),
            train_nats=sum(losses) / len(losses),
            lr=learner.lr,
            grad_norm=self.norm,
            chars_per_second=steps
            * learner.layout.batch
            * learner.layout.seq_length
            / max(seconds, 1e-9),
        )

    def _look(self, id: str = "") -> Iterator[Event]:
        """Evaluate and write a sample."""
        if self.learner.has_validation:
            yield from self._evaluate(id)
            id = ""
        yield from vitals(self.learner, self._about())
        yield self._sample(id)

    def _evaluate(self, id: str = "") -> Iterator[Event]:
        learner, cursor = self.learner, self.learner.cursor
        begin = time.perf_counter()
        found = learner.evaluate(self.evaluate_every)
        took = time.perf_counter() - begin
        cursor.seconds += took
        nats = found.nats
        best = math.isfinite(nats) and (cursor.best_nats is None or nats < cursor.best_nats)
        if best:
            cursor.best_nats, cursor.best_step = nats, cursor.step
            yield from self._persist(partial(modelfile.save, self.run.best, learner.export()))
        yield Evaluated(
            **self._about(),
            id=id,
            chars=cursor.chars,
            seconds=round(cursor.seconds, 3),
            val_nats=nats,
            predictions=found.predictions,
            protocol="columns",
            best=best,
            note=_warning(found.drift),
            took=round(took, 3),
        )

    def _final(self) -> Iterator[Event]:
        nats, predictions, protocol = self.learner.final_score()
        yield Evaluated(
            **self._about(),
            chars=self.learner.cursor.chars,
            seconds=round(self.learner.cursor.seconds, 3),
            val_nats=nats,
            predictions=predictions,
            protocol=protocol,
            best=True,
            final=True,
        )

    def _sample(self, id: str = "") -> Sampled:
        text = self.learner.sample()
        return Sampled(**self._about(), id=id, prompt=self.learner.config.prompt, text=text)

    def _save(self, id: str = "") -> Iterator[Event]:
        self.learner.cursor.control_offset = self.control.offset
        begin = time.monotonic()
        yield from self._persist(self.learner.save)
        self.last_save = time.monotonic()
        file = self.run.state_path(self.learner.cursor.step).name
        took = round(self.last_save - begin, 3)
        yield Saved(**self._about(), id=id, file=file, took=took)

    def _persist(self, write: Callable[[], object]) -> Iterator[Event]:
        """Write; while the disk refuses, pause and try again until it does not, or a stop is asked."""
        held = False
        while True:
            try:
                write()
                break
            except StorageError as error:
                if self.stopping:
                    raise
                if not held:
                    yield Paused(**self._about(), reason=str(error))
                held = True
                time.sleep(_RETRY)
            for request in self._requests():
                if request.request == "stop":
                    yield from self._answer(request)
                else:
                    reason = "waiting for the disk to take a save"
                    yield Refused(**self._about(), id=request.id, reason=reason)
        if held:
            yield Paused(**self._about()) if self.paused else Resumed(**self._about())

    def _requests(self) -> list[Request]:
        return [r for line in self.control.read() if (r := parse_request(line))]

    def _answer(self, request: Request) -> Iterator[Event]:
        """Carry a request out, and say so in one event with its id."""
        id, cursor = request.id, self.learner.cursor
        match request.request:
            case "pause" if not self.paused:
                self.paused = True
                yield Paused(**self._about(), id=id)
            case "resume" if self.paused:
                self.paused = False
                yield Resumed(**self._about(), id=id)
            case "stop":
                self.stopping = True
                yield Changed(**self._about(), id=id, setting="stop", value=1.0)
            case "save":
                yield from self._save(id)
            case "evaluate" if self.learner.has_validation:
                yield from self._evaluate(id)
            case "sample":
                yield self._sample(id)
            case "lr":
                yield from self._change_lr(cursor.peak_lr * request.value, id)
            case "pause" | "resume":
                reason = "paused already" if self.paused else "not paused"
                yield Refused(**self._about(), id=id, reason=reason)
            case "evaluate":
                yield Refused(**self._about(), id=id, reason="this run has no validation text")
            case _:
                yield Refused(**self._about(), id=id, reason="not a request this trainer knows")

    def _change_lr(self, peak: float, id: str) -> Iterator[Event]:
        try:
            replace(self.learner.config, lr=peak)  # refuses what a run could not begin with
        except UsageError as error:
            yield Refused(**self._about(), id=id, reason=str(error))
            return
        self.learner.cursor.peak_lr = peak
        yield Changed(**self._about(), id=id, setting="lr", value=peak)
        yield from self._save()

    def _wait_while_paused(self) -> Iterator[Event]:
        yield from self._save()
        while self.paused and not self.stopping:
            time.sleep(_POLL)
            for request in self._requests():
                yield from self._answer(request)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: save, then stop."""
        self.stopping = True


def _warning(drift: float | None) -> str:
    """What to tell of an evaluation where the carried state does harm."""
    if drift is None or drift <= _MOST_DRIFT:
        return ""
    return (
        f"with the state it carries the network is {drift:.2f} nats worse than from a cold start: "
        "its state has run away; a lower learning rate or shorter sequences may help"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def live(run: RunDirectory) -> int:
    """Live one life of a run, or take part in one; returns the exit status.

    Raises RunError where another trainer has the run.
    """
    with joined(run.name) as group:
        return _lead(run, group) if group.leads else follow(run, group)


def _lead(run: RunDirectory, group: Group) -> int:
    lock = run.lock()
    try:
        lock.acquire(timeout=2)
    except TimeoutError as error:
        raise RunError(f"run {run.name} is running already") from error
    with lock:
        run.clear()
        run.write_owner()
        run.close_torn_tail()
        trainer = Trainer(run, group)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, trainer.stop)
        try:
            for event in trainer.events():
                _log(trainer, event)
        except HeloError as error:
            _log(trainer, Failed(**trainer._about(), reason=str(error)))
            raise
        group.end()
    return 1 if trainer.failure else 0


def _log(trainer: Trainer, event: Event) -> None:
    """Append an event; where the disk refuses, wait for it unless the trainer is to stop."""
    run, torn = trainer.run, False
    while True:
        try:
            if torn:
                run.close_torn_tail()
            return run.append(run.events_path, event.to_json())
        except StorageError:
            if trainer.stopping:
                return
            torn = True
            time.sleep(_RETRY)


def main() -> int:
    """The process."""
    try:
        return live(RunDirectory(Path(sys.argv[1])))
    except HeloError as error:
        print(f"helo: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    leave(main())
