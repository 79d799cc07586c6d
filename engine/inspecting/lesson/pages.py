"""The pages of the lesson: each is one computation, in words and in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.inspecting.lesson import numbers
from engine.inspecting.lesson.equations import Line, lines
from engine.inspecting.lesson.hello import EPSILON, HIDDEN, LETTERS, Lesson
from engine.inspecting.lesson.numbers import STEPS, Number
from engine.inspecting.lesson.unrolled import Unrolled

TITLES = {
    "h": "The hidden state",
    "c": "The memory",
    "i": "The input gate",
    "f": "The forget gate",
    "g": "The candidate",
    "o": "The output gate",
    "r": "The reset gate",
    "z": "The update gate",
    "n": "The candidate",
    "q": "What the old state says",
    "m": "Old state times letter",
}


@dataclass(frozen=True)
class Page:
    """One computation."""

    title: str
    said: str
    """What happens, in a sentence or two."""
    more: str
    """What else is worth knowing, where there is room for it."""
    about: str
    """The row of the figure, or the parameter, that it is about; empty if none."""
    shown: frozenset[str]
    """The rows whose numbers are known by now."""
    numbers: tuple[Number, ...]
    first: int
    """The number to begin with."""
    network: Unrolled
    """What the figure shows."""


@dataclass(frozen=True)
class _Plan:
    """A page before its numbers are asked for."""

    title: str
    said: str
    more: str
    about: str
    make: Callable[[Lesson], list[Number]]
    after: bool = False
    """Whether it shows the network after a step of training."""


def parts(u: Unrolled) -> list[str]:
    """The names of what a step computes for each unit, in order."""
    if found := lines(u).forward:
        return [line.name for line in found]
    column = u.columns[0]
    return [*(gate for gate in column.gates if gate != "s"), *reversed([*column.after])]


def deltas(u: Unrolled) -> list[str]:
    """The names of the deltas that a step computes for each unit, in order: ↓ from the outputs of the step,
    ← from the step to the right."""
    names = [line.name for line in lines(u).backward]
    names = names or [f"d{gate}" for gate in u.columns[0].gates]
    at = names.index("dc") if "dc" in names else len(names)
    return ["dh↓", "dh←", "dh", *names[:at], *["dc←"] * ("dc" in names), *names[at:]]


def belongs(delta: str) -> str:
    """The part that a delta is of."""
    name = delta[1:].rstrip("↓←")
    return "h" if name == "s" else name


def titles(lesson: Lesson) -> list[str]:
    """Those of all pages."""
    return [plan.title for plan in _plans(lesson)]


def page(lesson: Lesson, at: int) -> Page:
    """The page at this place, from 0."""
    plans = _plans(lesson)
    plan = plans[at]
    made = tuple(plan.make(lesson))
    return Page(
        title=plan.title,
        said=plan.said,
        more=plan.more,
        about=plan.about,
        shown=frozenset(before.about for before in plans[: at + 1]),
        numbers=made,
        first=_first(plan.about, made),
        network=lesson.trained().network if plan.after else lesson.network,
    )


def _first(about: str, made: tuple[Number, ...]) -> int:
    """Of weights the one with the largest gradient; of what comes from the right, the first that does."""
    if about.endswith("←") and made:
        return HIDDEN
    sizes = [abs(number.equation.value) * (number.row == about) for number in made]
    return int(np.argmax(sizes)) if made and made[0].t is None else 0


def _plans(lesson: Lesson) -> list[_Plan]:
    return [*_forward(lesson), *_back(lesson), *_learning(lesson)]


def _forward(lesson: Lesson) -> Iterator[_Plan]:
    u = lesson.network
    begun = (
        "The first weights are those of the classic picture of this example."
        if lesson.cell == "rnn"
        else "The first weights are drawn as for any training of helo."
    )
    yield _Plan(
        "The task",
        "The network reads h, e, l, l and should tell each next letter: e, l, l, o.",
        "After the first l comes an l, after the second an o. So the letter alone does not tell: the "
        f"network must remember. It has {HIDDEN} hidden units. {begun}",
        "",
        lambda lesson: [],
    )
    yield _Plan(
        "A letter as numbers",
        "A letter is a row of four numbers: a 1 at its own place, else 0.",
        "No letter is nearer to one than to another. Times such a row, a matrix gives one of its rows: "
        "what the network knows of this letter.",
        "x",
        lambda lesson: [],
    )
    found = {line.name: line for line in lines(u).forward}
    for name in parts(u):
        line = found.get(name, Line(name, "What a step computes for each unit."))
        more = line.symbols if " = " in line.text else ""
        if name == "h":
            more += (
                ". The step to the right reads it as the old state: that is all that is remembered."
            )
        yield _Plan(TITLES.get(name, name), line.said, more, name, numbers.units(line))
    yield _Plan(
        "The outputs",
        "Each output is a weighted sum of the hidden state: a number a letter.",
        "y = h W_hy + b_y. They may be of any size; the largest is what the network takes to come next.",
        "y",
        lambda lesson: [
            numbers.output(lesson.network, t, k) for t in STEPS for k in range(len(LETTERS))
        ],
    )
    yield _Plan(
        "What should rise",
        "The output of the letter that comes next should rise (▲), the others should fall (▼).",
        "This is all that the network is ever told: one letter at each step.",
        "▲",
        lambda lesson: [],
    )
    yield _Plan(
        "Softmax: shares",
        "Softmax makes shares of the outputs: e to the power of each, by the sum of all.",
        "The shares add up to 1. They are what the network thinks likely, and what helo draws "
        "characters from.",
        "p",
        lambda lesson: [
            numbers.share(lesson.network, t, k) for t in STEPS for k in range(len(LETTERS))
        ],
    )
    yield _Plan(
        "The loss",
        "The loss of a step is −ln of the share of the right letter: 0 if it was sure of it.",
        f"Pure guessing among four letters costs ln 4 = {np.log(4):.3f} nats. The mean of the four "
        f"steps is {lesson.mean:.3f}.",
        "loss",
        lambda lesson: [*(numbers.loss(lesson.network, t) for t in STEPS), numbers.mean(lesson)],
    )


def _back(lesson: Lesson) -> Iterator[_Plan]:
    u = lesson.network
    counts = "a quarter each" if lesson.only is None else f"step {lesson.only + 1} alone counts"
    yield _Plan(
        "Back: p − 1",
        f"Through loss and softmax: p − 1 for the right letter, p for the others; {counts}.",
        "This is the gradient of the loss by the outputs. It is negative where the output should rise, "
        "and the less sure the network was of the right letter, the larger it is.",
        "dy",
        lambda lesson: [numbers.d_output(lesson, t, k) for t in STEPS for k in range(len(LETTERS))],
    )
    yield _Plan(
        "Back to h, from here",
        "What the outputs of this step ask of h: each dy, back by its weight in W_hy.",
        "dh↓ = W_hy dy: the same matrix, the other way round (transposed).",
        "dh↓",
        lambda lesson: [numbers.here(lesson.network, t, k) for t in STEPS for k in range(HIDDEN)],
    )
    found = {line.name: line for line in (*lines(u).right, *lines(u).backward)}
    both = Line(
        "dh = dh↓ + dh←", "The delta of h: what this step asks of it, and what later steps ask."
    )
    found = {"dh": both, **found}
    for name in deltas(u)[1:]:
        line = found.get(
            name, Line(name, "What later steps ask of it." if "←" in name else "Its delta.")
        )
        more = f"{line.symbols}." if " = " in line.text else ""
        if "←" in name:
            more += (
                " Its numbers are those of the step to the right. The last step gets nothing from there. "
                "Step by step this product grows or fades: here gradients vanish or explode."
            )
        of = {"s": "the sum s"}.get(name[1:], name[1:].rstrip("←"))
        title = f"Back, from the right: {of}" if "←" in name else f"Back to {of}"
        yield _Plan(title, line.said, more.strip(), name, numbers.units(line))


def _learning(lesson: Lesson) -> Iterator[_Plan]:
    for name in reversed([*lesson.weights]):
        own = name.rpartition(".")[2]
        yield _Plan(
            f"The gradient of {own}",
            f"{own} works in every step: its gradient is a sum of four terms.",
            _TERM.get(own, "Each term is what went in, times the delta of what came out."),
            name,
            numbers.gradients(name),
        )
    yield _Plan(
        "Check it by differences",
        f"Move a weight by ±{EPSILON:.5f}: is that slope the gradient?",
        "This needs the forward pass alone, so it finds mistakes in the way back. It is far too slow to "
        "learn by: two passes for each weight.",
        "check",
        lambda lesson: [
            numbers.difference(lesson, *numbers.steepest(lesson, name)) for name in lesson.weights
        ],
    )
    yield _Plan(
        "The update",
        f"Each weight goes a step against its gradient: w − {lesson.rate:g}·dw.",
        "All weights move at once, each as if the others stood still. So the step must be small.",
        "update",
        lambda lesson: [
            numbers.update(lesson, *numbers.steepest(lesson, name)) for name in lesson.weights
        ],
    )
    after = lesson.trained()
    first, then = (each.network.columns[0].logits[1] for each in (lesson, after))
    yield _Plan(
        "The loss again",
        f"After this step: mean loss {lesson.mean:.3f} → {after.mean:.3f}; "
        f"output e after h {first:.2f} → {then:.2f}.",
        "A step on the loss of all four need not raise the first e: the four share their weights. Let one "
        "step alone count (o) and compare. x takes this step and goes on.",
        "again",
        lambda lesson: [
            *(numbers.loss(lesson.trained().network, t) for t in STEPS),
            numbers.mean(lesson.trained()),
        ],
        after=True,
    )


_TERM = {
    "b_y": "A bias has the delta of its output itself as its term.",
    "W_hy": "Each term is h·dy: what went in, times the delta of what came out.",
    "W_hh": "Each term is the old state times the delta of the sum. In the first step the old state is 0.",
    "W_xh": "Each term is x times the delta of the sum: only the row of a letter that was read changes.",
    "b_h": "A bias has the delta of its sum itself as its term.",
}
