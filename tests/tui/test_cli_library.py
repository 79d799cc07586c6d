"""helo models, corpora and runs."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from corpora import BUILT_IN
from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs import launch
from engine.runs.events import (
    Changed,
    Event,
    Failed,
    Paused,
    Refused,
    Sampled,
    Stopped,
)
from engine.runs.logs import LineReader, append
from engine.runs.rundir import RunDirectory, parse_request
from engine.text import sources
from tests import catalogues
from tests.configs import a_config
from tests.engine.said import evaluated, progress, started
from tests.tui.conftest import TEXT

STARTED = started(
    total_steps=40, batch=2, seq_length=5, parameters=99, train_chars=1800, val_chars=200
)
PROGRESS = progress(step=20, chars=200, seconds=75.0, lr=0.1, chars_per_second=9.0)
EVALUATED = evaluated(step=20, chars=200, seconds=75.0, val_nats=1.25, predictions=9)
SAMPLED = Sampled(life=0, step=20, prompt="h", text="ellohell\u2028\x1b[31m[/b]")
STOPPED = Stopped(life=0, step=20, finished=False)


@pytest.fixture
def run(home: Path) -> RunDirectory:
    """A run that was stopped half-way."""
    made = launch.create(
        "half", sources.obtain("hello"), a_config(model=ModelConfig("gru", 8, 1), steps=40)
    )
    say(made, STARTED, PROGRESS, EVALUATED, SAMPLED, STOPPED)
    return made


def say(run: RunDirectory, *events: Event) -> None:
    for event in events:
        append(run.events_path, event.to_json())


@contextmanager
def trainer(run: RunDirectory, answer: type[Event], *then: Event) -> Iterator[None]:
    """Something that holds the run's lock and answers every request, and goes on with `then`."""
    reader, over = LineReader(run.control_path), threading.Event()

    def serve() -> None:
        with run.lock():
            ready.set()
            while not over.wait(0.01):
                for line in reader.read():
                    request = parse_request(line)
                    assert request
                    reason = {"reason": "not now"} if answer is Refused else {}
                    say(run, answer(life=0, step=21, id=request.id, **reason), *then)
                    if request.request == "stop":
                        return

    ready = threading.Event()
    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_runs_are_listed(cli, run):
    [found] = json.loads(cli("runs", "list", "--json").out)
    assert found["name"] == "half"
    assert (found["status"], found["step"], found["total_steps"]) == ("stopped", 20, 40)
    assert (found["corpus"], found["cell"], found["best_val_nats"]) == ("hello", "gru", 1.25)
    told = cli("runs")
    assert told == cli("runs", "list")
    for word in ("half", "stopped", "hello", "gru 8×1", "20", "40", "1.2500", "1:15"):
        assert word in told.out


def test_no_runs_say_how_to_make_one(cli):
    done = cli("runs", "list")
    assert (done.status, done.out) == (0, "")
    assert "helo train" in done.err


def test_a_run_that_cannot_be_read_is_listed_as_damaged(cli, run):
    (run.folder / "run.json").write_text("{")
    [found] = json.loads(cli("runs", "list", "--json").out)
    assert found["status"] == "damaged"
    assert "damaged" in cli("runs", "list").out
    shown = cli("runs", "show", "half")
    assert shown.status == 1
    assert "damaged" in shown.err


def test_a_run_is_shown_with_its_newest_sample(cli, run):
    done = cli("runs", "show", "half")
    assert "1.2500 nats" in done.out
    assert "20 of 40 in 1:15" in done.out
    assert "ellohell" in done.out
    data = json.loads(cli("runs", "show", "half", "--json").out)
    assert data["sample"] == SAMPLED.text
    assert data["config"]["model"]["hidden"] == 8


@pytest.mark.parametrize("request_name", ["pause", "resume", "stop"])
def test_a_run_that_is_not_running_cannot_be_asked(cli, run, request_name):
    done = cli("runs", request_name, "half")
    assert done.status == 1
    assert "helo train --resume half" in done.err


@pytest.mark.parametrize(
    ("request_name", "answer", "said"),
    [("pause", Paused, "paused at step 21"), ("stop", Stopped, "stopped and saved at step 21")],
)
def test_a_running_trainer_answers(cli, run, request_name, answer, said):
    keywords = {"finished": False} if answer is Stopped else {}
    with trainer(run, lambda **about: answer(**about, **keywords)):
        done = cli("runs", request_name, "half")
    assert (done.status, done.err) == (0, f"half: {said}\n")


def test_a_trainer_that_could_not_save_when_it_was_stopped_has_not_saved(cli, run):
    stop = partial(Changed, setting="stop", value=1.0)
    with trainer(run, stop, Failed(life=0, step=21, reason="cannot write x: disk full")):
        done = cli("runs", "stop", "half")
    assert (done.status, done.err) == (1, "helo: half: cannot write x: disk full\n")


def test_a_refused_request_fails_with_the_reason(cli, run):
    with trainer(run, Refused):
        done = cli("runs", "resume", "half")
    assert (done.status, done.err) == (1, "helo: half: not now\n")


