"""The numbers that the lesson explains: where each stands, and its equation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from engine.inspecting.lesson.equations import Equation, Line, Terms, equation, recurrent
from engine.inspecting.lesson.hello import EPSILON, HIDDEN, IDS, LETTERS, Lesson
from engine.inspecting.lesson.unrolled import Unrolled

SUBSCRIPTS = "₁₂₃"
STEPS = range(len(IDS))


@dataclass(frozen=True)
class Number:
    """A number that a page explains: where it stands, and where it comes from."""

    row: str
    """The name of a row of the figure, or the full name of a parameter."""
    t: int | None
    """The step, from 0; None for a parameter."""
    index: tuple[int, ...]
    equation: Equation


def units(line: Line) -> Callable[[Lesson], list[Number]]:
    """The numbers of all units at all steps, those of later steps first if they come from the right."""

    def make(lesson: Lesson) -> list[Number]:
        u = lesson.network
        steps = reversed(STEPS) if line.name.startswith("d") else STEPS
        return [_unit(u, line, t, k) for t in steps for k in range(HIDDEN)]

    return make


def _unit(u: Unrolled, line: Line, t: int, k: int) -> Number:
    if line.name == "dh":
        column = u.columns[t]
        here, right = float(column.d_here[k]), float(column.d_right["h"][k])
        made = Equation("dh", here + right, ((here,), (right,)))
    else:
        made = equation(u, line, t, k)
    return Number(line.name, t, (k,), replace(made, name=f"{line.name}{SUBSCRIPTS[k]}"))


def output(u: Unrolled, t: int, k: int) -> Number:
    column, own = u.columns[t], u.own
    products = zip(own["W_hy"][:, k], column.after["h"], strict=True)
    terms = (*((float(w), float(h)) for w, h in products), (float(own["b_y"][k]),))
    return Number("y", t, (k,), Equation(f"y({LETTERS[k]})", float(column.logits[k]), terms))


def share(u: Unrolled, t: int, k: int) -> Number:
    column = u.columns[t]
    terms = tuple((float(y),) for y in column.logits)
    before = ("e^", float(column.logits[k]), " / (")
    made = Equation(f"p({LETTERS[k]})", float(column.p[k]), terms, before, ")", each="e^")
    return Number("p", t, (k,), made)


def loss(u: Unrolled, t: int) -> Number:
    column = u.columns[t]
    p = float(column.p[column.target])
    made = Equation(f"loss of step {t + 1}", column.loss, ((p,),), ("−ln(",), ")", digits=3)
    return Number("loss", t, (), made)


def mean(lesson: Lesson) -> Number:
    terms = tuple((column.loss,) for column in lesson.network.columns)
    made = Equation("mean loss", lesson.mean, terms, ("(",), f") / {len(IDS)}", digits=3)
    return Number("loss", None, (), made)


def d_output(lesson: Lesson, t: int, k: int) -> Number:
    column = lesson.network.columns[t]
    terms: Terms = ((float(column.p[k]),),)
    if k == column.target:
        terms = (*terms, (-1.0,))
    after = f")·{column.weight:g}"
    made = Equation(f"dy({LETTERS[k]})", float(column.d_logits[k]), terms, ("(",), after)
    return Number("dy", t, (k,), made)


def here(u: Unrolled, t: int, k: int) -> Number:
    column = u.columns[t]
    products = zip(u.own["W_hy"][k], column.d_logits, strict=True)
    terms = tuple((float(w), float(d)) for w, d in products)
    made = Equation(f"dh↓{SUBSCRIPTS[k]}", float(column.d_here[k]), terms)
    return Number("dh↓", t, (k,), made)


def gradients(name: str) -> Callable[[Lesson], list[Number]]:
    """The gradients of all weights of a parameter."""

    def make(lesson: Lesson) -> list[Number]:
        return [_gradient(lesson, name, index) for index in np.ndindex(lesson.weights[name].shape)]

    return make


def _gradient(lesson: Lesson, name: str, index: tuple[int, ...]) -> Number:
    u = lesson.network
    terms = tuple(_term(u, name, index, t) for t in STEPS)
    made = Equation(f"d{called(u, name, index)}", float(u.gradient[name][index]), terms)
    return Number(name, None, index, made)


def _term(u: Unrolled, name: str, index: tuple[int, ...], t: int) -> tuple[float, ...]:
    """What a step adds to the gradient of a weight, as a product if it is a plain one."""
    column, own, k = u.columns[t], name.rpartition(".")[2], index[-1]
    if own == "W_hy":
        return float(column.after["h"][index[0]]), float(column.d_logits[k])
    if own in u.cell.inputs:
        delta = column.d["mx"][k] if own == "W_mx" else column.d_gates[k]
        return float(index[0] == column.input), float(delta)
    if own == "W_hh":
        h = column.kept.get("m", column.before["h"])
        return (float(h[index[0]]), *recurrent(u, t)[k])
    if own == "W_mh":
        W = u.own["W_hh"][k]
        d_m = float(W @ column.d_gates[: len(W)])
        return float(column.before["h"][index[0]]), float(column.gates["mx"][k]), d_m
    return (float(column.terms[name][index]),)


def called(u: Unrolled, name: str, index: tuple[int, ...]) -> str:
    """A weight in words that fit an equation: W_xh[h, i₂]."""
    own = name.rpartition(".")[2]
    places = []
    for axis, at in enumerate(index):
        size = u.weights[name].shape[axis]
        if size == len(LETTERS):
            places.append(LETTERS[at])
        else:
            gate = [*u.columns[0].gates][at // HIDDEN] if size > HIDDEN else ""
            places.append(f"{gate}{SUBSCRIPTS[at % HIDDEN]}" if gate else f"{at + 1}")
    return f"{own}[{', '.join(places)}]"


def steepest(lesson: Lesson, name: str) -> tuple[str, tuple[int, ...]]:
    """The weight of a parameter that has the largest gradient."""
    gradient = np.abs(lesson.network.gradient[name])
    at = np.unravel_index(int(gradient.argmax()), gradient.shape)
    return name, tuple(int(i) for i in at)


def difference(lesson: Lesson, name: str, index: tuple[int, ...]) -> Number:
    """The slope of the loss by a weight; its name has the gradient of the way back."""
    more, less, slope = lesson.difference(name, index)
    exact = float(lesson.network.gradient[name][index])
    told = f"d{called(lesson.network, name, index)} = {exact:.7f} ≈ ".replace("-", "−")
    width = f") / {2 * EPSILON:.5f}"
    made = Equation(told.removesuffix(" "), slope, ((more,), (-less,)), ("(",), width, digits=7)
    return Number(name, None, index, made)


def update(lesson: Lesson, name: str, index: tuple[int, ...]) -> Number:
    w = float(lesson.weights[name][index])
    d = float(lesson.network.gradient[name][index])
    name_ = called(lesson.network, name, index)
    made = Equation(name_, w - lesson.rate * d, ((w,), (-lesson.rate, d)), digits=4)
    return Number(name, None, index, made)
