"""The table of a run's figures: their names, their formats, and where they are shown.

A new figure is a field of an event, set where it is measured, and a row here. The field needs a default,
since older logs lack it; None means that the figure is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.runs.events import Evaluated, Event, Progress, Vitals
from tui.phrases import duration

if TYPE_CHECKING:
    from tui.figures.snapshot import Snapshot

Form = str | Callable[[Any], str]
"""How a figure is written: a template for `str.format`, or a function."""
Place = Literal["column", "lines", "page", "live", "log", "layers"]


@dataclass(frozen=True)
class Figure:
    """A row of the table: a figure, with a form for each place that shows it."""

    event: type[Event] | None
    """The kind of event that has the field; None if the `Snapshot` has it."""
    field: str
    label: str
    """Its name, shown if it has a line or column of its own."""
    column: Form = ""
    """On the Train screen."""
    lines: Form = ""
    """On the Train screen if there is little room. For a loss, this begins with the label."""
    page: Form = ""
    """In `helo runs show`."""
    live: Form = ""
    """In `helo train` on a terminal."""
    log: Form = ""
    """Where an event is shown as a line of text, as in `helo train` without a terminal."""
    layers: Form = ""
    """In the Train screen's table of layers."""
    late: bool = False
    """Whether the column omits it while it is not known."""
    validated: bool = False
    """Whether it depends on the validation part; omitted for runs that have none."""

    def value(self, run: Snapshot) -> Any:
        """The current value; None while it is not known."""
        source = run.newest.get(self.event) if self.event else run
        return None if source is None else getattr(source, self.field)

    def text(self, place: Place, value: Any) -> str:
        """A value as a place shows it; empty for None, or if the place does not show it."""
        form: Form = getattr(self, place)
        if value is None or not form:
            return ""
        return form.format(value) if isinstance(form, str) else form(value)


def _bits(template: str) -> Callable[[float | Evaluated], str]:
    """A form with a loss in nats, then in bits."""

    def form(loss: float | Evaluated) -> str:
        nats = loss.val_nats if isinstance(loss, Evaluated) else loss
        return template.format(nats, nats / math.log(2))

    return form


_BOTH = _bits("{:.3f} nats  {:.3f} bits")
_SPEED = "{:,.0f} characters/s"

BEST = Figure(
    None,
    "best",
    "best",
    column=_BOTH,
    lines="best {0.val_nats:.3f}  at step {0.step:,}",
    live=_bits("best {:.3f} nats, {:.3f} bits"),
    validated=True,
)
VALIDATION = Figure(
    Evaluated,
    "val_nats",
    "validation",
    column=_BOTH,
    lines="validation {:.3f}",
    live="validation {:.3f}",
    log=_bits("validation {:.4f} nats, {:.4f} bits"),
)
NO_VALIDATION = {
    "column": "none: nothing held out",
    "lines": "validation none",
    "live": "no validation",
}
"""What stands in its place for runs without a validation part."""
LOSSES = (
    Figure(
        Progress,
        "train_nats",
        "training",
        column=_BOTH,
        lines="training {:.3f}",
        live="train {:.3f}",
        log="train {:.4f} nats",
    ),
    VALIDATION,
    BEST,
    Figure(None, "best", "best at step", column="{0.step:,}", validated=True),
    Figure(
        None,
        "final",
        "best, final",
        column=_BOTH,
        live=_bits("final {:.3f} nats, {:.3f} bits"),
        late=True,
        validated=True,
    ),
)
OTHERS = (
    Figure(
        Progress,
        "chars_per_second",
        "speed",
        column=_SPEED,
        lines="{:,.0f} chars/s",
        page=_SPEED,
        live=_SPEED,
        log=_SPEED,
    ),
    Figure(
        Progress,
        "lr",
        "learning rate",
        column="{:.3g}",
        lines="rate {:.3g}",
        live="lr {:.3g}",
        log="lr {:.3g}",
    ),
    Figure(Progress, "grad_norm", "gradient norm", column="{:.3g}", lines="gradient {:.3g}"),
    Figure(None, "epochs", "epochs", column="{:.3g}"),
    Figure(Progress, "seconds", "time", column=duration, lines=duration),
    Figure(None, "evaluating_share", "evaluating", column="{:.1%} of the time", validated=True),
    Figure(None, "saving_share", "saving", column="{:.1%} of the time"),
    Figure(Vitals, "weight_norm", "weights", layers="{:.3g}"),
    Figure(Vitals, "update_ratio", "update", layers="{:.2%}"),
    Figure(Vitals, "saturated", "saturated", layers="{:.1%}"),
)
FIGURES = LOSSES + OTHERS


def shown(
    place: Place, run: Snapshot, figures: Sequence[Figure] = FIGURES
) -> list[tuple[Figure, str]]:
    """The figures that a place shows, in order, with their texts. A text is empty while its figure is not
    known."""
    texts = [(f, f.text(place, f.value(run))) for f in figures if getattr(f, place)]
    if run.validates:
        return texts
    none = NO_VALIDATION.get(place, "")
    return [(f, none if f is VALIDATION else text) for f, text in texts if not f.validated]


def measured(event: Event) -> str:
    """The figures of an event in one line; empty if it has none."""
    own = (f for f in FIGURES if f.event is type(event))
    return ", ".join(filter(None, (f.text("log", getattr(event, f.field)) for f in own)))
