"""From logits to a character, as pure functions.

The filters work on log-probabilities in float64, -inf standing for what is left out: those of one text (V,)
or, but for filters that depend on the place, those of many (B, V) row by row. Every one of them keeps at
least one symbol, and all but `typical` the likeliest. Each has the name of its row in `settings`, and is
called only where that setting is not off, in the order in which the filters stand here. Lists of characters
and constraints come before all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.network.stepper import LogProbs, log_softmax
from engine.vocab import Alphabet, Fitted, Ids, name_characters, normalise
from engine.writing.constraint import State, constraint
from engine.writing.masks import Mask, ruled_out
from engine.writing.schedule import schedule_of
from engine.writing.settings import SETTINGS, SamplingConfig

Probs = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

F = TypeVar("F", bound=Callable[..., LogProbs])

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Place:
    """Where in a text a character is to be drawn."""

    text: Ids
    """(n,): what stands before it."""
    written: int = 0
    """How many of these characters come after the last that was given."""
    state: State | None = None
    """Of the configuration's constraint, if it has one and the character is not given."""
    line_end: int = -1
    """The id of a line end; -1 where there is none."""


_NOWHERE = Place(np.array([], np.int32))

_FILTERS: dict[str, Callable[[LogProbs, SamplingConfig, Place], LogProbs]] = {}
_BY_PLACE = set[str]()


def _filter(function: F) -> F:
    """Make a function of log p and its setting's value the filter of the setting that has its name."""
    name = function.__name__
    _FILTERS[name] = lambda log_p, config, _: function(log_p, getattr(config, name))
    return function


def _filter_by_place(function: F) -> F:
    """The same for a function that needs the whole configuration, and what stands before."""
    _FILTERS[function.__name__] = function
    _BY_PLACE.add(function.__name__)
    return function


@_filter_by_place
def repetition_penalty(log_p: LogProbs, config: SamplingConfig, place: Place) -> LogProbs:
    """Multiply log p of each symbol that stands among the last `repetition_window` characters, given ones
    included, by the penalty, however often it stands there, and normalise again.

    Keskar et al. (2019) divide scores, which depends on where their zero lies; log p has one.
    """
    recent = np.zeros(len(log_p), np.bool_)
    recent[place.text[-config.repetition_window :]] = True
    return log_softmax(np.where(recent, log_p * config.repetition_penalty, log_p))


@_filter
def temperature(log_p: LogProbs, T: float) -> LogProbs:
    """Divide by T and normalise again; T = 0 leaves the likeliest symbol alone (the first of equals)."""
    if T == 0:
        greedy = np.full_like(log_p, -np.inf)
        np.put_along_axis(greedy, log_p.argmax(-1, keepdims=True), 0.0, axis=-1)
        return greedy
    with np.errstate(over="ignore"):  # next to nothing leaves the rest infinitely far behind
        return log_softmax((log_p - log_p.max(-1, keepdims=True)) / T)


@_filter_by_place
def schedule(log_p: LogProbs, config: SamplingConfig, place: Place) -> LogProbs:
    """The temperature that the schedule has for the place, instead of the setting's."""
    found, i = schedule_of(config.schedule), place.written
    if found.lines:
        tail = place.text[len(place.text) - min(i, found.length) :]
        if len(ends := np.flatnonzero(tail == place.line_end)):
            i = len(tail) - 1 - int(ends[-1])
    return temperature(log_p, found.at(i))


@_filter
def top_k(log_p: LogProbs, k: int) -> LogProbs:
    """Keep the k likeliest symbols, and those equal to the k-th (Fan et al., 2018). 0 keeps all."""
    if not 0 < k < log_p.shape[-1]:
        return log_p
    kth = np.partition(log_p, -k)[..., -k, None]
    return np.where(log_p >= kth, log_p, -np.inf)


@_filter
def typical(log_p: LogProbs, p: float) -> LogProbs:
    """Keep the symbols whose surprisal is nearest to its expectation, the entropy: the smallest such set
    that holds the share p of the mass (Meister et al., 2023)."""
    log_p = log_softmax(log_p)
    mass = np.exp(log_p)
    surprisal = np.where(mass > 0, -log_p, 0.0)
    entropy = (mass * surprisal).sum(-1, keepdims=True)
    order = np.argsort(np.where(mass > 0, abs(surprisal - entropy), np.inf), kind="stable")
    return _kept(log_p, order, p)


@_filter
def top_p(log_p: LogProbs, p: float) -> LogProbs:
    """Keep the smallest set of likeliest symbols that holds the share p of the mass (Holtzman et al.,
    2020)."""
    return _kept(log_p, np.argsort(-log_p, kind="stable"), p)


