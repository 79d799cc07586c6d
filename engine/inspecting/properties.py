"""What can be said of each character of a text: that it is inside quotes, starts a word, and so on.

A property gives a label, true or false, to each of N characters. Some, such as a line end that is coming,
are known only from what follows: a network has read no further than the character itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import NotFoundError
from engine.vocab import code_points
from engine.words import quoted

Labels = npt.NDArray[np.bool_]

_FAR, _BEGINS, _COMING, _LONG = 20, 3, 5, 60
_OPENING, _CLOSING = "([{（［｛【《〈", ")]}）］｝】》〉"
_OPEN_QUOTES, _CLOSE_QUOTES = "“„«「『", "”»」』"
_STOPS = ".!?。！？"


@dataclass(frozen=True)
class Property:
    """Something that is true of some characters of a text."""

    name: str
    says: str
    """What is true of such a character: goes on from "the character …"."""
    of: Callable[[str], Labels]
    """The labels (N,) of a text of N characters."""


def named(name: str) -> Property:
    """Raises NotFoundError, which tells the names there are."""
    if name not in PROPERTIES:
        raise NotFoundError(f"no property {quoted(name)}: there are {', '.join(PROPERTIES)}")
    return PROPERTIES[name]


def matched(pattern: re.Pattern[str], text: str) -> Labels:
    """The characters (N,) in matches of a pattern."""
    found = np.zeros(len(text), bool)
    for match in pattern.finditer(text):
        found[match.start() : match.end()] = True
    return found


def _since(marks: Labels) -> npt.NDArray[np.int64]:
    """How many characters stand between each and the last mark before it (N,), or the begin."""
    at = np.arange(len(marks))
    last = np.maximum.accumulate(np.where(marks, at, -1))
    since: npt.NDArray[np.int64] = at - np.concatenate([[-1], last])[:-1] - 1
    return since


def _newlines(text: str) -> Labels:
    return np.equal(code_points(text), ord("\n"))


def _far(text: str) -> Labels:
    return (_since(_newlines(text)) >= _FAR) & ~_newlines(text)


def _begins(text: str) -> Labels:
    return (_since(_newlines(text)) < _BEGINS) & ~_newlines(text)


def _long(text: str) -> Labels:
    return _since(np.isin(code_points(text), code_points(_STOPS))) >= _LONG


def _quoted(text: str) -> Labels:
    """From a quotation mark until it is closed. An empty line ends what was never closed."""
    found, inside, before = np.zeros(len(text), bool), False, ""
    for i, char in enumerate(text):
        if char == '"':
            inside = not inside
        elif char in _OPEN_QUOTES:
            inside = True
        elif char in _CLOSE_QUOTES or char == before == "\n":
            inside = False
        found[i], before = inside, char
    return found


def _depths(text: str) -> npt.NDArray[np.int64]:
    """How many brackets are open after each character (N,). An empty line ends what was never closed."""
    found, depth, before = np.zeros(len(text), np.int64), 0, ""
    for i, char in enumerate(text):
        if char in _OPENING:
            depth += 1
        elif char in _CLOSING:
            depth = max(0, depth - 1)
        elif char == before == "\n":
            depth = 0
        found[i], before = depth, char
    return found


def _pattern(text: str) -> Callable[[str], Labels]:
    pattern = re.compile(text)
    return lambda text: matched(pattern, text)


_ALL = (
    Property("quotes", "is inside quotation marks", _quoted),
    Property("brackets", "is inside brackets", lambda text: _depths(text) > 0),
    Property("deep", "is inside brackets within brackets", lambda text: _depths(text) > 1),
    Property("mark-up", "is inside a tag <…>", _pattern(r"<[/!?A-Za-z][^<>\n]{0,200}>")),
    Property(
        "comment",
        "is in a comment: //, # or /* … */",
        _pattern(r"/\*[\s\S]{0,2000}?\*/|(?<!\S)(?://|#)[^\n]*"),
    ),
    Property("far", f"is more than {_FAR} characters into its line", _far),
    Property("line-start", f"is one of the first {_BEGINS} of its line", _begins),
    Property(
        "line-end",
        f"has a line end among the next {_COMING}",
        _pattern(rf"[\s\S](?=[\s\S]{{0,{_COMING - 1}}}\n)"),
    ),
    Property(
        "last-line",
        "is in the last line before an empty one",
        _pattern(r"(?m)^[^\n]+(?=\n\n)"),
    ),
    Property("indent", "is one of the spaces that begin a line", _pattern(r"(?m)^[ \t\u3000]+")),
    Property("word-start", "begins a word", _pattern(r"(?<!\w)\w")),
    Property("word-end", "ends a word", _pattern(r"\w(?!\w)")),
    Property("capitals", "is in a word of capitals", _pattern(r"\b[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]{2,}\b")),
    Property("speaker", "is in a line that ends in a colon", _pattern(r"(?m)^[^\n:]{1,40}:$")),
    Property("question", "is in a sentence that ends in ?", _pattern(r"[^.!?。！？]{1,400}[?？]")),
    Property("long", f"has no full stop among the last {_LONG}", _long),
)
PROPERTIES = {each.name: each for each in _ALL}
