"""What the losses of a run are compared with."""

from __future__ import annotations

from contextlib import suppress

from engine.errors import HeloError
from engine.runs.rundir import RunInfo
from engine.text.corpus import read_info
from engine.text.survey import Reference, Survey, kept, references


class Comparison:
    """The references for a run, as they become known: the survey of its corpus may still be running. N-gram
    models are those scored on the run's own validation part."""

    def __init__(self, run: RunInfo) -> None:
        self._folder, self._config = run.place, run.config
        self._rate: float | None = None
        self._survey: Survey | None = None
        with suppress(HeloError):  # a run can be shown without its corpus
            self._rate = read_info(self._folder).entropy_rate

    def look(self) -> tuple[Reference, ...]:
        """The references known now."""
        if self._survey is None:
            self._survey = kept(self._folder, self._config.validation, self._config.split)
        return references(self._rate, self._survey)
