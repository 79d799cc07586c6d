"""What a run takes over from a model that exists: its alphabet, and what it has learnt.

The run's alphabet is that of the model and that of the text together. What the model knows of a character
stays with that character, whether the text has it or not; one that is new to it begins as in a new network.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.config import ModelConfig
from engine.errors import ModelFileError, NotFoundError
from engine.network import modelfile
from engine.network.modelfile import Model, ModelSummary
from engine.network.parameters import Weights
from engine.runs import library, points, rundir
from engine.text.corpus import CorpusInfo
from engine.vocab import Alphabet, name_characters

_ROWS = ("layers.0.W_xh", "layers.0.W_mx")
_COLUMNS = ("head.W_hy", "head.b_y")
"""What has a row or a column for each character."""


def begun_with(ref: str) -> tuple[Model | ModelSummary, str]:
    """What MODEL, or RUN@POINT for a kept point of another run, is, and what `run.json` calls it: a file,
    or RUN@STEP. A point is read whole, since its run may go on and drop it.

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


def take_over(
    begun: Model,
    config: ModelConfig,
    alphabet: Alphabet,
    fresh: Weights,
    counts: npt.NDArray[np.integer],
) -> Weights:
    """The weights of `begun`, and for characters that it does not have those of `fresh`, which has
    every character of `alphabet`, as have the `counts` (V,) in what is to be learnt.

    The bias of a new character stands to its count as those of the known ones stand to theirs: the model
    finds it as likely as what is as frequent. Raises ModelFileError where the network is another,
    AlphabetError where its characters are not all in `alphabet`.
    """
    if replace(begun.config, lines=config.lines) != config:
        raise ModelFileError(f"--init-from {begun.name} has another cell or size than this run")
    at = begun.alphabet.ids_in(alphabet)
    b_y = fresh["head.b_y"]
    above = np.average(begun.weights["head.b_y"] - b_y[at], weights=counts[at] + 1)
    fresh = fresh | {"head.b_y": b_y + above.astype(np.float32)}
    weights = dict(begun.weights)
    for name in (*_ROWS, *_COLUMNS):
        if name in weights:
            weights[name] = fresh[name].copy()
            place = at if name in _ROWS else (..., at)
            weights[name][place] = begun.weights[name]
    return weights


def note(begun: Model | ModelSummary, name: str, info: CorpusInfo) -> str:
    """One line on what a training on this corpus changes of the model `name`; empty for nothing.

    Raises AlphabetError where one has characters and the other bytes.
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
    return "1 character is" if len(of) == 1 else f"{len(of):,} characters are"
