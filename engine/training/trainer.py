"""The training process: `python -P -m engine.training.trainer RUN_DIR [DRIVER [STEPS SECONDS]]`.

The loop steps, evaluates, samples, saves, plans and answers requests. It yields an event for each, which is
written to the run's log. It starts a run, or continues from its newest state, STEPS longer from there if
that is not 0, or as many as take SECONDS if that is not 0. DRIVER is the pid of the process that gives it
turns in a race, or 0; if that process dies, the trainer saves and stops.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

from engine.blas import processors
from engine.errors import HeloError, RunError, StorageError, exit_status
from engine.network.parameters import count
from engine.runs import health, launch
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Failed,
    Paused,
    Progress,
    Refused,
    Resumed,
    Started,
    Stopped,
)
from engine.runs.logs import append, close_torn_tail
from engine.runs.longer import NO_LONGER, Longer
from engine.runs.rundir import RACE, WAITS, Request, RunDirectory
from engine.training.follower import follow
from engine.training.life import RETRY, Life
from engine.training.parallel import ALONE, Group, joined, leave
from engine.training.schedule import evaluates, extend, replan
from engine.words import counted

PROGRESS_EVERY = 0.25
_POLL = 0.1


class Trainer(Life):
    """Runs one life of a training from beginning to end."""

    def __init__(
        self, run: RunDirectory, group: Group = ALONE, driver: int = 0, longer: Longer = NO_LONGER
    ) -> None:
        super().__init__(run, group)
        self._driver, self._longer = driver, longer
        past = run.events()
        self.resuming = bool(run.states())
        self._had_failed = bool(past) and isinstance(past[-1], Failed)
        self._scored = any(isinstance(event, Evaluated) and event.final for event in past)
        """Whether an earlier life already measured the final score."""
        self.failure: Failed | None = None
        self.norm = 0.0
        """Of the gradients of the newest step in which it was finite."""

    def events(self) -> Generator[Event]:
        """Train. Yields the events from Started to Stopped or Failed."""
        with self.files.writer:  # waits for what it writes, whatever happens
            yield from self._live()

    def _live(self) -> Iterator[Event]:
        learner = self.learner
        if self.resuming:
            yield from self._resume()
        else:
            learner.plan()
            yield self._started()
            yield from self.look()
            yield from self.begin_save()
        chars, seconds = learner.cursor.chars, learner.cursor.seconds
        yield from self._train()
        learner.remember_pace(learner.cursor.chars - chars, learner.cursor.seconds - seconds)
        yield from self.finish_save()
        if self.failure:
            yield self.failure
            return
        finished, note = self._finished, ""
        if self._deserted and not finished:
            note = "what gave it its turns in the race is gone"
        if not (finished and self.run.state_path(learner.cursor.step).exists()):
            yield from self.save()
        if finished and learner.has_validation and not self._scored:
            yield from self._final()
        if finished and learner.cursor.step < learner.cursor.total_steps:
            evaluations = counted(learner.config.early_stop, "evaluation")
            note = f"validation has not improved for {evaluations}"
        seconds = learner.cursor.seconds
        yield Stopped(**self.about(), finished=finished, seconds=seconds, note=note)

    @property
    def _deserted(self) -> bool:
        """Whether the process that gives it turns is gone."""
        return self._driver not in (0, os.getppid())

    def requests(self) -> list[Request]:
        """The requests since the last call. A deserted trainer stops."""
        self.stopping |= self._deserted
        return super().requests()

    def answer(self, request: Request) -> Iterator[Event]:
        """Carry out a request. Only the race may pause a trainer that takes turns in it."""
        if self._driver and request.request in ("pause", "resume") and request.text != RACE:
            reason = f"it takes turns in a race: `helo runs stop {self.run.race()}` ends that"
            yield Refused(**self.about(), id=request.id, reason=reason)
            return
        for event in super().answer(request):
            if request.text == RACE and isinstance(event, Paused):
                yield replace(event, reason=WAITS)
            else:
                yield event

    def _resume(self) -> Iterator[Event]:
        """Continue from the newest state, and export what a killed trainer had not."""
        learner = self.learner
        learner.note = self.files.restore(self.run.states()[::-1])
        cursor = learner.cursor
        if self._had_failed:  # a person wants to try again
            cursor.rollbacks = 0
        if steps := self._longer.steps:
            self._scored = False
            extend(cursor, learner.config, cursor.step + steps, self._longer.seconds)
        yield self._started()
        yield Resumed(**self.about())
        if self._longer.steps:
            yield self.extended()
            yield from self.save()
        elif not self._scored:
            yield from self.persist(self.files.publish)

    @property
    def _finished(self) -> bool:
        """Whether all steps were taken, or validation has not improved for the requested time. Steps that
        were added are all taken: the learning rate that rises again makes it worse at first."""
        cursor, patience = self.learner.cursor, self.learner.config.early_stop
        if cursor.step >= cursor.total_steps:
            return True
        if not patience or cursor.best_step is None or cursor.extension.step:
            return False
        return cursor.since_best >= patience

    def _started(self) -> Started:
        learner, asked = self.learner, self.learner.config
        notes = [learner.note] if learner.note else []
        if (learner.layout.batch, learner.layout.seq_length) != (asked.batch, asked.seq_length):
            notes.append("batch and sequence length shrunk to fit the corpus")
        if learner.others and not (asked.threads or self.resuming):
            threads = f"{learner.device.threads} of {processors()} threads"
            notes.append(f"{threads}, since other trainings are at work")
        if not learner.has_validation:
            why = "the corpus is too small for one" if asked.validation else "nothing is held out"
            notes.append(f"no validation: {why}")
        return Started(
            **self.about(),
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
            until=round(learner.cursor.plan.until, 3),
            anew=not self.resuming,
        )

    def _train(self) -> Iterator[Event]:
        learner = self.learner
        since, steps = time.perf_counter(), learner.cursor.step
        while not self._finished:
            if self.files.writing and self.files.writing.over:
                begin = time.perf_counter()
                yield from self.finish_save()
                since += time.perf_counter() - begin
            requests = self.requests()
            if requests or self.stopping:
                yield from self._check(learner.settle())
                yield from self.finish_save()
                for request in requests:
                    yield from self.answer(request)
                if self.paused:
                    yield from self._wait_while_paused()
                since, steps = time.perf_counter(), learner.cursor.step
            if self.stopping or self.failure:
                return
            begin, cursor = time.perf_counter(), learner.cursor
            results = learner.step()
            looks = evaluates(cursor, learner.config)
            saves = time.monotonic() - self.last_save >= learner.config.save_every
            if looks or saves:
                results += learner.settle()
            self.spend(time.perf_counter() - begin)
            yield from self._check(results, thoroughly=looks or saves)
            if learner.cursor is not cursor:  # it went back
                since, steps = time.perf_counter(), learner.cursor.step
                continue
            if planned := replan(cursor):
                yield self.planned()
            last, now = cursor.step == cursor.total_steps, time.perf_counter()
            if self.losses and (last or now - since >= PROGRESS_EVERY):
                yield self._progress(cursor.step - steps, now - since)
                since, steps = now, cursor.step
            if looks or saves or planned:
                begin = time.perf_counter()
                if looks:
                    yield from self.look()
                    self._note_soundness()
                # a new plan is saved before it takes effect
                yield from self.save() if planned else self.begin_save()
                since += time.perf_counter() - begin

    def _check(
        self, results: list[tuple[float, float]], thoroughly: bool = True
    ) -> Iterator[Event]:
        """Record losses and norms. If training cannot continue like this, go back or give up."""
        V, recent = len(self.learner.alphabet), self.learner.cursor.recent
        reason = ""
        for loss, norm in results:
            self.norm = norm if math.isfinite(norm) else self.norm
            self.losses.append(loss)
            recent.append(loss)
            del recent[: -health.RECENT]
            # with a loss scale, overflows are normal
            norm = norm if self.learner.optimiser.scale is None else 0.0
            reason = reason or health.trouble(loss, norm, recent, V)
        if thoroughly and not reason and not self.learner.sound():
            reason = "the weights are no numbers"
        if reason:
            yield from self._recover(reason)

    def _recover(self, reason: str) -> Iterator[Event]:
        """Go back to the newest sound state, and continue at half the learning rate. Only states of
        evaluations count: when the others were written depended on the clock."""
        before = self.learner.cursor
        reason = f"{reason} at step {before.step:,}"
        yield from self.finish_save()
        if before.rollbacks == health.ROLLBACKS:
            again = f"start again with --init-from {self.run.name} and a lower --lr"
            reason = f"{reason}, after going back {counted(before.rollbacks, 'time')}; {again}"
            self.failure = Failed(**self.about(), reason=reason)
            return
        sound = self.run.state_path(before.sound_step)
        yield from self.go_back([p for p in self.run.states()[::-1] if p <= sound], reason)
        cursor = self.learner.cursor
        cursor.peak_lr, cursor.rollbacks = before.peak_lr / 2, before.rollbacks + 1
        cursor.failed_step = max(before.failed_step, before.step)
        yield Changed(**self.about(), setting="lr", value=cursor.peak_lr)
        yield from self.save()

    def _note_soundness(self) -> None:
        """Record whether this is a point to go back to, and beyond where the run failed before."""
        cursor = self.learner.cursor
        if health.sound(cursor.recent, len(self.learner.alphabet)):
            cursor.sound_step = cursor.step
            if cursor.step > cursor.failed_step:
                cursor.rollbacks = 0

    def _progress(self, steps: int, seconds: float) -> Progress:
        learner, losses = self.learner, self.losses
        self.losses = []
        return Progress(
            **self.about(),
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

    def _final(self) -> Iterator[Event]:
        nats, predictions, protocol = self.learner.final_score()
        if not math.isfinite(nats):
            yield Refused(**self.about(), reason=f"the final loss is {nats}")
            return
        yield from self.persist(partial(self.files.note_final, nats))
        yield Evaluated(
            **self.about(),
            chars=self.learner.cursor.chars,
            seconds=round(self.learner.cursor.seconds, 3),
            val_nats=nats,
            predictions=predictions,
            protocol=protocol,
            best=True,
            final=True,
        )

    def _wait_while_paused(self) -> Iterator[Event]:
        yield from self.save()
        while self.paused and not self.stopping:
            time.sleep(_POLL)
            for request in self.requests():
                yield from self.answer(request)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal: save, then stop."""
        self.stopping = True


