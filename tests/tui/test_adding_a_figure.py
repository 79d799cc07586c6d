"""A new figure of a run is a field of an event, set where it is measured, and a row of the table."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine import places
from tests.copied import Copy

SCREEN = """
import asyncio

from textual.app import App

from engine.runs import rundir
from tui.train.compare import Compared
from tui.train.follow import Follower
from tui.train.watch import RunView


class Screen(App):
    def compose(self):
        yield RunView(Compared())


async def main():
    app = Screen()
    async with app.run_test(size=(140, 45)) as pilot:
        follower = Follower(rundir.find("tiny"))
        assert follower.read()
        app.query_one(RunView).follow(follower)
        await pilot.pause()
        print(app.query_one("#numbers").render())


asyncio.run(main())
"""
TRAIN = ("train", "hello", "--steps", "3", "--hidden", "4", "--device", "cpu", "--name")


@pytest.fixture
def copy(home: Path, tmp_path: Path) -> Copy:
    """helo with a figure more: the steps that are left."""
    made = Copy(tmp_path / "copy")
    made.edit(
        "engine/runs/events.py",
        "    chars_per_second: float\n",
        "    chars_per_second: float\n    to_go: int | None = None\n",
    )
    made.edit(
        "engine/training/trainer.py",
        "            grad_norm=self.norm,\n",
        "            grad_norm=self.norm,\n"
        "            to_go=learner.cursor.total_steps - learner.cursor.step,\n",
    )
    made.edit(
        "tui/figures/table.py",
        "OTHERS = (\n",
        "OTHERS = (\n"
        '    Figure(Progress, "to_go", "to go", column="{:,} steps", lines="{:,} to go",\n'
        '           page="{:,} steps", live="{:,} to go", log="{:,} to go"),\n',
    )
    return made


def test_a_figure_is_a_field_and_a_row(copy: Copy) -> None:
    lines = copy.helo(*TRAIN, "tiny").splitlines()
    assert any(re.match(r"\d/3  train [\d.]+ nats, \d to go, ", line) for line in lines), lines
    log = (places.runs() / "tiny" / "events.jsonl").read_text().splitlines()
    told = [event["to_go"] for event in map(json.loads, log) if event["event"] == "progress"]
    assert told and told[-1] == 0
    for shown in (copy.helo("runs", "show", "tiny"), copy.python("-c", SCREEN)):
        [line] = [line for line in shown.splitlines() if line.startswith("to go")]
        assert line.split() == ["to", "go", "0", "steps"]
