"""What the Write screen writes with: the open model and the settings. Starts passages."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.config import LARGEST_SEED
from engine.errors import UsageError
from engine.inspecting.hold import Held
from engine.network import modelfile
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.runs import library
from engine.vocab import Ids
from engine.words import counted
from engine.writing.mixture import AnyStepper, Mixture, check_mixable
from engine.writing.sampling import Sampler
from engine.writing.settings import SamplingConfig
from tui.remember import LENGTHS, SPEEDS, State
from tui.write.passage import Passage

V = TypeVar("V", int, float)

RANDOM = -1


@dataclass(frozen=True)
class Opened:
    """A model that was read, and the revision of its file at that moment."""

    ref: str
    path: Path
    revision: tuple[int, int, int]
    stepper: Stepper

    @property
    def model(self) -> Model:
        return self.stepper.model

    def newer(self) -> Opened | None:
        """The model as its file holds it now; None if the file has not changed.

        Raises ModelFileError.
        """
        try:
            same = _revision(self.path) == self.revision
        except OSError:
            return None  # deleted; the model in memory stays
        return None if same else open_path(self.ref, self.path)

    def news_since(self, before: Opened) -> str:
        """What to say when this takes the place of what the same file held before; empty if nothing."""
        if self._writes_as(before):
            return ""
        return f"{self.model.name}: loaded the new weights of step {self.model.history.steps:,}"

    def _writes_as(self, other: Opened) -> bool:
        """Whether both hold the same network. At the end of a run, its best model is only given its final
        loss."""
        mine, its = self.model, other.model
        return (mine.config, mine.alphabet) == (its.config, its.alphabet) and all(
            np.array_equal(W, its.weights[name]) for name, W in mine.weights.items()
        )


def _revision(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def open_path(ref: str, path: Path) -> Opened:
    """Read a model's file. Raises ModelFileError."""
    try:
        revision = _revision(path)
    except OSError:
        revision = (0, 0, 0)  # loading it below says what is wrong
    return Opened(ref, path, revision, Stepper(modelfile.load(path)))


def open_ref(ref: str) -> Opened:
    """Read the model that MODEL names. Raises NotFoundError or ModelFileError."""
    path = library.model_path(ref)
    is_name = ref in (path.stem, path.parent.name)
    return open_path(ref if is_name else str(path.resolve()), path)


def describe(model: Model) -> str:
    """A model in one line: its network, its alphabet, and its loss."""
    history = model.history
    text = f"{model.config}, {counted(len(model.alphabet), 'character')}"
    if history.corpus:
        text += f", trained on {history.corpus}"
    if history.best_val_nats is not None:
        text += f" to {history.best_val_nats:.3f} nats"
    return text


def number(text: str, name: str, kind: type[V]) -> V:
    """A command's argument as a number. Raises UsageError."""
    try:
        return kind(text)
    except ValueError:
        example = "40" if kind is int else "0.8"
        raise UsageError(f"/{name} needs a number, as in /{name} {example}") from None


