"""`helo inspect why`: what speaks for one character and against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.shared.options import AModel, Command, Json, option
from tui.cli.shared.output import emit, note, write

if TYPE_CHECKING:
    from engine.inspecting.mean import Mean
    from engine.inspecting.why import Side, Why, Written
    from engine.network.stepper import Stepper
    from engine.vocab import Alphabet, Ids

_CANDIDATES = 10

app = typer.Typer()


@app.command(cls=Command)
def why(
    model: AModel,
    text: Annotated[str, option("--text", shows="TEXT", help="The text that is read.")],
    at: Annotated[
        int | None,
        option(
            "--at",
            shows="N",
            help="Explain the character after the first N of the text.",
            default="all of it",
        ),
    ] = None,
    a: Annotated[
        str | None,
        option("-a", "--a", shows="X", help="The character explained.", default="the likeliest"),
    ] = None,
    b: Annotated[
        str | None,
        option("-b", "--b", shows="Y", help="The one it is against.", default="the next likeliest"),
    ] = None,
    json: Json = False,
) -> None:
    """Show why a model would write a character: what speaks for it and against another one.

    The log-odds of the two is split into habit (what the units are on average) and news (what this text has
    made of them, unit by unit), and again by when it was written into the network.
    """
    from engine.inspecting.latest import read
    from engine.inspecting.why import likeliest, written
    from engine.inspecting.why import why as explain
    from engine.network import modelfile
    from engine.network.stepper import Stepper
    from engine.runs import habit, library

    path = library.model_path(model)
    stepper = Stepper(modelfile.load(path))
    ids = _known(stepper.alphabet, text, at)
    found = read(stepper, ids).trace
    top = likeliest(found.logits[-1], len(stepper.alphabet))
    chosen = _chosen(stepper.alphabet, [id for id, _ in top], a, b)
    mean = habit.mean(stepper, path)
    told = explain(stepper, found.outputs[-1], mean, *chosen)
    when = written(stepper, found, *chosen)
    if json:
        symbols = stepper.alphabet.symbols
        likely = [[symbols[i], p] for i, p in top[:_CANDIDATES]]
        emit({"model": model, "at": len(ids), "top": likely, **_data(stepper, told, mean, when)})
    else:
        _print(stepper, ids, dict(top), told, mean, when)


def _known(alphabet: Alphabet, text: str, at: int | None) -> Ids:
    """The first `at` characters of a text, in ids.

    Raises UsageError for a place outside it, AlphabetError for characters that the model does not know.
    """
    from engine.errors import AlphabetError, UsageError
    from engine.vocab import name_characters, normalise
    from engine.words import counted

    fitted = alphabet.fit(normalise(text), strictly=True)
    if fitted.left_out:
        unknown = name_characters(fitted.dropped)
        raise AlphabetError(f"the model does not know {unknown}: leave them out of --text")
    if fitted.note:
        note(fitted.note)
    if not (n := len(fitted.ids)):
        raise UsageError("--text is empty: at least one character must be read")
    if at is not None and not 1 <= at <= n:
        raise UsageError(
            f"--at takes 1 to {n:,}, not {at:,}: the text has {counted(n, 'character')}"
        )
    return fitted.ids[:at]


def _chosen(alphabet: Alphabet, top: list[int], a: str | None, b: str | None) -> tuple[int, int]:
    """The ids of the two candidates. Raises UsageError or AlphabetError."""
    from engine.errors import AlphabetError, UsageError
    from engine.words import quoted

    def named(name: str, char: str | None) -> int | None:
        if char is None:
            return None
        ids = alphabet.fit(char, strictly=True)
        if ids.left_out:
            raise AlphabetError(
                f"the model does not know {quoted(char)}: name another for --{name}"
            )
        if len(ids.ids) != 1:
            raise UsageError(f"--{name} takes one character, not {quoted(char)}")
        return int(ids.ids[0])

    first, second = named("a", a), named("b", b)
    if len(top) < 2:
        raise UsageError("the model knows only one character: there is nothing to choose")
    if first is None:
        first = next(id for id in top if id != second)
    if second is None:
        second = next(id for id in top if id != first)
    if first == second:
        raise UsageError("-a and -b are the same character: name two")
    return first, second


def _data(stepper: Stepper, told: Why, mean: Mean, when: Written | None) -> dict[str, Any]:
    from engine.inspecting.why import unit_name

    def side(found: Side) -> dict[str, Any]:
        units = [[unit_name(stepper, term.unit), term.push] for term in found.units]
        return {"units": units, "others": found.others, "rest": found.rest}

    symbols = stepper.alphabet.symbols
    return {
        "a": symbols[told.a],
        "b": symbols[told.b],
        "log_odds": told.log_odds,
        "habit": told.habit,
        "news": told.news,
        "mean_over": mean.source,
        "mean_chars": mean.chars,
        "for_a": side(told.towards),
        "for_b": side(told.against),
        "written": when
        and {"pushes": when.pushes.tolist(), "before": when.before, "bias": when.bias},
    }


def _print(
    stepper: Stepper,
    ids: Ids,
    p: dict[int, float],
    told: Why,
    mean: Mean,
    when: Written | None,
) -> None:
    from tui import reasons
    from tui.cli.shared.inspected import say
    from tui.cli.shared.output import facts
    from tui.cli.shared.tables import table
    from tui.text import symbol_name

    alphabet = stepper.alphabet
    a, b = (symbol_name(alphabet.symbols[id], alphabet.units) for id in (told.a, told.b))
    facts(
        {
            "after": repr(alphabet.decode(ids[-_SHOWN:].tolist())),
            "candidates": reasons.against(a, p[told.a], b, p[told.b]),
            "log-odds": f"{reasons.signed(told.log_odds)}: {reasons.times(told.log_odds, a, b)}",
            "habit": f"{reasons.signed(told.habit)}: at {reasons.mean_of(mean)}",
            "news": f"{reasons.signed(told.news)}: what this text changes",
        }
    )
    write("\n")
    sides = [_side(stepper, told.towards, 1), _side(stepper, told.against, -1)]
    rows = [[*one, *other] for one, other in zip(*sides, strict=True)]
    heads = f"for {a}", "adds", f"for {b}", "adds "
    table(dict(zip(heads, ("left", "right", "left", "right"), strict=True)), rows, ())
    write("\n")
    if when:
        lags = (f"{name} {reasons.signed(push)}" for name, push in reasons.by_lag(when))
        facts({"written": ", ".join(lags)})
        write("\n")
    for sentence in (reasons.LOG_ODDS, reasons.HABIT, reasons.NEWS):
        say(sentence)
    say(reasons.WRITTEN if when else reasons.NEVER)


_SHOWN = 40
"""Characters of the text that are shown again."""


def _side(stepper: Stepper, side: Side, sign: int) -> list[list[str]]:
    """The rows of the units that push one way."""
    from engine.inspecting.why import STRONGEST, unit_name
    from tui import reasons

    rows = [[unit_name(stepper, t.unit), reasons.signed(sign * t.push, 3)] for t in side.units]
    rows += [["", ""]] * (STRONGEST - len(rows))
    return [*rows, [f"the other {side.others:,}", reasons.signed(sign * side.rest, 3)]]