def test_a_live_run_is_not_deleted(cli, run):
    with trainer(run, Paused):
        done = cli("runs", "rm", "half", "--yes")
    assert done.status == 1
    assert done.err == "helo: half is training: stop it first\n"
    assert run.folder.is_dir()


def test_a_run_is_deleted_only_when_told(cli, run):
    assert cli("runs", "rm", "half").status == 2
    assert run.folder.is_dir()
    assert cli("runs", "rm", "half", "--yes").status == 0
    assert not run.folder.exists()


def test_a_run_is_kept_as_a_model(cli, run, tiny, home):
    assert cli("runs", "keep", "half").status == 1
    modelfile.save(run.best, tiny)
    done = cli("runs", "keep", "half", "--as", "mine")
    assert done.out == f"{home / 'models' / 'mine.safetensors'}\n"
    assert cli("sample", "mine", "-n", "3", "-s", "1").status == 0
    again = cli("runs", "keep", "half", "--as", "mine")
    assert again.status == 2
    assert "another name" in again.err
    assert cli("runs", "keep", "half").out.endswith("half.safetensors\n")


def test_models_are_listed_and_shown(cli, tiny):
    found = {entry["name"]: entry for entry in json.loads(cli("models", "list", "--json").out)}
    assert found["tiny"]["parameters"] == sum(w.size for w in tiny.weights.values())
    assert (found["tiny"]["cell"], found["tiny"]["bundled"]) == ("lstm", False)
    assert cli("models") == cli("models", "list")
    assert "lstm 16×2" in cli("models").out
    shown = cli("models", "show", "tiny").out
    assert "sonnet" in shown
    assert json.loads(cli("models", "show", "tiny", "--json").out)["card"] == ""


def test_a_card_is_shown(cli, tiny, home):
    (home / "models" / "tiny.md").write_text("# tiny\n\nLearnt nothing. [/bold]\n")
    assert "Learnt nothing. [/bold]" in cli("models", "show", "tiny").out


def test_a_run_and_its_corpus_are_renamed(cli, run):
    assert cli("corpora", "add", str(run.log.parent / "run.json"), "--name", "mine").status == 0
    assert cli("corpora", "rename", "mine", "yours").status == 0
    assert cli("runs", "rename", "half", "whole").status == 0
    assert json.loads(cli("corpora", "show", "yours", "--json").out)["name"] == "yours"
    [found] = json.loads(cli("runs", "list", "--json").out)
    assert found["name"] == "whole"
    with trainer(RunDirectory(run.folder.with_name("whole")), Paused):
        told = cli("runs", "rename", "whole", "half")
    assert (told.status, told.err) == (1, "helo: whole is training: stop it first\n")


def test_a_model_is_renamed_and_deleted(cli, tiny, home):
    assert cli("models", "rename", "tiny", "small").status == 0
    assert cli("models", "show", "small").status == 0
    assert cli("models", "rm", "small", "--yes").status == 0
    assert not list(home.glob("models/*"))


def test_corpora_are_listed_imported_or_not(cli):
    before = cli("corpora")
    assert "built in" in before.out
    found = {c["name"]: c for c in json.loads(cli("corpora", "list", "--json").out)}
    assert {*BUILT_IN, "enwik8", "tang-poems"} <= set(found)
    assert found["enwik8"]["licence"] in before.out and "36.4 MB to fetch" in before.out
    assert found["enwik8"]["url"].startswith("https://") and found["enwik8"]["size"] == 36_445_475
    added = cli("corpora", "add", "hello")
    assert "2,000 characters, 4 different" in added.err
    [hello] = [c for c in json.loads(cli("corpora", "list", "--json").out) if c["chars"]]
    assert (hello["name"], hello["chars"], hello["symbols"]) == ("hello", 2000, "ehlo")
    shown = cli("corpora", "show", "hello").out
    assert "public domain" in shown
    assert "'l' 40.0%" in shown


def test_a_corpus_is_fetched_by_its_name(cli, server, monkeypatch, tmp_path, home):
    url = server.serve("/x", b"of York " * 75)
    catalogues.use(monkeypatch, tmp_path, play=url, none=server.url("/none"))
    assert "600 B to fetch" in cli("corpora", "list").out
    for ask in (("corpora", "show"), ("train",)):
        refused = cli(*ask, "play")
        assert refused.status == 1 and "helo corpora get play" in refused.err
    assert cli("corpora", "get", "play").err == "play: 600 characters, 6 different ones\n"
    shown = json.loads(cli("corpora", "show", "play", "--json").out)
    assert (shown["licence"], shown["source"]) == ("GPL-2.0", url)
    assert "to fetch" not in cli("corpora", "list").out.replace("600 B to fetch", "", 1)
    assert cli("corpora", "get", "play", "--name", "again").status == 0
    assert cli("corpora", "get", "play").status == 2
    assert "404 Not Found" in cli("corpora", "get", "none").err
    unknown = cli("corpora", "get", "no-such")
    assert unknown.status == 1 and "it has: play, none" in unknown.err


