"""A race: one run for each of several cells on one corpus. They train in turns, so no two share the
machine.

The trainers are processes that wait, paused, while another has its turn. A turn ends with an evaluation;
the first one ends before any step. The runs are ordinary runs, except that their trainers save and stop
if the process that gives the turns dies.
"""

from __future__ import annotations

import math
import subprocess
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from filelock import FileLock

from engine import places
from engine.cells import CELLS, named
from engine.config import MOST_HIDDEN, ModelConfig, TrainConfig
from engine.errors import CorpusError, RunError, UsageError
from engine.network import parameters
from engine.runs import launch, recipe, rundir
from engine.runs.events import (
    Evaluated,
    Event,
    Paused,
    Progress,
    Started,
    fold,
    parse,
    total_steps,
)
from engine.runs.logs import LineReader
from engine.runs.rundir import RACE, RunDirectory, parse_request, status
from engine.storage import is_held
from engine.text.corpus import SMALLEST_VALIDATED, Corpus
from engine.words import quoted

MEASURES = ("parameters", "seconds")
"""What is equal in a race: parameters and steps, which are those planned for the first run at its start; or
time and the number of units. Only by seconds are steps planned anew on the way."""


def check(called: Sequence[str], by: str) -> list[str]:
    """The names of a race's cells, from their names or aliases.

    Raises UsageError if these cells and this measure make no race.
    """
    cells = list(map(named, called))
    if by not in MEASURES:
        raise UsageError(f"--by must be one of {', '.join(MEASURES)}, not {quoted(by)}")
    for cell in cells:
        if cell not in CELLS:
            raise UsageError(f"--cells must be some of {', '.join(CELLS)}, not {quoted(cell)}")
        if cells.count(cell) > 1:
            raise UsageError(f"--cells names {cell} more than once: leave one out")
    if len(cells) < 2:
        raise UsageError("--cells must name two cells or more, as in rnn,lstm,gru")
    return cells


def matched(model: ModelConfig, cell: str, V: int) -> ModelConfig:
    """The network of `cell` with the layers of `model` whose number of parameters is closest to
    `model`'s."""

    def size(hidden: int) -> int:
        return parameters.count(replace(model, cell=cell, hidden=hidden), V)

    wanted, sizes = parameters.count(model, V), range(1, MOST_HIDDEN + 1)
    above = min(bisect_left(sizes, wanted, key=size), MOST_HIDDEN - 1)
    near = sizes[max(0, above - 1) : above + 1]
    return replace(model, cell=cell, hidden=min(near, key=lambda H: abs(size(H) - wanted)))


def free_name() -> str:
    """A name not used by any race, whatever its runs are called now."""
    taken = {run.race() for run in rundir.runs()}
    free = (f"race-{i}" for i in count(1))
    return next(
        name for name in free if name not in taken and not any(places.runs().glob(f"{name}-*"))
    )


def leader(name: str) -> RunDirectory | None:
    """The run that leads the race of that name; None if there is no such race.

    Raises RunError if the race is over.
    """
    own = [run for run in rundir.runs() if run.race() == name]
    if own and not any(map(goes_on, own)):
        raise RunError(f"{name} is over: `helo train --resume` continues one of its runs")
    return next(filter(goes_on, own), None)


def goes_on(leader: RunDirectory) -> bool:
    """Whether the race that this run leads is still going on."""
    return is_held(_lock(leader))


def _lock(leader: RunDirectory) -> Path:
    """The lock held by the process that gives the turns."""
    return leader.folder / "race.lock"


def lead(found: Corpus, first: TrainConfig, command: str, by: str) -> RunDirectory:
    """Create the first run of a new race by one of `MEASURES`, with the configuration `first`, which has
    `seconds`.

    Raises what `launch.create` raises.
    """
    name = free_name()
    own = f"{name}-{first.model.cell}"
    return launch.create(own, found, first, command, race=name, race_by=by)


def enter(leader: RunDirectory, others: Sequence[str], by: str) -> Iterator[RunDirectory]:
    """The runs of a race: the leader, then one for each of the `others`' cells, created when asked for. The
    leader's trainer must have begun by then.

    All settings are the leader's, with the device, precision and threads it chose, except the learning
    rate, which the recipe sets by cell and size. Raises RunError if the leader could not begin, and what
    `launch.create` raises.
    """
    yield leader
    info, found, began = leader.info(), leader.corpus(), _began(leader)
    first, V = info.config, len(found.info.alphabet)
    equal = replace(first, device=began.device, dtype=began.dtype, threads=began.threads)
    if by == "parameters":
        equal = replace(equal, seconds=None, steps=began.total_steps)
    for cell in others:
        model = replace(first.model, cell=cell)
        if by == "parameters":
            model = matched(first.model, cell, V)
        config = replace(equal, model=model, lr=recipe.learning_rate(model))
        name = f"{info.race}-{cell}"
        yield launch.create(name, found, config, info.command, race=info.race, race_by=by)


def _began(run: RunDirectory) -> Started:
    """The trainer's Started event. Raises RunError, with the trainer's message, if it could not begin."""
    for event in run.events():
        if isinstance(event, Started):
            return event
    raise RunError(run.silent_end())


def check_held_out(validation: float) -> None:
    """Raises UsageError if there would be no losses to compare."""
    if not validation:
        raise UsageError("a race compares losses on a validation part: give --validation a share")


