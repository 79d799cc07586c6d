"""helo in a program: load a model, write with it, score a text, train.

    import engine

    model = engine.load("shakespeare")
    text = "".join(step.char for step in engine.generate(model, "ROMEO:", temperature=0.8))

Whatever goes wrong is a HeloError, whose text is one line. torch is never imported here: a training is
another process. docs/library.md has more examples.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from typing import Any

from engine.cells import named
from engine.config import LARGEST_SEED, MOST_NEW, ModelConfig, TrainConfig, check_count
from engine.errors import HeloError, RunError, UsageError
from engine.network.modelfile import Model
from engine.network.stepper import Stepper
from engine.runs import launch, library, new
from engine.runs.ended import trouble
from engine.runs.events import Event, Stopped, parse
from engine.runs.logs import LineReader
from engine.runs.rundir import RunDirectory
from engine.text import web
from engine.vocab import normalise
from engine.words import quoted
from engine.writing import score as scoring
from engine.writing.generate import TOP, Generation, Step
from engine.writing.score import Score
from engine.writing.settings import SETTINGS, SamplingConfig

__all__ = ["HeloError", "Training", "generate", "load", "score", "train"]

_POLL = 0.05
_TRAINING = {
    *(field.name for kind in (ModelConfig, TrainConfig) for field in fields(kind)),
    "lr_to",
}
_TRAINING -= {"model", "lines"}


def load(name: str | os.PathLike[str] = library.DEFAULT_MODEL) -> Model:
    """The model with this name: of the library, bundled, a run's (its best one), or a path.

    Raises NotFoundError, ModelFileError.
    """
    return library.open_model(os.fspath(name))


def generate(
    model: Model,
    prompt: str | bytes = "",
    *,
    length: int = 500,
    seed: int | None = None,
    top: int = TOP,
    **settings: Any,
) -> Iterator[Step]:
    """The Steps of a text: those of the prompt, whose `given` is true, and of `length` new characters.

    `settings` are those of `SamplingConfig`, such as temperature, top_k, min_p, regex or stop. The same
    seed writes the same text, that of `helo sample`; None takes any. Each Step has the `top` likeliest
    candidates. Characters of the prompt that the model does not know are replaced or left out, with a
    warning. Raises UsageError for a setting that is wrong, before anything is written.
    """
    check_count("length", length, 0, MOST_NEW)
    check_count("top", top, 1, max(TOP, len(model.alphabet)))
    if seed is None:
        seed = secrets.randbelow(1 << 32)
    check_count("seed", seed, 0, LARGEST_SEED)
    _check_names(settings, set(SETTINGS))
    config = SamplingConfig(**settings)
    config.check_alone()
    fitted = model.alphabet.fit(_plain(prompt))
    if fitted.note:
        warnings.warn(fitted.note, stacklevel=2)
    generation = Generation(Stepper(model), fitted.ids, config, seed, top, rewinds=False)
    return _steps(generation, len(fitted.ids) + length)


def _steps(text: Generation, end: int) -> Iterator[Step]:
    for step in islice(text, end):
        yield step
        if not step.given and text.ended:
            return


def score(
    model: Model,
    text: str | bytes,
    *,
    windows: int | None = None,
    dynamic: bool = False,
    skip_unknown: bool = False,
) -> Score:
    """How well a model predicts a text, as `helo score` measures it: `nats_per_char`, `bits_per_char`.

    One pass from the beginning; with `windows`, 12,800 windows of so many predictions; with `dynamic`, by a
    copy that goes on learning as it reads. Raises AlphabetError for characters that the model does not
    know, unless `skip_unknown`, UsageError for a text that is too short.
    """
    if dynamic and windows is not None:
        raise UsageError("dynamic reads a text once from its start; leave windows out")
    text, alphabet = _plain(text), model.alphabet
    if skip_unknown:
        ids = alphabet.fit(text, strictly=True).ids
    else:
        ids = alphabet.encode(alphabet.equivalent(text))
    if dynamic:
        return scoring.dynamic(model, ids)
    stepper = Stepper(model)
    return (
        scoring.stateful(stepper, ids)
        if windows is None
        else scoring.windows(stepper, ids, windows)
    )


class Training:
    """A training in another process. Iterating gives its events as they happen, until it has ended.

    It saves and stops when this process ends. `helo train --resume` continues it.
    """

    def __init__(self, run: RunDirectory, process: subprocess.Popen[bytes]) -> None:
        self.run = run
        """Its folder, where everything is; `run.ask` asks it for something, such as "evaluate"."""
        self._process, self._reader = process, LineReader(run.events_path)
        self._last: Event | None = None

    @property
    def name(self) -> str:
        return self.run.name

    def __iter__(self) -> Iterator[Event]:
        """The events since the last one that was given.

        Raises RunError if the training failed or was killed.
        """
        while True:
            # before reading, so that none of its events are missed
            ended = self._process.poll() is not None
            for line in self._reader.read():
                if event := parse(line):
                    self._last = event
                    yield event
            if ended:
                break
            time.sleep(_POLL)
        if not isinstance(self._last, Stopped):
            raise RunError(trouble(self.run, self._last, self._process.returncode))

    def wait(self) -> Model:
        """Wait until the training has ended. Returns its best model.

        Raises RunError if it failed or was killed, or has saved no model.
        """
        for _ in self:
            pass
        return self.model()

    def stop(self) -> None:
        """Make it save and stop, and wait for that."""
        self._process.terminate()
        self._process.wait()

    def model(self) -> Model:
        """The best model so far, or the latest if there are no evaluations.

        Raises NotFoundError if there is none yet.
        """
        return library.open_model(str(self.run.folder))


def train(
    corpus: str | os.PathLike[str],
    *,
    name: str | None = None,
    init_from: str | None = None,
    processes: int = 1,
    **settings: Any,
) -> Training:
    """Start training a network on a text: a corpus' name, a file, a folder, an archive or an address.

    `settings` are the options of `helo train` with _ for -, such as cell, hidden, seconds, steps, lr or
    device; what is left out is found for the text and the time. Returns once the training has been
    started. Raises UsageError for a setting that is wrong, and what importing the text raises.
    """
    ref = os.fspath(corpus)
    if "cell" in settings:
        settings["cell"] = named(settings["cell"])
    _check_names(settings, _TRAINING)
    told = [repr(web.shown(ref)), *(f"{key}={value!r}" for key, value in settings.items())]
    command = f"engine.train({', '.join(told)})"
    try:
        run = new.create(ref, settings, name, init_from, processes, command, _warn)
    except TypeError as error:
        raise UsageError(f"a setting has a value of the wrong kind: {error}") from error
    return Training(run, launch.start(run, processes, tied=True))


def _plain(text: str | bytes) -> str | bytes:
    """A text with newlines as helo has them."""
    return normalise(text) if isinstance(text, str) else text


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=4)


def _check_names(settings: dict[str, Any], known: set[str]) -> None:
    if unknown := settings.keys() - known:
        raise UsageError(
            f"{quoted(min(unknown))} is no setting; there are {', '.join(sorted(known))}"
        )
