"""What a corpus is like: its unusual characters, its beginning, and how simple models score on it.

The slow parts, the n-gram baselines and the longest repeated passage, are saved with the corpus in
`survey.json`, one file per split. `python -m engine.text.survey FOLDER VALIDATION SPLIT` computes them in a
process of its own.
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
from engine.config import TrainConfig, usual_split
from engine.errors import CorpusError, DamagedError, HeloError, exit_status
from engine.storage import write_json
from engine.text import ngram, repeats
from engine.text.corpus import INFO, Corpus, CorpusInfo, load, read_info
from engine.text.ngram import Baseline
from engine.text.repeats import Repeat

KEPT = "survey.json"
SCORED_MOST = 1_000_000
"""The most characters of the validation part, from its beginning, that the baselines are scored on."""
STAGES = 2
"""How many times `survey` calls `report`."""
_VERSION = 1
"""The version of a saved survey. Raise it when the baselines or the search change."""
_BEGINNING = 2000
_RARE = 1e-5
"""A character with a smaller share of the text is rare: a network hardly ever sees it."""
_LOWEST = 3
"""How many of the lowest orders a curve is compared with, besides the best order."""
_KINDS = {
    "Cc": "control character",
    "Cf": "invisible",
    "Cn": "unassigned",
    "Co": "private use",
    "Cs": "half of a surrogate pair",
    "Zl": "line separator",
    "Zp": "paragraph separator",
    "Zs": "odd space",
}
_USUAL = frozenset("\n\t ")
_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Survey:
    """What is saved. The baselines, from order 1, are those of the corpus split for `validation` by
    `split`; there are none if the corpus is too small for a validation part."""

    validation: float
    baselines: tuple[Baseline, ...]
    repeat: Repeat
    version: int = _VERSION
    split: str = TrainConfig.split


@dataclass(frozen=True)
class Unusual:
    """A character that may be in a text by mistake, and why it is unusual."""

    char: str
    count: int
    kind: str


@dataclass(frozen=True)
class Reference:
    """A loss in nats per character to compare a network's with. If `limit`, no model can do better."""

    name: str
    nats: float
    limit: bool = False


def entropy(info: CorpusInfo) -> float:
    """The entropy of single characters, in nats: the lowest loss of a model without memory."""
    shares = [count / info.chars for count in info.counts]
    return sum(-p * math.log(p) for p in shares if p)


def unusual(info: CorpusInfo) -> list[Unusual]:
    """The unusual characters, and those that are very rare in a text of this length, by code point."""
    found = []
    for char, count in zip(info.symbols, info.counts, strict=True):
        kind = _kind(char) if info.units == "char" else ""
        if not kind and count / info.chars < _RARE:
            kind = "rare"
        if kind:
            found.append(Unusual(char, count, kind))
    return found


def _kind(char: str) -> str:
    """Why a character is unusual; empty if it is not."""
    if char in _TURNS:
        return "direction mark"
    if char == _REPLACEMENT:
        return "replacement character"
    return "" if char in _USUAL else _KINDS.get(unicodedata.category(char), "")


def beginning(corpus: Corpus) -> str:
    """The text of the first 2,000 ids of a corpus."""
    return corpus.info.alphabet.decode(corpus.ids[:_BEGINNING].tolist())


def survey(
    corpus: Corpus,
    validation: float = TrainConfig.validation,
    report: Callable[[int], None] = lambda stages: None,
    split: str = "",
) -> Survey:
    """Learn the baselines from the training part, score them on the validation part, and search for the
    longest repeated passage.

    At most ngram.LEARNT_MOST characters are learned from and at most SCORED_MOST are scored. `report` is
    called with the number of stages done. `split` defaults to the usual one for the corpus.
    """
    split = split or usual_split(corpus.info.lines)
    train_ids, val_ids = corpus.split(validation, split)
    V, baselines = len(corpus.info.symbols), list[Baseline]()
    if len(val_ids) >= 2:
        learnt = train_ids[: ngram.LEARNT_MOST]
        baselines = ngram.baselines(learnt, val_ids[:SCORED_MOST], V)
    report(1)
    repeat = repeats.longest(corpus.ids)
    report(STAGES)
    return Survey(validation, tuple(baselines), repeat, split=split)


def kept(
    folder: Path, validation: float = TrainConfig.validation, split: str = ""
) -> Survey | None:
    """The survey saved with a corpus; None if there is none of this version and split."""
    try:
        split = split or usual_split(read_info(folder).lines)
        data = outside.parse_json(outside.read(_path(folder, validation, split)))
        found = outside.convert(Survey, data)
    except (OSError, DamagedError, CorpusError):
        return None
    same = (found.validation, found.split, found.version) == (validation, split, _VERSION)
    return found if same else None


def _path(folder: Path, validation: float, split: str) -> Path:
    """The file for a split; earlier versions of helo had one for the commonest."""
    if (validation, split) == (TrainConfig.validation, TrainConfig.split):
        return folder / KEPT
    return folder / f"survey-{split}-{validation:g}.json"


def obtain(
    corpus: Corpus,
    validation: float = TrainConfig.validation,
    report: Callable[[int], None] = lambda stages: None,
    split: str = "",
) -> Survey:
    """The survey saved with a corpus; if there is none, a new one, which is saved if the disk allows it."""
    split = split or usual_split(corpus.info.lines)
    if found := kept(corpus.folder, validation, split):
        return found
    made = survey(corpus, validation, report, split)
    if (corpus.folder / INFO).exists():  # do not recreate a corpus that was just deleted
        with suppress(HeloError):
            write_json(_path(corpus.folder, validation, split), asdict(made))
    return made


def references(rate: float | None, found: Survey | None) -> tuple[Reference, ...]:
    """The losses to compare a curve with, if known, the most important first: the entropy rate, the best
    n-gram model, and those of the lowest orders."""
    limit = () if rate is None else (Reference("entropy rate", rate, limit=True),)
    if found is None or not found.baselines:
        return limit
    best = min(found.baselines, key=lambda baseline: baseline.nats_per_char)
    drawn = [best, *(b for b in found.baselines[:_LOWEST] if b is not best)]
    return *limit, *(Reference(f"{b.order}-gram", b.nats_per_char) for b in drawn)


def main() -> None:
    """The process: obtain the survey of the corpus in a folder, for a validation share and a split."""
    folder, validation, split = [*sys.argv[1:], ""][:3]
    background()
    obtain(load(Path(folder)), float(validation), split=split)


if __name__ == "__main__":
    sys.exit(exit_status(main))
