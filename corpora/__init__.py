"""The built-in corpora: generators of text that need no network. Imports nothing of helo's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpora import hello, python


@dataclass(frozen=True)
class BuiltIn:
    """A corpus made on the spot."""

    name: str
    title: str
    licence: str
    blocks: Callable[[], Iterator[str]]


BUILT_IN = {
    entry.name: entry
    for entry in (
        BuiltIn("hello", "the worked example over h, e, l, o", hello.LICENCE, hello.blocks),
        BuiltIn("python", "Python's own standard library", python.LICENCE, python.blocks),
    )
}
