"""What earlier versions of helo wrote opens as it did: homes/VERSION was made by that version."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from engine.writing.settings import SamplingConfig
from tests.conftest import Cli, Helo
from tui.remember import State, load_state
from tui.settings import load_settings

OLD = Path(__file__).parent / "homes" / "0.1.0"
TEXT = "the old home, its text: to be or not to be, that is the question.\n" * 6


@pytest.fixture
def old(home: Path) -> Path:
    """The old home in the place of the new one."""
    shutil.copytree(OLD, home)
    for file in home.glob("runs/*/run.json"):
        file.write_text(file.read_text().replace("{home}", str(home)))
    return home


def test_models_write_and_score_as_they_did(old: Path, cli: Cli, tmp_path: Path) -> None:
    kept = cli("sample", "kept", "--prompt", "to be", "-n", "60", "--seed", "7")
    assert kept.out == "to be tto t  ettxe t tihoest:tot  t, tethd dits:hotob nost t i to"
    arguments = ("--prompt", "to be", "-n", "60", "--seed", "7", "--temperature", "0.5")
    small = cli("sample", "small", *arguments, "--top-k", "3")
    assert small.out == "to be tt ot  ot t to t te tt t t to  t to o o t te t te to t t te"
    (tmp_path / "text").write_text(TEXT)
    score = json.loads(cli("score", str(tmp_path / "text"), "-m", "kept", "--json").out)
    assert score["nats_per_char"] == pytest.approx(1.9012109577937646, abs=1e-6)


def test_corpora_and_runs_are_listed_and_shown(old: Path, cli: Cli) -> None:
    corpus = json.loads(cli("corpora", "show", "question", "--json").out)
    assert (corpus["chars"], corpus["lines"]) == (396, False)
    half = json.loads(cli("runs", "show", "half", "--json").out)
    assert (half["status"], half["step"], half["total_steps"]) == ("stopped", 78, 500)
    assert {"name": "early", "step": 46} in half["kept"]
    small = json.loads(cli("runs", "show", "small", "--json").out)
    assert (small["status"], small["step"], small["cell"]) == ("finished", 40, "gru")
    assert small["best_val_nats"] == pytest.approx(1.9487, abs=1e-4)


def test_a_stopped_training_is_resumed_to_where_it_would_have_ended(old: Path, helo: Helo) -> None:
    done = helo("train", "--resume", "half", "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    resumed = next(event for event in events if event["event"] == "resumed")
    assert (resumed["step"], resumed["life"]) == (78, 1)
    final = next(event for event in events if event["event"] == "evaluated" and event["final"])
    # another processor rounds in another way, and 500 steps let that grow
    assert final["step"] == 500 and final["val_nats"] == pytest.approx(0.930, abs=0.05)


def test_a_finished_training_is_trained_longer(old: Path, helo: Helo) -> None:
    done = helo("train", "--resume", "small", "--steps", "4", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["total_steps"] for e in events if e["event"] == "extended"] == [44]
    assert (events[-1]["step"], events[-1]["finished"]) == (44, True)


def test_a_mark_is_something_to_begin_from(old: Path, helo: Helo) -> None:
    done = helo(
        *("train", "question", "--init-from", "half@early", "--steps", "2", "--json"),
        *("--name", "branch", "--device", "cpu"),
    )
    assert done.returncode == 0, done.stderr
    run = json.loads((old / "runs" / "branch" / "run.json").read_text())
    assert run["init_from"] == "half@46"


def test_what_the_app_remembered_and_what_was_set_is_read(old: Path) -> None:
    sampling = SamplingConfig(temperature=0.7, top_k=5, top_p=0.9, min_p=0.01)
    assert load_state() == (State("nord", "kept", sampling, math.inf, 300, "surprisal"), "")
    settings = load_settings()
    assert not settings.problems
    assert settings.sampling == {"temperature": 0.8, "top_k": 4}
    assert settings.keys == {"app.help": "f6"}
