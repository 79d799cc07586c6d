"""Reading a model of another project, whatever it is."""

from __future__ import annotations

from pathlib import Path

from engine import outside
from engine.errors import ForeignError, ModelFileError
from engine.foreign import readers
from engine.foreign.alphabet import Told
from engine.foreign.assemble import assemble
from engine.foreign.source import Source
from engine.network.modelfile import Model


def read(path: Path, name: str, named: Told | None = None) -> Model:
    """The model in a file or folder of another project, under a name of helo's. `named` is the alphabet
    that the user names, for a file that stores none.

    Raises ModelFileError for what is damaged, of no project that is known, or no network of helo's;
    UsageError for an alphabet that is needed or wrong.
    """
    with outside.reading(path, ModelFileError):
        source = Source(path)
        if (reader := readers.reader(source)) is None:
            raise ForeignError(
                "is no model of a project that helo reads: see the guide, Others' models"
            )
        foreign = reader.read(source)
        return assemble(name, foreign, named)
