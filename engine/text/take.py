"""Filters that take the text out of a document: blocks of bytes in, blocks of bytes out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from engine.errors import CorpusError
from engine.words import quoted

Bytes = Iterator[bytes]


def between(blocks: Bytes, first: str, last: str, name: str) -> Bytes:
    """The lines between the one that contains `first` and the one that contains `last`.

    Raises CorpusError if document `name` lacks one of them.
    """
    lines = _lines(blocks)
    for mark in (first, last):
        for line in lines:
            if mark.encode() in line:
                break
            if mark is last:
                yield line
        else:
            raise CorpusError(
                f"{name} has no line with {quoted(mark)}: it was cut short or has changed"
            )


def _lines(blocks: Bytes) -> Bytes:
    """Each line with its line ending."""
    carry = b""
    for block in chain(blocks, (b"",)):
        lines = (carry + block).splitlines(keepends=True)
        # a final "\r" may be half of "\r\n"
        carry = lines.pop() if block and lines and not lines[-1].endswith(b"\n") else b""
        yield from lines


def fields(blocks: Bytes, names: Sequence[str], name: str) -> Bytes:
    """From a list of JSON objects, the texts, and lists of texts, under the keys `names`: one per line,
    with an empty line after each object.

    Raises CorpusError if document `name` holds anything else.
    """
    try:
        objects = json.loads(b"".join(blocks))
        for entry in objects:
            values = chain.from_iterable(_texts(entry.get(key, [])) for key in names)
            yield "".join(f"{line}\n" for line in (*values, "")).encode("utf-8", "replace")
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CorpusError(
            f"{name} is not a list of JSON objects with {', '.join(names)}"
        ) from error


def _texts(value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text or a list of texts")
    return list(texts)


def verified(blocks: Bytes, sha256: str, name: str) -> Bytes:
    """The blocks, unchanged.

    Raises CorpusError after the last one if their sha256 is wrong.
    """
    found = hashlib.sha256()
    for block in blocks:
        found.update(block)
        yield block
    if found.hexdigest() != sha256:
        raise CorpusError(
            f"{name} is not what it should be: expected sha256 {sha256} but got {found.hexdigest()}"
        )
