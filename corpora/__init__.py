"""The built-in corpora: generators of text that need no network. Imports nothing from helo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpora import arithmetic, brackets, digits, hello, python


@dataclass(frozen=True)
class BuiltIn:
    """A corpus that is generated when it is imported."""

    name: str
    title: str
    licence: str
    blocks: Callable[[], Iterator[str]]
    entropy_rate: Callable[[], float] | None = None
    """The lowest possible loss in nats per character, where it can be computed."""


BUILT_IN = {
    entry.name: entry
    for entry in (
        BuiltIn(
            "hello",
            "the worked example over h, e, l, o",
            hello.LICENCE,
            hello.blocks,
            hello.entropy_rate,
        ),
        BuiltIn(
            "brackets",
            "nested brackets of four kinds: close what was opened last",
            brackets.LICENCE,
            brackets.blocks,
            brackets.entropy_rate,
        ),
        BuiltIn(
            "arithmetic",
            "sums and differences, worked out",
            arithmetic.LICENCE,
            arithmetic.blocks,
            arithmetic.entropy_rate,
        ),
        BuiltIn(
            "digits",
            "drawings of the ten digits, line by line",
            digits.LICENCE,
            digits.blocks,
            digits.entropy_rate,
        ),
        BuiltIn("python", "Python's own standard library", python.LICENCE, python.blocks),
    )
}
