"""What a network reads on average, over the best text for that which is here."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

from engine.errors import CorpusError, NotFoundError
from engine.inspecting.mean import COLUMN, COLUMNS, Mean, mean_of, written_mean
from engine.network.stepper import Stepper
from engine.runs.heldout import held_out

_known: WeakKeyDictionary[Stepper, Mean] = WeakKeyDictionary()
_lock = Lock()


def known_mean(stepper: Stepper) -> Mean | None:
    """The mean of a model if it has been computed."""
    return _known.get(stepper)


def mean(stepper: Stepper, path: Path | None) -> Mean:
    """The mean over the held-out part of the model's corpus, or if that is not here over what the model
    writes itself. `path` is the model's file, if it is known. It is computed once for a Stepper.

    Raises ModelFileError where the logits overflow.
    """
    with _lock:
        if (found := _known.get(stepper)) is None:
            _known[stepper] = found = _mean(stepper, path)
        return found


def _mean(stepper: Stepper, path: Path | None) -> Mean:
    try:
        part = held_out(stepper.model, path, COLUMNS * COLUMN)
    except (NotFoundError, CorpusError):
        return written_mean(stepper)
    ids, _ = stepper.alphabet.encode_known(part.text)
    if not len(ids):
        return written_mean(stepper)
    return mean_of(stepper, ids, f"the held-out part of {part.corpus}")
