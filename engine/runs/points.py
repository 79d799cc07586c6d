"""The kept points of a run: states that it can go back to, and that another run can start from.

state-<step>.safetensors   the two newest, the newest sound one, and the best's
mark-<name>.safetensors    kept for ever, because someone asked for it

Each holds everything the next step depends on: the tensors of `engine.training.state`, and a `Cursor` as
JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine import outside
from engine.config import (
    DTYPES,
    MOST_CLIP,
    MOST_DROPOUT,
    MOST_LR,
    MOST_PROCESSES,
    MOST_THREADS,
    check_choice,
    check_count,
    check_number,
)
from engine.errors import DamagedError, NotFoundError, RunError, UsageError
from engine.network.modelfile import History, Model
from engine.network.parameters import shapes
from engine.runs.rundir import RunDirectory
from engine.storage import check_name
from engine.words import quoted

FORMAT = "helo-state/1"
BEST = "best"


@dataclass(frozen=True)
class Extension:
    """Where a person last had a run train longer, or less long. Raises UsageError for what cannot be."""

    step: int = 0
    """0 if it never was."""
    rate: float = 0.0
    """The learning rate there, as a share of the peak."""
    share: float = 0.0
    """The share of the whole that was done there, as planned from there on."""

    def __post_init__(self) -> None:
        check_number("lr", self.rate, 0, 1)
        check_number("share", self.share, 0, 1)


@dataclass(frozen=True)
class Plan:
    """Where the total number of steps was last planned, and by which time. Raises UsageError for what
    cannot be."""

    step: int = 0
    share: float = 0.0
    """The share of the run that was done there."""
    seconds: float = 0.0
    """The time spent training until there."""
    until: float = 0.0
    """The time spent training at the end; 0 if the number of steps was asked for, and not a time."""
    asked: float = 0.0
    """The time that was asked for. It ends at `until`."""

    def __post_init__(self) -> None:
        check_number("share", self.share, 0, 1)


@dataclass
class Cursor:
    """Where a run stands: everything in its state that is not a tensor. Raises UsageError for what cannot
    be."""

    step: int
    """Steps taken."""
    total_steps: int
    dtype: str
    threads: int
    """Threads of each process."""
    peak_lr: float
    clip: float
    dropout: float
    seconds: float = 0.0
    chars: int = 0
    best_nats: float | None = None
    best_step: int | None = None
    control_offset: int = 0
    processes: int = 1
    recent: list[float] = field(default_factory=list)
    """The newest losses, which `health` judges."""
    sound_step: int = 0
    """The newest evaluated step at which all was well."""
    rollbacks: int = 0
    """How often the run went back by itself since it was last sound beyond `failed_step`."""
    failed_step: int = 0
    """The last step at which it could not continue."""
    extension: Extension = Extension()
    plan: Plan = Plan()
    since_best: int = 0
    """Evaluations since the best, not counting those that were asked for."""

    def __post_init__(self) -> None:
        check_choice("dtype", self.dtype, DTYPES[1:])
        check_count("threads", self.threads, 1, MOST_THREADS)
        check_count("processes", self.processes, 1, MOST_PROCESSES)
        check_number("lr", self.peak_lr, 0, MOST_LR, over=True)
        check_number("clip", self.clip, 0, MOST_CLIP, over=True)
        check_number("dropout", self.dropout, 0, MOST_DROPOUT)


@dataclass(frozen=True)
class Point:
    """A kept point. `name` is the name of a mark, "best", or ""."""

    name: str
    step: int
    path: Path

    def __str__(self) -> str:
        return self.name or str(self.step)


def read_cursor(path: Path) -> Cursor:
    """Read the cursor of a state, without its tensors.

    Raises RunError if the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    with outside.reading(path, RunError):
        outside.require_file(path)
        try:
            with safe_open(path, "numpy") as file:
                metadata = file.metadata() or {}
        except SafetensorError as error:
            raise DamagedError("cut off, or not a .safetensors file") from error
        outside.check_format(metadata, FORMAT, "state of a run")
        cursor = outside.convert(Cursor, outside.parse_json(metadata.get("cursor", "")))
        if not cursor.step <= max(1, cursor.total_steps) == cursor.total_steps:
            raise DamagedError(f"step {cursor.step} of {cursor.total_steps}")
        if max(cursor.extension.step, cursor.plan.step) > cursor.step:
            raise DamagedError(f"step {cursor.step}, before its plan")
        return cursor


def prune(run: RunDirectory, cursor: Cursor) -> None:
    """Remove unneeded states: old ones, and those of steps that the run went back from."""
    newest = run.state_path(cursor.step)
    states = run.states()
    past = [path for path in states if path <= newest]
    named = (cursor.best_step, cursor.sound_step)
    kept = {*past[-2:], *(run.state_path(step) for step in named if step is not None)}
    for path in states:
        if path > newest or path not in kept:
            path.unlink(missing_ok=True)


def points(run: RunDirectory) -> list[Point]:
    """The kept points that can be read, by step."""
    found, best = list[Point](), None
    for path in [*run.states(), *run.marks()]:
        try:
            cursor = read_cursor(path)
        except RunError:
            continue
        if path in run.states():
            best = cursor.best_step
        found.append(Point(run.mark_name(path), cursor.step, path))
    named = [Point(BEST, p.step, p.path) if not p.name and p.step == best else p for p in found]
    return sorted(named, key=lambda point: (point.step, point.name))


def find(run: RunDirectory, ref: str) -> Point:
    """The kept point that `ref` names: "best", a mark, or a step.

    Raises NotFoundError, which lists the kept points.
    """
    known = points(run)
    for point in known:
        if ref in (str(point), str(point.step)):
            return point
    names = ", ".join(dict.fromkeys(map(str, known))) or "nothing yet"
    raise NotFoundError(f"run {run.name} has kept no {quoted(ref)}; it has kept {names}")


def check_mark(run: RunDirectory, name: str, step: int) -> str:
    """Return `name`, or the step if it is empty, as the name of a new mark at `step`.

    Raises UsageError if it is invalid or taken.
    """
    name = check_name(name or str(step))
    if name == BEST or (name.isdecimal() and name != str(step)):
        raise UsageError(f"{quoted(name)} cannot name a mark: it would mean another point")
    if run.mark_path(name).exists():
        raise UsageError(f"there is a mark {quoted(name)} already: choose another name")
    return name


def model(run: RunDirectory, point: Point) -> Model:
    """The network of a run as it was at a kept point.

    Raises RunError if the point is damaged, CorpusError if the run's corpus is gone.
    """
    from safetensors import SafetensorError, safe_open

    info, weights = run.info(), dict[str, npt.NDArray[np.float32]]()
    alphabet = info.alphabet(run.corpus().info.alphabet)
    with outside.reading(point.path, RunError):
        try:
            with safe_open(point.path, "numpy") as file:
                for name, shape in shapes(info.config.model, len(alphabet)).items():
                    tensor = file.get_tensor(f"model.{name}")
                    if tensor.shape != shape:
                        raise DamagedError(
                            f"{name} has shape {list(tensor.shape)}, not {list(shape)}"
                        )
                    weights[name] = np.array(tensor, dtype=np.float32)
        except (SafetensorError, ValueError) as error:
            raise DamagedError("cut off, or of another network") from error
    history = History(info.corpus_name, info.corpus_sha256, point.step, versions=info.versions)
    return Model(f"{run.name}@{point}", info.config.model, alphabet, weights, history)