def live(run: RunDirectory, driver: int = 0, longer: Longer = NO_LONGER) -> int:
    """Live one life of a run, or take part in one. A run that continues trains `longer` from where it
    stands. Returns the exit status.

    Raises RunError if another trainer has the run.
    """
    with joined(run.name) as group:
        return _lead(run, group, driver, longer) if group.leads else follow(run, group)


def _lead(run: RunDirectory, group: Group, driver: int, longer: Longer) -> int:
    lock = run.lock()
    try:
        lock.acquire(timeout=2)
    except TimeoutError as error:
        raise RunError(f"run {run.name} is running already") from error
    with lock:
        run.clear()
        run.write_owner()
        close_torn_tail(run.events_path)
        trainer = Trainer(run, group, driver, longer)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, trainer.stop)
        try:
            for event in trainer.events():
                _log(trainer, event)
                config = trainer.learner.config
                if isinstance(event, Started) and config.validation:
                    # not before: a survey would disturb the measuring of steps
                    launch.survey(trainer.learner.info.place, config.validation, config.split)
        except HeloError as error:
            _log(trainer, Failed(**trainer.about(), reason=str(error)))
            raise
        group.end()
    return 1 if trainer.failure else 0


def _log(trainer: Trainer, event: Event) -> None:
    """Append an event. If the disk refuses, retry until it succeeds or the trainer is stopping."""
    run, torn = trainer.run, False
    while True:
        try:
            if torn:
                close_torn_tail(run.events_path)
            return append(run.events_path, event.to_json())
        except StorageError:
            if trainer.stopping:
                return
            torn = True
            time.sleep(RETRY)


def main() -> int:
    """The process."""
    folder, driver, steps, seconds = (*sys.argv[1:], *("0", "0", "0")[len(sys.argv) - 2 :])
    return live(RunDirectory(Path(folder)), int(driver), Longer(int(steps), float(seconds)))


if __name__ == "__main__":
    leave(exit_status(main))
