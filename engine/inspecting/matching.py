"""A user's own property: the matches of a regular expression.

`python -P -m engine.inspecting.matching` gets a pattern and a text as JSON on stdin, and prints a byte for
each character. It runs in a process of its own, which is killed if it takes too long: there are patterns
whose time doubles with each character.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from engine.errors import HeloError, UsageError
from engine.inspecting.properties import Labels, Property, matched
from engine.words import shortened
from engine.writing.expression import Cursor

PATIENCE = 10.0
"""Seconds that a pattern may take."""
_LOOK_EVERY = 0.1
_LONGEST = 1000
"""Characters of a pattern."""


def own_property(
    expression: str, look: Callable[[], object] = lambda: None, patience: float = PATIENCE
) -> Property:
    """The property of being in a match of an expression as Python's `re` has them; ^ and $ are at every
    line. The labels are found in a process of its own. `look` is called ten times per second and may raise
    an exception to stop.

    Raises UsageError, which points to what is wrong; finding labels raises it if that takes too long.
    """
    check(expression)

    def of(text: str) -> Labels:
        return _apart(expression, text, look, patience)

    return Property(shortened(expression), "is in a match of the expression", of)


def check(expression: str) -> None:
    """Raises UsageError, which points to what is wrong, if this is no regular expression."""
    if not expression:
        raise UsageError("--match is empty: give a regular expression")
    if len(expression) > _LONGEST:
        raise UsageError(f"--match: the expression is longer than {_LONGEST:,} characters")
    try:
        _compiled(expression)
    except re.error as error:
        raise Cursor("match", expression).wrong(error.msg, error.pos or 0) from error
    except (OverflowError, RecursionError) as error:
        raise UsageError(f"--match: the expression is too large: {error}") from error


def _compiled(expression: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(expression, re.MULTILINE)


def _apart(expression: str, text: str, look: Callable[[], object], patience: float) -> Labels:
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.inspecting.matching"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    asked: bytes | None = json.dumps([expression, text]).encode()
    try:
        for _ in range(max(1, round(patience / _LOOK_EVERY))):
            with suppress(subprocess.TimeoutExpired):
                out, _ = child.communicate(asked, timeout=_LOOK_EVERY)
                if len(out) != len(text):
                    raise HeloError(f"the matches of {shortened(expression)} could not be found")
                return np.frombuffer(out, np.bool_)
            asked = None
            look()
        raise UsageError(
            f"--match: gave up after {patience:g} s: some part of the expression can match in too many ways"
        )
    finally:
        child.kill()
        child.communicate()


if __name__ == "__main__":
    expression, text = json.load(sys.stdin.buffer)
    sys.stdout.buffer.write(matched(_compiled(expression), text).tobytes())
