"""The survey of a corpus in words, for the command line and the screens alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from engine.text import survey
from engine.text.corpus import Corpus, CorpusInfo
from engine.text.repeats import Repeat
from engine.text.survey import Survey
from engine.vocab import name_character
from engine.words import counted
from tui.phrases import loss

_NAMED = 8
"""How many unusual characters of each kind are named."""
_QUOTED = 60
"""How many characters of a repeated passage are shown."""


def unusual(info: CorpusInfo) -> str:
    """The unusual characters by kind, with how often each occurs; empty if there are none."""
    found = sorted(survey.unusual(info), key=lambda odd: (odd.kind, odd.count))
    kinds = []
    for kind, of_it in groupby(found, key=lambda odd: odd.kind):
        odd = list(of_it)
        named = ", ".join(f"{name_character(o.char)} ×{o.count:,}" for o in odd[:_NAMED])
        more = f" and {len(odd) - _NAMED:,} more" if len(odd) > _NAMED else ""
        kinds.append(f"{kind}: {named}{more}")
    return "; ".join(kinds)


def repeated(repeat: Repeat, chars: int) -> str:
    """How long the longest repeated passage is, where it is, and how much of the text was searched."""
    if not repeat.length:
        return "nothing"
    where = f"{counted(repeat.length, 'character')}, at {repeat.first:,} and {repeat.second:,}"
    first = f", of the first {repeat.searched:,} characters" if repeat.searched < chars else ""
    return f"{where}{first}"


def passage(corpus: Corpus, repeat: Repeat) -> str:
    """The beginning of the longest repeated passage."""
    ids = corpus.ids[repeat.first : repeat.first + min(repeat.length, _QUOTED)]
    return corpus.info.alphabet.decode(ids.tolist()) + ("…" if repeat.length > _QUOTED else "")


def protocol(seen: Survey) -> str:
    """What the n-gram models were trained and scored on."""
    if not seen.baselines:
        return "no n-grams: the text is too small for a validation part"
    one = seen.baselines[0]
    spread = seen.split == "spread"
    where = "characters of the training part" if spread else "characters"
    return (
        f"n-grams trained on the first {one.learnt_from:,} {where}, scored on "
        f"{one.predictions:,} of the validation part{', spread over the text' if spread else ''}"
    )


def facts(folder: Path, info: CorpusInfo) -> Iterator[tuple[str, str]]:
    """(name, value) pairs known without reading the text: from `corpus.json`, and from the survey if one is
    stored."""
    yield "entropy", f"{loss(survey.entropy(info))}, of single characters"
    if odd := unusual(info):
        yield "unusual", odd
    if seen := survey.kept(folder):
        if seen.repeat.length:
            yield "repeated", repeated(seen.repeat, info.chars)
        rows = [f"{b.order}-gram {b.nats_per_char:.3f}" for b in seen.baselines]
        if rows:
            yield "baselines", f"{', '.join(rows)} nats; {protocol(seen)}"
    if info.entropy_rate is not None:
        yield "limit", f"{loss(info.entropy_rate)}, the text's entropy rate"


def both_units(nats: float) -> tuple[str, str]:
    """A loss in nats and in bits per character, for a table."""
    return f"{nats:.4f}", f"{nats / math.log(2):.4f}"