class Session:
    """The open model, and the settings for the next passage."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.opened: Opened | None = None
        self.seed = RANDOM
        self.other: Opened | None = None
        """The model that is mixed in from the next passage on."""
        self.share = 0.0
        """Its share."""
        self._mixture: Mixture | None = None
        self.held: Held | None = None
        """The open model with a unit held at a value, if one is, from the next passage on."""

    @property
    def writer(self) -> AnyStepper | None:
        """What writes the next passage: the open model, with a unit held or not, alone or mixed."""
        if self.opened is None:
            return None
        own = self.held or self.opened.stepper
        if self.other is None:
            return own
        models = own, self.other.stepper
        if self._mixture is None or self._mixture.models != models:
            self._mixture = Mixture(*models, self.share)
        elif self._mixture.share != self.share:
            self._mixture = self._mixture.shared(self.share)
        return self._mixture

    def take(self, opened: Opened) -> str:
        """Write with this model from the next passage on. Returns what no longer applies: a unit that is
        held in the model before, another model that cannot be mixed with this one."""
        told = ""
        if self.held and self.held.plain is not opened.stepper:
            told, self.held = f"{self.held.unit} is no longer held", None
        self.opened, self.state.model = opened, opened.ref
        if self.other:
            try:
                check_mixable(opened.stepper, self.other.stepper)
            except UsageError as error:
                self.other = None
                told = f"{error}; nothing is mixed in"
        return told

    def mix(self, other: Opened | None, share: float, passage: Passage | None) -> None:
        """Mix in another model from the next passage on, or none; in a passage that these two models write,
        from its next character on.

        Raises UsageError if that cannot be; then nothing has changed.
        """
        if other:
            if self.opened is None:
                raise UsageError("no model is open: /model NAME opens one")
            check_mixable(self.opened.stepper, other.stepper)
        self.other, self.share = other, share
        if passage and isinstance(passage.model, Mixture) and isinstance(self.writer, Mixture):
            if passage.model.models == self.writer.models:
                passage.mix(self.writer)

    def hold(self, unit: str, value: float | None) -> None:
        """Hold a unit of the open model at a value from the next passage on, or let it go.

        Raises NotFoundError and UsageError if that cannot be; then nothing has changed.
        """
        if self.opened is None:
            raise UsageError("no model is open: /model NAME opens one")
        self.held = None if value is None else Held.of(self.opened.stepper, unit, value)

    def set_seed(self, text: str) -> None:
        """Set the random seed. Raises UsageError."""
        value = number(text, "seed", int)
        if not RANDOM <= value <= LARGEST_SEED:
            raise UsageError(f"/seed takes 0 to {LARGEST_SEED:,}, or -1 for a new one each time")
        self.seed = value

    def set_sampling(self, sampling: SamplingConfig, passage: Passage | None) -> None:
        """Use other settings of sampling, from the next character of the passage on.

        Raises UsageError if they do not fit a model; then nothing has changed.
        """
        if writer := self.writer:
            Sampler(sampling, writer.alphabet)
        if passage:
            passage.change(sampling)
        self.state.sampling = sampling

    def set_length(self, text: str) -> None:
        """Set how many characters Enter writes. Raises UsageError."""
        value = number(text, "length", int)
        if not LENGTHS[0] <= value <= LENGTHS[1]:
            raise UsageError(f"/length takes {LENGTHS[0]} to {LENGTHS[1]:,}")
        self.state.length = value

    def set_speed(self, text: str) -> None:
        """Set the speed. Raises UsageError."""
        speed = math.inf if text == "max" else number(text, "speed", float)
        if speed != math.inf and not SPEEDS[0] <= speed <= SPEEDS[1]:
            raise UsageError(
                f"/speed takes {SPEEDS[0]:g} to {SPEEDS[1]:,} characters per second, or max"
            )
        self.state.speed = speed

    def begin_held(self, unit: str, value: float | None, passage: Passage, ids: Ids) -> Passage:
        """A passage that begins with these ids of another one, and has its seed, with a unit held.

        Raises NotFoundError and UsageError if that cannot be; then nothing has changed.
        """
        model = passage.model.plain if isinstance(passage.model, Held) else passage.model
        if self.opened is None or self.opened.stepper is not model:
            raise UsageError(f"{model.name} is not the open model: /model opens it")
        self.hold(unit, value)
        state = self.state
        return Passage(self.held or model, ids, state.sampling, passage.seed, state.length)

    def begin(self, prompt: str) -> tuple[Passage, str]:
        """A passage that begins with this prompt, and a note of what was changed in it. A model is open.

        Raises UsageError if the settings of sampling do not fit the model.
        """
        writer = self.writer
        assert writer
        fitted = writer.alphabet.fit(prompt)
        seed = secrets.randbelow(1 << 32) if self.seed == RANDOM else self.seed
        state = self.state
        return Passage(writer, fitted.ids, state.sampling, seed, state.length), fitted.note
