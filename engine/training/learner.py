"""A network in training: one step of it, its losses, its samples, and its files.

Knows nothing of requests, clocks and logs; the trainer above it decides when.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.blas import threads_each
from engine.config import SamplingConfig
from engine.errors import RunError
from engine.network import modelfile
from engine.network.lines import newline_id
from engine.network.modelfile import History, Model
from engine.network.parameters import Weights, initial
from engine.network.stepper import Stepper
from engine.runs import beginning, library
from engine.runs.memory import Training
from engine.runs.points import Cursor, prune, read_cursor
from engine.runs.rundir import RunDirectory, at_work
from engine.storage import share
from engine.training import state
from engine.training.device import Device, available, choose, free_memory
from engine.training.evaluate import Evaluation, evaluate, most_columns
from engine.training.graph import Captured
from engine.training.model import CharRNN, States
from engine.training.optim import Optimiser, learning_rate
from engine.training.parallel import ALONE, Group, together
from engine.training.streams import Stream, layout
from engine.writing.generate import Generation

_EVALUATION_SHARE = 0.1
"""Predictions of an evaluation, as a share of those learnt from since the last."""
_EVALUATION_LEAST = 4096
STATEFUL_LIMIT = 250_000
"""Validation characters up to which the final figure is one stateful pass."""
SAMPLE_TEMPERATURE = 0.8
_COUNTED, _COUNTED_AT_ONCE = 10_000_000, 1_000_000
"""Characters that are enough to know how frequent each is."""
_FIRST = 6
"""Steps that a GPU is measured with at first: some of them prepare the others."""
_BEHIND = 16
"""Steps that a GPU may be behind with what it has to say."""


class Learner:
    """The network of a run with its optimiser, its place in the corpus and its device.

    In a group the columns are shared, all else is the same in every process. Where a process of it is
    gone, what needs all raises LostError.
    """

    def __init__(self, run: RunDirectory, group: Group = ALONE) -> None:
        self.run, self.group, self.info = run, group, run.info()
        self.config = config = self.info.config
        self.corpus = run.corpus()
        own = self.corpus.info.alphabet
        self.alphabet = self.info.alphabet(own)
        self.train_ids, self.val_ids = (
            own.translated(ids, self.alphabet) for ids in self.corpus.parts(config.validation)
        )
        self.layout = layout(len(self.train_ids), config.batch, config.seq_length)
        self.share = group.share(self.layout.batch)
        self.others = group.agree(at_work(self.info.race or run.name))
        """Trainings at work beside this one, each with its share of the threads."""
        self._check_memory()
        self.stream = Stream(self.train_ids, self.layout, config.seed, self.share)
        newline = newline_id(config.model, self.alphabet)
        self.model = CharRNN(config.model, len(self.alphabet), config.dropout, newline)
        self.model.batch, self.model.share = self.layout.batch, self.share
        self.device = self._choose(config.dtype, config.threads)
        self.model.to(self.device.torch)
        if self.device.dtype == "float64":
            self.model.double()
        self.note = ""
        """What the model that the run has just begun with is told of."""
        if not run.states():
            self.model.load(self._initial())
        torch.manual_seed(config.seed)
        self.optimiser = Optimiser(self.model, config, self.device.dtype == "float16")
        self.carried = self.model.zero_state(len(self.share))
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
        self._captured: Captured | None = None
        self._unread: list[Tensor] = []

    def _check_memory(self) -> None:
        """Raises RunError where training would not fit, as rank 0 sees it."""
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
        """The device; a precision that has to be tried is tried by rank 0, for all."""
        threads = threads or threads_each(self.group.local_size * (1 + self.others))
        if not self.group.leads:
            dtype = self.group.agree()
        device = choose(self.config.device, dtype, threads, self._try)
        self.group.check(device.kind, self.layout.batch)
        if self.group.leads:
            self.group.agree(device.dtype)
        return device

    def _try(self, device: Device) -> None:
        """One pass there and back, as in a step but for the step."""
        self.model.to(device.torch)
        T, B = self.layout.seq_length, len(self.share)
        ids = torch.zeros(T, B, dtype=torch.long, device=device.torch)
        with device.autocast():
            logits, _ = self.model(ids, self.model.zero_state(B))
        logits.float().mean().backward()
        self.model.zero_grad()

    def _initial(self) -> Weights:
        config, V = self.config.model, len(self.alphabet)
        counts = np.zeros(V, np.int64)
        for start in range(0, min(_COUNTED, len(self.train_ids)), _COUNTED_AT_ONCE):
            counts += np.bincount(self.train_ids[start : start + _COUNTED_AT_ONCE], minlength=V)
        fresh = initial(config, V, self.config.seed, counts)
        if not self.info.init_from:
            return fresh
        if self.run.begin.exists():
            begun = replace(modelfile.load(self.run.begin), name=self.info.init_from)
        else:
            begun = library.open_model(self.info.init_from)
        self.note = beginning.note(begun, begun.name, self.corpus.info)
        return beginning.take_over(begun, config, self.alphabet, fresh, counts)

    @property
    def has_validation(self) -> bool:
        return len(self.val_ids) >= 2

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        progress = (self.cursor.step + 1) / max(self.cursor.total_steps, 1)
        return learning_rate(min(progress, 1.0), self.config, self.cursor.peak_lr)

    def plan(self) -> None:
        """Fix the number of steps in all; where that depends on seconds, by measuring some first."""
        config, per_epoch = self.config, self.layout.steps_per_epoch
        if config.steps is not None:
            self.cursor.total_steps = config.steps
        elif config.epochs is not None:
            self.cursor.total_steps = max(1, math.ceil(config.epochs * per_epoch))
        else:
            assert config.seconds is not None
            start = time.perf_counter()
            few = _FIRST if self.device.kind == "cuda" else 2
            step = self._measure(few)
            more = int(min(0.04 * config.seconds, 3.0) / step)
            step = self._measure(more) if more > few else step
            left = config.seconds - (time.perf_counter() - start)
            overhead = 1 + _EVALUATION_SHARE / 3 if self.has_validation else 1.0
            self.cursor.total_steps = max(1, int(left / (step * overhead)))

    @together
    def _measure(self, steps: int) -> float:
        """Seconds a step takes: the median of some that leave no trace, the first of them left out."""
        weights, rng, times = self.model.weights(), self.device.rng_state(), list[float]()
        for step in range(steps):
            begin = time.perf_counter()
            self._update(step, lr=0.0).tolist()
            times.append(time.perf_counter() - begin)
        self.model.load(weights)
        self.device.set_rng_state(rng)
        self.optimiser.reset()
        return sorted(times[1:])[len(times[1:]) // 2]

    def step(self) -> list[tuple[float, float]]:
        """Take one step; returns the losses in nats and the norms of the gradients before clipping that
        are known since the last call, its own among them where the device is a processor."""
        self._unread.append(self._step(self.cursor.step, self.lr))
        self.cursor.step += 1
        self.cursor.chars += self.layout.batch * self.layout.seq_length
        return self.settle() if len(self._unread) >= self._behind else []

    def settle(self) -> list[tuple[float, float]]:
        """Wait for the device; returns the losses and norms that no call gave so far."""
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
        """`_update`, by all."""
        return self._update(step, lr)

    def _update(self, step: int, lr: float) -> Tensor:
        """One step of the network; loss and norm (2,), those of all columns, on the device."""
        if self.stream.begins_epoch(step):
            self._carry(self.model.start_state(len(self.share)))
        block = self._block(step)
        self.optimiser.set_lr(lr)
        if self.device.kind != "cuda":
            return self._pass(block)
        if self._captured is None:
            self._captured = Captured(self._pass)
        return self._captured(block)

    def _block(self, step: int) -> Tensor:
        """The characters of a step (T+1, B) on the device."""
        if self._text is None:
            return torch.from_numpy(self.stream.read(step)).to(self.device.torch)
        return self._text[self.stream.first(step) + self._columns].long()

    def _pass(self, block: Tensor) -> Tensor:
        """There, back, and a step; the carried state goes on in place."""
        with self.device.autocast():
            logits, after = self.model(block[:-1], self.carried)
        logits, targets = self.device.widen(logits).flatten(0, 1), block[1:].flatten()
        loss = F.cross_entropy(logits, targets, reduction="sum")
        loss = loss / (self.layout.batch * self.layout.seq_length)
        self.optimiser.backward(loss)
        self.group.sum([*self.optimiser.gradients(), loss])
        norm = self.optimiser.step()
        self._carry(after)
        return torch.stack((loss.detach(), norm))

    def _carry(self, states: States) -> None:
        for s, new in zip(chain(*self.carried), chain(*states), strict=True):
            s.copy_(new.detach())

    @together
    def tune(self, clip: float, dropout: float) -> None:
        """Clip and silence so from the next step on."""
        self.cursor.clip = self.optimiser.clip = clip
        self.cursor.dropout = self.model.dropout = dropout
        self._captured = None  # both are part of what was captured

    def sound(self) -> bool:
        """Whether every parameter is a number."""
        return all(bool(p.isfinite().all()) for p in self.model.parameters())

    @together
    def evaluate(self, evaluate_every: int) -> Evaluation:
        """Validation loss in parallel columns, over as many characters as cost a few percent of the
        `evaluate_every` steps between two evaluations."""
        learnt = evaluate_every * self.layout.batch * self.layout.seq_length
        wanted = max(_EVALUATION_LEAST, int(_EVALUATION_SHARE * learnt))
        columns = most_columns(self.layout, len(self.val_ids))
        return evaluate(self.model, self.val_ids, self.device, columns, wanted, self.group)

    @together
    def final_score(self) -> tuple[float, int, str]:
        """The loss of the best weights on the validation part, the predictions behind it, and the
        protocol: stateful, or columns where one pass would take too long."""
        self.model.load(modelfile.load(self.run.best).weights)
        stateful = len(self.val_ids) <= STATEFUL_LIMIT
        wanted = None if stateful else 4 * STATEFUL_LIMIT
        columns = 1 if stateful else most_columns(self.layout, len(self.val_ids))
        found = evaluate(self.model, self.val_ids, self.device, columns, wanted, self.group)
        return found.nats, found.predictions, "stateful" if stateful else "columns"

    def note_final(self, nats: float) -> None:
        """Rewrite the best model with its final score.

        Raises StorageError.
        """
        best = modelfile.load(self.run.best)
        history = replace(best.history, best_val_nats=nats)
        modelfile.save(self.run.best, replace(best, history=history))

    @together
    def _all_carried(self) -> States:
        """The carried states of the columns of all processes."""
        states = self.model.zero_state(self.layout.batch)
        for all_columns, own in zip(chain(*states), chain(*self.carried), strict=True):
            all_columns[self.share.start : self.share.stop] = own
        self.group.sum([*chain(*states)])
        return states

    def export(self) -> Model:
        """The network as it is now, as a model of the ground floor."""
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
        weights = self.model.weights()
        return Model(self.run.name, self.config.model, self.alphabet, weights, history)

    def sample(self) -> str:
        """A text from the run's prompt, with the same random numbers every time."""
        seed = self.alphabet.fit(self.config.prompt).ids
        sampling = SamplingConfig(temperature=SAMPLE_TEMPERATURE)
        writing = Generation(Stepper(self.export()), seed, sampling, self.config.seed)
        while len(writing) < len(writing.seed) + self.config.sample_length:
            writing.advance()
        return self.alphabet.decode(writing.ids(len(writing.seed)).tolist())

    def save(self) -> None:
        """Write the state, then export it; states that nothing needs are removed.

        Raises StorageError.
        """
        path = self.run.state_path(self.cursor.step)
        state.save(path, self.cursor, self.model, self.optimiser, self._all_carried())
        self.publish()
        prune(self.run, self.cursor)

    def publish(self) -> None:
        """Export the network as the newest, and as the best where it is.

        Raises StorageError.
        """
        modelfile.save(self.run.latest, self.export())
        if self.cursor.best_step == self.cursor.step:
            share(self.run.best, self.run.latest)

    def restore(self, paths: list[Path]) -> str:
        """Go on from the first of these states that can be read; returns a line where that is not the
        first of all.

        Raises RunError where none can.
        """
        problem = ""
        for path in paths:
            try:
                self._read(path)
            except RunError as error:
                problem = problem or str(error)
                continue
            self._go_on(path.name)
            return f"{problem}: went back to step {self.cursor.step:,}" if problem else ""
        raise RunError(problem or f"run {self.run.name} has no state to go on from")

    def _read(self, path: Path) -> None:
        """Raises RunError."""
        cursor, all_columns = read_cursor(path), self.model.zero_state(self.layout.batch)
        all_columns = state.restore(path, self.model, self.optimiser, all_columns)
        own = slice(self.share.start, self.share.stop)
        self.carried = tuple(tuple(s[own].clone() for s in layer) for layer in all_columns)
        self.cursor, self._unread, self._captured = cursor, [], None
        self.optimiser.clip, self.model.dropout = cursor.clip, cursor.dropout

    @together
    def _go_on(self, name: str) -> None:
        """Take up the state in that file, which rank 0 has read and found good, and compute as it was."""
        if not self.group.leads:
            self._read(self.run.folder / name)
        same = self.cursor.processes == self.group.size
        threads = self.cursor.threads if same else self.config.threads
        self.device = self._choose(self.cursor.dtype, threads)
        self.cursor.threads, self.cursor.processes = self.device.threads, self.group.size
