"""What the app remembers, and what the user sets by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from engine import places
from engine.writing.settings import SamplingConfig
from tui.remember import LONGEST_SEED, SEEDS, Seeds, State, load_state
from tui.settings import load_settings


def test_nothing_saved_is_the_default(home: Path) -> None:
    assert load_state() == (State(), "")


@pytest.mark.parametrize("speed", [2.0, math.inf])
def test_a_state_comes_back(home: Path, speed: float) -> None:
    sampling = SamplingConfig(temperature=0.5, top_k=3, top_p=0.9, min_p=0.1)
    state = State("nord", "tiny", sampling, speed, 77, True)
    state.save()
    assert load_state() == (state, "")


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"sampling": {"temperature": -1}}',
        '{"sampling": {"heat": 1}}',
        '{"sampling": {"temperature": "hot"}}',
        '{"sampling": {"top_k": true}}',
        '{"sampling": 3}',
        '{"speed": 0}',
        '{"speed": NaN}',
        '{"length": 0}',
        '{"length": "x"}',
        "\x00\x01",
    ],
)
def test_a_damaged_state_is_set_aside(home: Path, damage: str) -> None:
    home.mkdir()
    places.state().write_text(damage)
    state, complaint = load_state()
    assert state == State()
    assert "state.damaged.json" in complaint
    assert (home / "state.damaged.json").read_text() == damage
    assert load_state() == (State(), "")


def test_seeds_are_kept_once_and_bounded(home: Path) -> None:
    seeds = Seeds(places.history())
    for seed in ("a", "b\nc", "a", "", "x" * (LONGEST_SEED + 1)):
        seeds.add(seed)
    assert seeds.all == ["b\nc", "a"]
    assert Seeds(places.history()).all == ["b\nc", "a"]
    for i in range(SEEDS + 5):
        seeds.add(f"seed {i}")
    again = Seeds(places.history()).all
    assert len(again) == SEEDS and again[-1] == f"seed {SEEDS + 4}"


def test_damaged_lines_of_the_history_are_skipped(home: Path) -> None:
    home.mkdir()
    places.history().write_bytes(b'"one"\n{"no": 1}\n"tw\n\xff\n"three"\n"one"\n')
    assert Seeds(places.history()).all == ["three", "one"]


def config(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    places.config().write_text(text)


def test_settings(home: Path) -> None:
    config(
        home,
        'theme = "nord"\n[sampling]\ntemperature = 0.5\ntop-k = 5\n[keys]\n"write.run" = "f6,x"\n',
    )
    settings = load_settings()
    assert settings.theme == "nord"
    assert settings.sampling == {"temperature": 0.5, "top_k": 5}
    assert settings.keys == {"write.run": "f6,x"}
    assert settings.problems == []


def test_no_settings(home: Path) -> None:
    assert load_settings().problems == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "colour"),
        ("theme = 3", "theme"),
        ("keys = 3", "keys"),
        ("[sampling]\nheat = 1", "heat"),
        ("[sampling]\ntemperature = -1", "--temperature"),
        ("[sampling]\ntop-k = 1.5", "top-k"),
        ("[sampling]\ntop-k = true", "top-k"),
        ("[sampling]\nmin-p = 'none'", "min-p"),
        ('[keys]\n"write.run" = 3', "write.run"),
        ("theme = ", "TOML"),
    ],
)
def test_what_cannot_be_understood_is_named(home: Path, text: str, named: str) -> None:
    config(home, text)
    settings = load_settings()
    assert len(settings.problems) == 1 and named in settings.problems[0]
    assert not settings.theme and not settings.sampling and not settings.keys


def test_a_setting_that_is_no_text(home: Path) -> None:
    home.mkdir()
    places.config().write_bytes(b"\xff\xfe")
    assert "cannot be read" in load_settings().problems[0]


def test_history_is_json_lines(home: Path) -> None:
    Seeds(places.history()).add('two\nlines "quoted"')
    assert json.loads(places.history().read_text().strip()) == 'two\nlines "quoted"'
