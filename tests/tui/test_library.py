"""The Library screen: what it lists, what it shows, and what its keys do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from textual.widgets import Input

from engine.network import modelfile
from engine.runs import launch, library
from engine.runs.rundir import RunDirectory
from tests.conftest import make_model
from tests.tui.library import LibraryApp, asking, listed
from tui.dialogs import AskDialog
from tui.library.shelf import Kind
from tui.remember import State

pytestmark = pytest.mark.usefixtures("bundled")


def with_loss(model, nats):
    return replace(model, history=replace(model.history, best_val_nats=nats))


async def test_an_empty_library_says_what_to_do(home, until):
    app = LibraryApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, listed(app, "no models yet", "no runs yet", "python", "hello"))
        assert app.pane.selected.kind is Kind.CORPUS
        await until(pilot, lambda: "nothing to delete" in app.about)
        assert not app.pane.check_action("delete", ()) and app.pane.check_action("open", ())


@pytest.mark.parametrize("size", [(140, 45), (80, 24), (60, 18), (40, 10)])
async def test_everything_is_listed_in_every_size(tiny, fake_run, bundled, until, size):
    modelfile.save(bundled / "bard.safetensors", tiny)
    fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, listed(app, "tiny", "bard", "daily", "winter", "python"))
        await until(pilot, lambda: "lstm 16×2" in app.about)


async def test_what_is_damaged_is_listed_with_its_problem(tiny, fake_run, winter, home, until):
    (home / "models" / "bad.safetensors").write_bytes(b"PK\x03\x04")
    (fake_run("daily").run.folder / "run.json").write_text("{")
    (winter.folder / "corpus.json").write_text("[]")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "bad", "daily", "winter"))
        for name, problem in (("bad", "pickle"), ("daily", "damaged"), ("winter", "damaged")):
            app.choose(name)
            await until(pilot, lambda problem=problem: problem in app.about)
            await pilot.press("enter")
            await until(pilot, lambda problem=problem: problem in app.told)
        assert not app.opened


async def test_opening_goes_where_the_item_belongs(tiny, fake_run, winter, home, until):
    run = fake_run("daily").run
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "daily", "winter"))
        for key, name in (("enter", "tiny"), ("o", "daily"), ("enter", "winter"), ("o", "hello")):
            app.choose(name)
            await pilot.pause()
            await pilot.press(key)
        await until(pilot, lambda: len(app.opened) == 4)
    assert app.opened == [
        ("model", home / "models" / "tiny.safetensors"),
        ("run", run.folder),
        ("corpus", "winter"),
        ("corpus", "hello"),
    ]


async def test_training_starts_from_what_is_chosen(tiny, fake_run, winter, home, until):
    runs = {name: fake_run(name).run for name in ("daily", "tiny", "empty")}
    for name in ("daily", "tiny"):
        shutil.copy(home / "models" / "tiny.safetensors", runs[name].best)
    app = LibraryApp()
    async with app.run_test(size=(140, 45), notifications=True) as pilot:
        await until(pilot, listed(app, "tiny", "daily", "winter", "empty"))
        for name in ("tiny", "daily", "winter", "hello", "empty"):
            app.choose(name)
            await pilot.press("t")
        await until(pilot, lambda: "the run 'empty' has no model yet" in app.told)
        app.choose("tiny", Kind.RUN)  # the model hides the run of its name
        await pilot.press("t")
        await until(pilot, lambda: len(app.opened) == 5)
    corpora = [("corpus", "winter"), ("corpus", "hello")]
    hidden = ("from", str(runs["tiny"].folder))
    assert app.opened == [("from", "tiny"), ("from", "daily"), *corpora, hidden]


async def test_arrows_go_from_section_to_section(tiny, fake_run, until):
    fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "daily"))
        kinds = []
        for _ in range(3):
            kinds.append(app.pane.selected.kind)
            await pilot.press("right")
        assert kinds == [Kind.MODEL, Kind.RUN, Kind.CORPUS]
        await pilot.press("left")
        assert app.pane.selected.kind is Kind.CORPUS


async def test_renaming_asks_again_while_a_name_cannot_be(tiny, home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny"))
        await pilot.press("n")
        await until(pilot, asking(app, AskDialog))
        app.screen.query_one(Input).value = "no/name"
        await pilot.press("enter")
        await until(pilot, lambda: "is not a valid name" in app.told)
        await until(pilot, asking(app, AskDialog))
        assert app.screen.query_one(Input).value == "no/name"
        app.screen.query_one(Input).value = "york"
        await pilot.press("enter")
        await until(pilot, listed(app, "york"))
        assert app.pane.selected is not None
    assert not (home / "models" / "tiny.safetensors").exists()


async def test_runs_and_corpora_are_renamed_and_found_again(fake_run, home, until):
    run = fake_run("daily").run
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily", "winter"))
        for name, new in (("winter", "summer"), ("daily", "weekly")):
            app.choose(name)
            await pilot.pause()
            await pilot.press("n")
            await until(pilot, asking(app, AskDialog))
            app.screen.query_one(Input).value = new
            await pilot.press("enter")
            await until(pilot, lambda new=new: app.pane.selected.name == new)
            assert name not in app.names
    assert app.opened == [("renamed", "daily", "weekly")]
    assert RunDirectory(run.folder.with_name("weekly")).corpus().info.name == "summer"


async def test_typing_narrows_all_sections(tiny, fake_run, until):
    fake_run("daily"), fake_run("tiny-run")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily", "winter", "python"))
        every = len(app.names)
        await pilot.press("slash", *"TINY")
        await until(pilot, lambda: app.names == ["tiny", "tiny-run", "tiny-shakespeare"])
        assert app.caption.startswith(f"3 of {every} · ") and "Runs (1 of 2)" in app.list
        await pilot.press("space", *"gru", "enter")  # a word of another column
        await until(pilot, lambda: app.names == ["tiny-run"])
        assert "Corpora" not in app.list
        await pilot.press("o")
        await until(pilot, lambda: [kind for kind, _ in app.opened] == ["run"])
        await pilot.press("slash", *"[x]", "down")
        await until(pilot, lambda: "nothing matches [x]" in app.list)
        assert app.pane.selected is None and not app.pane.check_action("delete", ())
        await pilot.press("right", "j", "k", "enter", "d", "escape")
        await until(pilot, lambda: len(app.names) == every)
        assert " of " not in app.caption and not app.query_one("#filter").display


async def test_escape_in_the_filter_shows_everything_again(fake_run, until):
    fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=(40, 10)) as pilot:
        await until(pilot, listed(app, "daily", "winter"))
        await pilot.press("slash", *"[/b]")
        await until(pilot, lambda: "nothing matches [/b]" in app.list)
        await pilot.press("escape")
        await until(pilot, listed(app, "daily", "winter"))
        assert app.focused and app.focused.id == "items"


async def test_one_key_sorts_and_the_way_is_remembered(tiny, home, fake_run, until):
    modelfile.save(home / "models" / "Better.safetensors", with_loss(tiny, 1.0))
    os.utime(home / "models" / "Better.safetensors", (1, 1))
    modelfile.save(home / "models" / "zero.safetensors", with_loss(make_model(hidden=8), 2.0))
    os.utime(home / "models" / "zero.safetensors", (2, 2))
    state = State()
    app = LibraryApp(state)
    orders = {}
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "Better", "zero", "tiny"))
        for _ in range(5):
            orders[app.caption.partition(" · ")[0]] = app.names[:3]
            app.choose("zero")
            await pilot.press("s")
            assert app.pane.selected.name == "zero"
    assert orders == {
        "newest first": ["tiny", "zero", "Better"],
        "by name": ["Better", "tiny", "zero"],
        "lowest loss first": ["Better", "zero", "tiny"],
        "largest first": ["tiny", "Better", "zero"],
    }
    assert state.sort == "name"


async def test_j_and_k_move(tiny, fake_run, until):
    fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "daily", "winter"))
        seen = []
        for key in ("j", "j", "k"):
            await pilot.press(key)
            seen.append(app.pane.selected.name)
        assert seen == ["daily", "winter", "daily"]


@pytest.mark.parametrize("name", ["tiny", "daily", "winter"])
async def test_deleting_asks_first(tiny, fake_run, winter, home, until, name):
    fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "daily", "winter"))
        app.choose(name)
        await pilot.pause()
        await pilot.press("d")
        await until(pilot, asking(app))
        await pilot.press("escape")
        await until(pilot, lambda: not asking(app)())
        assert any(place.stem == name for place in home.glob("*/*"))
        await pilot.press("d")
        await until(pilot, asking(app))
        await pilot.press("d")
        await until(pilot, lambda: name not in app.names)
    assert not any(place.stem == name for place in home.glob("*/*"))


async def test_a_run_that_is_training_is_not_deleted(fake_run, until):
    run = fake_run("daily")
    run.begin()
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily"))
        for name in ("daily", "winter"):
            app.choose(name)
            await until(pilot, lambda name=name: "not now: daily is training" in app.about)
            await pilot.press("d", "n")
        assert app.screen is app.screen_stack[0]
    assert run.run.folder.exists()


async def test_a_run_that_began_after_the_list_was_read_is_not_deleted_either(fake_run, until):
    run = fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily"))
        app.choose("daily")
        await pilot.pause()
        await pilot.press("d")
        await until(pilot, asking(app))
        run.live()
        await pilot.press("d")
        await until(pilot, lambda: "stop it first" in app.told)
    assert run.run.folder.exists()


async def test_a_bundled_model_stays(tiny, bundled, until):
    modelfile.save(bundled / "bard.safetensors", tiny)
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "bard"))
        app.choose("bard")
        await pilot.pause()
        await pilot.press("n", "d")
        await until(pilot, lambda: "not possible: it came with helo" in app.about)
        assert app.screen is app.screen_stack[0]
    assert (bundled / "bard.safetensors").exists()


async def test_a_run_is_kept_as_a_model(fake_run, tiny, until):
    run = fake_run("daily")
    modelfile.save(run.run.latest, tiny)
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily"))
        app.choose("daily")
        await pilot.pause()
        await pilot.press("m")
        await until(pilot, asking(app, AskDialog))
        await pilot.press("enter")
        await until(pilot, lambda: "daily" in {entry.name for entry in library.models()})
        await until(pilot, listed(app, "Models (2)"))


async def test_it_shows_what_comes_ends_and_goes_meanwhile(fake_run, tiny, home, until):
    run = fake_run("daily")
    run.begin()
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily", "running", "Models (1)"))
        run.finish()
        await until(pilot, listed(app, "finished"))
        modelfile.save(home / "models" / "another.safetensors", tiny)
        await until(pilot, listed(app, "another", "Models (2)"))
        (home / "models" / "another.safetensors").unlink()
        await until(pilot, listed(app, "Models (1)"))


async def test_a_click_selects_and_a_click_on_the_selected_item_opens_it(tiny, fake_run, until):
    fake_run("daily")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "daily", "hello"))
        line = next(i for i, text in enumerate(app.list.splitlines()) if "hello" in text)
        await pilot.click("#items", offset=(5, line + 1))
        assert app.pane.selected.name == "hello" and not app.opened
        heading = next(i for i, text in enumerate(app.list.splitlines()) if "Runs (" in text)
        await pilot.click("#items", offset=(5, heading + 1))
        assert app.pane.selected.name == "hello" and not app.opened
        await pilot.click("#items", offset=(5, line + 1))
        await until(pilot, lambda: app.opened == [("corpus", "hello")])


async def test_refreshing_shows_what_came_meanwhile_and_keeps_the_cursor(tiny, home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny"))
        app.choose("hello")
        modelfile.save(home / "models" / "another.safetensors", tiny)
        await pilot.press("r")
        await until(pilot, listed(app, "another"))
        assert app.pane.selected.name == "hello"


async def test_cards_and_names_are_shown_as_they_are(tiny, home, until):
    card = "[bold]no markup[/bold] [/]\n\x1b]0;title\x07 \u202eesrever"
    (home / "models" / "tiny.md").write_text(card)
    (home / "models" / "[red].safetensors").write_bytes(b"")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "tiny", "[red]"))
        app.choose("tiny")
        await until(pilot, lambda: "[bold]no markup[/bold] [/]" in app.about)
        assert "\x1b" not in app.about and "\u202e" not in app.about


async def test_the_corpus_under_the_cursor_is_surveyed_by_another_process(
    winter, until, monkeypatch
):
    asked, again = [], []

    def survey(folder):
        (again if asked else asked).append(folder)
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.text.survey", str(folder), "0.1"]
        )

    monkeypatch.setattr(launch, "survey", survey)
    app = LibraryApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, listed(app, "winter"))
        app.choose("winter")
        await pilot.pause()
        assert "entropy" in app.about and "baselines" not in app.about
        await until(pilot, lambda: "baselines" in app.about)
        assert "6-gram" in app.about and "repeated" in app.about
        app.choose("hello")
        app.choose("winter")
        await until(pilot, lambda: not app.workers._workers)
    assert (asked, again) == ([winter.folder], [])
