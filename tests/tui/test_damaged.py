"""What is damaged keeps the app from nothing: it opens, says so, and lists what is whole beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine import outside, places
from engine.network.modelfile import Model
from engine.text.corpus import Corpus
from tests.tui.conftest import FakeRun
from tests.tui.library import LibraryApp, listed
from tests.tui.test_app import Until, opened, toasts
from tui.remember import State
from tui.write.pane import WritePane

DEEP = b"[" * 100_000
STATES = {
    "infinite": b'{"length": 1e999}',
    "deep": DEEP,
    "digits": b'{"length": ' + b"9" * 400 + b"}",
    "many digits": b'{"speed": ' + b"9" * 5000 + b"}",
    "cut": b'{"theme": "no',
    "bytes": b"\xff\xfe\x00\x1b[2J",
    "other": b'{"sampling": [[1.0]], "colouring": true}',
    "large": b" " * (outside.SMALL + 1),
}


async def _writes(pilot: Pilot[int], until: Until) -> None:
    """It works as ever."""
    write = pilot.app.query_one(WritePane)
    await pilot.press(*"Shall", "enter")
    await until(pilot, lambda: write.passage and write.passage.shown > 8)


@pytest.mark.parametrize("content", STATES.values(), ids=STATES)
async def test_a_damaged_state_is_set_aside_and_told_in_a_line(
    tiny: Model, home: Path, until: Until, content: bytes
) -> None:
    places.state().write_bytes(content)
    async with opened() as pilot:
        told = toasts(pilot)
        assert told == "what helo remembered cannot be read; it was set aside as state.damaged.json"
        state = pilot.app.query_one(WritePane).session.state
        assert (state.length, state.speed, state.sampling) == (
            State.length,
            State.speed,
            State().sampling,
        )
        await _writes(pilot, until)
    assert (home / "state.damaged.json").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "aside"),
    [
        (b"x" * (outside.LARGE + 1), True),
        (DEEP + b'\n"good"\n{"a": 1e999}\n\xff\n"\\ud800"\n', False),
    ],
    ids=["large", "lines"],
)
async def test_damaged_prompts_are_set_aside_or_left_out(
    tiny: Model, home: Path, until: Until, content: bytes, aside: bool
) -> None:
    places.history().write_bytes(content)
    async with opened() as pilot:
        assert ("set aside as history.damaged" in toasts(pilot)) is aside
        await pilot.press("up", *([] if aside else ["up"]))
        assert pilot.app.query_one(WritePane).prompt.text == ("" if aside else "good")
        await pilot.press("ctrl+u")
    assert (home / "history.damaged").exists() is aside


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a." * 40_000 + b"a = 1", "config.toml cannot be read: nested too deeply"),
        (b"x = " + b"[" * 50_000, "config.toml cannot be read: nested too deeply"),
        (b"\xff\xfe", "config.toml cannot be read: not valid UTF-8"),
        (b"[sampling]\ntop-k = " + b"9" * 400, "sampling.top-k"),
        (b"[sampling]\ntemperature = inf", "sampling.temperature"),
        (b'[keys]\n"write.run" = "[/"\n"app.help" = "\\u001b"\n"[b]" = "x"', "[b]"),
    ],
    ids=range(6),
)
async def test_a_damaged_configuration_is_told_in_a_line_and_left(
    tiny: Model, home: Path, until: Until, content: bytes, says: str
) -> None:
    places.config().write_bytes(content)
    async with opened() as pilot:
        assert says in toasts(pilot) and len(toasts(pilot)) < 300
        await _writes(pilot, until)
        await pilot.press("escape", "f1", "escape")
    assert places.config().read_bytes() == content


async def test_all_of_it_damaged_at_once(tiny: Model, home: Path, until: Until) -> None:
    places.state().write_bytes(DEEP)
    places.history().mkdir()
    places.config().write_bytes(DEEP)
    async with opened() as pilot:
        assert len(toasts(pilot).splitlines()) == 3
        await _writes(pilot, until)


async def test_lists_show_what_is_damaged_beside_what_is_whole(
    tiny: Model, fake_run: Callable[..., FakeRun], winter: Corpus, home: Path, until: Until
) -> None:
    from engine.text import corpus

    corpus.add(["summer " * 30], "summer", "a play")
    fake_run("whole")
    (fake_run("deep").run.folder / "run.json").write_bytes(DEEP)
    (winter.folder / "corpus.json").write_bytes(b'{"chars": 1e999}')
    whole = (home / "models" / "tiny.safetensors").read_bytes()
    (home / "models" / "cut.safetensors").write_bytes(whole[:-9])
    (home / "models" / "lists.safetensors").write_bytes(
        whole.replace(b'\\"symbols\\": \\"', b'\\"symbolx\\": \\"')
    )
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "cut", "lists", "whole", "deep", "winter", "summer"))
        for name, problem in (
            ("cut", "cut off"),
            ("lists", "its alphabet: unknown setting 'symbolx'"),
            ("deep", "nested too deeply"),
            ("winter", "chars should be a whole number"),
            ("tiny", "lstm 16×2"),
            ("whole", "gru 8×1"),
            ("summer", "a play"),
        ):
            app.choose(name)
            await until(pilot, lambda problem=problem: problem in " ".join(app.about.split()))
