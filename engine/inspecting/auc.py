"""How well the values of units tell labels: the area under the ROC curve.

It is the chance that of two characters, one with the label and one without, the value is higher at the one
with it; equal values count half. With R⁺ the sum of the ranks of the n₁ characters that have the label,

    AUC = (R⁺ − n₁(n₁+1)/2) / (n₁ n₀)

so that for all units and all labels it is one product of a matrix of ranks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LEVELS = 256
_UNITS = 128
"""Units whose ranks are there at once."""

Levels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]


def aucs(levels: Levels, labels: npt.NDArray[np.bool_]) -> Numbers:
    """The AUC (U, Q) of each of U units, levels (U, M), for each of Q labels (Q, M). Where all characters
    have a label, or none, it is .5."""
    M = levels.shape[1]
    y = labels.T.astype(np.float32)
    n = labels.sum(1).astype(np.float64)
    pairs = n * (M - n)
    found = np.empty((len(levels), len(labels)))
    for start in range(0, len(levels), _UNITS):
        ranks = np.stack([_ranks(own) for own in levels[start : start + _UNITS]])
        found[start : start + len(ranks)] = ranks @ y
    # the ranks are counted from their mean, in shares of M
    found *= np.divide(M, pairs, out=np.zeros_like(pairs), where=pairs > 0)
    return found + 0.5


def _ranks(levels: Levels) -> npt.NDArray[np.float32]:
    """The ranks (M,) of values, as distances from the mean rank in shares of M. Equal ones share theirs."""
    counts = np.bincount(levels, minlength=LEVELS)
    below = np.cumsum(counts) - counts
    middle = below + (counts + 1) / 2 - (len(levels) + 1) / 2
    return (middle / len(levels)).astype(np.float32)[levels]


def auc_of_counts(scores: Numbers, having: Numbers, lacking: Numbers) -> float:
    """The AUC of a guess that gives the same score (V,) to all characters of a kind, of which so many have
    the label (V,) and so many lack it (V,). If all have it, or none, it is .5."""
    if not (pairs := having.sum() * lacking.sum()):
        return 0.5
    _, same = np.unique(scores, return_inverse=True)
    up, down = np.bincount(same, having), np.bincount(same, lacking)
    return float((up * (np.cumsum(down) - down / 2)).sum() / pairs)
