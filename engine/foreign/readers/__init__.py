"""The readers, one form of file each: a module in this folder is a reader.

It recognises its files by their content, never by their name.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from engine.foreign.source import Source
from engine.foreign.value import Foreign


class Reader(Protocol):
    """What such a module has."""

    def recognises(self, source: Source) -> bool:
        """Whether the source is of this form, told by its first bytes, the names in it, or its keys.

        Raises OSError; DamagedError only as `source.names` and `source.json` do: nobody could read it.
        """

    def read(self, source: Source) -> Foreign:
        """Read a source of this form.

        Raises OSError; DamagedError, with what is wrong; ForeignError for what helo's networks cannot be,
        which continues a sentence that begins with the path.
        """


def reader(source: Source) -> Reader | None:
    """The reader of a source; None if nobody's."""
    for module in iter_modules(__path__):
        found = cast(Reader, import_module(f"{__name__}.{module.name}"))
        if found.recognises(source):
            return found
    return None