def check_corpus(
    found: Corpus, validation: float = TrainConfig.validation, split: str = TrainConfig.split
) -> None:
    """Raises CorpusError for a corpus without such a validation part."""
    if len(found.split(validation, split)[1]) >= 2:
        return
    if len(found.ids) >= SMALLEST_VALIDATED:
        raise CorpusError(
            f"{100 * validation:.3g}% of corpus {found.info.name} is too little to validate on: "
            "give --validation a larger share"
        )
    raise CorpusError(
        f"corpus {found.info.name} is too small for a race: it needs {SMALLEST_VALIDATED} characters "
        "or more, so that a part of it is kept for validation"
    )


@dataclass(frozen=True)
class Standing:
    """A row of the table of results. The loss is None until there is one."""

    run: str
    network: ModelConfig
    parameters: int
    steps: int
    chars_per_second: float
    """Averaged over all the time spent training, evaluations included."""
    val_nats: float | None
    seconds: float
    status: str


class Racer:
    """A run in a race, and the events of its trainer."""

    def __init__(self, run: RunDirectory) -> None:
        self.run, self.model = run, run.info().config.model
        self.started: Started | None = None
        self.progress: Progress | None = None
        self.last: Event | None = None
        self.ended = self.resting = False
        self.process: subprocess.Popen[bytes] | None = None
        self._reader = LineReader(run.events_path)
        self._events = list[Event]()
        """The events that count: the evaluations, and all that is not frequent."""

    @property
    def evaluations(self) -> list[Evaluated]:
        return [event for event in self._events if isinstance(event, Evaluated)]

    @property
    def total_steps(self) -> int | None:
        """The number of steps planned; None before it has begun."""
        return total_steps(self._events)

    @property
    def status(self) -> int:
        """The exit status of the trainer; 0 while it runs."""
        return (self.process.returncode if self.process else None) or 0

    def go(self) -> None:
        """Take a turn. Raises RunError or StorageError if the trainer cannot be started or asked."""
        self.resting = False
        if self.process is None:
            self.process = launch.start(self.run, tied=True)
        else:
            with suppress(RunError):
                self.run.ask("resume", text=RACE)

    def read(self) -> Iterator[tuple[Event, str]]:
        """The events since the last call, each with its line in the log."""
        ended = self.process is not None and self.process.poll() is not None
        for line in self._reader.read():
            if event := parse(line):
                self._take(event)
                yield event, line
        self.ended = ended

    def _take(self, event: Event) -> None:
        self.last = event
        if isinstance(event, Evaluated) or not event.frequent:
            self._events = fold([*self._events, event])
        match event:
            case Started():
                self.started = event
            case Progress():
                self.progress = event
            case Evaluated() if event.step < (self.total_steps or 0):
                with suppress(RunError):  # the trainer is gone; the next look finds that
                    self.run.ask("pause", text=RACE)
            case Paused(reason=rundir.WAITS):
                self.resting = True

    def stop(self) -> None:
        """Stop the trainer; it saves first."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    @property
    def final(self) -> Evaluated | None:
        """The final evaluation, of the best weights."""
        return next((e for e in self.evaluations if e.final), None)

    def standing(self, final: bool) -> Standing:
        """Its row of the table, with the loss of the final evaluation or the best of the others."""
        losses = [e.val_nats for e in self.evaluations if e.final == final]
        losses = [nats for nats in losses if math.isfinite(nats)]
        progress, seconds = self.progress, self.progress.seconds if self.progress else 0.0
        return Standing(
            run=self.run.name,
            network=self.model,
            parameters=self.started.parameters if self.started else 0,
            steps=self.last.step if self.last else 0,
            chars_per_second=progress.chars / seconds if progress and seconds else 0.0,
            val_nats=min(losses, default=None),
            seconds=seconds,
            status=status(self.run, self._events).word,
        )


class Race:
    """The runs of a race (`enter`) as they come in, and whose turn it is. The race goes on as long as this
    object exists, and other processes can see that."""

    def __init__(self, leader: RunDirectory, others: Sequence[str], by: str) -> None:
        self.racers = list[Racer]()
        self.turn: Racer | None = None
        self._coming, self._over = enter(leader, others, by), False
        self._requests = LineReader(leader.control_path)
        self._lock = FileLock(_lock(leader))
        self._lock.acquire()

    @property
    def over(self) -> bool:
        """Whether all trainers have ended, and none is still to come."""
        return self._over and all(racer.ended for racer in self.racers)

    def look(self) -> Iterator[tuple[Racer, Event, str]]:
        """The events since the last look, each with its line in the log. Then the next run gets its turn
        if this one is over, or all are stopped if the leader was asked to.

        Raises what `enter` and `Racer.go` raise.
        """
        for racer in self.racers:
            for event, line in racer.read():
                yield racer, event, line
        requests = filter(None, map(parse_request, self._requests.read()))
        if any((asked.request, asked.text) == ("stop", RACE) for asked in requests):
            self.stop()
        if not self._over and (self.turn is None or self.turn.resting or self.turn.ended):
            self._hand_on()

    def _hand_on(self) -> None:
        if run := next(self._coming, None):
            self.racers.append(Racer(run))
            self.turn = self.racers[-1]
        else:
            after = self.racers.index(self.turn) + 1 if self.turn else 0
            order = [*self.racers[after:], *self.racers[:after]]
            self.turn = next((racer for racer in order if not racer.ended), None)
        if self.turn:
            self.turn.go()
        else:
            self._over = True

    def stop(self) -> None:
        """Stop all trainers; they save first. `look` returns their last events."""
        self._over, self.turn = True, None
        for racer in self.racers:
            racer.stop()

    def standings(self) -> list[Standing]:
        """The table, in starting order. All losses follow one protocol: that of the final evaluation once
        every run has had it."""
        final = all(racer.final for racer in self.racers)
        return [racer.standing(final) for racer in self.racers]
