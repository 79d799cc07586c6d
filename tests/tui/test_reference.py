"""The pages of keys and of config.toml are what the program says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from docs.keys import CONFIG, KEYS, config_page, keys_page
from engine import places
from tui.configure import every_id
from tui.settings import load_settings


def test_the_pages_are_up_to_date() -> None:
    assert KEYS.read_text("utf-8") == keys_page(), "run make docs"
    assert CONFIG.read_text("utf-8") == config_page(), "run make docs"


def test_the_example_is_understood(home: Path) -> None:
    example = CONFIG.read_text("utf-8").split("```toml\n")[1].split("```")[0]
    home.mkdir()
    places.config().write_text(example)
    found = load_settings()
    assert found.problems == [] and found.theme == "nord"
    assert found.sampling == {"temperature": 0.7, "top_p": 0.9}
    assert set(tomllib.loads(example)["keys"]) <= every_id()


@pytest.mark.parametrize("named", ["tree.compare", "inspect.card", "inspect.other", "find.next"])
def test_keys_of_every_part_can_be_changed(named: str) -> None:
    assert named in every_id() and f"`{named}" in KEYS.read_text("utf-8")
