"""The settings of sampling as rows, and what their keys make of them."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.writing.rows import LONGEST, Setting
from engine.writing.settings import SETTINGS, SamplingConfig
from tests.engine.writing.test_sampling import CONFIG, filtered

KEYED = [name for name, setting in SETTINGS.items() if setting.keys]


def place(name: str, value: float) -> float:
    """Where a value stands from strict to loose: a top-k of 0 keeps the most."""
    return math.inf if name == "top_k" and value == 0 else value


@given(CONFIG, st.sampled_from(KEYED))
def test_a_key_lowers_or_raises_one_setting_and_no_other(config: SamplingConfig, name: str) -> None:
    for way in (-1, 1):
        moved = config.stepped(name, way)
        before, after = (place(name, getattr(c, name)) for c in (config, moved))
        assert after <= before if way < 0 else after >= before
        assert all(getattr(moved, n) == getattr(config, n) for n in SETTINGS if n != name)


@pytest.mark.parametrize("name", KEYED)
def test_keys_reach_off_and_go_no_further_than_an_end(name: str) -> None:
    for way in (-1, 1):
        config, seen = SamplingConfig(), set()
        while config not in seen:
            seen.add(config)
            config = config.stepped(name, way)
        assert config.stepped(name, way) == config
        while getattr(config, name) != SETTINGS[name].off:
            config = config.stepped(name, -way)


FILTERS = {name: setting for name, setting in SETTINGS.items() if name != "stop"}
"""All but the one that ends a text."""


@pytest.mark.parametrize("setting", FILTERS.values(), ids=FILTERS)
def test_each_has_a_filter_that_its_off_value_skips(setting: Setting[Any], tmp_path: Path) -> None:
    (words := tmp_path / "words.txt").write_text("a")
    p = np.array([0.5, 0.3, 0.2])
    drawn = []
    other = {"repetition_penalty": 2} if setting.name == "repetition_window" else {}
    before = filtered(np.log(p), SamplingConfig(**other), [1, 0])
    for value in (0, 1, 0.5, "a", str(words), "2-2/1"):
        with suppress(UsageError):
            config = SamplingConfig(**{setting.name: value}, **other)
            drawn.append(filtered(np.log(p), config, [1, 0]))
    assert not all(np.allclose(q, before) for q in drawn)
    off = SamplingConfig(**{setting.name: setting.off})
    assert off == SamplingConfig() and filtered(np.log(p), off) == pytest.approx(p)


def test_no_two_have_a_name_or_a_key_in_common() -> None:
    rows = SETTINGS.values()
    names = [name for row in rows for name in (row.word, row.alias, row.flag) if name]
    keys = [key for row in rows if row.keys for key in (row.keys.lower, row.keys.higher)]
    assert len(set(names)) == len(names) and len(set(keys)) == len(keys)
    assert len({row.short for row in rows}) == len(rows)


@pytest.mark.parametrize("value", [True, "0.5", None, [1], 0.5], ids=repr)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_value_of_another_kind_is_refused(name: str, value: Any) -> None:
    text = SETTINGS[name].kind is str
    if isinstance(value, str) if text else isinstance(value, float):
        return
    kind = "text" if text else "a number"
    with pytest.raises(UsageError, match=f"^--{SETTINGS[name].word} must be {kind}, not "):
        SamplingConfig(**{name: value})


def test_a_text_is_shown_in_short_and_has_a_limit() -> None:
    ban = SETTINGS["ban"]
    assert ban.shown("") == "off" and ban.shown("e") == "e"
    assert len(ban.shown("e" * 100)) < 30
    with pytest.raises(UsageError, match="--ban takes at most 10,000 characters"):
        SamplingConfig(ban="e" * (LONGEST + 1))
