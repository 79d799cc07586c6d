"""A new run, from what a person asks for: a text, and some of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.config import DEFAULT_SECONDS, LENGTHS, TrainConfig
from engine.runs import beginning, launch, recipe, rundir
from engine.runs.rundir import RunDirectory
from engine.text import sources
from engine.text.corpus import Corpus


def complete(
    given: Mapping[str, Any], found: Corpus, report: Callable[[int], None] = lambda done: None
) -> TrainConfig:
    """The configuration, with settings that were not given found by the recipe. Measures this machine if
    the recipe needs it; `report` is called with the number of networks measured.

    Raises UsageError, CorpusError, RunError.
    """
    pace = None
    if recipe.needs_pace(given):
        usual = {"device": TrainConfig.device, "dtype": TrainConfig.dtype, "threads": 0}
        asked = {key: given.get(key, value) for key, value in usual.items()}
        pace = launch.pace(**asked, report=report)
    return recipe.for_corpus(given, found, pace)


def create(
    ref: str,
    given: Mapping[str, Any],
    name: str | None = None,
    init_from: str | None = None,
    processes: int = 1,
    command: str = "",
    note: Callable[[str], object] = lambda text: None,
    obtain: Callable[[str], Corpus] = sources.obtain,
    complete: Callable[[dict[str, Any], Corpus], TrainConfig] = complete,
) -> RunDirectory:
    """Create a run on the CORPUS `ref` with the `given` settings, named as in ModelConfig and TrainConfig.
    Everything that can be refused without the text is refused before it is imported. `note` is called
    with what the model it starts from makes of the text's characters.

    Raises UsageError and what else is wrong, as a HeloError.
    """
    if name is not None:
        rundir.check_free(name)
    begun = beginning.begun_with(init_from)[0] if init_from is not None else None
    given = beginning.as_begun(begun.config, given) if begun else dict(given)
    if not given.keys() & {*LENGTHS}:
        given["seconds"] = DEFAULT_SECONDS
    recipe.check(given)
    launch.check_processes(processes, given.get("batch", processes))
    launch.check_machine(given)
    found = obtain(ref)
    if begun and (changed := beginning.note(begun, str(init_from), found.info)):
        note(changed)
    config = complete(given, found)
    launch.check_processes(processes, config.batch)
    return launch.create(name, found, config, command, init_from or "")
