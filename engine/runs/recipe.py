"""Chooses what the user leaves open: sizes, dropout, weight decay and the learning rate.

Found by experiment on tiny-shakespeare and checked on five other texts (docs/experiments.md). How large a
network pays off depends on C, the characters it sees. A time is turned into characters by the measured pace
of each rung of `LADDER`, and the largest network that sees enough is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.cells import CELLS
from engine.config import (
    DEFAULT_CELL,
    MOST_LR,
    ModelConfig,
    TrainConfig,
    check_number,
    usual_split,
)
from engine.errors import CorpusError, UsageError
from engine.network import parameters
from engine.text.corpus import Corpus

_SHAPE = tuple(field.name for field in fields(ModelConfig))
PACED = 65
"""V of the networks whose pace is measured."""
_LR = 5.12
_HIGHEST_LR = 0.02
_WEIGHTS_A_CHARACTER = 4.0
"""Recurrent weights per character of text, at most, however much time there is."""
_LOW_DECAY, _DECAY_AN_EPOCH, _HIGH_DECAY = 0.01, 0.017, 0.1
_MOST_DROPOUT = 0.5


@dataclass(frozen=True)
class Rung:
    """The sizes of a training, and the characters it must see to beat the rung below."""

    hidden: int
    layers: int
    batch: int
    seq_length: int
    least: float

    @property
    def model(self) -> ModelConfig:
        return ModelConfig(DEFAULT_CELL, self.hidden, self.layers)


LADDER = (
    Rung(128, 1, 16, 32, 0),
    Rung(256, 1, 16, 32, 0.6e6),
    Rung(256, 2, 32, 64, 4.5e6),
    Rung(384, 2, 32, 64, 9e6),
    Rung(512, 2, 32, 64, 13e6),
)


_WIDE = Rung(256, 1, 32, 64, 0)
"""For alphabets of thousands, where the rows of the symbols are most of the network and of a step's work:
large steps, and no second layer, for which there is no time."""
_MANY_SYMBOLS = 4096


def complete(
    given: Mapping[str, Any], chars: int, V: int, pace: Sequence[float] | None = None
) -> TrainConfig:
    """The whole configuration from the `given` settings, named as in ModelConfig and TrainConfig, one of
    which is seconds, epochs or steps, for a text of `chars` characters over V symbols. `lr_to` may be
    given in place of `final_lr`.

    `pace` is the characters per second that this machine learns with each rung; seconds need it.
    Raises UsageError.
    """
    check(given)
    seen = [_seen(given, rung, chars, V, pace[i] if pace else 0.0) for i, rung in enumerate(LADDER)]
    rung, C = LADDER[0], seen[0]
    for larger, its in zip(LADDER[1:], seen[1:], strict=True):
        fits = _work(larger.model, 0) <= _WEIGHTS_A_CHARACTER * chars
        if its >= larger.least and fits:
            rung, C = larger, its
    if V >= _MANY_SYMBOLS:
        rung, C = _WIDE, seen[1]
    return _filled(given, rung, C, chars, V)


def check(given: Mapping[str, Any]) -> None:
    """Refuse invalid settings before anything is done with them.

    Raises UsageError.
    """
    _filled(given, LADDER[0], 0.0, 0, PACED)


def _filled(given: Mapping[str, Any], rung: Rung, C: float, chars: int, V: int) -> TrainConfig:
    """The configuration from the `given` settings and, for the others, what suits a rung that sees C
    characters."""
    shape = {key: given[key] for key in _SHAPE if key in given}
    rest = {key: value for key, value in given.items() if key not in shape}
    model = ModelConfig(**asdict(rung.model) | shape)
    if "seconds" in given:
        C *= _work(rung.model, V) / _work(model, V)
    epochs = C / max(chars, 1)
    own: dict[str, Any] = {
        "batch": rung.batch,
        "seq_length": rung.seq_length,
        "dropout": _dropout(model, epochs, parameters.count(model, V) / max(chars, 1)),
        "weight_decay": round(min(max(_DECAY_AN_EPOCH * epochs, _LOW_DECAY), _HIGH_DECAY), 3),
        "lr": learning_rate(model),
        "split": usual_split(model.lines),
    }
    settings = own | rest
    if "lr_to" in settings:
        settings["final_lr"] = _share(settings.pop("lr_to"), settings["lr"])
    return TrainConfig(model, **settings)


def _share(lr_to: float, lr: float) -> float:
    """The last learning rate as a share of the peak.

    Raises UsageError if it is larger, or there is no such peak.
    """
    check_number("lr", lr, 0, MOST_LR, over=True)
    if not 0 <= lr_to <= lr:
        raise UsageError(
            f"--lr-to must be between 0 and {lr:g}, the peak learning rate, not {lr_to:g}"
        )
    return lr_to / lr


def for_corpus(
    given: Mapping[str, Any], found: Corpus, pace: Sequence[float] | None
) -> TrainConfig:
    """`complete` for a corpus, of which the part that is `given` or the usual one is kept for validation.

    Raises CorpusError if its lines are examples but it has no newline.
    """
    info = found.info
    if info.lines and "\n" not in info.symbols:
        raise CorpusError(
            f"corpus {info.name} has no newline, so it has no lines to learn one by one: "
            "import it without --lines"
        )
    learnt, _ = found.split(*how_split(given, found))
    return complete({**given, "lines": info.lines}, len(learnt), len(info.alphabet), pace)


def how_split(given: Mapping[str, Any], found: Corpus) -> tuple[float, str]:
    """The share of a corpus that is kept for validation, and where that part lies (`config.SPLITS`)."""
    share = given.get("validation", TrainConfig.validation)
    return share, given.get("split", usual_split(found.info.lines))


def needs_pace(given: Mapping[str, Any]) -> bool:
    """Whether `complete` needs to know how fast this machine is."""
    return given.get("seconds") is not None


def _seen(given: Mapping[str, Any], rung: Rung, chars: int, V: int, pace: float) -> float:
    """The characters a training will see."""
    if given.get("epochs") is not None:
        return float(given["epochs"] * chars)
    if given.get("steps") is not None:
        B, T = (given.get(key, getattr(rung, key)) for key in ("batch", "seq_length"))
        return float(given["steps"] * B * T)
    return float(given["seconds"] * speed(rung, V, pace))


def speed(rung: Rung, V: int, pace: float) -> float:
    """Characters per second over V symbols, from the pace of a rung."""
    return pace * _work(rung.model, PACED) / _work(rung.model, V)


def _work(model: ModelConfig, V: int) -> int:
    """Multiplications per character, which is the number of elements of the matrices."""
    shapes = parameters.shapes(model, V).items()
    rows = parameters.rows(model)
    return sum(s[0] * s[1] for name, s in shapes if len(s) == 2 and name not in rows)


def _dropout(model: ModelConfig, epochs: float, parameters_a_character: float) -> float:
    """More for more epochs, and for larger networks."""
    large = max(model.hidden / 256, math.sqrt(parameters_a_character))
    return round(_MOST_DROPOUT * min(1.0, max(0.0, epochs - 2) / 24 * large), 2)


def learning_rate(model: ModelConfig) -> float:
    """The peak learning rate that suits a network."""
    lr = min(_LR / (model.hidden * model.layers), _HIGHEST_LR)
    return float(f"{lr * CELLS[model.cell].lr_factor:.2g}")
