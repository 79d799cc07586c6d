"""Reading a model of another project, whatever it is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from engine import outside
from engine.errors import DamagedError, ForeignError, ModelFileError
from engine.foreign import readers
from engine.foreign.alphabet import Told
from engine.foreign.assemble import assemble
from engine.foreign.source import Source
from engine.network.modelfile import Model

_MOST_FILES = 64
"""How many files of a folder are looked at."""


def read(path: Path, name: str, named: Told | None = None) -> Model:
    """The model in a file or folder of another project, under a name of helo's. `named` is the alphabet
    that the user names, for a file that stores none.

    Raises ModelFileError for what is damaged, of no project that is known, or no network of helo's;
    UsageError for an alphabet that is needed or wrong.
    """
    with outside.reading(path, ModelFileError):
        source = _within(Source(path))
        if (reader := readers.reader(source)) is None:
            raise ForeignError(
                "is no model of a project that helo reads: see the guide, Others' models"
            )
        return assemble(name, reader.read(source), named)


def _within(source: Source) -> Source:
    """A folder that is no model itself stands for the only model among its files.

    Raises ForeignError if there are several.
    """
    if not source.is_folder or readers.reader(source):
        return source
    found = []
    for name in source.names[:_MOST_FILES]:
        each = Source(source.path / name)
        with suppress(DamagedError, OSError):
            found += [each] if readers.reader(each) else []
    if len(found) > 1:
        raise ForeignError(f"holds {len(found)} models: name the file of one")
    return found[0] if found else source
