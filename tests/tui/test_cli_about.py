"""helo paths and doctor."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import RunError
from engine.runs import launch, measured
from engine.untested import UNTESTED


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch cannot be asked about devices."""

    def fail() -> None:
        raise RunError("torch cannot be asked")

    monkeypatch.setattr(launch, "device_facts", fail)


def test_paths_follow_helo_home(cli, home):
    found = json.loads(cli("paths", "--json").out)
    assert found["models"] == str(home / "models")
    assert str(home / "runs") in cli("paths").out


def test_doctor_says_what_never_ran_on_its_device(cli, asked):
    found = json.loads(cli("doctor", "--json").out)
    assert "cpu" in found["devices"]["devices"]
    assert found["versions"]["textual"]
    assert found["untested"] == UNTESTED
    section = cli("doctor").out.partition("not tested here")[2].splitlines()[1:]
    assert [line.split()[0] for line in section] == list(UNTESTED)
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert all(name in readme.partition("`helo doctor`")[2] for name in UNTESTED)


def test_doctor_says_what_was_measured_here(cli, without_torch):
    assert json.loads(cli("doctor", "--json").out)["measured"] == []
    assert "measured on" not in cli("doctor").out
    kind = measured.Kind("a processor", "cpu", 2, "auto", "2.11", "0.1")
    measured.learn_pace(kind, [300_000.0, 90_000.0, 40_000.0, 20_000.0, 10_000.0])
    measured.learn_speedup(kind, "lstm 512×2, 32 × 64", 1.75)
    (found,) = json.loads(cli("doctor", "--json").out)["measured"]
    assert found["pace"][0] == 300_000 and found["kind"]["threads"] == 2
    section = " ".join(cli("doctor").out.partition("measured on a processor")[2].split())
    assert "cpu, 2 threads, auto, helo 0.1, torch 2.11 lstm 128×1 at 300,000, 256×1 at" in section
    assert (
        "512×2 at 10,000 characters per second; bfloat16 × 1.75 for lstm 512×2, 32 × 64" in section
    )


def test_doctor_lives_without_torch(cli, without_torch):
    done = cli("doctor")
    assert done.status == 0
    assert "torch cannot be asked" in done.out
