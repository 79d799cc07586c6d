"""`helo inspect gates`: how open a model's gates are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from engine.words import counted
from tui.cli.shared.options import AModel, Command, Json
from tui.cli.shared.output import draws, emit, write

if TYPE_CHECKING:
    from engine.inspecting.gates import Gate, Tally
    from tui.cli.shared.inspected import Inspected

_CHARS = 4096
_WIDTH, _HEIGHT, _BESIDE = 24, 8, 2

app = typer.Typer()


@app.command(cls=Command)
def gates(model: AModel, json: Json = False) -> None:
    """Show how open a model's gates are: how long each unit's is nearly shut and nearly open."""
    from engine.blas import settle_threads
    from engine.inspecting.gates import tally_of
    from tui.cli.shared.inspected import inspected

    (found,) = inspected([model], None, _CHARS)
    settle_threads(found.stepper.rehearse)
    counts = tally_of(found.stepper, found.text.ids)
    if json:
        emit(_data(model, found, counts))
    else:
        _draw(found, counts)


def _data(name: str, found: Inspected, counts: Tally) -> dict[str, Any]:
    import numpy as np

    def finite(values: Any) -> list[float | None]:
        return [x if np.isfinite(x) else None for x in values.tolist()]

    def gate(each: Gate) -> dict[str, Any]:
        units = {"shut": each.shut.tolist(), "open": each.open.tolist(), "mean": each.mean.tolist()}
        return {"name": each.name, **units}

    return {
        "model": name,
        "text": found.text.source,
        "chars": counts.chars,
        "gates": [gate(each) for each in counts.gates],
        "keeping": [
            {**gate(each), "integrators": each.integrators, "memory": finite(each.memories)}
            for each in counts.keeping
        ],
    }


def _draw(found: Inspected, counts: Tally) -> None:
    from tui.cli.shared.inspected import WIDTH, say
    from tui.curves import openings
    from tui.curves.ink import ASCII, ink

    drawn = ink() if draws(openings.DRAWN) else ASCII
    gates = counts.gates
    if not gates:
        write(f"{openings.NO_GATES}\n")
        return
    a_row = WIDTH // (_WIDTH + _BESIDE)
    for first in range(0, len(gates), a_row):
        part = gates[first : first + a_row]
        pictures = [openings.saturation(each, _WIDTH, _HEIGHT, drawn) for each in part]
        lines = [[openings.gate_words(each, _WIDTH) for each in part]]
        lines += [
            ["".join(text for text, _ in row) for row in rows]
            for rows in zip(*pictures, strict=True)
        ]
        write("".join(_side_by_side(line) for line in lines))
        write("\n")
    for kept in counts.keeping:
        say(openings.keeping_words(kept))
    write("\n")
    sentences = openings.MEANS, openings.UNLIKE_TRAINING, openings.INTEGRATORS, openings.MEMORY
    for sentence in sentences:
        say(sentence)
    say(f"Over {counted(counts.chars, 'character')} of {found.text.source}.")


def _side_by_side(texts: list[str]) -> str:
    return "".join(f"{text:<{_WIDTH + _BESIDE}}" for text in texts).rstrip() + "\n"
