"""A network in training: its steps, its losses and its samples.

It knows nothing about requests and logs; the trainer decides when to call what.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor

from engine.blas import threads_each
from engine.errors import ModelFileError
from engine.network import modelfile
from engine.network.lines import newline_id
from engine.network.modelfile import History, Model
from engine.network.parameters import Weights
from engine.network.stepper import Stepper
from engine.runs import beginning, measured
from engine.runs.layout import layout
from engine.runs.memory import Training
from engine.runs.points import Cursor, read_cursor
from engine.runs.rundir import RunDirectory, at_work
from engine.training import state
from engine.training.device import Device, available, choose, free_memory, kind_of
from engine.training.evaluate import Evaluation, evaluate, most_columns
from engine.training.model import CharRNN, States
from engine.training.optim import Optimiser
from engine.training.parallel import ALONE, Group, together
from engine.training.schedule import end_after, next_rate
from engine.training.step import TrainingStep
from engine.training.streams import Stream
from engine.writing.generate import Generation
from engine.writing.settings import SamplingConfig

_EVALUATION_SHARE = 0.1
"""Predictions of an evaluation, as a share of those learnt from since the last."""
_EVALUATION_LEAST = 4096
STATEFUL_LIMIT = 250_000
"""Validation characters up to which the final figure is one stateful pass."""
SAMPLE_TEMPERATURE = 0.8
_FIRST = 6
"""Steps of the first measurement on a GPU, the warm-up and the capture included."""
_TELLING = 5.0
"""Seconds of training that tell how fast this machine is."""
_BEHIND = 16
"""Steps whose losses may wait on a GPU before they are read."""


class Learner:
    """The network of a run with its optimiser, its place in the corpus and its device.

    In a group the processes share the columns; everything else is the same in each. A method that all of
    them run raises LostError if one is gone.
    """

    def __init__(self, run: RunDirectory, group: Group = ALONE) -> None:
        self.run, self.group, self.info = run, group, run.info()
        self.config = config = self.info.config
        self.corpus = run.corpus()
        own = self.corpus.info.alphabet
        self.alphabet = self.info.alphabet(own)
        self.train_ids, self.val_ids = (
            own.translated(ids, self.alphabet)
            for ids in self.corpus.parts(config.validation, config.split)
        )
        self.layout = layout(len(self.train_ids), config.batch, config.seq_length)
        self.share = group.share(self.layout.batch)
        self.others = group.agree(at_work(self.info.race or run.name))
        """Other trainings on this machine; each has its share of the threads."""
        self._check_memory()
        self.stream = Stream(self.train_ids, self.layout, config.seed, self.share)
        newline = newline_id(config.model, self.alphabet)
        self.model = CharRNN(config.model, len(self.alphabet), config.dropout, newline)
        self.model.batch, self.model.share = self.layout.batch, self.share
        device = self._choose(config.dtype, config.threads)
        self.training_step = TrainingStep(self.model, config, device, len(self.share), group)
        self.note = ""
        """One line about the model that the run starts from, at its first start."""
        if not run.states():
            weights, self.note = beginning.first_weights(run, self.alphabet, self.train_ids)
            self.model.load(weights)
        torch.manual_seed(config.seed)
        self.cursor = Cursor(
            step=0,
            total_steps=0,
            dtype=self.device.dtype,
            threads=self.device.threads,
            peak_lr=config.lr,
            clip=config.clip,
            dropout=config.dropout,
            processes=group.size,
        )
        self._text = self.device.hold(self.train_ids)
        self._columns = torch.from_numpy(self.stream.offsets()).to(self.device.torch)
        self._unread: list[Tensor] = []

    def _check_memory(self) -> None:
        """Raises RunError if the training does not fit into the memory that rank 0 finds free."""
        config, layout, group = self.config, self.layout, self.group
        kind = available()[0] if config.device == "auto" else config.device
        needs = Training(
            config.model,
            len(self.alphabet),
            layout.batch,
            layout.seq_length,
            config.dtype,
            config.dropout > 0,
            kind,
            shares=group.size,
            beside=group.local_size,
        )
        needs.check(group.agree(free_memory(kind)))

    def _choose(self, dtype: str, threads: int) -> Device:
        """The device. Rank 0 alone tries precisions, for all processes."""
        threads = threads or threads_each(self.group.local_size * (1 + self.others))
        if not self.group.leads:
            dtype = self.group.agree()
        network = measured.network(self.config.model, len(self.share), self.layout.seq_length)
        device = choose(self.config.device, dtype, threads, self._try, network)
        self.group.check(device.kind, self.layout.batch)
        if self.group.leads:
            self.group.agree(device.dtype)
        return device

    def _try(self, device: Device) -> None:
        """Take a step like those to come. The network is still without its weights."""
        T, B = self.layout.seq_length, len(self.share)
        ids = torch.zeros(T + 1, B, dtype=torch.long, device=device.torch)
        TrainingStep(self.model, self.config, device, B)(ids)

    @property
    def device(self) -> Device:
        return self.training_step.device

    @property
    def optimiser(self) -> Optimiser:
        return self.training_step.optimiser

    @property
    def has_validation(self) -> bool:
        return len(self.val_ids) >= 2

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return next_rate(self.cursor, self.config)

    def plan(self) -> None:
        """Set the total number of steps; for a training of some seconds, by timing a few steps first. That
        is a guess, which `schedule.replan` corrects on the way."""
        config, per_epoch = self.config, self.layout.steps_per_epoch
        if config.steps is not None:
            self.cursor.total_steps = config.steps
        elif config.epochs is not None:
            self.cursor.total_steps = max(1, math.ceil(config.epochs * per_epoch))
        else:
            assert config.seconds is not None
            few = _FIRST if self.device.kind == "cuda" else 2
            step = self._measure(few)
            more = int(min(0.02 * config.seconds, 2.0) / step)
            step = self._measure(more) if more > few else step
            overhead = 1 + _EVALUATION_SHARE / 3 if self.has_validation else 1.0
            self.cursor.total_steps = max(1, int(config.seconds / (step * overhead)))
            if self.info.race_by != "parameters":  # there the steps of all are equal
                end_after(self.cursor, config.seconds)

    @together
    def _measure(self, steps: int) -> float:
        """Seconds per step: of `steps` steps without the first, that which a quarter are faster than. They
        leave no trace."""
        weights, rng, times = self.model.weights(), self.device.rng_state(), list[float]()
        for step in range(steps):
            begin = time.perf_counter()
            self._learn(step, lr=0.0).tolist()
            times.append(time.perf_counter() - begin)
        self.model.load(weights)
        self.device.set_rng_state(rng)
        self.optimiser.reset()
        return sorted(times[1:])[len(times[1:]) // 4]

    def remember_pace(self, chars: int, seconds: float) -> None:
        """Remember that so many characters took so long, if that tells how fast this machine is."""
        if seconds < _TELLING or self.others or self.group.size > 1:
            return
        kind, layout = kind_of(self.device, self.config.dtype), self.layout
        measured.learn_run(
            kind,
            self.config.model,
            layout.batch,
            layout.seq_length,
            len(self.alphabet),
            chars / seconds,
        )

    def step(self) -> list[tuple[float, float]]:
        """Take one step. Returns the losses in nats and the gradient norms before clipping that became
        known since the last call; on a processor these include its own."""
        self._unread.append(self._step(self.cursor.step, self.lr))
        self.cursor.step += 1
        self.cursor.chars += self.layout.batch * self.layout.seq_length
        return self.settle() if len(self._unread) >= self._behind else []

    def settle(self) -> list[tuple[float, float]]:
        """Wait for the device. Returns the losses and norms that were not returned yet."""
        if not self._unread:
            return []
        rows = torch.stack(self._unread).tolist()
        self._unread = []
        return [(loss, norm) for loss, norm in rows]

    @property
    def _behind(self) -> int:
        return _BEHIND if self.device.kind == "cuda" else 1

    @together
    def _step(self, step: int, lr: float) -> Tensor:
        """`_learn` in every process."""
        return self._learn(step, lr)

    def _learn(self, step: int, lr: float) -> Tensor:
        """Take a step of training; returns what `TrainingStep` does."""
        if self.stream.begins_epoch(step):
            self.training_step.carry(self.model.start_state(len(self.share)))
        self.optimiser.set_lr(lr)
        return self.training_step(self._block(step))

    def _block(self, step: int) -> Tensor:
        """The characters of a step (T+1, B) on the device."""
        if self._text is None:
            return torch.from_numpy(self.stream.read(step)).to(self.device.torch)
        return self._text[self.stream.first(step) + self._columns].long()

    @together
    def tune(self, clip: float, dropout: float) -> None:
        """Use this clipping and dropout from the next step on."""
        self.cursor.clip = self.optimiser.clip = clip
        self.cursor.dropout = self.model.dropout = dropout
        self.training_step.renew()

    def sound(self) -> bool:
        """Whether every parameter is finite."""
        return all(bool(p.isfinite().all()) for p in self.model.parameters())

    @together
    def evaluate(self, evaluate_every: int) -> Evaluation:
        """Validation loss in parallel columns. It reads as many characters as take a few percent of the
        time of the `evaluate_every` steps between two evaluations."""
        learnt = evaluate_every * self.layout.batch * self.layout.seq_length
        wanted = max(_EVALUATION_LEAST, int(_EVALUATION_SHARE * learnt))
        columns = most_columns(self.layout, len(self.val_ids))
        return evaluate(self.model, self.val_ids, self.device, columns, wanted, self.group)

    @together
    def final_score(self) -> tuple[float, int, str]:
        """The loss of the best weights on the validation part, the number of predictions, and the protocol:
        stateful, or columns if one pass would take too long."""
        self.model.load(modelfile.load(self.run.best).weights)
        stateful = len(self.val_ids) <= STATEFUL_LIMIT
        wanted = None if stateful else 4 * STATEFUL_LIMIT
        columns = 1 if stateful else most_columns(self.layout, len(self.val_ids))
        found = evaluate(self.model, self.val_ids, self.device, columns, wanted, self.group)
        return found.nats, found.predictions, "stateful" if stateful else "columns"

    @together
    def all_carried(self) -> States:
        """The carried states of the columns of all processes."""
        states = self.model.zero_state(self.layout.batch)
        for all_columns, own in zip(
            chain(*states), chain(*self.training_step.carried), strict=True
        ):
            all_columns[self.share.start : self.share.stop] = own
        self.group.sum([*chain(*states)])
        return states

    def snapshot(self) -> state.Snapshot:
        """A copy of the state of the run as it is now."""
        return state.snapshot(self.cursor, self.model, self.optimiser, self.all_carried())

    def export(self, weights: Weights | None = None) -> Model:
        """The network as it is now, as a model; `weights` spares the copying."""
        cursor = self.cursor
        history = History(
            corpus=self.info.corpus_name,
            corpus_sha256=self.info.corpus_sha256,
            steps=cursor.step,
            chars=cursor.chars,
            best_val_nats=cursor.best_nats,
            seconds=round(cursor.seconds, 3),
            versions=self.info.versions,
            command=self.info.command,
        )
        weights = weights or self.model.weights()
        return Model(self.run.name, self.config.model, self.alphabet, weights, history)

    def sample(self) -> str:
        """A text from the run's prompt, with the same random numbers every time."""
        prompt = self.alphabet.fit(self.config.prompt).ids
        sampling = SamplingConfig(temperature=SAMPLE_TEMPERATURE)
        writing = Generation(Stepper(self.export()), prompt, sampling, self.config.seed)
        with suppress(ModelFileError):  # a network out of control may yet come back
            while len(writing) < len(writing.prompt) + self.config.sample_length:
                writing.advance()
        return self.alphabet.decode(writing.ids(len(writing.prompt)).tolist())

    def take_up(self, path: Path) -> None:
        """Read a state of the run and take its place.

        Raises RunError if it is damaged.
        """
        cursor, all_columns = read_cursor(path), self.model.zero_state(self.layout.batch)
        all_columns = state.restore(path, self.model, self.optimiser, all_columns)
        own = slice(self.share.start, self.share.stop)
        self.training_step.carry(tuple(tuple(s[own] for s in layer) for layer in all_columns))
        self.training_step.renew()
        self.cursor, self._unread = cursor, []
        self.optimiser.clip, self.model.dropout = cursor.clip, cursor.dropout

    @together
    def go_on(self, name: str) -> None:
        """Continue from the state in this file, which rank 0 has already read, with the precision and the
        threads it was made with."""
        if not self.group.leads:
            self.take_up(self.run.folder / name)
        same = self.cursor.processes == self.group.size
        threads = self.cursor.threads if same else self.config.threads
        self.training_step.device = self._choose(self.cursor.dtype, threads)
        self.cursor.threads, self.cursor.processes = self.device.threads, self.group.size
