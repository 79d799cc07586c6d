"""The settings behind "More settings", the name of a run, and the model that a training starts from."""

from __future__ import annotations

import pytest
from textual.widgets import Input, Select

from engine.network import modelfile
from tests.conftest import make_model
from tests.tui.training import TrainApp, ready, seen
from tui.app import HeloApp
from tui.remember import State, load_state

pytestmark = pytest.mark.usefixtures("started")


def type_in(app, **values):
    for key, value in values.items():
        app.query_one(f"#{key}", Input).value = value


async def test_settings_behind_more_are_shown_by_a_key_and_what_is_set_there_is_told(winter, until):
    app = TrainApp()
    async with app.run_test(size=(60, 18)) as pilot:
        await until(pilot, ready(app))
        assert not app.query_one("#seed").is_on_screen and not app.text("#set")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: app.focused.id == "init_from")
        assert app.query_one("#fields").region.contains_region(app.focused.region)
        type_in(app, seed="7", batch="8")
        app.query_one("#residual", Select).value = "on"
        await until(pilot, seen(app, "lstm 128×1, residual", "#outlook"))
        assert not app.text("#set")
        await pilot.press("ctrl+t")
        assert app.focused.id == "toggle"
        assert app.text("#set") == "3 more are set: Residual, Batch, Seed"
        await pilot.press("tab")
        assert app.focused.id == "start"
        type_in(app, seed="0", batch=" ")
        await until(pilot, lambda: app.text("#set") == "1 more is set: Residual")


@pytest.mark.parametrize("shown", [False, True])
async def test_whether_all_settings_are_shown_is_remembered(winter, until, shown):
    State(all_settings=shown).save()
    app = HeloApp()
    async with app.run_test() as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: any(t.is_on_screen for t in app.query("#toggle")))
        assert app.query_one("#more").display == shown
        app.query_one("#toggle").focus()
        await pilot.press("enter")
        await until(pilot, lambda: app.query_one("#more").display != shown)
    assert load_state()[0].all_settings != shown


async def test_what_is_hidden_and_wrong_is_shown_where_the_start_is_refused(winter, started, until):
    app = TrainApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, ready(app))
        type_in(app, weight_decay="11")
        await until(pilot, seen(app, "Weight decay must be between 0 and 10", "#problem"))
        assert not app.query_one("#more").display
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.focused.id == "weight_decay" and app.focused.is_on_screen)
        assert app.query_one("#fields").region.contains_region(app.focused.region)
        type_in(app, weight_decay="")
        app.query_one("#dtype", Select).value = "float16"
        await until(pilot, seen(app, "Precision float16 is not for cpu", "#problem"))
    assert not started


async def test_a_run_has_the_name_and_settings_that_were_given(winter, started, until):
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        type_in(app, name="daily", seed="7", weight_decay="0.5", save_every="5")
        type_in(app, lr="0.01", lr_to="0.02")
        told = "Final rate must be between 0 and 0.01, the peak learning rate, not 0.02"
        await until(pilot, seen(app, told, "#problem"))
        type_in(app, lr_to="0.001")
        app.query_one("#dtype", Select).value = "float32"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
    info = started[0].info()
    assert (started[0].name, info.config.seed, info.config.weight_decay) == ("daily", 7, 0.5)
    assert (info.config.save_every, info.config.dtype) == (5, "float32")
    assert info.config.lr_to == pytest.approx(0.001)
    words = "--weight-decay 0.5 --lr 0.01 --lr-to 0.001 --seed 7 --save-every 5 --dtype float32"
    assert info.command == f"helo train winter {words} --seconds 300 --name daily"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("daily", "Name: there is a run 'daily' already"), ("no name", "Name: 'no name' is not")],
)
async def test_a_name_that_is_taken_or_invalid_is_refused_at_once(
    fake_run, started, until, name, problem
):
    fake_run("daily").die()
    app = TrainApp()
    async with app.run_test() as pilot:
        await until(pilot, ready(app))
        type_in(app, name=name)
        await until(pilot, seen(app, problem, "#problem"))
        (wrong,) = app.query(".row.-wrong")
        assert wrong.query("#name")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.focused.id == "name")
    assert not started


async def test_a_model_to_start_from_gives_its_sizes(winter, home, started, until):
    modelfile.save(home / "models" / "small.safetensors", make_model("gru", 16, 2))
    app = TrainApp()
    async with app.run_test(size=(140, 45), notifications=True) as pilot:
        await until(pilot, ready(app))
        app.query_one("#cell", Select).value = "rnn"
        await pilot.press("ctrl+t")
        await pilot.press(*"sma")
        await until(pilot, lambda: app.query_one("#init_from", Input)._suggestion == "small")
        await pilot.press("right")
        await until(pilot, seen(app, "gru 16×2: ", "#outlook"))
        assert app.text("#init_from-hint") == "gru 16×2"
        assert app.query_one("#cell", Select).value == "gru"
        assert app.query_one("#hidden", Input).placeholder == "16"

        type_in(app, hidden="9")
        told = "Hidden 9 does not fit “Start from” (gru 16×2): leave it out"
        await until(pilot, seen(app, told, "#problem"))
        type_in(app, hidden="16", init_from="nobody")
        await until(pilot, seen(app, "Start from: no model 'nobody'", "#problem"))
        assert app.query_one("#cell", Select).value == "rnn"
        type_in(app, init_from="small")
        await until(pilot, seen(app, "gru 16×2: ", "#outlook"))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: started)
        notes = "".join(note.message for note in app._notifications)
        assert "new to small" in notes
    info = started[0].info()
    assert str(info.config.model) == "gru 16×2" and info.init_from.endswith("small.safetensors")
    assert info.command == "helo train winter --seconds 300 --init-from small"


async def test_a_model_that_was_chosen_elsewhere_is_shown(winter, tiny, until):
    app = TrainApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, ready(app))
        await app.pane.fill_in("", "tiny")
        await until(pilot, seen(app, "lstm 16×2: ", "#outlook"))
        assert app.query_one("#init_from").is_on_screen and app.focused.id == "start"
