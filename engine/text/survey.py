"""What a corpus is like: its odd characters, its beginning, and what simple models lose on it.

What takes a while, the n-gram baselines and the longest repeated passage, is kept beside the corpus in
`survey.json`; `python -m engine.text.survey FOLDER VALIDATION` sees to it in a process of its own.
"""

from __future__ import annotations

import math
import sys
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from engine import outside
from engine.blas import background
from engine.config import TrainConfig
from engine.errors import DamagedError, HeloError, exit_status
from engine.storage import write_json
from engine.text import ngram, repeats
from engine.text.corpus import INFO, Corpus, CorpusInfo, load
from engine.text.ngram import Baseline
from engine.text.repeats import Repeat

KEPT = "survey.json"
SCORED_MOST = 1_000_000
"""Characters of the validation part, from its beginning, that the baselines are scored on."""
STAGES = 2
"""How often `survey` reports."""
_VERSION = 1
"""Of what is kept: to be raised where the baselines or the search change."""
_BEGINNING = 2000
_RARE = 1e-5
"""Share of a text below which a network hardly ever meets a character."""
_LOWEST = 3
"""Orders, from 1 on, that a curve is compared with besides the best one."""
_KINDS = {
    "Cc": "control character",
    "Cf": "invisible",
    "Cn": "unassigned",
    "Co": "private use",
    "Cs": "half of a pair",
    "Zl": "line separator",
    "Zp": "paragraph separator",
    "Zs": "odd space",
}
_USUAL = frozenset("\n\t ")
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Survey:
    """What is kept. The baselines are of the corpus split for `validation`, from order 1 on; there are
    none where it is too small for a validation part."""

    validation: float
    baselines: tuple[Baseline, ...]
    repeat: Repeat
    version: int = _VERSION


@dataclass(frozen=True)
class Unusual:
    """A character that may not be meant to be in a text, and why."""

    char: str
    count: int
    kind: str


@dataclass(frozen=True)
class Reference:
    """A loss in nats per character to compare a network's with; the entropy rate is a limit."""

    name: str
    nats: float
    limit: bool = False


def entropy(info: CorpusInfo) -> float:
    """The entropy of the characters alone, in nats: the least that a model without memory loses."""
    shares = [count / info.chars for count in info.counts]
    return sum(-p * math.log(p) for p in shares if p)


def unusual(info: CorpusInfo) -> list[Unusual]:
    """The unusual characters by code point, and those that are very rare in a text of this length."""
    found = []
    for char, count in zip(info.symbols, info.counts, strict=True):
        kind = _kind(char) if info.units == "char" else ""
        if not kind and count / info.chars < _RARE:
            kind = "rare"
        if kind:
            found.append(Unusual(char, count, kind))
    return found


def _kind(char: str) -> str:
    """Why a character is unusual; empty where it is not."""
    if char in _TURNS:
        return "turns text round"
    if char == _REPLACEMENT:
        return "stands for what could not be read"
    return "" if char in _USUAL else _KINDS.get(unicodedata.category(char), "")


def beginning(corpus: Corpus) -> str:
    """The first lines, at most some 2,000 characters of them; bytes are read as Latin-1."""
    return corpus.info.alphabet.decode(corpus.ids[:_BEGINNING].tolist())


def survey(
    corpus: Corpus,
    validation: float = TrainConfig.validation,
    report: Callable[[int], None] = lambda stages: None,
) -> Survey:
    """Learn the baselines from the training part, at most ngram.LEARNT_MOST characters of it, score them
    on at most SCORED_MOST of the validation part, and search for the longest repeated passage. `report`
    is called with the stages done."""
    train_ids, val_ids = corpus.split(validation)
    V, baselines = len(corpus.info.symbols), list[Baseline]()
    if len(val_ids) >= 2:
        baselines = ngram.baselines(train_ids, val_ids[:SCORED_MOST], V)
    report(1)
    repeat = repeats.longest(corpus.ids)
    report(STAGES)
    return Survey(validation, tuple(baselines), repeat)


def kept(folder: Path, validation: float = TrainConfig.validation) -> Survey | None:
    """The survey that is kept with a corpus; None where there is none of this version and split."""
    try:
        data = outside.parse_json(outside.read(folder / KEPT))
        found = outside.convert(Survey, data)
    except (OSError, DamagedError):
        return None
    return found if (found.validation, found.version) == (validation, _VERSION) else None


def obtain(
    corpus: Corpus,
    validation: float = TrainConfig.validation,
    report: Callable[[int], None] = lambda stages: None,
) -> Survey:
    """The survey that is kept with a corpus, else one made now and kept where the disk allows it."""
    if found := kept(corpus.folder, validation):
        return found
    made = survey(corpus, validation, report)
    if (corpus.folder / INFO).exists():  # a corpus that was deleted meanwhile must not come back
        with suppress(HeloError):
            write_json(corpus.folder / KEPT, asdict(made))
    return made


def references(rate: float | None, found: Survey | None) -> tuple[Reference, ...]:
    """What a curve is compared with, the weightiest first: the entropy rate, the best n-gram model, and
    those of the lowest orders; of each what is known."""
    limit = () if rate is None else (Reference("entropy rate", rate, limit=True),)
    if found is None or not found.baselines:
        return limit
    best = min(found.baselines, key=lambda baseline: baseline.nats_per_char)
    drawn = [best, *(b for b in found.baselines[:_LOWEST] if b is not best)]
    return *limit, *(Reference(f"{b.order}-gram", b.nats_per_char) for b in drawn)


def main() -> None:
    """The process: see to the survey of the corpus in a folder for a validation share."""
    folder, validation = sys.argv[1:]
    background()
    obtain(load(Path(folder)), float(validation))


if __name__ == "__main__":
    sys.exit(exit_status(main))
