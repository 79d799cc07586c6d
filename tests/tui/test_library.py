"""The Library screen: what it lists, what it shows, and what its keys do."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from engine import places
from engine.config import ModelConfig
from engine.network import modelfile
from engine.runs import launch, library
from engine.runs.kept import SLICE
from engine.runs.logs import LineReader
from engine.text import corpus, survey
from tests.tui.library import LibraryApp, asking, listed
from tui.dialogs import AskDialog
from tui.library.details import details, name_width, rows
from tui.library.shelf import Kind, Shelf


@pytest.fixture(autouse=True)
def bundled(monkeypatch, tmp_path):
    """A folder of bundled models of the test's own."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(places, "bundled", lambda: folder)
    return folder


async def test_an_empty_library_says_what_to_do(home, until):
    app = LibraryApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, listed(app, "no models yet", "no runs yet", "python", "hello"))
        assert app.pane.selected.kind is Kind.CORPUS
        await pilot.press("d")
        await until(pilot, lambda: "nothing to delete" in app.told)


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
        await until(pilot, lambda: all(item.name != name for item in app.pane._items.values()))
    assert not any(place.stem == name for place in home.glob("*/*"))


async def test_a_run_that_is_training_is_not_deleted(fake_run, until):
    run = fake_run("daily")
    run.begin()
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "daily"))
        app.choose("daily")
        await pilot.pause()
        await pilot.press("d")
        await until(pilot, lambda: "stop it first" in app.told)
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
        await until(pilot, lambda: "came with helo" in app.told)
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
        await pilot.press("k")
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


def test_of_a_long_log_only_what_was_added_is_read(fake_run, monkeypatch):
    run, read = fake_run("daily"), []
    run.begin()
    for step in range(1, 3000):
        run.progress(step, 2.0)
    real = LineReader.read

    def counted(reader, most=-1):
        lines = real(reader, most)
        read.append(sum(len(line) + 1 for line in lines))
        return lines

    monkeypatch.setattr(LineReader, "read", counted)
    shelf = Shelf()
    first = shelf.read()[Kind.RUN]
    whole = run.run.events_path.stat().st_size
    assert sum(read) == whole > SLICE and max(read) < 2 * SLICE
    read.clear()
    assert shelf.read()[Kind.RUN] == first and not read
    run.progress(3000, 2.0)
    run.evaluated(3000, 1.5)
    [item] = shelf.read()[Kind.RUN]
    assert dict(item.facts)["steps"].startswith("3,000 of 1,000") and "1.500" in item.columns[1]
    assert sum(read) == run.run.events_path.stat().st_size - whole
    run.die()
    assert "killed" in shelf.read()[Kind.RUN][0].columns[0]


def test_a_log_that_was_made_anew_is_read_from_its_beginning(fake_run):
    run, shelf = fake_run("daily"), Shelf()
    run.begin()
    for step in (10, 20, 30):
        run.progress(step, 2.0)
    shelf.read()
    run.run.events_path.write_text("")
    run.progress(7, 2.0)
    assert dict(shelf.read()[Kind.RUN][0].facts)["steps"].startswith("7 of")


def test_columns_stand_under_one_another_and_never_overflow(tiny, fake_run, winter):
    fake_run("a-run-with-quite-a-long-name-indeed-and-more")
    items = Shelf().read()
    name = name_width(item for section in items.values() for item in section)
    for section in items.values():
        for width in (20, 40, 60, 90):
            lines = list(rows(section, name, width))
            assert all(line.cell_length <= max(width, name) for line in lines)
            assert len({line.cell_length for line in lines}) <= 1


def test_names_are_whole_and_other_columns_give_way(fake_run):
    names = [f"a-run-with-quite-a-long-name-indeed-{i}" for i in range(3)]
    for name in names:
        fake_run(name)
    items = Shelf().read()[Kind.RUN]
    for width in (80, 50, 39, 20):
        lines = [line.plain for line in rows(items, name_width(items), width)]
        assert sorted(line.split()[0] for line in lines) == names
        assert all(len(line) <= max(width, len(names[0])) for line in lines)
        assert ("new" in lines[0]) == (width >= 50)


def test_a_network_with_a_long_name_is_cut_and_keeps_its_place(fake_run):
    fake_run()
    (run,) = Shelf().read()[Kind.RUN]
    status, loss, _, day = run.columns
    network = str(ModelConfig("peephole", 1024, 2, layer_norm=True, residual=True))
    item = replace(run, columns=(status, loss, network, day))
    wide, narrow = (next(rows([item], 14, width)).plain for width in (100, 60))
    assert network in wide and day in wide
    assert "peephole 1024×2, layer n" in narrow and "…" in narrow and len(narrow) <= 60


def test_details_of_wide_characters_fit(tiny):
    item = replace(Shelf().read()[Kind.MODEL][0], facts=(("corpus", "床前明月光" * 9),), text="")
    lines = details(item, 40).plain.splitlines()
    assert len(lines) > 2 and all(cell_len(line) <= 40 for line in lines)


def test_details_wrap_beside_their_names(tiny):
    item = Shelf().read()[Kind.MODEL][0]
    text = details(item, 40).plain
    assert all(len(line) <= 40 for line in text.splitlines())
    assert text.startswith("network")


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


def test_a_survey_that_is_kept_is_shown_beside_the_limit(winter):
    made = corpus.add(["ab" * 500], "known", "here", entropy_rate=0.25)
    survey.obtain(made)
    [item] = [item for item in Shelf().read()[Kind.CORPUS] if item.name == "known"]
    facts = dict(item.facts)
    assert facts["limit"].startswith("0.2500 nats") and "500 characters" in facts["repeated"]
    assert "scored on 99 of the validation part" in facts["baselines"]
    (made.folder / survey.KEPT).write_text("{torn")
    [item] = [item for item in Shelf().read()[Kind.CORPUS] if item.name == "known"]
    assert "baselines" not in dict(item.facts) and not item.problem


def test_long_texts_of_files_are_laid_out_in_part(tiny, home):
    told = replace(tiny, history=replace(tiny.history, command="漢" * 2_000_000))
    modelfile.save(home / "models" / "told.safetensors", told)
    (home / "models" / "told.md").write_text("x" * 2_000_000)
    [item] = [item for item in Shelf().read()[Kind.MODEL] if item.name == "told"]
    assert len(details(item, 60).plain) < 100_000
    odd = replace(item, columns=("漢" * 2_000_000, "", "", ""))
    assert all(row.cell_length == 60 for row in rows([item, odd], 12, 60))
