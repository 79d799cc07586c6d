"""helo bench: that it measures, not how fast this machine is."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.writing import bench
from tui.cli.shared import startup


def test_writing_is_measured_for_each_cell(cli, monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "ROUND_SECONDS", 0.01)
    command = ("bench", "sample", "--hidden", "16", "--cell", "rnn", "--cell", "gru")
    found = json.loads(cli(*command, "--json").out)
    assert [speed["cell"] for speed in found] == ["rnn", "gru"]
    for speed in found:
        assert (speed["hidden"], speed["layers"]) == (16, 2)
        assert speed["chars_per_second"] / speed["torch_chars_per_second"] == speed["torch_ratio"]
        assert min(speed["chars_per_second"], speed["logits_per_second"]) > 0
        assert speed["limit_ratio"] > 0
        assert speed["chars_per_second"] / speed["logits_per_second"] == speed["network_ratio"]
    told = cli(*command).out
    assert "rnn 16×2" in told
    assert "gru 16×2" in told


def test_a_cell_that_torch_has_not_is_measured_alone(cli, monkeypatch):
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "ROUND_SECONDS", 0.01)
    command = ("bench", "sample", "--hidden", "8", "--cell", "peephole", "--cell", "mlstm")
    found = json.loads(cli(*command, "--json").out)
    assert [speed["torch_ratio"] for speed in found] == [None, None]
    assert min(speed["limit_ratio"] for speed in found) > 0
    assert "–" in cli(*command).out


TRAIN = ("bench", "train", "--hidden", "8", "--batch", "2", "--seq-length", "3")


def test_training_is_measured_beside_torch_and_the_products(cli):
    cells = ("--cell", "rnn", "--cell", "peephole", "--cell", "mingru")
    found = json.loads(cli(*TRAIN, *cells, "--json").out)
    assert [speed["cell"] for speed in found] == ["rnn", "peephole", "mingru"]
    for speed in found:
        assert (speed["hidden"], speed["layers"], speed["batch"], speed["seq_length"]) == (
            8,
            2,
            2,
            3,
        )
        assert speed["dtype"] == "float32"
        assert speed["chars_per_second"] > 0
    rnn, peephole, mingru = found
    assert rnn["torch_ratio"] > 0 and rnn["limit_ratio"] > 0
    assert peephole["torch_ratio"] is None and 0 < peephole["limit_ratio"] < 1
    assert mingru["limit_ratio"] is None


def test_training_is_told_as_a_table(cli):
    told = cli(*TRAIN, "--cell", "coupled", "--layers", "1", "--dtype", "bfloat16").out
    assert "coupled 8×1" in told
    assert "bfloat16" in told
    assert "2×3" in told


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--dtype", "float8", "--dtype must be one of"),
        ("--dtype", "auto", "--dtype must be one of"),
        ("--cell", "transformer", "--cell must be one of"),
        ("--batch", "0", "--batch must be"),
        ("--device", "tpu", "--device must be one of"),
        ("--hidden", "0", "--hidden must be"),
    ],
)
def test_what_cannot_be_trained_cannot_be_measured(cli, option, value, word):
    done = cli("bench", "train", option, value)
    assert done.status == 2
    assert word in done.err
    assert len(done.err.splitlines()) == 1


def test_a_device_that_is_not_there_is_named(cli):
    devices = {"cuda", "mps"}
    for device in devices:
        done = cli(*TRAIN, "--cell", "rnn", "--device", device)
        assert done.status in (0, 1)
        assert done.status == 0 or f"--device {device} is not there" in done.err


def test_starting_is_measured_on_whole_processes(cli, monkeypatch):
    monkeypatch.setattr(startup, "RUNS", 1)
    found = json.loads(cli("bench", "start", "--json").out)
    version, frame, first = [row["seconds"] for row in found]
    assert [row["command"].split()[0] for row in found] == ["helo", "helo:", "helo:"]
    assert 0 < version < frame
    assert first > 0


@pytest.mark.parametrize("what", ["sample", "train"])
def test_a_network_that_does_not_fit_in_memory_is_refused_in_a_line(what, tmp_path):
    limited = f"ulimit -v 12000000; exec {sys.executable} -P -m tui bench {what} --cell rnn"
    command = f"{limited} --hidden 65536 --layers 8 --batch 1 --seq-length 1"
    if what == "sample":
        command = f"{limited} --hidden 65536 --layers 8"
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd=tmp_path, timeout=100)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"helo: there is not enough memory")
    assert done.stderr.count(b"\n") == 1
