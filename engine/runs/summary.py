"""A run in a few figures, for lists of runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.config import ModelConfig
from engine.errors import HeloError
from engine.runs.events import Evaluated, Progress, Started, total_steps
from engine.runs.kept import Kept
from engine.runs.rundir import RunDirectory, status


@dataclass(frozen=True)
class Summary:
    """A run in a list."""

    name: str
    status: str
    reason: str
    corpus: str = ""
    model: ModelConfig | None = None
    """The network; None if it cannot be read."""
    step: int = 0
    total_steps: int = 0
    seconds: float = 0.0
    best_val_nats: float | None = None
    created: str = ""
    folder: str = ""
    init_from: str = ""
    """The model or the point of a run that it started from; "" for a new network."""
    validates: bool = True
    """Whether it has a validation part, so that there is a loss to tell."""

    @property
    def network(self) -> str:
        """The network in words; "" if it cannot be read."""
        return str(self.model or "")

    def as_json(self) -> dict[str, Any]:
        """All fields, with the model's settings beside them, None if they cannot be read."""
        data = asdict(self)
        model = data.pop("model")
        return data | (model or dict.fromkeys(field.name for field in fields(ModelConfig)))


def summary(run: RunDirectory, kept: Kept) -> Summary:
    """Summarise a run from what is kept of its log. One that cannot be read is "damaged", with the
    reason."""
    try:
        info = run.info()
    except HeloError as error:
        return Summary(run.name, "damaged", str(error), folder=str(run.folder))
    state = status(run, kept.rest)
    started = next((e for e in reversed(kept.rest) if isinstance(e, Started)), None)
    evaluated, progress = kept.of(Evaluated), kept.newest().get(Progress)
    final = [e.val_nats for e in evaluated if e.final]
    losses = final or [e.val_nats for e in evaluated if e.best]
    return Summary(
        name=run.name,
        status=state.word,
        reason=state.reason,
        corpus=info.corpus_name,
        model=info.config.model,
        step=kept.last.step if kept.last else 0,
        total_steps=total_steps(kept.rest) or 0,
        seconds=progress.seconds if isinstance(progress, Progress) else 0.0,
        best_val_nats=min(losses, default=None),
        created=info.created,
        folder=str(run.folder),
        init_from=info.init_from,
        validates=started.validates if started else info.config.validation > 0,
    )
