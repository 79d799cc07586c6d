"""The frame: tabs, help, palette, configuration, what is remembered, and the end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Static

from engine import places
from engine.errors import NotFoundError
from engine.network.modelfile import Model
from tui.app import HeloApp, run_app
from tui.dialogs import ChoiceDialog
from tui.frame import KeyHints, TabBar
from tui.help import HelpScreen
from tui.messages import ModelChosen, RunChosen, TrainOn
from tui.train.pane import TrainPane
from tui.train.racing import RaceDialog
from tui.write.command import LINES
from tui.write.pane import WritePane
from tui.write.slash import COMMANDS

Until = Callable[..., Awaitable[None]]


@asynccontextmanager
async def opened(size: tuple[int, int] = (100, 30)) -> AsyncIterator[Pilot[int]]:
    """The app with the model `tiny`, ready for keys."""
    app = HeloApp("tiny")
    async with app.run_test(size=size, notifications=True) as pilot:
        write = app.query_one(WritePane)
        while write.session.opened is None and write._opening and write._opening.is_running:
            await pilot.pause(0.01)
        yield pilot


def toasts(pilot: Pilot[int]) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)


def plain(widget: Widget) -> str:
    return "\n".join(strip.text for strip in widget.render_lines(widget.size.region))


async def test_the_prompt_has_the_focus_and_tabs_are_named(tiny: Model) -> None:
    async with opened() as pilot:
        assert pilot.app.focused is pilot.app.query_one("#prompt")
        bar = plain(pilot.app.query_one(TabBar))
        assert "Write F2" in bar and "Train F3" in bar and "Library F5" in bar
        assert "F1" in plain(pilot.app.query_one(KeyHints))


async def test_tabs_by_key_command_and_click(tiny: Model, until: Until) -> None:
    async with opened() as pilot:
        app = pilot.app
        assert isinstance(app, HeloApp)
        await pilot.press("f5")
        await until(pilot, lambda: app.query("#library") and app.query_one("#library").display)
        assert not app.query_one("#write").display
        await pilot.press("f2")
        assert app.query_one("#write").display and app.focused is app.query_one("#prompt")
        await pilot.press(*"/train", "enter")
        await until(pilot, lambda: app.query("#train"))
        assert app.tab == "train" and not app.query_one("#write").display
        await pilot.click("#tabs", offset=(9, 0))
        await until(pilot, lambda: app.tab == "write")


async def test_the_focus_comes_back_to_where_it_was(tiny: Model, until: Until) -> None:
    async with opened() as pilot:
        await pilot.press("escape", "f3")
        await until(pilot, lambda: pilot.app.query("#train"))
        await pilot.press("f2")
        assert pilot.app.focused is pilot.app.query_one("#transcript")


async def test_help_names_every_key_and_command(tiny: Model) -> None:
    async with opened((140, 100)) as pilot:
        await pilot.press("f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        shown = "\n".join(plain(w) for w in pilot.app.screen.query("Static"))
        for command in COMMANDS:
            assert (command.usage in shown) == (command.place != LINES)
        for key in ("ctrl+q", "ctrl+p", "F5", "space", "1-9", "t T", "ctrl+j", "ctrl+c"):
            assert key in shown
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_question_mark_is_text_in_the_prompt_and_help_outside(tiny: Model) -> None:
    async with opened() as pilot:
        await pilot.press("question_mark")
        assert pilot.app.query_one(WritePane).prompt.text == "?"
        await pilot.press("escape", "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)


async def test_every_binding_has_an_id_and_a_tooltip(tiny: Model) -> None:
    async with opened() as pilot:
        write = pilot.app.query_one(WritePane)
        own = {type(n).__name__: type(n).BINDINGS for n in (pilot.app, write, write.prompt)}
        bindings = [b for bindings in own.values() for b in bindings]
        assert len(bindings) > 30
        assert all(b.id and b.tooltip for b in bindings)  # type: ignore[union-attr]


async def test_the_palette_offers_tabs_models_and_themes(tiny: Model) -> None:
    async with opened() as pilot:
        titles = [c.title for c in pilot.app.get_system_commands(pilot.app.screen)]
        assert {"Train", "Race", "Help", "Quit", "Model: tiny", "Theme"} <= set(titles)
        await pilot.press("ctrl+p")
        assert pilot.app.screen is not pilot.app.screen_stack[0]


async def test_keys_can_be_changed(tiny: Model, home: Path) -> None:
    places.config().write_text('[keys]\n"app.help" = "f9"\n"prompt.walk" = "f8"\n')
    async with opened() as pilot:
        await pilot.press("f8")
        assert pilot.app.focused is pilot.app.query_one("#transcript")
        await pilot.press("f9")
        assert isinstance(pilot.app.screen, HelpScreen)
        shown = "\n".join(plain(w) for w in pilot.app.screen.query("Static"))
        assert "F8" in shown and "F9" in shown
        assert toasts(pilot) == ""


async def test_a_clash_and_an_unknown_id_are_told(tiny: Model, home: Path, until: Until) -> None:
    places.config().write_text('[keys]\n"write.run" = "t"\n"write.fly" = "f"\ncolour = 3\n')
    async with opened() as pilot:
        await pilot.press("escape")
        await until(pilot, lambda: "write.lower-temperature" in toasts(pilot))
        assert "write.fly" in toasts(pilot) and "colour" in toasts(pilot)


async def test_ids_of_other_tabs_are_looked_at_when_these_are_made(
    tiny: Model, home: Path, until: Until
) -> None:
    places.config().write_text('[keys]\n"train.pause" = "f9"\n"train.fly" = "f"\n')
    async with opened() as pilot:
        assert toasts(pilot) == ""
        await pilot.press("f3")
        await until(pilot, lambda: "train.fly" in toasts(pilot))
        assert "train.pause" not in toasts(pilot)


async def test_configuration_wins_over_what_was_left(tiny: Model, home: Path) -> None:
    places.config().write_text('theme = "nord"\n[sampling]\ntemperature = 0.25\n')
    places.state().write_text(
        '{"theme": "gruvbox", "sampling": {"temperature": 2, "top_k": 4}, "speed": 8}'
    )
    async with opened() as pilot:
        state = pilot.app.query_one(WritePane).session.state
        assert pilot.app.theme == "nord"
        assert (state.sampling.temperature, state.sampling.top_k, state.speed) == (0.25, 4, 8)


async def test_an_unknown_theme_is_told(tiny: Model, home: Path) -> None:
    places.config().write_text('theme = "[/nothing]"\n')
    async with opened() as pilot:
        assert "[/nothing]" in toasts(pilot)


async def test_what_is_left_is_remembered(tiny: Model) -> None:
    async with opened() as pilot:
        await pilot.press(*"/theme nord", "enter", *"/speed max", "enter", *"/top-k 5", "enter")
        await pilot.press(*"/length 9", "enter", *"/colour", "enter", "ctrl+q")
    state = json.loads(places.state().read_text())
    assert state["theme"] == "nord" and state["model"] == "tiny" and state["speed"] is None
    assert (
        state["sampling"]["top_k"] == 5
        and state["length"] == 9
        and state["colouring"] == "surprisal"
    )


async def test_it_is_remembered_before_the_end(tiny: Model, until: Until, monkeypatch) -> None:
    monkeypatch.setattr("tui.app._REMEMBER_SECONDS", 0.05)
    async with opened() as pilot:
        await pilot.press(*"/length 9", "enter")
        await until(pilot, lambda: json.loads(places.state().read_text())["length"] == 9)


async def test_a_damaged_state_is_told(tiny: Model, home: Path) -> None:
    places.state().write_text("{")
    async with opened() as pilot:
        assert "set aside" in toasts(pilot)


async def test_messages_between_tabs(tiny: Model, until: Until, monkeypatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(TrainPane, "show_run", lambda self, folder: asked.append(folder))

    async def fill_in(self: TrainPane, corpus: str, model: str) -> None:
        asked.append(corpus)

    monkeypatch.setattr(TrainPane, "fill_in", fill_in)
    async with opened() as pilot:
        app = pilot.app
        assert isinstance(app, HeloApp)
        app.query_one(WritePane).post_message(TrainOn("hello"))
        await until(pilot, lambda: asked == ["hello"])
        assert app.tab == "train"
        app.query_one(TrainPane).post_message(RunChosen(Path("r")))
        await until(pilot, lambda: asked == ["hello", Path("r")])
        app.query_one(TrainPane).post_message(ModelChosen("tiny"))
        await until(pilot, lambda: app.tab == "write")
        assert app.focused is app.query_one("#prompt")


async def test_a_race_is_asked_for_from_anywhere(tiny: Model, started, until: Until) -> None:
    async with opened() as pilot:
        for _ in range(2):  # Train is made for the first, and there at the second
            await pilot.press("f2", *"/race", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, RaceDialog))
            await pilot.press("escape")
            await until(pilot, lambda: not isinstance(pilot.app.screen, RaceDialog))
            assert pilot.app.query_one("#train").display


@pytest.mark.parametrize(("answer", "stops", "leaves"), [("l", 0, 1), ("s", 1, 1), ("b", 0, 0)])
async def test_a_running_training_is_asked_about(
    tiny: Model, until: Until, monkeypatch, answer: str, stops: int, leaves: int
) -> None:
    stopped: list[int] = []
    monkeypatch.setattr(TrainPane, "at_work", lambda self: ["r"])
    monkeypatch.setattr(TrainPane, "stop_all", lambda self: stopped.append(1))
    async with opened() as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: pilot.app.query("#train"))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceDialog))
        await until(pilot, lambda: pilot.app.screen.query(Button))
        await pilot.press(answer)
        await pilot.pause()
        assert len(stopped) == stops and pilot.app._exit == bool(leaves)


async def test_a_training_that_is_about_to_start_is_asked_about(
    tiny: Model, until: Until, monkeypatch
) -> None:
    monkeypatch.setattr(TrainPane, "starting", "my text")
    async with opened() as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: pilot.app.query("#train"))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChoiceDialog))
        await until(pilot, lambda: pilot.app.screen.query(Button))
        assert "my text has not started yet" in plain(pilot.app.screen.query(Static).first())
        await pilot.press("b")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ChoiceDialog))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: pilot.app.screen.query(Button))
        await pilot.press("q")
        await until(pilot, lambda: pilot.app._exit)


async def typed_ahead(pilot: Pilot[int], until: Until) -> None:
    """Press Enter in Train before there is anything to press it in."""
    app = pilot.app
    assert isinstance(app, HeloApp)
    app.post_message(Key("f3", None))
    await until(pilot, lambda: app.tab == "train")
    assert not app.query("#start")
    app.post_message(Key("enter", "\r"))


async def test_a_key_typed_before_train_is_there_reaches_the_form(
    tiny: Model, winter, started, until: Until
) -> None:
    async with opened() as pilot:
        await typed_ahead(pilot, until)
        await until(pilot, lambda: started)
    assert started[0].info().corpus_name == "winter"


async def test_keys_typed_for_a_tab_that_is_left_again_are_dropped(
    tiny: Model, winter, started, until: Until
) -> None:
    async with opened() as pilot:
        await typed_ahead(pilot, until)
        await pilot.press("f2", "x")
        await until(pilot, lambda: pilot.app.query_one(WritePane).prompt.text == "x")
        await pilot.press("f3")
        await until(pilot, lambda: pilot.app.query("#start"))
        await pilot.pause()
    assert not started


async def test_no_model_can_be_opened(home: Path, until: Until, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(places, "bundled", lambda: tmp_path / "nowhere")
    app = HeloApp()
    async with app.run_test(notifications=True) as pilot:
        await until(pilot, lambda: "no model" in toasts(pilot))
        write = app.query_one(WritePane)
        assert "No model is open." in plain(write.transcript)
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: write.prompt.text == "hello")
        assert write.passage is None


async def test_a_remembered_model_that_is_gone_gives_way(
    tiny: Model, home: Path, until: Until, monkeypatch
) -> None:
    monkeypatch.setattr("tui.app.DEFAULT_MODEL", "tiny")
    places.state().write_text('{"model": "gone"}')
    app = HeloApp()
    async with app.run_test(notifications=True) as pilot:
        write = app.query_one(WritePane)
        await until(pilot, lambda: write.session.opened)
        assert write.session.opened and write.session.opened.model.name == "tiny"
        assert "'gone'" in toasts(pilot)


def test_an_unknown_model_is_refused_before_anything_opens(home: Path) -> None:
    with pytest.raises(NotFoundError):
        run_app("nosuch")


@pytest.mark.parametrize("size", [(1, 1), (40, 10), (60, 18), (80, 24), (200, 60)])
async def test_every_size(tiny: Model, until: Until, size: tuple[int, int]) -> None:
    async with opened(size) as pilot:
        write = pilot.app.query_one(WritePane)
        await pilot.press(*"Shall", "enter")
        await until(pilot, lambda: write.passage and write.passage.shown > 8)
        await pilot.press("tab", "c", "left", "2", "f1", "escape")
        await pilot.resize_terminal(*reversed(size))
        await pilot.resize_terminal(100, 30)
        assert write.passage and len(write.passage.branches) <= 2
