"""Why a network would write a character, in words: for the screens and the command line alike."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.inspecting.mean import Mean
from engine.inspecting.why import Why, Written
from engine.words import counted
from tui.phrases import percent

_LAGS = (1, 3, 10, 30)
"""Where the classes of how far back begin, after the last character."""
_MOST = 1000
"""A ratio above this is not told to the last digit."""

LOG_ODDS = (
    "Log-odds: the logarithm of how many times likelier one candidate is than the other, by the model "
    "alone, at temperature 1 and without filters. It is habit + news, exactly."
)
HABIT = "Habit: what the log-odds would be if every unit stood at its mean."
NEWS = (
    "News: what this text changes about it, a number for each unit. Set to its mean while all else stays, "
    "a unit would take away just its number. That does not say what the unit stands for; and five units "
    "are seldom the reason: look at all the others."
)
WRITTEN = (
    "Written: how many characters back what is in the network now was written into it. With the bias it "
    "adds up to the log-odds. It does not say what caused it: all later gates let it stand."
)
NEVER = (
    "When it was written cannot be told: a cell without gates keeps no share of its memory from step to "
    "step."
)


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, as +0.54 or −1.37."""
    text = f"{abs(value):.{digits}f}"
    return f"{'−' if value < 0 and float(text) else '+'}{text}"


def times(log_odds: float, a: str, b: str) -> str:
    """The log-odds as a ratio of two candidates by their names."""
    likelier, other = (a, b) if log_odds >= 0 else (b, a)
    ratio = math.exp(min(abs(log_odds), 50.0))
    if ratio < 1.005:
        return f"{a} is as likely as {b}"
    shown = f"over {_MOST:,}" if ratio > _MOST else f"{ratio:.3g}"
    return f"{likelier} is {shown} times as likely as {other}"


def against(a: str, p_a: float, b: str, p_b: float) -> str:
    """The two candidates with their probabilities."""
    return f"{a} {percent(p_a)} against {b} {percent(p_b)}"


def mean_of(mean: Mean) -> str:
    """What the mean is over."""
    return f"the mean over {counted(mean.chars, 'character')} of {mean.source}"


def by_lag(written: Written) -> list[tuple[str, float]]:
    """What was written how many characters back, in classes; all of it adds up to the log-odds."""
    back, found = written.pushes[::-1], []
    begins = (0, *_LAGS)
    for begin, end in zip(begins, (*_LAGS, len(back)), strict=True):
        if begin < len(back):
            last = min(end, len(back)) - 1
            name = f"{begin}–{last}" if last > begin else f"{begin}" if begin else "0 back"
            found.append((name, float(back[begin:end].sum())))
    if written.before:
        found.append(("before", written.before))
    return [*found, ("bias", written.bias)]


def in_short(told: Why, a: str, b: str, name_of: Callable[[int], str]) -> str:
    """All of it in a line, with the unit that pushes most."""
    line = f"why {a}, not {b}: {signed(told.log_odds)} = habit {signed(told.habit)}"
    line += f", news {signed(told.news)}"
    terms = [(t.push, t.unit) for t in told.towards.units[:1]]
    terms += [(-t.push, t.unit) for t in told.against.units[:1]]
    if not terms:
        return line
    push, unit = max(terms, key=lambda term: abs(term[0]))
    return f"{line}, of which {name_of(unit)} {signed(push)}"
