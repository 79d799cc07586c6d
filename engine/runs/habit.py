"""What a network reads on average, over the text that it is usually looked into with."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

from engine.inspecting.mean import Mean, mean_of
from engine.network.stepper import Stepper
from engine.runs.usual_text import usual_text

_MOST = 6000
"""Characters of the text. To write them takes an LSTM of two layers of 512 units 3 seconds."""
_known: WeakKeyDictionary[Stepper, Mean] = WeakKeyDictionary()
_lock = Lock()


def known_mean(stepper: Stepper) -> Mean | None:
    """The mean of a model if it has been computed."""
    return _known.get(stepper)


def mean(stepper: Stepper, path: Path | None) -> Mean:
    """The mean of a model over its `usual_text`, computed once for a Stepper. `path` is the model's file,
    if it is known.

    Raises ModelFileError where the logits overflow.
    """
    with _lock:
        if (found := _known.get(stepper)) is None:
            text = usual_text(stepper, path, _MOST)
            _known[stepper] = found = mean_of(stepper, text.ids, text.source)
        return found
