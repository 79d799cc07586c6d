"""A model's symbols as characters that are safe to show, one for one."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from engine.vocab import Alphabet
from tui.text import visible
from tui.width import INSIDE


class Glyphs:
    """A growing text whose character i shows symbol i. If several bytes form a character, the last one
    shows it."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.text = ""
        self._alphabet = alphabet
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def extend(self, ids: Iterable[int]) -> None:
        symbols = [self._alphabet.symbols[i] for i in ids]
        if self._alphabet.units == "char":
            self.text += visible("".join(symbols), self.text)
            return
        shown, before = [], self.text[-4:]
        for symbol in symbols:
            decoded = self._decoder.decode(symbol.encode("latin-1"))
            shown.append(visible(decoded[-1], before.rstrip(INSIDE)) if decoded else INSIDE)
            before = before[-3:] + shown[-1]
        self.text += "".join(shown)