def _kept(log_p: LogProbs, order: Ids, p: float) -> LogProbs:
    """Keep the symbols that come first in an order, until they hold the share p of the mass."""
    ordered = np.take_along_axis(log_p, order, axis=-1)
    mass = np.cumsum(np.exp(ordered), axis=-1)
    ordered[..., 1:][mass[..., :-1] >= p * mass[..., -1:]] = -np.inf
    result = np.empty_like(log_p)
    np.put_along_axis(result, order, ordered, axis=-1)
    return result


@_filter
def min_p(log_p: LogProbs, p: float) -> LogProbs:
    """Keep the symbols at least p times as likely as the likeliest (Nguyen et al., 2024)."""
    return np.where(log_p >= log_p.max(-1, keepdims=True) + math.log(p), log_p, -np.inf)


def fitted_stop(text: str, alphabet: Alphabet) -> Fitted:
    """A text after which to stop, as symbols.

    Raises UsageError if the model cannot write it.
    """
    fitted = alphabet.fit(normalise(text))
    if fitted.dropped:
        unknown = name_characters(fitted.dropped)
        raise UsageError(f"--stop can never come: the model does not know {unknown}")
    return fitted


class Sampler:
    """A configuration made ready for an alphabet.

    Raises UsageError if the two do not fit together.
    """

    def __init__(self, config: SamplingConfig, alphabet: Alphabet) -> None:
        self.config = config
        on = {name for name, row in SETTINGS.items() if getattr(config, name) != row.off}
        on -= {SETTINGS[name].instead_of for name in on}
        self._filters = [function for name, function in _FILTERS.items() if name in on]
        listed = config.ban or config.force
        self.stop = fitted_stop(config.stop, alphabet).ids
        """The symbols after which what is written ends; none if it does not."""
        self._free = ~ruled_out(config.ban, config.force, alphabet) if listed else None
        self.constraint = constraint(config, alphabet)
        self.off = not (self._filters or listed or self.constraint)
        """Whether it leaves every distribution as it is."""
        self.by_place = self.constraint is not None or not on.isdisjoint(_BY_PLACE)
        """Whether the distribution depends on the place, and not on the prediction alone."""

    def distributions(self, log_p: LogProbs) -> Probs:
        """The distributions (B, V) that a character of each of B texts is drawn from, unless they depend on
        the place."""
        return self._filtered(log_p, self._free, _NOWHERE)

    def distribution(self, log_p: LogProbs, place: Place = _NOWHERE) -> tuple[Probs, float]:
        """The distribution (V,) that a character is drawn from, and the share of the model's own that was
        out of the question."""
        removed = 0.0
        allowed = place.state.allowed if place.state else self._free
        if allowed is not None:
            removed = float(np.exp(log_p[~allowed]).sum())
        return self._filtered(log_p, allowed, place), removed

    def _filtered(self, log_p: LogProbs, allowed: Mask | None, place: Place) -> Probs:
        if allowed is not None:
            log_p = log_softmax(np.where(allowed, log_p, -np.inf))
        for function in self._filters:
            log_p = function(log_p, self.config, place)
        p = np.exp(log_p)
        return np.asarray(p / p.sum(-1, keepdims=True))


def uniform(seed: int, index: int) -> float:
    """The random number in [0, 1) of position `index`: it depends on the seed and the index alone.

    SplitMix64 (Steele, Lea & Flood, 2014), one stream a seed.
    """
    z = (_stream(seed) + index * _GOLDEN) & _MASK
    return float((_mix(z) >> 11) * 2.0**-53)


@lru_cache
def _stream(seed: int) -> int:
    """What `uniform` needs of a seed."""
    return int(_mix(seed & _MASK))


def uniforms(mixed: Words, index: Words) -> Probs:
    """`uniform` of position `index` (B,) for B seeds, of which `mixed_seeds` are given."""
    return np.asarray((_mix(mixed + index * np.uint64(_GOLDEN)) >> 11) * 2.0**-53)


def mixed_seeds(seeds: Sequence[int]) -> Words:
    """What `uniforms` needs of each of B seeds (B,)."""
    return np.array([_stream(seed) for seed in seeds], np.uint64)


def _mix(z: Any) -> Any:
    z = (z + _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def draw(p: Probs, u: float) -> int:
    """The symbol at u in [0, 1) of the cumulated distribution p (V,); never one of probability 0."""
    cumulated = np.add.accumulate(p)
    return int(cumulated.searchsorted(u * cumulated.item(-1), "right"))


def draws(p: Probs, u: Probs) -> Ids:
    """`draw` from each of the distributions p (B, V) with its u (B,)."""
    cumulated = np.cumsum(p, axis=-1)
    return np.asarray((cumulated <= u[:, None] * cumulated[:, -1:]).sum(-1))
