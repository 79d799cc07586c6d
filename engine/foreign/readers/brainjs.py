"""brain.js's recurrent networks, which no cell of helo's computes."""

from __future__ import annotations

from engine.errors import ForeignError
from engine.foreign.source import Source
from engine.foreign.value import Foreign


def recognises(source: Source) -> bool:
    found = source.json
    return isinstance(found, dict) and found.keys() >= {"hiddenLayers", "outputConnector"}


def read(source: Source) -> Foreign:
    raise ForeignError(
        "is brain.js's: its forget gate multiplies h and there is no memory beside it, so it is no LSTM"
    )
