"""Views of a race: its events as JSON, as plain lines, or as a live display; and its table."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol, Self

from engine.runs.events import Evaluated, Event, Failed, Started, Stopped
from engine.runs.race import Race, Racer, Standing
from tui.cli.shared.chart import MARKS, NOTHING, chart, drawn
from tui.cli.shared.live import Display
from tui.cli.shared.output import emit, note, write
from tui.cli.shared.tables import grid, table
from tui.curves.series import Series
from tui.figures.words import describe
from tui.phrases import duration, number

if TYPE_CHECKING:
    from rich.console import RenderableType

_WIDEST, _HIGHEST = 100, 16
"""The most columns and rows of the picture."""
_BESIDES = 8
"""Rows of the live display besides the picture and the networks' rows."""
_COLUMNS = {"network": "left", "parameters": "right", "steps": "right", "chars/s": "right"}
_COLUMNS |= {"nats": "right", "bits": "right", "time": "right", "": "left"}


class RaceView(Protocol):
    """Shows a race. Used as a context manager while the race runs."""

    def __enter__(self) -> object: ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, racer: Racer, event: Event, line: str) -> None:
        """Show an event of a network. `line` is its line in the log."""

    def say(self, text: str) -> None:
        """Show a message about the race itself."""

    def tell(self, standings: list[Standing]) -> None:
        """Show the final table."""


class JsonRace:
    """Each event with its run and cell, and the table at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    def show(self, racer: Racer, event: Event, line: str) -> None:
        emit({"run": racer.run.name, "cell": racer.model.cell} | json.loads(line))

    def say(self, text: str) -> None:
        note(text)

    def tell(self, standings: list[Standing]) -> None:
        emit({"event": "table", "rows": [_data(s) for s in standings]})


class PlainRace:
    """A line for each start, evaluation and end, for files and pipes."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __enter__(self) -> Self:
        write(f"{self.title}\n")
        return self

    def __exit__(self, *error: object) -> None: ...

    def show(self, racer: Racer, event: Event, line: str) -> None:
        if isinstance(event, Started | Evaluated | Stopped | Failed):
            total = racer.total_steps or 0
            write(f"{racer.model.cell}  {event.step:,}/{total:,}  {describe(event)}\n")

    def say(self, text: str) -> None:
        note(text)

    def tell(self, standings: list[Standing]) -> None:
        write("\n")
        table(_COLUMNS, [_row(s) for s in standings])


class LiveRace(Display):
    """The validation curves in one picture, and the table, always up to date."""

    def __init__(self, title: str, race: Race, by: str) -> None:
        super().__init__(title, "ctrl+c saves and stops them all")
        self.race, self.by = race, by

    def show(self, racer: Racer, event: Event, line: str) -> None: ...

    def tell(self, standings: list[Standing]) -> None: ...

    def _parts(self) -> list[RenderableType]:
        from rich.text import Text

        racers, standings = list(self.race.racers), self.race.standings()
        height = min(_HIGHEST, self._screen.height - len(standings) - _BESIDES)
        curves = dict(zip(MARKS, map(self._curve, racers), strict=False))
        picture = chart(NOTHING, curves, min(_WIDEST, self._screen.width), height)
        if picture:
            unit = "step" if self.by == "parameters" else "seconds"
            picture.insert(0, f"validation loss in nats by {unit}")
        marked = [
            [f"{drawn(mark)} {network}", *rest]
            for mark, (network, *rest) in zip(MARKS, map(_row, standings), strict=False)
        ]
        return [*map(Text, picture), grid(_COLUMNS, marked, self._screen.width)]

    def _curve(self, racer: Racer) -> Series:
        """The evaluations after step 0. An untrained network's loss would flatten the curves."""
        seen = [e for e in racer.evaluations if e.step and not e.final]
        return Series.of(
            (e.step if self.by == "parameters" else e.seconds, e.val_nats) for e in seen
        )


def _bits(standing: Standing) -> float | None:
    return None if standing.val_nats is None else standing.val_nats / math.log(2)


def _data(standing: Standing) -> dict[str, object]:
    """A row as JSON."""
    data = asdict(standing) | {"val_bits": _bits(standing)}
    return {"run": standing.run, **data.pop("network"), **data}


def _row(standing: Standing) -> list[str]:
    bits = _bits(standing)
    return [
        str(standing.network),
        f"{standing.parameters:,}",
        f"{standing.steps:,}",
        f"{standing.chars_per_second:,.0f}",
        number(standing.val_nats, ".4f"),
        number(bits, ".4f"),
        duration(standing.seconds),
        standing.status,
    ]


def choose(json: bool, title: str, race: Race, by: str) -> RaceView:
    """The view that suits stdout."""
    if json:
        return JsonRace()
    return LiveRace(title, race, by) if sys.stdout.isatty() else PlainRace(title)
