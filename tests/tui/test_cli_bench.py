"""helo bench: that it measures, not how fast this machine is."""

from __future__ import annotations

import json

from engine import bench
from tui.cli import startup


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
    told = cli(*command).out
    assert "rnn 16×2" in told
    assert "gru 16×2" in told


def test_starting_is_measured_on_whole_processes(cli, monkeypatch):
    monkeypatch.setattr(startup, "RUNS", 1)
    found = json.loads(cli("bench", "start", "--json").out)
    version, frame, first = [row["seconds"] for row in found]
    assert [row["command"].split()[0] for row in found] == ["helo", "helo:", "helo:"]
    assert 0 < version < frame
    assert first > 0
