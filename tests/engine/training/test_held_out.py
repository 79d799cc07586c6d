"""What a training holds out: where that lies, that a resumed run keeps to it, and trainings without it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.network import modelfile
from engine.network.stepper import Stepper
from engine.runs import library
from engine.runs.comparison import Comparison
from engine.runs.events import Evaluated, Progress, Sampled, Started
from engine.runs.rundir import RUN, RunDirectory
from engine.text import survey
from engine.writing import score
from tests.engine.lives import a_run, ask, at, live, only

NAMES = "".join(f"{a}{b}{c}\n" for a in "abcdef" for b in "aeiou" for c in "lmnrst")
TEXT = "".join(f"{n} green bottles, hanging on the wall.\n" for n in range(700))


def spread(name: str, text: str = TEXT, lines: bool = False, **settings: object) -> RunDirectory:
    return a_run(name, text, lines=lines, split="spread", **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", [False, True])
def test_a_run_stopped_and_resumed_equals_one_that_was_not(lines: bool) -> None:
    text = NAMES if lines else TEXT
    whole, parted = (spread(name, text, lines, steps=60) for name in ("whole", "parted"))
    live(whole)
    live(parted, at(Evaluated, 30, lambda _: ask(parted, "stop")))
    live(parted)
    one, two = load_file(whole.state_path(60)), load_file(parted.state_path(60))
    assert set(one) == set(two) and all(torch.equal(one[k], two[k]) for k in one)
    looks = [[e.val_nats for e in only(Evaluated, run.events())] for run in (whole, parted)]
    assert looks[0] == looks[1]


@pytest.mark.parametrize("lines", [False, True])
def test_the_last_evaluation_is_the_score_of_what_was_held_out(lines: bool) -> None:
    run = spread("r", NAMES if lines else TEXT, lines)
    events = live(run)
    learnt, held = run.corpus().split(0.1, "spread")
    end = run.corpus().split(0.1)[1]
    assert not np.array_equal(held[:], end[:])
    (started,) = only(Started, events)
    assert (started.train_chars, started.val_chars) == (len(learnt), len(held))
    scored = score.stateful(Stepper(modelfile.load(run.best)), held[:])
    assert only(Evaluated, events)[-1].val_nats == pytest.approx(scored.nats_per_char, rel=1e-4)


def test_runs_from_before_there_was_a_choice_hold_out_the_end() -> None:
    run = a_run("old", TEXT, validation=0.2)
    data = json.loads((run.folder / RUN).read_text())
    assert data["config"].pop("split") == "end"
    (run.folder / RUN).write_text(json.dumps(data))
    (started,) = only(Started, live(run))
    assert (started.train_chars, started.val_chars) == tuple(
        map(len, run.corpus().split(0.2, "end"))
    )


def test_n_grams_are_compared_with_on_the_same_part_only() -> None:
    runs = [a_run("end", TEXT), spread("spread")]
    end, other = (Comparison(run.info()) for run in runs)
    seen = survey.obtain(runs[0].corpus())
    assert end.look() == survey.references(None, seen)
    found = runs[1].corpus()
    own = survey.obtain(found, split="spread")
    assert other.look() == survey.references(None, own)
    assert own.baselines[0].predictions == len(found.split(0.1, "spread")[1]) - 1
    assert survey.kept(runs[0].corpus().folder) == seen
    assert survey.kept(found.folder, split="spread") == own
    assert survey.kept(found.folder) is None and survey.kept(found.folder, 0.2, "spread") is None


def test_lines_are_surveyed_as_they_are_trained_on() -> None:
    found = spread("names", NAMES, lines=True).corpus()
    assert survey.obtain(found).split == "spread"
    kept = survey.kept(found.folder)
    assert kept is not None and kept.split == "spread"


def test_without_validation_the_last_model_is_what_is_kept() -> None:
    run = a_run("bare", TEXT, validation=0.0, steps=40)
    events = live(run)
    (started,) = only(Started, events)
    assert started.note == "no validation: nothing is held out"
    assert (started.train_chars, started.val_chars) == (len(TEXT), 0) and not started.validates
    assert not only(Evaluated, events) and len(only(Sampled, events)) == 5
    assert only(Progress, events) and events[-1].finished
    assert not run.best.exists() and library.model_path("bare") == run.latest
    assert modelfile.load(run.latest).history.best_val_nats is None
    assert Comparison(run.info()).look() == ()


def test_without_validation_a_resumed_run_equals_one_that_was_not() -> None:
    whole, parted = (a_run(name, TEXT, validation=0.0, steps=40) for name in ("whole", "parted"))
    live(whole)
    live(parted, at(Sampled, 20, lambda _: ask(parted, "stop")))
    live(parted)
    one, two = load_file(whole.state_path(40)), load_file(parted.state_path(40))
    assert set(one) == set(two) and all(torch.equal(one[k], two[k]) for k in one)