def test_interrupting_a_fetch_leaves_nothing(server, monkeypatch, tmp_path, home):
    url = server.endless("/x", b"of York " * 50, pause=0.01)
    command = [sys.executable, "-P", "-m", "tui", "corpora", "add", url]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def arrived() -> bool:
        with suppress(FileNotFoundError):  # pooch makes one just to see whether it can
            return any(part.stat().st_size for part in home.glob("cache/tmp*"))
        return False

    try:
        while child.poll() is None and not arrived():
            os.sched_yield()
        child.send_signal(signal.SIGINT)
        assert (child.wait(60), child.communicate()[1]) == (130, b"")
    finally:
        child.kill()
    assert not list(home.glob("c*/*"))


def test_a_corpus_from_a_pipe_gets_a_name(cli):
    done = cli("corpora", "add", "-", "--name", "piped", stdin="naïve\r\ntext".encode())
    assert done.status == 0
    data = json.loads(cli("corpora", "show", "piped", "--json").out)
    assert (data["chars"], data["source"]) == (10, "standard input")
    again = cli("corpora", "add", "-", "--name", "piped", stdin=b"other")
    assert again.status == 2
    assert "--name" in again.err


def test_a_binary_file_can_be_imported_as_bytes(cli, tmp_path):
    file = tmp_path / "x.bin"
    file.write_bytes(bytes(range(256)))
    assert cli("corpora", "add", str(file), "--units", "byte").status == 0
    assert json.loads(cli("corpora", "show", "x", "--json").out)["chars"] == 256


def test_a_corpus_is_deleted_only_when_told_and_only_by_name(cli, home, tmp_path):
    cli("corpora", "add", "hello")
    folder = home / "corpora" / "hello"
    assert cli("corpora", "rm", "hello").status == 2
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    assert cli("corpora", "rm", str(elsewhere), "--yes").status == 1
    assert elsewhere.is_dir()
    assert folder.is_dir()
    assert cli("corpora", "rm", "hello", "--yes").status == 0
    assert not folder.exists()


def test_show_tells_what_a_corpus_is_like(cli, tmp_path, home):
    file = tmp_path / "odd.txt"
    file.write_text(TEXT + "\u202e[/bold]\x1b[31m\n" + TEXT)
    cli("corpora", "add", str(file))
    done = cli("corpora", "show", "odd", "--json")
    data = json.loads(done.out)
    assert [b["order"] for b in data["baselines"]] == [1, 2, 3, 4, 5, 6]
    for baseline in data["baselines"]:
        assert baseline["bits_per_char"] == pytest.approx(baseline["nats_per_char"] / math.log(2))
    assert data["baselines"][0]["predictions"] == int(data["chars"] * 0.1) - 1
    assert data["repeat"]["length"] == len(TEXT)
    assert TEXT.startswith(data["repeat"]["begins"].rstrip("…"))
    assert [odd["kind"] for odd in data["unusual"]] == ["control character", "direction mark"]
    assert data["beginning"].startswith(TEXT) and data["entropy"] > 0
    assert (home / "corpora" / "odd" / "survey.json").exists()

    shown = cli("corpora", "show", "odd").out
    assert "control character: U+001B ×1; direction mark: U+202E ×1" in shown
    assert f"{len(TEXT):,} characters, at 0 and " in shown
    assert f"6-gram{data['baselines'][5]['nats_per_char']:>21.4f}" in shown
    assert "scored on" in shown and f"\n  {TEXT.splitlines()[0]}\n" in shown
    assert "\x1b" not in shown and "\u202e" not in shown


def test_show_has_the_entropy_rate_in_the_same_table(cli):
    cli("corpora", "add", "arithmetic")
    shown = cli("corpora", "show", "arithmetic").out
    assert re.search(r"6-gram .*\nentropy rate +1\.0763 +1\.5527\n", shown)
    assert "\n  13-84=-71\n" in shown


def test_show_says_that_a_small_corpus_has_no_baselines(cli):
    cli("corpora", "add", "-", "--name", "small", stdin=b"ab")
    shown = cli("corpora", "show", "small")
    assert (shown.status, shown.err) == (0, "")
    assert "too small for a validation part" in shown.out and "repeated    nothing" in shown.out
    assert json.loads(cli("corpora", "show", "small", "--json").out)["baselines"] == []


def test_show_tells_what_is_left_of_a_damaged_corpus(cli, home):
    cli("corpora", "add", "hello")
    (home / "corpora" / "hello" / "ids.npy").write_bytes(b"\x93NUMPY")
    shown = cli("corpora", "show", "hello")
    assert shown.status == 0
    assert "public domain" in shown.out and "import the text again" in shown.out
    data = json.loads(cli("corpora", "show", "hello", "--json").out)
    assert data["chars"] == 2000 and "import the text again" in data["problem"]
    (home / "corpora" / "hello" / "corpus.json").write_text("{")
    gone = cli("corpora", "show", "hello")
    assert (gone.status, gone.err.count("\n")) == (1, 1)
