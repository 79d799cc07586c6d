"""helo runs: what is asked of a trainer, watching one that works, and a run on a page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from engine.config import ModelConfig
from engine.runs import launch, rundir
from engine.runs.events import Changed, RolledBack
from engine.runs.logs import append
from engine.runs.rundir import RunDirectory
from engine.text import sources
from tests.configs import a_config
from tests.engine.lives import SMALL, a_run, live, until
from tests.engine.said import progress, started


@pytest.fixture
def training(home):
    """A run whose trainer works, without an end."""
    config = a_config(ModelConfig("lstm", 8, 1), steps=10_000_000, **SMALL | {"save_every": 0.5})
    run = launch.create("endless", sources.obtain("hello"), config)
    process = launch.start(run)
    until(lambda: any(e.name == "progress" for e in run.events()))
    yield run
    process.kill()
    process.wait()


def settings(run: RunDirectory) -> list[tuple[str, float]]:
    return [(e.setting, e.value) for e in run.events() if isinstance(e, Changed)]


def test_everything_can_be_asked_from_the_command_line(training, cli):
    for words, said in (
        (("lr", "0.5"), "lr is 0.01 from here on"),
        (("clip", "0.25"), "clip is 0.25 from here on"),
        (("dropout", "0.3"), "dropout is 0.3 from here on"),
        (("save",), "saved"),
        (("evaluate",), "validation "),
        (("mark", "gold"), "kept as mark gold"),
        (("back", "gold"), "went back to step "),
    ):
        done = cli("runs", words[0], "endless", *words[1:])
        assert (done.status, done.out) == (0, ""), done.err
        assert done.err.startswith(f"endless: {said}") and " at step " in done.err
    written = cli("runs", "sample", "endless")
    assert written.status == 0 and set(written.out) <= set("helo\n")
    assert settings(training)[:3] == [("lr", 0.01), ("clip", 0.25), ("dropout", 0.3)]
    for words, said in (
        (("clip", "0"), "--clip must be more than 0"),
        (("dropout", "7"), "--dropout must be"),
        (("mark", "gold"), "already"),
        (("back", "nowhere"), "it has kept "),
    ):
        done = cli("runs", words[0], "endless", *words[1:])
        assert (done.status, done.out) == (1, "")
        assert said in done.err and done.err.count("\n") == 1
    assert cli("runs", "lr", "endless", "much").status == 2

    with subprocess.Popen(
        [sys.executable, "-P", "-m", "tui", "runs", "attach", "endless", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as watching:
        assert watching.stdout
        assert json.loads(watching.stdout.readline())["event"] == "started"
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert b"endless trains on" in err and training.alive()
    os.kill(training.owner()["pid"], signal.SIGKILL)
    until(lambda: not training.alive())
    gone = cli("runs", "attach", "endless")
    assert (gone.status, gone.out) == (1, "")
    assert "helo train --resume endless" in gone.err


def test_attaching_shows_how_it_ends(helo, home):
    run = a_run(steps=1500)
    process = launch.start(run)
    until(run.alive)
    done = helo("runs", "attach", "r")
    assert process.wait(60) == 0
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "r: lstm 8×2, on hello"
    assert any(line.endswith("finished") for line in lines)
    assert lines[-1] == "write    helo sample r"


def test_a_run_on_a_page(cli, home, monkeypatch):
    monkeypatch.setattr("engine.training.trainer.PROGRESS_EVERY", 0.0)
    live(a_run(steps=40))
    page = cli("runs", "show", "r").out
    for words in (
        "finished",
        "lr 0.02 to 0.0004, dropout 0.2, clip 1",
        "4 × 10 characters per step, cpu",
    ):
        assert words in page
    assert "40 (best)" in page and "sample at step 40" in page
    assert "loss in nats: ⠒⠒ training  ◆ validation" in page and page.count("◆") > 1
    assert max(map(len, page[page.index("loss in nats") :].splitlines())) < 80
    data = json.loads(cli("runs", "show", "r", "--json").out)
    assert data["kept"][-1] == {"name": "best", "step": 40} and data["init_from"] == ""


def test_what_was_changed_is_on_the_page(cli, home):
    run = a_run(steps=40)
    for event in (started(0, 0), progress(0, 9), RolledBack(life=0, step=5, reason="x\x1b")):
        append(run.events_path, event.to_json())
    append(run.events_path, Changed(life=0, step=5, setting="lr", value=0.5).to_json())
    page = cli("runs", "show", "r").out
    assert "went back to step 5: x␛ (step 5); lr is 0.5 from here on (step 5)" in page


def test_a_run_branches_off_with_other_settings(cli, helo, home):
    live(a_run("first", steps=40))
    small = ("--steps", "5", "--batch", "4", "--seq-length", "8", "--lr", "0.001")
    done = helo("train", "hello", "--init-from", "first@best", "--name", "second", *small)
    assert done.returncode == 0, done.stderr
    info = rundir.find("second").info()
    assert info.init_from == "first@40" and info.config.lr == 0.001
    assert "first@40" in cli("runs", "show", "second").out
    none = cli("train", "hello", "--init-from", "first@7", "--name", "third", *small)
    assert none.status == 1 and none.err.count("\n") == 1
    assert "it has kept 30, best" in none.err
    assert not (home / "runs" / "third").exists()


def test_early_stopping_says_why_it_ended(helo, cli):
    small = ("--hidden", "8", "--batch", "4", "--seq-length", "8", "--steps", "400")
    done = helo("train", "hello", *small, "--lr", "1e-30", "--early-stop", "2")
    assert done.returncode == 0, done.stderr
    assert "finished: validation has not improved for 2 evaluations" in done.stdout.decode()
    assert cli("train", "hello", "--early-stop", "-1").status == 2
