"""What --json prints is what the help and docs/commands.md say, key by key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from docs.commands import commands, page
from engine.runs.events import KINDS
from engine.writing import bench
from tests.conftest import SONNET, Cli, Helo
from tui.cli.main import app
from tui.cli.shared import answers, startup
from tui.cli.shared.answers import ANSWERS, LINES, LIST

DOCS = Path(__file__).parents[2] / "docs"
SMALL = ("--hidden", "8", "--layers", "1", "--batch", "4", "--seq-length", "8")


def objects(command: str, out: str) -> list[dict[str, Any]]:
    """The objects of an answer, in the shape that it should have."""
    if ANSWERS[command].shape == LINES:
        return [json.loads(line) for line in out.splitlines()]
    found = json.loads(out)
    assert isinstance(found, list) == (ANSWERS[command].shape == LIST)
    return found if isinstance(found, list) else [found]


def check(command: str, out: str) -> list[dict[str, Any]]:
    """The objects of an answer, which have the keys they should."""
    found, answer = objects(command, out), ANSWERS[command]
    assert found and out.isascii()
    for each in found:
        keys = set(answer.keys)
        if each.get("event") == "table":
            continue
        if answer.events:
            keys.update(answers.event_keys(KINDS[each["event"]]))
        assert set(each) == keys, command
    return found


def asked(cli: Cli, command: str, *arguments: str) -> list[dict[str, Any]]:
    done = cli(*command.split(), *arguments, "--json")
    assert done.status == 0, done.err
    return check(command, done.out)


def test_every_answer_is_explained() -> None:
    with_json = {
        path
        for path, command in commands(typer.main.get_command(app))
        if any("--json" in each.opts for each in command.params)
    }
    assert with_json == ANSWERS.keys()


@pytest.mark.parametrize("command", ANSWERS)
def test_the_help_names_every_key(cli: Cli, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    words = {word.strip(",:") for word in cli(*command.split(), "--help").out.split()}
    assert set(ANSWERS[command].keys) <= words
    if ANSWERS[command].events:
        assert {key for kind in KINDS.values() for key in answers.event_keys(kind)} <= words


def test_what_explains_answers_is_imported_only_where_help_is_asked_for() -> None:
    code = "import sys, tui.cli.main; sys.exit('tui.cli.shared.answers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_page_of_commands_is_up_to_date() -> None:
    made = page()
    assert (DOCS / "commands.md").read_text("utf-8") == made, "run make docs"


def test_the_answers_about_models_and_texts(
    cli: Cli, tiny: object, home: Path, tmp_path: Path
) -> None:
    text = tmp_path / "sonnet.txt"
    text.write_text(SONNET * 4)
    steps = asked(cli, "sample", "tiny", "-p", "Shall", "-n", "40", "-s", "1")
    assert [step["seed"] for step in steps] == [True] * 5 + [False] * 40
    continued = cli("complete", "tiny", "--json", stdin=b"Shall\n\n")
    assert len(check("complete", continued.out)) == 2
    for more in ((), ("--windows", "8"), ("--dynamic",)):
        asked(cli, "score", str(text), "-m", "tiny", *more)
    (home / "models" / "broken.safetensors").write_bytes(b"nothing")
    assert len(asked(cli, "models list")) > 2
    asked(cli, "models show", "tiny")
    asked(cli, "corpora add", str(text))
    assert asked(cli, "corpora show", "sonnet")[0]["problem"] == ""
    (home / "corpora" / "sonnet" / "ids.npy").write_bytes(b"nothing")
    assert asked(cli, "corpora show", "sonnet")[0]["problem"]
    (home / "corpora" / "broken").mkdir()
    (home / "corpora" / "broken" / "corpus.json").write_text("{}")
    states = {row["state"] for row in asked(cli, "corpora list")}
    assert states == {"imported", "built in", "catalogue", "damaged"}


def test_the_answers_about_runs(cli: Cli, helo: Helo, home: Path) -> None:
    first = helo("train", "hello", *SMALL, "--steps", "60", "--name", "one", "--json")
    kinds = {each["event"] for each in check("train", first.stdout.decode())}
    assert {"started", "progress", "evaluated", "sampled", "saved", "stopped"} <= kinds
    damaged = home / "runs" / "broken"
    damaged.mkdir()
    (damaged / "run.json").write_text("{}")
    assert len(asked(cli, "runs list")) == 2
    asked(cli, "runs show", "one")
    second = helo("train", "hello", *SMALL, "--steps", "3000", "--name", "two", "--detach")
    assert second.returncode == 0, second.stderr
    watched = helo("runs", "attach", "two", "--json")
    assert watched.returncode == 0, watched.stderr
    assert check("runs attach", watched.stdout.decode())[-1]["event"] == "stopped"


def test_the_answer_of_a_race(cli: Cli) -> None:
    done = cli("race", "hello", "--cells", "rnn,gru", "--hidden", "4", "--seconds", "1", "--json")
    assert done.status == 0, done.err
    *_, last = check("race", done.out)
    assert set(last) == {"event", "rows"}
    for row in last["rows"]:
        assert all(key in ANSWERS["race"].note for key in row)


def test_the_answers_about_this_machine(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "ROUND_SECONDS", 0.01)
    monkeypatch.setattr(startup, "RUNS", 1)
    asked(cli, "paths")
    asked(cli, "doctor")
    asked(cli, "bench start")
    asked(cli, "bench sample", "--hidden", "8", "--cell", "rnn", "--cell", "peephole")
    asked(cli, "bench train", "--cell", "rnn", *SMALL)
