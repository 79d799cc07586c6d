"""What a run takes over from an existing model: its alphabet, and what it has learnt.

The run's alphabet is the union of the model's and the text's. The model keeps what it knows of each
character, whether or not the text has it; a character new to it starts as in a new network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.config import ModelConfig
from engine.errors import ModelFileError, NotFoundError, UsageError
from engine.network import modelfile
from engine.network.modelfile import Model, ModelSummary
from engine.network.parameters import Weights, initial, rows
from engine.runs import library, points, rundir
from engine.runs.rundir import RunDirectory
from engine.text.corpus import CorpusInfo
from engine.vocab import Alphabet, Text, name_characters
from engine.words import counted, plural

_COLUMNS = ("head.W_hy", "head.b_y")
"""The parameters with a column per character."""
_COUNTED, _COUNTED_AT_ONCE = 10_000_000, 1_000_000
"""Characters of a text that are counted at most, and at a time."""


def begun_with(ref: str) -> tuple[Model | ModelSummary, str]:
    """The model that MODEL or RUN@POINT (a kept point of another run) names, and its name in `run.json`: a
    file, or RUN@STEP. A point is read whole, since its run may go on and delete it.

    Raises NotFoundError, which names the points that are kept, ModelFileError, RunError, CorpusError.
    """
    try:
        path = library.model_path(ref)
    except NotFoundError:
        if "@" not in ref:
            raise
    else:
        return modelfile.read_summary(path), str(path.resolve())
    name, _, point = ref.rpartition("@")
    run = rundir.find(name)
    found = points.find(run, point)
    return points.model(run, found), f"{run.name}@{found.step}"


def as_begun(begun: ModelConfig, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a training, with the sizes of the network that it starts from.

    Raises UsageError if a size was given and differs.
    """
    own = asdict(begun)
    if differing := {key: given[key] for key in own if given.get(key, own[key]) != own[key]}:
        names = ", ".join(_option(key, value) for key, value in differing.items())
        do, them = plural(len(differing), "does", "do"), plural(len(differing), "it", "them")
        raise UsageError(f"{names} {do} not fit --init-from ({begun}): leave {them} out")
    return {**given, **own}


def _option(key: str, value: object) -> str:
    """A setting as the command line gives it."""
    option = f"--{key.replace('_', '-')}"
    return option if value is True else f"{option} {'off' if value is False else value}"


def first_weights(run: RunDirectory, alphabet: Alphabet, ids: Text) -> tuple[Weights, str]:
    """The weights that a run over `alphabet` starts with, to learn from ids (N,); and the `note` on the
    model that it starts from, if any.

    Raises what `library.open_model` and `take_over` do.
    """
    info, config, V = run.info(), run.info().config, len(alphabet)
    counts = np.zeros(V, np.int64)
    for start in range(0, min(_COUNTED, len(ids)), _COUNTED_AT_ONCE):
        counts += np.bincount(ids[start : start + _COUNTED_AT_ONCE], minlength=V)
    fresh = initial(config.model, V, config.seed, counts)
    if not info.init_from:
        return fresh, ""
    if run.begin.exists():
        begun = replace(modelfile.load(run.begin), name=info.init_from)
    else:
        begun = library.open_model(info.init_from)
    taken = take_over(begun, config.model, alphabet, fresh, counts)
    return taken, note(begun, begun.name, run.corpus().info)


def take_over(
    begun: Model,
    config: ModelConfig,
    alphabet: Alphabet,
    fresh: Weights,
    counts: npt.NDArray[np.integer],
) -> Weights:
    """The weights of `begun`, and those of `fresh` for characters that `begun` lacks. `fresh` and `counts`
    (V,), the occurrences in the text to learn, cover every character of `alphabet`.

    The bias of a new character fits its count as those of known characters fit theirs, so the model finds
    it as likely as equally frequent ones. Raises ModelFileError if the network differs, AlphabetError if
    its characters are not all in `alphabet`.
    """
    if replace(begun.config, lines=config.lines) != config:
        raise ModelFileError(f"--init-from {begun.name} has another cell or size than this run")
    at = begun.alphabet.ids_in(alphabet)
    b_y = fresh["head.b_y"]
    above = np.average(begun.weights["head.b_y"] - b_y[at], weights=counts[at] + 1)
    fresh = fresh | {"head.b_y": b_y + above.astype(np.float32)}
    weights = dict(begun.weights)
    for name in (*rows(config), *_COLUMNS):
        weights[name] = fresh[name].copy()
        place = (..., at) if name in _COLUMNS else at
        weights[name][place] = begun.weights[name]
    return weights


def note(begun: Model | ModelSummary, name: str, info: CorpusInfo) -> str:
    """One line on how a training on this corpus changes the alphabet of the model `name`; "" if it does
    not.

    Raises AlphabetError if one has characters and the other bytes.
    """
    known, here = set(begun.alphabet.symbols), set(info.symbols)
    parts = []
    if new := set(begun.alphabet.united(info.alphabet).symbols) - known:
        parts.append(f"{_characters(new)} new to {name}: {name_characters(new)}")
    if absent := known - here:
        names = name_characters(absent)
        parts.append(f"{_characters(absent)} known to {name}, not in this text, and kept: {names}")
    if info.lines != begun.config.lines:
        own = "is an example of its own" if info.lines else "follows from the one before it"
        parts.append(f"each line {own} here, which was not so for {name}")
    return "; ".join(parts)


def _characters(of: set[str]) -> str:
    return counted(len(of), "character is", "characters are")
