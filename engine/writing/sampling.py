"""From logits to a character, as pure functions.

The filters work on log-probabilities (V,) in float64, -inf standing for what is left out. Every one of them
keeps at least the likeliest symbol. Each has the name of its row in `settings`, whose order is theirs, and
is called only where that setting is not off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.network.stepper import LogProbs, log_softmax
from engine.writing.settings import SETTINGS, SamplingConfig

Probs = npt.NDArray[np.float64]

F = TypeVar("F", bound=Callable[..., LogProbs])

_MASK = (1 << 64) - 1
_FILTERS: dict[str, Callable[..., LogProbs]] = {}


def _filter(function: F) -> F:
    """Make a function the filter of the setting that has its name."""
    _FILTERS[function.__name__] = function
    return function


@_filter
def temperature(log_p: LogProbs, T: float) -> LogProbs:
    """Divide by T and normalise again; T = 0 leaves the likeliest symbol alone (the first of equals)."""
    if T == 0:
        greedy = np.full_like(log_p, -np.inf)
        greedy[log_p.argmax()] = 0.0
        return greedy
    with np.errstate(over="ignore"):  # next to nothing leaves the rest infinitely far behind
        return log_softmax((log_p - log_p.max()) / T)


@_filter
def top_k(log_p: LogProbs, k: int) -> LogProbs:
    """Keep the k likeliest symbols, and those equal to the k-th (Fan et al., 2018). 0 keeps all."""
    if not 0 < k < len(log_p):
        return log_p
    kth = np.partition(log_p, -k)[-k]
    return np.where(log_p >= kth, log_p, -np.inf)


@_filter
def top_p(log_p: LogProbs, p: float) -> LogProbs:
    """Keep the smallest set of likeliest symbols that holds the share p of the mass (Holtzman et al.,
    2020)."""
    order = np.argsort(-log_p, kind="stable")
    mass = np.cumsum(np.exp(log_p[order]))
    kept = int(np.searchsorted(mass, p * mass[-1])) + 1
    result = np.full_like(log_p, -np.inf)
    result[order[:kept]] = log_p[order[:kept]]
    return result


@_filter
def min_p(log_p: LogProbs, p: float) -> LogProbs:
    """Keep the symbols at least p times as likely as the likeliest (Nguyen et al., 2024)."""
    return np.where(log_p >= log_p.max() + math.log(p), log_p, -np.inf)


def filtered(log_p: LogProbs, config: SamplingConfig) -> Probs:
    """The distribution (V,) that a character is drawn from: all filters in order, then normalised."""
    for name, setting in SETTINGS.items():
        value = getattr(config, name)
        if value != setting.off:
            log_p = _FILTERS[name](log_p, value)
    p = np.exp(log_p)
    return np.asarray(p / p.sum())


def uniform(seed: int, index: int) -> float:
    """The random number in [0, 1) of position `index`: it depends on the seed and the index alone.

    SplitMix64 (Steele, Lea & Flood, 2014), one stream a seed.
    """
    z = (_mix(seed & _MASK) + index * 0x9E3779B97F4A7C15) & _MASK
    return (_mix(z) >> 11) * 2.0**-53


def _mix(z: int) -> int:
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def draw(p: Probs, u: float) -> int:
    """The symbol at u in [0, 1) of the cumulated distribution p (V,); never one of probability 0."""
    cumulated = np.cumsum(p)
    return int(np.searchsorted(cumulated, u * cumulated[-1], side="right"))
