"""The settings of sampling as rows, and what their keys make of them."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.writing.sampling import filtered
from engine.writing.settings import SETTINGS, SamplingConfig, Setting
from tests.engine.writing.test_sampling import CONFIG

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


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_each_has_a_filter_that_its_off_value_skips(setting: Setting[Any]) -> None:
    p = np.array([0.5, 0.3, 0.2])
    drawn = []
    for value in (0, 1, 0.5):
        with suppress(UsageError):
            drawn.append(filtered(np.log(p), SamplingConfig(**{setting.name: value})))
    assert not all(np.allclose(q, p) for q in drawn)
    off = SamplingConfig(**{setting.name: setting.off})
    assert off == SamplingConfig() and filtered(np.log(p), off) == pytest.approx(p)


def test_no_two_have_a_name_or_a_key_in_common() -> None:
    rows = SETTINGS.values()
    names = [name for row in rows for name in (row.word, row.alias, row.flag) if name]
    keys = [key for row in rows if row.keys for key in (row.keys.lower, row.keys.higher)]
    assert len(set(names)) == len(names) and len(set(keys)) == len(keys)
    assert len({row.short for row in rows}) == len(rows)


@pytest.mark.parametrize("value", [True, "0.5", None, [1]], ids=str)
@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_no_number_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"^--{SETTINGS[name].word} must be a number, not "):
        SamplingConfig(**{name: value})
