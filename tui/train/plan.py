"""Works out what a training would be, before it is started. Independent of screens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from corpora import BUILT_IN
from engine import places
from engine.config import ModelConfig, TrainConfig
from engine.errors import HeloError, UsageError
from engine.network import parameters
from engine.network.modelfile import Model, ModelSummary
from engine.runs import recipe, rundir
from engine.runs.events import Progress, Started, parse
from engine.runs.layout import Layout, layout
from engine.text import corpus, sources, web
from engine.text.corpus import SMALLEST_VALIDATED
from engine.words import counted, plural
from tui.phrases import duration

_LOOK = 8 << 20
"""Bytes read of a text that is not imported yet."""
_PART = 1 << 16
"""Bytes read at either end of a log."""


@dataclass(frozen=True)
class Outlook:
    """A text to train on. `exact` is False if only its beginning was read."""

    name: str
    chars: int
    symbols: int
    exact: bool = True
    lines: bool = False
    """Whether each line is an example of its own."""
    alphabet: frozenset[object] = frozenset()
    """The symbols, as far as they are known."""


def look(ref: str) -> Outlook:
    """What is known about the CORPUS `ref` without importing it.

    Raises NotFoundError, UsageError, CorpusError.
    """
    if folder := sources.folder_of(ref):
        info = corpus.read_info(folder)
        alphabet = frozenset[object](info.symbols)
        return Outlook(info.name, info.chars, len(alphabet), True, info.lines, alphabet)
    if ref in ("", "-"):
        raise UsageError(
            "name a text file: its path, from the current folder or from your home (~)"
        )
    if web.is_address(ref) or ref.startswith("@"):
        raise UsageError(f"{ref} is not on this machine: import it in the Library first")
    if places.typed(ref).is_dir():  # paths are looked at while they are typed
        raise UsageError(f"{ref} is a folder: import it in the Library first")
    reading = sources.Reading()
    source = sources.find(ref, reading)
    blocks = sources.blocks(source, reading)
    symbols: set[object] = set()
    chars = 0
    for block in blocks:
        symbols.update(block)
        chars += len(block)
        if source.read >= _LOOK:
            chars = round(chars / source.read * (source.size or source.read))
            return Outlook(source.name, chars, len(symbols), False, alphabet=frozenset(symbols))
    return Outlook(source.name, chars, len(symbols), alphabet=frozenset(symbols))


def choices() -> list[tuple[str, str]]:
    """The corpora to choose from, as (name, description): imported ones first, from the newest."""
    known: list[tuple[str, str, str]] = []
    for folder in corpus.corpora():
        try:
            info = corpus.read_info(folder)
        except HeloError:
            continue
        known.append((info.created, folder.name, f"{info.chars:,} characters"))
    found = [(name, about) for _, name, about in sorted(known, reverse=True)]
    names = {name for name, _ in found}
    return found + [
        (n, b.title) for n, b in sorted(BUILT_IN.items(), reverse=True) if n not in names
    ]


@dataclass(frozen=True)
class Speed:
    """The speed of an earlier run. A small text may have cut its batch and sequence."""

    model: ModelConfig
    device: str
    batch: int
    seq_length: int
    chars_per_second: float


def speeds() -> list[Speed]:
    """The speeds of the runs on this machine, newest first."""
    found = []
    for run in rundir.runs():
        try:
            info = run.info()
        except HeloError:
            continue
        began, progress = _first_and_last(run)
        if began and progress:
            asked, sizes = info.config, (began.batch, began.seq_length)
            speed = Speed(asked.model, asked.device, *sizes, progress.chars_per_second)
            found.append((info.created, speed))
    return [speed for _, speed in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _first_and_last(run: rundir.RunDirectory) -> tuple[Started | None, Progress | None]:
    """How a run began, and its last progress."""
    try:
        with open(run.events_path, "rb") as file:
            head = _lines(file.read(_PART))
            file.seek(max(0, file.seek(0, 2) - _PART))
            tail = _lines(file.read())
    except OSError:
        return None, None
    began = (event for event in map(parse, head) if isinstance(event, Started))
    went = (event for event in map(parse, reversed(tail)) if isinstance(event, Progress))
    return next(began, None), next(went, None)


def _lines(part: bytes) -> list[str]:
    return part.decode("utf-8", "replace").split("\n")


def complete(
    given: Mapping[str, Any], outlook: Outlook, pace: Sequence[float] | None
) -> TrainConfig | None:
    """The configuration for the given settings. None if finding the rest needs the machine's pace and that
    is not known yet.

    Raises UsageError.
    """
    if pace is None and recipe.needs_pace(given):
        return None
    given = {**given, "lines": outlook.lines}
    share = given.get("validation", TrainConfig.validation)
    return recipe.complete(given, _learnt_from(outlook, share), outlook.symbols, pace)


def describe(
    config: TrainConfig,
    outlook: Outlook,
    known: list[Speed],
    pace: Sequence[float] | None = None,
    begun: Model | ModelSummary | None = None,
) -> Iterator[str]:
    """A training with these settings, which starts from `begun` if that is given, in three lines: its
    network, its text, its length."""
    model, about = config.model, "" if outlook.exact else "about "
    more = outlook.alphabet.union(begun.alphabet.symbols) if begun else ()
    n = parameters.count(model, max(outlook.symbols, len(more)))
    yield f"{model}: {about}{n:,} parameters"
    yield describe_text(outlook, config.validation)
    yield _length(config, outlook, known, pace)


def describe_text(outlook: Outlook, validation: float = TrainConfig.validation) -> str:
    """The text, in one line."""
    about = "" if outlook.exact else "about "
    none = "" if _held_out(outlook, validation) else ", none to validate on"
    return f"{about}{counted(outlook.chars, 'character')}, {outlook.symbols} different{none}"


def _learnt_from(outlook: Outlook, validation: float) -> int:
    """The number of characters that are not kept for validation."""
    return outlook.chars - _held_out(outlook, validation)


def _held_out(outlook: Outlook, validation: float) -> int:
    """The number of characters that are kept for validation."""
    return 0 if outlook.chars < SMALLEST_VALIDATED else int(outlook.chars * validation)


def _speed(
    config: TrainConfig, plan: Layout, V: int, known: list[Speed], pace: Sequence[float] | None
) -> float | None:
    """Characters per second: those of the newest run with the same network and steps, else from the
    measured pace if the configuration is a rung of the recipe's ladder. None if neither is known."""
    alike = (config.model, config.device, plan.batch, plan.seq_length)
    for run in known:
        if (run.model, run.device, run.batch, run.seq_length) == alike:
            return run.chars_per_second
    for rung, measured in zip(recipe.LADDER, pace or (), strict=False):
        if (rung.model, config.device, rung.batch, rung.seq_length) == alike:
            return recipe.speed(rung, V, measured)
    return None


def _length(
    config: TrainConfig, outlook: Outlook, known: list[Speed], pace: Sequence[float] | None
) -> str:
    plan = layout(max(2, _learnt_from(outlook, config.validation)), config.batch, config.seq_length)
    fast = _speed(config, plan, outlook.symbols, known, pace)
    a_step = plan.batch * plan.seq_length
    if config.seconds is not None:
        if not fast:
            return f"{duration(config.seconds)}; the number of steps is measured first"
        steps = int(config.seconds * fast / a_step)
        return f"{duration(config.seconds)}: about {counted(steps, 'step')}, {_epochs(steps, plan)}"
    if config.epochs is not None:
        steps = max(1, ceil(config.epochs * plan.steps_per_epoch))
        text = f"{config.epochs:g} {plural(config.epochs, 'epoch')}: {counted(steps, 'step')}"
    else:
        steps = config.steps or 0
        text = f"{counted(steps, 'step')}: {_epochs(steps, plan)}"
    return f"{text}, about {duration(steps * a_step / fast)}" if fast else text


def _epochs(steps: int, plan: Layout) -> str:
    epochs = steps / plan.steps_per_epoch
    return f"{epochs:,.{1 if epochs < 100 else 0}f} epochs"
