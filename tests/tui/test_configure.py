"""`helo config`, and what `config.toml` changes."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from engine import places
from engine.network.modelfile import Model
from engine.writing.settings import SETTINGS
from tests.conftest import Cli
from tests.tui.writing import Until, opened
from tui.configure import every_id
from tui.keycheck import KeyCheck
from tui.settings import load_settings
from tui.write.pane import WritePane


def active(text: str) -> str:
    """The file with every line that sets something, and no other comments."""
    return re.sub(r'^# (?=(\w[\w-]* = |"[^"]+" = ))', "", text, flags=re.MULTILINE)


def test_a_file_is_written_once_and_then_printed(cli: Cli, home: Path) -> None:
    first = cli("config")
    written = places.config().read_text()
    assert first.status == 0 and first.out == "" and str(places.config()) in first.err
    assert load_settings() == type(load_settings())(), "it sets nothing"
    places.config().write_text("theme = 'nord'\n")
    again = cli("config")
    assert again.out == written and "stays as it is" in again.err
    assert places.config().read_text() == "theme = 'nord'\n"


def test_a_file_that_cannot_be_written_is_told(cli: Cli, home: Path) -> None:
    home.mkdir()
    places.config().symlink_to(home / "no" / "folder")
    assert cli("config").status == 0, "a link is a file that is there, even to nowhere"
    assert not places.config().exists()
    places.config().unlink()
    home.rmdir()
    home.write_text("no folder")
    done = cli("config")
    assert done.status == 1 and done.out == "" and done.err.count("\n") == 1


@pytest.mark.usefixtures("started", "tiny")
async def test_every_line_of_it_is_understood(cli: Cli, until: Until) -> None:
    cli("config")
    text = active(places.config().read_text())
    places.config().write_text(text)
    data = tomllib.loads(text)
    assert set(data) == {"theme", "curves", "ghost", "sampling", "keys"}
    assert set(data["sampling"]) == {setting.word for setting in SETTINGS.values()}
    some = {"app.help", "write.run", "train.pause", "train.start", "library.open", "help.close"}
    assert some <= set(data["keys"])
    async with opened() as screen:
        await screen.press("f5")
        await until(screen.pilot, lambda: screen.app.query("#items"))
        await screen.press("f3")
        await until(screen.pilot, lambda: screen.app.query("#outlook"))
        await until(screen.pilot, lambda: "parameters" in screen.see("#outlook"))
        assert screen.toasts == "" and load_settings().problems == []
        nodes = [screen.app, *screen.app.query("*")]
        known = {b.id for node in nodes for _, b in node._bindings if b.id}
        assert known <= set(data["keys"])
        assert [*KeyCheck(data["keys"]).problems(nodes, ())] == []


def test_ids_from_before_the_prompt_had_its_name_are_read(home: Path) -> None:
    lines = (
        '"seed.walk" = "f8"',
        '"write.seed" = "q"',
        '"seed.later" = "f6"',
        '"prompt.later" = "f7"',
    )
    home.mkdir(exist_ok=True)
    for order in (lines, lines[::-1]):
        places.config().write_text("[keys]\n" + "\n".join(order))
        settings = load_settings()
        assert settings.keys == {"prompt.walk": "f8", "write.prompt": "q", "prompt.later": "f7"}
        assert settings.problems == [] and settings.keys.keys() <= every_id()


async def test_a_changed_key_is_shown_wherever_keys_are(tiny: Model, until: Until) -> None:
    keys = {
        "app.train": "f6",
        "app.help": "f9",
        "help.close": "f7",
        "prompt.walk": "f8",
        "write.prompt": "q",
    }
    lines = [f'"{id}" = "{key}"\n' for id, key in keys.items()]
    places.config().write_text("[keys]\n" + "".join(lines))
    async with opened((140, 60)) as screen:
        assert "Train F6" in screen.see("#tabs") and "F3" not in screen.see("#tabs")
        welcome = screen.see("#transcript")
        assert "F8 walks" in welcome and "F9 helps" in welcome
        await screen.press(*"/tr")
        assert "(F6)" in screen.see("#commands")
        abouts = [command.help for command in screen.app.get_system_commands(screen.app.screen)]
        assert "train a network, watch a training (F6)" in abouts
        await screen.press("f8", "f8")
        assert screen.app.query_one(WritePane).prompt.border_subtitle == "q: back to the prompt"
        await screen.press("f9")
        assert screen.app.screen.query_one("VerticalScroll").border_subtitle.endswith("F7 closes")
        rows = [row.query("Static").results() for row in screen.app.screen.query(".row")]
        shown = [" ".join(str(part.render()).strip() for part in row) for row in rows]
        assert "F6 Train a network, watch a training  app.train" in shown
        assert "/help keys and commands; also /? (F9)" in shown
        assert not any(re.search(r"\b(F1|F3)\b", line) for line in shown)


async def test_what_is_set_by_hand_is_not_remembered(tiny: Model) -> None:
    places.config().write_text("[sampling]\ntemperature = 0.25\n")
    places.state().write_text('{"sampling": {"temperature": 2}}')
    async with opened() as screen:
        assert screen.write.session.state.sampling.temperature == 0.25
        await screen.press(*"/top-k 5", "enter", "ctrl+q")
    sampling = json.loads(places.state().read_text())["sampling"]
    assert (sampling["temperature"], sampling["top_k"]) == (2, 5)


@pytest.mark.parametrize("line", ["/temp 0.5", "/top-p 0.5"])
async def test_a_change_of_what_is_set_by_hand_holds_until_the_end(
    tiny: Model, until: Until, line: str
) -> None:
    places.config().write_text("[sampling]\ntemperature = 0.25\n")
    async with opened() as screen:
        await screen.enter(line)
        name = "temperature" if "temp" in line else "top_p"
        await until(screen.pilot, lambda: getattr(screen.write.session.state.sampling, name) == 0.5)
        await screen.press("ctrl+q")
    sampling = json.loads(places.state().read_text())["sampling"]
    assert sampling["temperature"] == 1 and sampling["top_p"] == (1 if "temp" in line else 0.5)
