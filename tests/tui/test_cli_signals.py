"""A signal ends a command: what is learnt is saved, and the exit status says which signal it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.runs import rundir
from tests.engine.lives import until

HELO = [sys.executable, "-P", "-m", "tui"]
ENDLESS = ["train", "hello", "--hidden", "8", "--batch", "4", "--seq-length", "8"]
ENDLESS += ["--steps", "1000000000", "--name", "endless"]
PATIENCE = 100
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@contextmanager
def process(*arguments: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    child = subprocess.Popen([*HELO, *arguments], stdout=pipe, stderr=pipe, **options)
    with child:
        try:
            yield child
        finally:
            child.kill()


@contextmanager
def training(*more: str) -> Iterator[subprocess.Popen[bytes]]:
    """An endless training that has taken steps; its trainer is gone at the end."""
    with process(*ENDLESS, "--json", *more) as child:
        assert child.stdout
        try:
            for line in child.stdout:
                if b'"event": "progress"' in line:
                    break
            yield child
        finally:
            run = rundir.find("endless")
            if run.alive():
                os.kill(run.owner()["pid"], signal.SIGKILL)
                until(lambda: not run.alive())


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_a_training_is_saved_and_stopped(home, number):
    with training() as child:
        child.send_signal(number)
        _, err = child.communicate(timeout=PATIENCE)
    run = rundir.find("endless")
    assert child.returncode == 128 + number
    assert not run.alive()
    assert rundir.status(run, run.events()).word == "stopped"
    assert run.state_path(run.events()[-1].step).exists()
    assert b"stopped and saved: helo train --resume endless continues it" in err
    assert b"Traceback" not in err


def test_a_signal_that_comes_twice_is_one_signal(home):
    """As `timeout` sends it: to the process, and to its group."""
    with training() as child:
        run = rundir.find("endless")
        os.kill(run.owner()["pid"], signal.SIGSTOP)  # a trainer that takes its time
        child.send_signal(signal.SIGTERM)
        assert child.stderr and b"stopping" in child.stderr.readline()
        child.send_signal(signal.SIGTERM)
        os.kill(run.owner()["pid"], signal.SIGCONT)
        _, err = child.communicate(timeout=PATIENCE)
    assert child.returncode == 143
    assert b"stopped and saved" in err and not run.alive()


def test_a_training_whose_output_cannot_be_written_is_saved_and_stopped(home):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "wb") as full:
        command = [*HELO, *ENDLESS]
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"helo: No space left on device\n")
    run = rundir.find("endless")
    until(lambda: not run.alive())


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_who_only_watches_leaves_it_training(home, number):
    with training("--detach"), process("runs", "attach", "endless", "--json") as watching:
        assert watching.stdout and b"started" in watching.stdout.readline()
        watching.send_signal(number)
        _, err = watching.communicate(timeout=PATIENCE)
        assert watching.returncode == 128 + number
        assert b"endless trains on" in err and rundir.find("endless").alive()


@pytest.mark.parametrize("number", SIGNALS)
def test_any_command_ends_without_a_word(tiny, number):
    with process("sample", "tiny", "-n", "10000000", "-s", "1") as child:
        assert child.stdout
        os.read(child.stdout.fileno(), 1)
        child.send_signal(number)
        _, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, err) == (128 + number, b"")


def test_what_nohup_ignores_stays_ignored(tiny):
    command = ["nohup", *HELO, "sample", "tiny", "-n", "10000000", "-s", "1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as child:
        assert child.stdout
        os.read(child.stdout.fileno(), 1)
        child.send_signal(signal.SIGHUP)
        for _ in range(100):  # far more than the pipe held when it came
            assert os.read(child.stdout.fileno(), 1 << 16)
        child.terminate()
        child.communicate(timeout=PATIENCE)
    assert child.returncode == 143
