"""What a trainer can do in one life of a run: evaluate, save, go back, and answer requests.

Each of these yields events that say what it did. The trainer built on it decides when.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import NotFoundError, RunError, StorageError, UsageError
from engine.runs import points
from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Extended,
    Paused,
    Planned,
    Refused,
    Resumed,
    RolledBack,
    Sampled,
    Saved,
)
from engine.runs.logs import LineReader
from engine.runs.rundir import Request, RunDirectory, parse_request
from engine.storage import share
from engine.training.files import Files
from engine.training.learner import Learner
from engine.training.parallel import ALONE, Group
from engine.training.schedule import charged, evaluate_every, extend, plan_again
from engine.training.vitals import vitals

RETRY = 1.0
"""Seconds before retrying a write that the disk refused."""
_LEAST = 1e-9
"""The smallest learning rate and clipping norm that may be set."""
_MOST_DRIFT = 0.1
"""Nats by which a carried state may be worse than a cold one. In a sound network it is better."""


class Life:
    """One life of a run."""

    def __init__(self, run: RunDirectory, group: Group = ALONE) -> None:
        self.run, self.group = run, group
        self.life = group.agree(run.lives())
        self.learner = Learner(run, group)
        self.files = Files(self.learner)
        self.control = LineReader(run.control_path, _size(run.control_path))
        self.stopping = self.paused = False
        self.losses = list[float]()
        """Losses of the steps since the last Progress."""
        self.last_save = time.monotonic()
        self._stood = False
        """Whether the machine slept in the last step or evaluation."""
        self._copying = 0.0
        """Seconds that copying the state took which is being written."""

    def about(self) -> dict[str, Any]:
        """The fields of every event."""
        return {"life": self.life, "step": self.learner.cursor.step}

    def spend(self, took: float, steps: float = 1.0) -> float:
        """Record the seconds that a step took, or what is no more work than so many steps. Returns what
        they count for."""
        cursor = self.learner.cursor
        counts = charged(cursor, took, steps, stood=self._stood)
        self._stood = counts < took
        cursor.seconds += counts
        return counts

    def look(self) -> Iterator[Event]:
        """Evaluate and write a sample."""
        if self.learner.has_validation:
            self.learner.cursor.since_best += 1
            yield self.evaluate()
        yield from vitals(self.learner, self.about())
        yield self.sample()

    def evaluate(self, id: str = "") -> Evaluated | Refused:
        """Measure the validation loss; refused if it is not finite. If it is the best so far, the next save
        records that."""
        learner, cursor, layout = self.learner, self.learner.cursor, self.learner.layout
        begin = time.perf_counter()
        found = learner.evaluate(evaluate_every(cursor, learner.config))
        steps = found.predictions / (layout.batch * layout.seq_length)
        took = self.spend(time.perf_counter() - begin, steps)
        nats = found.nats
        if not math.isfinite(nats):
            return Refused(**self.about(), id=id, reason=f"the validation loss is {nats}")
        best = cursor.best_nats is None or nats < cursor.best_nats
        if best:
            cursor.best_nats, cursor.best_step, cursor.since_best = nats, cursor.step, 0
        return Evaluated(
            **self.about(),
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

    def sample(self, id: str = "") -> Sampled:
        """A sample of what the network writes now."""
        text = self.learner.sample()
        return Sampled(**self.about(), id=id, prompt=self.learner.config.prompt, text=text)

    def save(self, id: str = "", mark: str = "") -> Iterator[Event]:
        """Write the state, also as a mark if it has a name, and wait until it is on the disk."""
        yield from self.begin_save()
        yield from self.finish_save(id, mark)

    def begin_save(self) -> Iterator[Event]:
        """Begin to write the state beside the training."""
        yield from self.finish_save()
        self.learner.cursor.control_offset, begin = self.control.offset, time.monotonic()
        self.files.begin()
        self.last_save = time.monotonic()
        self._copying = self.last_save - begin

    def finish_save(self, id: str = "", mark: str = "") -> Iterator[Event]:
        """Wait until what is being written is on the disk, and say so."""
        if not self.files.writing:
            return
        step, begin = self.files.writing.step, time.monotonic()
        yield from self.persist(self.files.finish)
        path = self.run.state_path(step)
        if mark:
            yield from self._copy(step, mark)
            path = self.run.mark_path(mark)
        took = round(self._copying + time.monotonic() - begin, 4)
        yield Saved(**self.about() | {"step": step}, id=id, file=path.name, took=took)

    def _copy(self, step: int, mark: str) -> Iterator[Event]:
        """Keep the state of a step as a mark."""
        state, path = self.run.state_path(step), self.run.mark_path(mark)
        yield from self.persist(partial(share, path, state))

    def persist(self, write: Callable[[], object]) -> Iterator[Event]:
        """Write. While the disk refuses, pause and retry, until it succeeds or a stop is requested."""
        held = False
        while True:
            try:
                write()
                break
            except StorageError as error:
                if self.stopping:
                    raise
                if not held:
                    yield Paused(**self.about(), reason=str(error))
                held = True
                time.sleep(RETRY)
            for request in self.requests():
                if request.request == "stop":
                    yield from self.answer(request)
                else:
                    reason = "waiting for the disk to take a save"
                    yield Refused(**self.about(), id=request.id, reason=reason)
        if held:
            yield Paused(**self.about()) if self.paused else Resumed(**self.about())

    def requests(self) -> list[Request]:
        """The requests since the last call."""
        return [r for line in self.control.read() if (r := parse_request(line))]

    def answer(self, request: Request) -> Iterator[Event]:
        """Carry out a request, and answer it in one event with its id."""
        id, cursor = request.id, self.learner.cursor
        match request.request:
            case "pause" if not self.paused:
                self.paused = True
                yield Paused(**self.about(), id=id)
            case "resume" if self.paused:
                self.paused = False
                yield Resumed(**self.about(), id=id)
            case "stop":
                self.stopping = True
                yield Changed(**self.about(), id=id, setting="stop", value=1.0)
            case "save":
                yield from self.save(id)
            case "evaluate" if self.learner.has_validation:
                yield self.evaluate(id)
                if cursor.best_step == cursor.step:
                    yield from self.save()
            case "sample":
                yield self.sample(id)
            case "lr":
                yield from self._change("lr", cursor.peak_lr * request.value, id)
            case "clip" | "dropout" as setting:
                yield from self._change(setting, request.value, id)
            case "mark":
                yield from self._mark(request.text, id)
            case "back":
                yield from self._back(request.text, id)
            case "pause" | "resume":
                reason = "paused already" if self.paused else "not paused"
                yield Refused(**self.about(), id=id, reason=reason)
            case "evaluate":
                yield Refused(**self.about(), id=id, reason="this run has no validation text")
            case _:
                reason = request.problem or "not a request this trainer knows"
                yield Refused(**self.about(), id=id, reason=reason)

    def _change(self, setting: str, value: float, id: str) -> Iterator[Event]:
        cursor = self.learner.cursor
        try:  # a run could not begin with such a value
            config = replace(self.learner.config, **{setting: value})  # type: ignore[arg-type]
            if setting != "dropout" and value < _LEAST:
                raise UsageError(f"{setting} {value:g} is so small that nothing would be learnt")
        except UsageError as error:
            yield Refused(**self.about(), id=id, reason=str(error))
            return
        match setting:
            case "lr":
                cursor.peak_lr = value
            case "clip":
                self.learner.tune(config.clip, cursor.dropout)
            case _:
                self.learner.tune(cursor.clip, config.dropout)
        yield Changed(**self.about(), id=id, setting=setting, value=value)
        yield from self.save()

    def _mark(self, name: str, id: str) -> Iterator[Event]:
        try:
            mark = points.check_mark(self.run, name, self.learner.cursor.step)
        except UsageError as error:
            yield Refused(**self.about(), id=id, reason=str(error))
            return
        yield from self.save(id, mark)

    def _back(self, ref: str, id: str) -> Iterator[Event]:
        """Go back to a kept point on request. If the best so far came after it, that is kept as a mark."""
        before = self.learner.cursor
        try:
            point = points.find(self.run, ref or points.BEST)
            went = list(self.go_back([point.path], "", id))
        except (NotFoundError, RunError) as error:
            yield Refused(**self.about(), id=id, reason=str(error))
            return
        if before.best_step is not None and before.best_step > point.step:
            yield from self._copy(before.best_step, f"{points.BEST}-{before.best_step}")
        yield from went
        cursor = self.learner.cursor
        cursor.sound_step = cursor.step
        if cursor.best_step != before.best_step:  # the model of that time is gone
            cursor.best_nats = cursor.best_step = None
            yield self.evaluate()
        yield from self.save()
        if self.paused:
            yield Paused(**self.about())

    def go_back(self, paths: list[Path], reason: str, id: str = "") -> Iterator[Event]:
        """Load the first of these states that can be read. Time already spent stays spent, and the run
        still ends at the step, or the time, it was to end at, if that is yet to come.

        Raises RunError if none can be read.
        """
        before = self.learner.cursor
        if problem := self.files.restore(paths):
            reason = f"{reason}; {problem}" if reason else problem
        cursor = self.learner.cursor
        cursor.seconds, cursor.recent, self.losses = before.seconds, [], []
        yield RolledBack(**self.about(), id=id, reason=reason)
        extended, total = cursor.extension != before.extension, cursor.total_steps
        if cursor.step >= before.total_steps:
            cursor.plan = replace(cursor.plan, until=0.0)  # its time is over: its steps count
        else:
            if extended:
                extend(cursor, self.learner.config, before.total_steps)
            if before.plan.until:
                plan_again(cursor, before)
        if extended:
            yield self.extended()
        elif cursor.total_steps != total:
            yield self.planned()

    def extended(self) -> Extended:
        """What tells that the run is to train longer, or less long."""
        cursor = self.learner.cursor
        return Extended(
            **self.about(), total_steps=cursor.total_steps, until=round(cursor.plan.until, 3)
        )

    def planned(self) -> Planned:
        """What tells that the run has another number of steps, so that it ends in time."""
        return Planned(**self.about(), total_steps=self.learner.cursor.total_steps)


def _warning(drift: float | None) -> str:
    """The warning for an evaluation in which the carried state did harm, or ""."""
    if drift is None or drift <= _MOST_DRIFT:
        return ""
    return (
        f"with the state it carries the network is {drift:.2f} nats worse than from a cold start: "
        "its state has run away; a lower learning rate or shorter sequences may help"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
