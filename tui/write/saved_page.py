"""A passage as a page shows it, whatever the page's format: the facts above it, and its characters in
styles.

A page shows what the screen shows: characters that would be invisible, or change what surrounds them, are
made visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.words import counted
from tui.phrases import filters
from tui.text import one_line
from tui.write.branch import CHOSEN, GIVEN, TYPED, WRITTEN
from tui.write.colours import SURPRISAL
from tui.write.passage import Passage

_UNREAD = len(SURPRISAL.names)
"""The level of characters that the network has not read yet."""
_ORIGINS = {WRITTEN: "", GIVEN: " given", CHOSEN: " chosen", TYPED: " typed"}

COLOURS = {
    "light": ("#1f2328", "#ffffff", ("#666b72", "#0550ae", "#116329", "#8a5a00", "#b3141c")),
    "dark": ("#e6e6e6", "#16181d", ("#9aa0a8", "#79b8ff", "#7ee787", "#e3b341", "#ff7b72")),
}
"""The text, the ground, and the levels of surprisal from the likeliest, for a light and a dark page."""
_SHAPES = """\
.given { font-weight: bold }
.chosen, .typed { text-decoration: overline }
.s3, .s4 { text-decoration: underline }
.s4 { font-style: italic }
.s3.chosen, .s4.chosen, .s3.typed, .s4.typed { text-decoration: underline overline }
"""
"""What tells given, chosen and typed characters, and the surprising ones without colours."""


class Sample(NamedTuple):
    """A part of the legend and its classes."""

    text: str
    classes: str


@dataclass(frozen=True)
class Page:
    """What a page shows."""

    model: str
    facts: tuple[str, ...]
    text: str
    """Safe to show, but for what the format of the page reads as its own. May hold `width.INSIDE`."""
    levels: bytes
    kinds: bytes
    """The level and the origin of each character of the text."""

    def classes(self, start: int, end: int) -> str:
        """The classes of the characters [start, end), which are shown as one."""
        level = max(self.levels[start:end])
        surprise = "" if level == _UNREAD else f"s{level}"
        return f"{surprise}{_ORIGINS[self.kinds[start]]}".strip()


def page_of(passage: Passage) -> Page:
    """The page of a passage as it is now."""
    bits, kinds = passage.bits(0), bytes(passage.kinds)
    facts = [
        f"seed {passage.seed}",
        filters(passage.generation.sampling, words=True),
        counted(passage.shown, "character"),
    ]
    added = np.frombuffer(kinds, np.uint8)[: len(bits)] != GIVEN
    if added.any():
        facts.append(f"{bits[added].mean():.2f} bits a character")
    read = SURPRISAL.levels_of(bits)
    unread = bytes([_UNREAD]) * (len(kinds) - len(read))
    return Page(one_line(passage.model.name), tuple(facts), passage.glyphs, read + unread, kinds)


def legend_of(page: Page) -> Sequence[Sample]:
    """The ranges of surprisal in bits, in their styles, and the other styles that the page has."""
    samples = [Sample(text, f"s{level}") for level, text in enumerate(SURPRISAL.names)]
    others = (_ORIGINS[kind].strip() for kind in sorted(set(page.kinds) - {WRITTEN}))
    return [*samples, *(Sample(other, other) for other in others)]


def style(ink: str, ground: str) -> str:
    """The style sheet. `ink` and `ground` are the rules for text and page with a colour to be put in."""

    def rules(light: str) -> str:
        text, behind, surprise = COLOURS[light]
        lines = [ink.format("text", text), ground.format("page", behind)]
        lines += [ink.format(f"s{level}", colour) for level, colour in enumerate(surprise)]
        return "\n".join(lines)

    return f"{rules('light')}\n{_SHAPES}@media (prefers-color-scheme: dark) {{\n{rules('dark')}\n}}"
