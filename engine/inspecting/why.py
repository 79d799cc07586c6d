"""Why this character: what speaks for a candidate a against another one, b.

A network decides by sums. With x (H,) what the head reads and ΔW = W_hy[:, a] − W_hy[:, b],

    log p(a)/p(b) = Σ_i x_i ΔW_i + Δb                  at temperature 1, exact
                  = Σ_i x̄_i ΔW_i + Δb                  habit: what x is on average
                  + Σ_i (x_i − x̄_i) ΔW_i               news: a term for each unit

A term of the news is what the log-odds would lose if the unit were set to its mean, and nothing else
changed. Contributions to one logit say nothing: softmax ignores what all logits have in common.

In a cell that keeps a share f of its memory c in each step, each step has written a part of x (after
Murdoch & Szlam, "Automatic Rule Extraction from Long Short Term Memory Networks", 2017). What is left at
step t of the memory of step j is c_j Π_{r=j+1..t} f_r, so

    s_j = ΔW · o_t ⊙ [tanh(c_j Π_{r>j} f_r) − tanh(c_{j−1} Π_{r≥j} f_r)]      Σ_j s_j + Δb = log p(a)/p(b)

and without o and tanh where h itself is kept, as in a GRU. A layer norm is linear once its deviation is
that of step t. In a residual stack each layer has such a sum. What was written at a step was not caused by
it alone: the gates of all later steps let it stand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.cells.functions import Array
from engine.inspecting.mean import Mean
from engine.inspecting.trace import Trace
from engine.network.lines import carry, newline_id
from engine.network.parameters import layer
from engine.network.stepper import NORM_EPSILON, Stepper

STRONGEST = 5
"""Units that are named on each side."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Term:
    """What a unit adds to the log-odds, beyond what it adds on average."""

    unit: int
    push: float


@dataclass(frozen=True)
class Side:
    """The units that push one way: the strongest, and how many others there are and what these add. All
    pushes are above 0."""

    units: tuple[Term, ...]
    others: int
    rest: float

    @property
    def push(self) -> float:
        return sum(term.push for term in self.units) + self.rest


@dataclass(frozen=True)
class Why:
    """The log-odds of a against b, ids of two candidates, in nats: habit + news."""

    a: int
    b: int
    log_odds: float
    habit: float
    news: float
    towards: Side
    """The terms of the news that speak for a."""
    against: Side
    """Those that speak for b."""


@dataclass(frozen=True)
class Written:
    """When what decides between a and b was written. The sum of everything here is the log-odds."""

    pushes: Numbers
    """What each of the T characters of the trace has written (T,)."""
    before: float
    """What was in the network before the first of them."""
    bias: float
    """What is always there."""

    @property
    def total(self) -> float:
        return float(self.pushes.sum()) + self.before + self.bias


def why(stepper: Stepper, output: Array, mean: Mean, a: int, b: int) -> Why:
    """What speaks for a and for b, where the head reads `output` (H,)."""
    W, bias = _against(stepper, a, b)
    terms = (output.astype(np.float64) - mean.outputs) * W
    habit, news = float(mean.outputs @ W) + bias, float(terms.sum())
    return Why(a, b, habit + news, habit, news, _side(terms), _side(-terms))


def _against(stepper: Stepper, a: int, b: int) -> tuple[Numbers, float]:
    """ΔW (H,) and Δb."""
    W = stepper.model.weights["head.W_hy"].astype(np.float64)
    b_y = stepper.model.weights["head.b_y"].astype(np.float64)
    return W[:, a] - W[:, b], float(b_y[a] - b_y[b])


def _side(terms: Numbers) -> Side:
    """The units whose terms are above 0."""
    order = np.argsort(-terms, kind="stable")[: np.count_nonzero(terms > 0)]
    strongest, others = order[:STRONGEST], order[STRONGEST:]
    units = tuple(Term(int(i), float(terms[i])) for i in strongest)
    return Side(units, len(others), float(terms[others].sum()))


def unit_name(stepper: Stepper, unit: int) -> str:
    """The name of a unit that the head reads: the last layer's, or where that is normed or added to others,
    its place in the head's input."""
    config = stepper.model.config
    if config.layer_norm or (config.residual and config.layers > 1):
        return f"head.x[{unit}]"
    return f"layers.{config.layers - 1}.h[{unit}]"


def written(stepper: Stepper, found: Trace, a: int, b: int) -> Written | None:
    """When what decides after the last character of a trace was written. None if the cell keeps no share of
    its memory, so that nobody can tell."""
    config, last = stepper.model.config, stepper.model.config.layers - 1
    W, bias = _against(stepper, a, b)
    reads = range(config.layers) if config.residual else range(last, config.layers)
    own = layer(stepper.model.weights, last)
    if config.layer_norm:
        h = sum(found.arrays[f"layers.{l}.h"][-1].astype(np.float64) for l in reads)
        bias += float(W @ own["b_n"])
        W = W * own["g_n"] / np.sqrt(np.var(h) + NORM_EPSILON)
        W = W - W.mean()
    pushes, before = np.zeros(len(found)), 0.0
    for l in reads:
        if (left := _left(stepper, found, l)) is None:
            return None
        steps = left @ W
        pushes += np.diff(steps)
        before += float(steps[0])
    return Written(pushes, before, bias)


def _left(stepper: Stepper, found: Trace, l: int) -> Numbers | None:
    """What the memory of layer l before the first step and after each step (T+1, H) is worth as an output
    of the last step, as far as it is kept until then."""
    cell, arrays = stepper.cell, found.arrays
    own = {g: arrays[f"layers.{l}.{g}"] for g in cell.gates if g not in cell.states}
    if (share := cell.kept_share(own)) is None:
        return None
    share = share.astype(np.float64)
    carried = carry(found.ids, newline_id(stepper.model.config, stepper.alphabet))
    if carried is not None:
        share *= carried
    until = np.cumprod(np.concatenate([share, np.ones_like(share[:1])])[::-1], axis=0)[::-1]
    memory = arrays[f"layers.{l}.{cell.states[-1]}"]
    left: Numbers = until * np.concatenate([found.before[l][-1][None], memory])
    if cell.states[-1] == "h":
        return left
    left = np.tanh(left)
    # what the output gate lets through, as h tells it: so the sum is h to the last bit
    h, zero = arrays[f"layers.{l}.h"][-1], np.zeros(left.shape[1])
    left *= np.divide(h, left[-1], out=zero, where=left[-1] != 0)
    return left


def likeliest(logits: Array, n: int) -> list[tuple[int, float]]:
    """The ids of the n likeliest characters under logits (V,), and their probabilities."""
    x = logits.astype(np.float64)
    p = np.exp(x - x.max())
    p /= p.sum()
    return [(int(i), float(p[i])) for i in np.lexsort((np.arange(len(p)), -p))[:n]]
