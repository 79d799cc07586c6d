"""A new filter is a function and a row: in a copy of the source only two files are edited, and helo has the
filter everywhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.network import modelfile
from tests.conftest import Helo, random_model
from tests.copied import Copy

ROW = """
    top_a: float = _row(
        Number(
            off=0.0,
            low=0,
            high=1,
            help="keep those above {} times the top's square; 0 keeps all",
            letter="A",
            flag="-a",
            alias="above",
            short="a",
            keys=Keys("a", "A", evenly(0.1, 0.0, 1.0)),
        )
    )
"""
FUNCTION = """
@_filter
def top_a(log_p: LogProbs, a: float) -> LogProbs:
    return np.where(log_p >= 2 * log_p.max(-1, keepdims=True) + math.log(a), log_p, -np.inf)

"""
APP = """
import asyncio, json, sys
from pathlib import Path
import engine, tui
from engine import places
from tests.tui.writing import opened

facts = {"sources": [engine.__file__, tui.__file__]}

async def told(screen, words):
    while words not in screen.toasts:
        await screen.pilot.pause(0.01)
    return screen.toasts

async def set_by_hand():
    async with opened((140, 60)) as screen:
        sampling = lambda: screen.write.session.state.sampling.top_a
        facts["first"] = sampling()
        facts["status off"] = screen.see("#status")
        await screen.press(*"/top-a")
        facts["listed"] = screen.see("#commands")
        await screen.press("tab")
        facts["completed"] = screen.write.prompt.text
        await screen.press(*"0.5", "enter")
        facts["commanded"] = sampling()
        await screen.enter("/top-a 2")
        facts["too much"] = await told(screen, "/top-a must")
        await screen.enter("/top-a much")
        facts["no number"] = await told(screen, "needs a number")
        screen.write.prompt.fill("")
        await screen.press("escape", "A", "A", "a")
        facts["keyed"] = sampling()
        facts["status"], facts["hints"] = screen.see("#status"), screen.see("#hints")
        await screen.press("f1")
        rows = [row.query("Static").results() for row in screen.app.screen.query(".row")]
        facts["help"] = [" ".join(str(part.render()).strip() for part in row) for row in rows]

async def come_back():
    async with opened((80, 24)) as screen:
        facts["remembered"] = screen.write.session.state.sampling.top_a
        facts["narrow status"] = screen.see("#status")

async def configured(value):
    places.config().write_text(f"[sampling]\\ntop-a = {value}\\n")
    async with opened() as screen:
        return screen.write.session.state.sampling.top_a, screen.toasts

asyncio.run(set_by_hand())
facts["state"] = json.loads(places.state().read_text())
asyncio.run(come_back())
facts["configured"] = asyncio.run(configured(0.25))
facts["configured badly"] = asyncio.run(configured(7))
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The source tree with one filter more."""
    copy = Copy(tmp_path_factory.mktemp("source"))
    for name, before, new in (
        ("settings.py", "\n    def __post_init__", ROW),
        ("sampling.py", "\nclass Sampler:", FUNCTION),
    ):
        copy.edit(f"engine/writing/{name}", before, new + before)
    return copy


@pytest.fixture
def copy(source: Copy, home: Path) -> Copy:
    """The same, with a model `tiny` that is sure of some characters."""
    model = random_model()
    sure = replace(model, weights={name: 4 * W for name, W in model.weights.items()})
    modelfile.save(home / "models" / "tiny.safetensors", sure)
    return source


def test_the_command_line_has_it(copy: Copy, helo: Helo) -> None:
    told = copy.helo("sample", "--help")
    line = next(line for line in told.splitlines() if "--top-a" in line)
    assert "-a " in line and "Keep those above A times" in line

    sample = ("sample", "tiny", "-n", "50", "--seed", "3")
    assert copy.helo(*sample) == helo(*sample).stdout.decode()

    on = copy.helo(*sample, "-a", "0.9", "--json")
    assert on == copy.helo(*sample, "--above", "0.9", "--json")
    steps = [json.loads(line) for line in on.splitlines()]
    left_out = 0
    for step in steps[1:]:
        least = 0.9 * step["top"][0][1] ** 2
        for (_, model), (_, drawn) in zip(step["top"], step["top_filtered"], strict=True):
            assert (drawn > 0) == (model >= least)
            left_out += drawn == 0
    assert left_out

    refused = copy.run("-m", "tui", *sample, "--top-a", "1.5")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "helo: --top-a must be between 0 and 1, not 1.5\n"


def test_the_app_has_it(copy: Copy) -> None:
    facts: dict[str, Any] = json.loads(copy.python("-c", APP))
    assert all(Path(file).is_relative_to(copy.folder) for file in facts["sources"])

    about = "keep those above F times the top's square; 0 keeps all"
    assert facts["first"] == 0 and "top-a off" in facts["status off"]
    assert facts["listed"].split() == ["›", "/top-a", "F", *about.split()]
    assert facts["completed"] == "/top-a " and facts["commanded"] == 0.5
    assert "/top-a must be between 0 and 1, not 2" in facts["too much"]
    assert "/top-a needs a number" in facts["no number"]
    assert facts["keyed"] == 0.6
    assert "top-a 0.60" in facts["status"] and "a/A above" in facts["hints"]
    assert (
        "a A Top-a down / up: keep those above A times the top's square; 0 keeps all"
        "  write.lower-top-a write.raise-top-a" in (facts["help"])
    )
    assert f"/top-a F {about}" in facts["help"]
    assert facts["state"]["sampling"]["top_a"] == facts["remembered"] == 0.6
    assert "a 0.60" in facts["narrow status"]
    assert facts["configured"] == [0.25, ""]
    value, toasts = facts["configured badly"]
    assert value != 7 and "config.toml: --top-a must be" in toasts
