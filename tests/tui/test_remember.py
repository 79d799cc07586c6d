"""What the app remembers, and what the user sets by hand."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import pytest

from engine import outside, places
from engine.writing.settings import SamplingConfig
from tui.remember import LONGEST_PROMPT, PROMPTS, VERSION, Prompts, State, load_state
from tui.settings import load_settings


def test_nothing_saved_is_the_default(home: Path) -> None:
    assert load_state() == (State(), "")


@pytest.mark.parametrize("speed", [2.0, math.inf])
def test_a_state_comes_back(home: Path, speed: float) -> None:
    sampling = SamplingConfig(temperature=0.5, top_k=3, top_p=0.9, min_p=0.1)
    state = State("nord", "tiny", sampling, speed, 77, "rank")
    state.save()
    assert load_state() == (state, "")


def test_an_earlier_state_keeps_its_colours(home: Path) -> None:
    home.mkdir()
    for coloured, expected in (True, "surprisal"), (False, "none"):
        places.state().write_text(json.dumps({"coloured": coloured}))
        assert load_state() == (State(colouring=expected), "")


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
        '{"length": 1e999}',
        '{"length": 2000.5}',
        '{"length": true}',
        '{"length": ' + "9" * 400 + "}",
        '{"length": ' + "9" * 5000 + "}",
        '{"speed": 1e999}',
        '{"speed": -1}',
        '{"theme": 3}',
        '{"model": ["kept"]}',
        '{"colouring": 1}',
        '{"sampling": {"temperature": NaN}}',
        '{"sampling": {"top_k": 1e999}}',
        '{"version": "2"}',
        '{"version": -1}',
        "[" * 100_000,
        '{"a":' * 100_000,
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


def test_prompts_are_kept_once_and_bounded(home: Path) -> None:
    prompts = Prompts(places.history())
    for prompt in ("a", "b\nc", "a", "", "x" * (LONGEST_PROMPT + 1)):
        prompts.add(prompt)
    assert prompts.all == ["b\nc", "a"]
    assert Prompts(places.history()).all == ["b\nc", "a"]
    for i in range(PROMPTS + 5):
        prompts.add(f"prompt {i}")
    again = Prompts(places.history()).all
    assert len(again) == PROMPTS and again[-1] == f"prompt {PROMPTS + 4}"


def test_the_memory_of_a_newer_helo_is_kept_for_it(home: Path) -> None:
    State().save()
    saved = json.loads(places.state().read_text())
    assert saved["version"] == VERSION
    newer = json.dumps(saved | {"version": VERSION + 1, "theme": ["otherwise"]})
    places.state().write_text(newer)
    state, complaint = load_state()
    assert state == State() and "newer helo" in complaint
    assert (home / "state.newer.json").read_text() == newer
    places.state().write_text(json.dumps(saved | {"theme": "nord", "later": {}}))
    assert load_state() == (State("nord"), "")


def test_memory_that_is_no_file_is_set_aside(home: Path) -> None:
    home.mkdir()
    for place in (places.state(), places.history()):
        os.mkfifo(place)
    prompts = Prompts(places.history())
    assert "state.damaged.json" in load_state()[1] and "history.damaged" in prompts.problem
    prompts.add("new")
    assert Prompts(places.history()).all == ["new"] and not Prompts(places.history()).problem
    places.history().write_bytes(b"x" * (outside.LARGE + 1))
    assert "set aside" in Prompts(places.history()).problem


def test_a_home_that_cannot_be_changed_still_opens(home: Path) -> None:
    (home / "state.json" / "x").mkdir(parents=True)
    (home / "state.damaged.json" / "x").mkdir(parents=True)
    state, complaint = load_state()
    assert state == State() and complaint.endswith("cannot be read: " + str(places.state()))


def test_damaged_lines_of_the_history_are_skipped(home: Path) -> None:
    home.mkdir()
    places.history().write_bytes(b'"one"\n{"no": 1}\n"tw\n\xff\n"three"\n"one"\n')
    with open(places.history(), "a") as file:
        file.write("[" * 100_000 + "\n" + json.dumps("x" * (LONGEST_PROMPT + 1)) + "\n")
    assert Prompts(places.history()).all == ["three", "one"]


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
        ("[sampling]\ntop-k = " + "9" * 400, "top-k"),
        ("[sampling]\ntemperature = inf", "temperature"),
        ("[sampling]\ntemperature = nan", "temperature"),
        ("[sampling]\nmin-p = " + "9" * 400, "min-p"),
        ("x = " + "9" * 5000, "TOML"),
        ("x = " + "[" * 50_000, "deep"),
        ("a." * 20_000 + "a = 1", "deep"),
        ("#" * 200_000, "larger than"),
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
    Prompts(places.history()).add('two\nlines "quoted"')
    assert json.loads(places.history().read_text().strip()) == 'two\nlines "quoted"'
