"""Numbers and equations of the lesson in characters."""

from __future__ import annotations

from textwrap import wrap

from engine.inspecting.lesson.equations import Equation

MINUS = "−"
_MOST_DIGITS = 7


def number(value: float, digits: int = 2) -> str:
    """A number with so many decimals, and a minus that is as wide as a plus; −0.00 is 0.00."""
    shown = f"{value:.{digits}f}"
    return (shown if float(shown) else shown.removeprefix("-")).replace("-", MINUS)


def in_cells(value: float, cells: int = 5) -> str:
    """A number with two decimals, flush right; with fewer where it would not fit."""
    for digits in (2, 1, 0):
        if len(shown := number(value, digits)) <= cells:
            return shown.rjust(cells)
    return f"{value:.0e}".replace("-", MINUS).replace("e+0", "e").rjust(cells)


def written(equation: Equation, most: int | None = None) -> str:
    """An equation in a line. With `most`, only so many terms, and how many more there are."""
    digits = _digits(equation)
    shown = equation.terms if most is None else equation.terms[:most]
    result = number(equation.value, digits)
    if not shown:
        return f"{equation.name} = {result}"
    before = "".join(p if isinstance(p, str) else number(p, digits) for p in equation.before)
    total = ""
    for term in shown:
        negative = not equation.each and term[0] < 0 and bool(total)
        factors = [_factor(-f if negative and not i else f, digits) for i, f in enumerate(term)]
        joined = "·".join(equation.each + factor for factor in factors)
        total += (f" {MINUS} " if negative else " + " if total else "") + joined
    left = len(equation.terms) - len(shown)
    more = f" + … {left} more …" if left else ""
    return f"{equation.name} = {before}{total}{more}{equation.after} = {result}"


def fitted(where: str, equation: Equation, width: int, lines: int) -> list[str]:
    """An equation in so many lines of so many cells after `where` it belongs, with as many terms as fit."""
    for most in (None, *range(len(equation.terms) - 1, 0, -1)):
        found = wrap(where + written(equation, most), width)
        if len(found) <= lines:
            break
    return found


def _digits(equation: Equation) -> int:
    """Decimals: more of a result that would else look like 0."""
    digits, size = equation.digits, abs(equation.value)
    while digits < _MOST_DIGITS and 0 < size < 10**-digits:
        digits += 1
    return digits


def _factor(value: float, digits: int) -> str:
    """A factor. Exactly 0 and 1, as in a one-hot row, stand without decimals; a rate as it is."""
    if value in (-1, 0, 1):
        return number(value, 0)
    return number(value, max(digits, 2))
