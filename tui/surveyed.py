"""What a corpus is like in words, the same on the command line and on the screens."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from engine.text import survey
from engine.text.corpus import Corpus, CorpusInfo
from engine.text.ngram import Baseline
from engine.text.repeats import Repeat
from engine.vocab import name_character
from engine.words import counted
from tui.phrases import loss

_NAMED = 8
"""Unusual characters of a kind that are named."""
_QUOTED = 60
"""Characters of a repeated passage that are shown."""


def unusual(info: CorpusInfo) -> str:
    """The unusual characters by kind, each with how often it occurs; empty where there are none."""
    found = sorted(survey.unusual(info), key=lambda odd: (odd.kind, odd.count))
    kinds = []
    for kind, of_it in groupby(found, key=lambda odd: odd.kind):
        odd = list(of_it)
        named = ", ".join(f"{name_character(o.char)} ×{o.count:,}" for o in odd[:_NAMED])
        more = f" and {len(odd) - _NAMED:,} more" if len(odd) > _NAMED else ""
        kinds.append(f"{kind}: {named}{more}")
    return "; ".join(kinds)


def repeated(repeat: Repeat, chars: int) -> str:
    """How long the longest repeated passage is, where it stands, and how far was searched."""
    if not repeat.length:
        return "nothing"
    where = f"{counted(repeat.length, 'character')}, at {repeat.first:,} and {repeat.second:,}"
    first = f", of the first {repeat.searched:,} characters" if repeat.searched < chars else ""
    return f"{where}{first}"


def passage(corpus: Corpus, repeat: Repeat) -> str:
    """How the longest repeated passage begins."""
    ids = corpus.ids[repeat.first : repeat.first + min(repeat.length, _QUOTED)]
    return corpus.info.alphabet.decode(ids.tolist()) + ("…" if repeat.length > _QUOTED else "")


def protocol(baselines: tuple[Baseline, ...]) -> str:
    """What the n-gram models were learnt from and scored on."""
    if not baselines:
        return "no n-grams: the text is too small for a validation part"
    one = baselines[0]
    return (
        f"n-grams learnt from the first {one.learnt_from:,} characters, scored on "
        f"{one.predictions:,} of the validation part"
    )


def facts(folder: Path, info: CorpusInfo) -> Iterator[tuple[str, str]]:
    """What is known of a corpus without looking at its text: a survey where one is kept."""
    yield "entropy", f"{loss(survey.entropy(info))}, of its characters alone"
    if odd := unusual(info):
        yield "unusual", odd
    if seen := survey.kept(folder):
        if seen.repeat.length:
            yield "repeated", repeated(seen.repeat, info.chars)
        rows = [f"{b.order}-gram {b.nats_per_char:.3f}" for b in seen.baselines]
        if rows:
            yield "baselines", f"{', '.join(rows)} nats; {protocol(seen.baselines)}"
    if info.entropy_rate is not None:
        yield "limit", f"{loss(info.entropy_rate)}, the text's entropy rate"


def both_units(nats: float) -> tuple[str, str]:
    """A loss in nats and in bits per character, as a table has it."""
    return f"{nats:.4f}", f"{nats / math.log(2):.4f}"
