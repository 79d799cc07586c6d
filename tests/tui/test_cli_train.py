"""helo train, with real trainers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.blas import processors
from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs import rundir
from engine.runs.rundir import RunDirectory
from engine.text import corpus
from engine.vocab import Alphabet
from tests.engine.networks import random_model

SMALL = ("train", "hello", "--hidden", "8", "--batch", "4", "--seq-length", "8")
PATIENCE = 90


def events(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def training(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """helo train in a process, until its trainer works; whatever is left of it is killed."""
    command = [sys.executable, "-P", "-m", "tui", *arguments, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    with process:
        try:
            for line in process.stdout:
                if json.loads(line)["event"] == "progress":
                    break
            yield process
        finally:
            process.kill()
            for run in rundir.runs():
                kill_trainer(run)


def kill_trainer(run: RunDirectory) -> None:
    if run.alive():
        os.kill(run.owner()["pid"], signal.SIGKILL)
        wait_for(lambda: not run.alive())


@pytest.fixture
def endless(home: Path) -> tuple[str, ...]:
    return (*SMALL, "--name", "endless", "--steps", "10000000")


def test_a_training_from_start_to_sample(helo):
    done = helo(*SMALL, "--name", "mine", "--steps", "30", "--json")
    assert done.returncode == 0, done.stderr
    found = events(done.stdout)
    kinds = [event["event"] for event in found]
    assert kinds[0] == "started"
    assert {"progress", "evaluated", "sampled", "saved"} < set(kinds)
    assert (found[-1]["event"], found[-1]["finished"], found[-1]["step"]) == ("stopped", True, 30)
    log = rundir.find("mine").events_path.read_bytes()
    assert log == done.stdout
    written = helo("sample", "mine", "-n", "20", "--seed", "1").stdout
    assert set(written.decode()) <= set("helo")
    again = helo("train", "--resume", "mine")
    assert again.returncode == 1
    assert b"give --steps, --epochs or --seconds to train it longer" in again.stderr
    more = helo("train", "--resume", "mine", "--steps", "5", "--seconds", "1m")
    assert more.returncode == 2
    more = helo("train", "--resume", "mine", "--epochs", "0.1", "--json")
    assert more.returncode == 0, more.stderr
    found = events(more.stdout)
    assert [event["event"] for event in found[:3]] == ["started", "resumed", "extended"]
    total = found[2]["total_steps"]
    assert (found[-1]["finished"], found[-1]["step"]) == (True, total) and total > 30
    assert found[-2]["event"] == "evaluated" and found[-2]["final"]


def test_plain_lines_where_no_terminal_is(helo, home):
    done = helo(*SMALL, "--steps", "10")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "hello-lstm-1: lstm 8×1, on hello"
    assert "10 steps of 4 × 8 characters" in lines[1]
    assert any("validation" in line and "bits" in line for line in lines)
    assert any(line.startswith("compare  entropy rate 0.000") for line in lines[2:])
    assert lines[-3].startswith("limit    0.0000 nats")
    assert lines[-1] == "write    helo sample hello-lstm-1"
    assert str(home / "runs" / "hello-lstm-1" / "best.safetensors") in lines[-2]
    assert done.stderr == b""


def test_ctrl_c_saves_and_the_run_can_be_resumed(endless, helo):
    with training(*endless) as process:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"Traceback" not in err
    run = rundir.find("endless")
    reached = run.events()[-1].step
    assert run.state_path(reached).exists()
    assert rundir.status(run, run.events()).word == "stopped"
    with training("train", "--resume", "endless") as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert run.events()[-1].step > reached
    assert run.events()[-1].life == 1


@pytest.mark.skipif(processors() < 2, reason="needs two processors")
def test_several_processes_are_stopped_as_one_is_and_one_goes_on(endless):
    with training(*endless, "--processes", "2") as process:
        run = rundir.find("endless")
        assert run.events()[0].processes == 2
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert b"stopped and saved" in err and err.count(b"\n") == 2
    with training("train", "--resume", "endless") as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert [e.processes for e in run.events() if e.name == "started"] == [2, 1]


@pytest.mark.parametrize("processes", ["0", "-1", "9999"])
def test_processes_that_cannot_be_are_refused_before_anything_is_done(cli, home, processes):
    done = cli("train", "hello", "--name", "r", "--steps", "1", "--processes", processes)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("helo: --processes must be ") and done.err.count("\n") == 1
    assert not (home / "runs").exists() and not (home / "corpora").exists()
    few = cli("train", "hello", "--steps", "1", "--batch", "1", "--processes", "2")
    assert few.status == 2 and "--processes must be" in few.err


def test_a_second_ctrl_c_does_not_wait(endless):
    with training(*endless) as process:
        run = rundir.find("endless")
        os.kill(run.owner()["pid"], signal.SIGSTOP)  # a trainer that takes its time
        process.send_signal(signal.SIGINT)
        assert process.stderr
        assert b"ctrl+c again" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert b"saves and stops by itself" in err
        os.kill(run.owner()["pid"], signal.SIGCONT)
        wait_for(lambda: not run.alive())
    assert rundir.status(run, run.events()).word == "stopped"


def test_a_killed_trainer_is_told_with_what_to_do(endless):
    with training(*endless) as process:
        kill_trainer(rundir.find("endless"))
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert b"was killed, as the kernel does when memory runs out: a smaller batch needs less" in err
    assert b"helo train --resume endless" in err
    assert err.count(b"\n") == 1


def test_a_detached_training_goes_on_and_can_be_stopped(endless, helo):
    try:
        done = helo(*endless, "--detach")
        assert done.returncode == 0, done.stderr
        assert b"helo runs stop endless" in done.stderr
        run = rundir.find("endless")
        assert run.alive()
        busy = helo("train", "--resume", "endless")
        assert busy.returncode == 1
        assert b"running already" in busy.stderr
        stopped = helo("runs", "stop", "endless")
        assert stopped.returncode == 0
        assert b"stopped and saved" in stopped.stderr
        assert not run.alive()
    finally:
        kill_trainer(rundir.find("endless"))


def test_a_closed_pipe_leaves_the_training_alone(endless):
    with training(*endless) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(PATIENCE) == 0
        assert err == b"endless trains on: helo runs show endless, or helo runs stop endless\n"
        assert rundir.find("endless").alive()


def test_a_start_that_is_refused_says_why_and_imports_nothing(helo, tmp_path):
    (tmp_path / "play.txt").write_text("to be or not to be " * 40)
    missing = "cuda" if sys.platform == "darwin" else "mps"
    for option, value, why in (
        ("--device", missing, f"--device {missing} is not there"),
        ("--dtype", "float16", "--dtype float16 is not for"),
        ("--name", "a/b", "'a/b' is not a valid name"),
    ):
        done = helo("train", "play.txt", "--steps", "5", option, value, "--json")
        assert (done.returncode, done.stdout) == (2, b"")
        assert why.encode() in done.stderr and done.stderr.count(b"\n") == 1
    assert not list(corpus.corpora())


def test_a_diverging_training_goes_back_and_says_so(helo):
    done = helo(*SMALL, "--steps", "100", "--lr", "20")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    back = next(i for i, line in enumerate(lines) if "went back to step" in line)
    assert "the loss exploded to" in lines[back]
    assert lines[back + 1].endswith("lr is 10 from here on")


def test_a_training_that_only_diverges_fails_with_the_reason(helo):
    done = helo(*SMALL, "--steps", "400", "--lr", "100", "--weight-decay", "10", "--json")
    assert done.returncode == 1
    found = events(done.stdout)
    assert [e["event"] for e in found].count("rolled_back") == 3
    assert found[-1]["event"] == "failed"
    assert found[-1]["reason"].encode() in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_model_to_begin_with_gives_its_sizes(cli, helo, home):
    assert helo(*SMALL, "--cell", "gru", "--name", "first", "--steps", "5").returncode == 0
    done = helo("train", "hello", "--init-from", "first", "--name", "second", "--steps", "5")
    assert done.returncode == 0, done.stderr
    assert rundir.find("second").info().config.model == rundir.find("first").info().config.model
    refused = cli("train", "hello", "--init-from", "first", "--hidden", "9")
    assert refused.status == 2
    assert "--hidden 9 does not fit --init-from (gru 8×" in refused.err


def test_a_model_of_another_alphabet_is_a_beginning(helo, tiny, tmp_path):
    (tmp_path / "new.txt").write_text("Ünite! " * 40)
    done = helo("train", "new.txt", "--init-from", "tiny", "--name", "second", "--steps", "5")
    assert done.returncode == 0, done.stderr
    told = done.stderr.decode()
    assert told.count("\n") == 1
    assert told.startswith("2 characters are new to tiny: '!', 'Ü'; ")
    assert told.strip() in done.stdout.decode()
    written = helo("sample", "second", "--prompt", "Thou! Ü", "--length", "5", "--seed", "1")
    assert written.stderr == b"", "it knows them all"


def test_a_model_of_bytes_is_no_beginning_for_characters(cli, home, tmp_path):
    model = random_model(ModelConfig("rnn", 4, 1), "abc")
    model = replace(model, alphabet=Alphabet(("a", "b", "c"), "byte"))
    modelfile.save(home / "models" / "bytes.safetensors", model)
    refused = cli("train", "hello", "--init-from", "bytes", "--steps", "5")
    assert refused.status == 1
    assert refused.err.count("\n") == 1 and "--units" in refused.err
    assert not list(home.glob("runs/*"))


def test_a_text_shorter_than_a_batch_is_learnt(helo, tmp_path):
    (tmp_path / "short.txt").write_text("abcab")
    done = helo("train", "short.txt", "--hidden", "4", "--steps", "3")
    assert done.returncode == 0, done.stderr
    assert b"no validation" in done.stdout
    assert b"helo sample short-lstm-1" in done.stdout


def test_folders_in_the_way_are_not_imported(helo, tmp_path):
    for name in ("engine", "tui", "corpora", "torch", "numpy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    done = helo(*SMALL, "--steps", "3")
    assert done.returncode == 0, done.stderr


def test_what_would_not_fit_is_refused_in_one_line(helo, home, tmp_path):
    book = tmp_path / "book.txt"
    book.write_text("the quick brown fox jumps over the lazy dog\n" * 24_000)
    large = ("--hidden", "65536", "--cell", "mlstm", "--layers", "64")
    done = helo("train", str(book), *large, "--batch", "65536", "--seq-length", "4096")
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"GB of memory and" in done.stderr
    assert b" fits" in done.stderr
    assert b"--batch" in done.stderr
