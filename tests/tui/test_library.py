"""The Library screen: what it lists, what it shows, and what its keys do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest
from textual.app import App
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from engine import catalogue, corpus, launch, library, modelfile, places, survey
from engine.config import ModelConfig
from tests import catalogues
from tui.dialogs import AskDialog, ConfirmDialog
from tui.library.details import details, name_width, rows
from tui.library.imports import Imports
from tui.library.pane import LibraryPane
from tui.library.shelf import Kind, Shelf
from tui.messages import ModelChosen, RunChosen, TrainOn


class LibraryApp(App[None]):
    """The pane alone."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[object] = []

    def compose(self):
        yield LibraryPane()

    def on_model_chosen(self, message: ModelChosen) -> None:
        self.opened.append(("model", message.path))

    def on_run_chosen(self, message: RunChosen) -> None:
        self.opened.append(("run", message.folder))

    def on_train_on(self, message: TrainOn) -> None:
        self.opened.append(("corpus", message.corpus))

    @property
    def pane(self) -> LibraryPane:
        return self.query_one(LibraryPane)

    @property
    def list(self) -> str:
        box = self.query_one(OptionList)
        options = [box.get_option_at_index(i) for i in range(box.option_count)]
        return "\n".join(str(option.prompt) for option in options)

    @property
    def about(self) -> str:
        shown = self.query_one("#about", Static).render()
        return shown.plain if isinstance(shown, Content) else str(shown)

    @property
    def told(self) -> str:
        return "\n".join(note.message for note in self._notifications)

    def choose(self, name: str) -> None:
        """Put the cursor on an item."""
        box = self.query_one(OptionList)
        key = next(key for key, item in self.pane._items.items() if item.name == name)
        box.highlighted = box.get_option_index(key)


@pytest.fixture(autouse=True)
def bundled(monkeypatch, tmp_path):
    """A folder of bundled models of the test's own."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(places, "bundled", lambda: folder)
    return folder


@pytest.fixture
def shop(monkeypatch, tmp_path, server):
    """A catalogue with a text that comes, one that never ends, and one that is not there."""
    server.serve("/play", b"of York " * 75)
    server.endless("/sea", b"of York " * 50, pause=0.01)
    urls = {name: server.url(f"/{name}") for name in ("play", "sea", "none")}
    catalogues.use(monkeypatch, tmp_path, **urls)
    monkeypatch.setattr(catalogue, "_SLACK", 10**6)
    return server


def listed(app, *names):
    return lambda: all(name in app.list for name in names)


def asking(app, kind=ConfirmDialog):
    return lambda: isinstance(app.screen, kind)


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
        await until(pilot, lambda: "cannot be a name" in app.told)
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


async def test_a_text_is_imported(home, tmp_path, until):
    path = tmp_path / "play.txt"
    path.write_text("of York " * 100)
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "hello"))
        await pilot.press("i")
        await until(pilot, asking(app, AskDialog))
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, listed(app, "play"))
        assert "800 characters" in app.told


async def test_what_cannot_be_imported_is_said_and_can_be_typed_on(home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "hello"))
        for typed, problem in (("/no/such [/b]", "no corpus or file"), ("-", "standard input")):
            await pilot.press("i")
            await until(pilot, asking(app, AskDialog))
            app.screen.query_one(Input).value = typed
            await pilot.press("enter")
            await until(pilot, lambda problem=problem: problem in app.told)
        await pilot.press("i")
        await until(pilot, asking(app, AskDialog))
        assert app.screen.query_one(Input).value == "-"


@pytest.mark.parametrize("key", ["g", "o", "enter"])
async def test_what_the_catalogue_has_is_fetched_with_one_key(shop, home, until, key):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "play", "600 B to fetch"))
        app.choose("play")
        await until(pilot, lambda: shop.url("/play") in app.about)
        assert "GPL-2.0" in app.about and "Title of play" in app.about
        await pilot.press(key)
        await until(pilot, lambda: "play: 600 characters imported" in app.told)
        await until(pilot, lambda: app.list.count("to fetch") == 2)
        assert app.pane.selected.name == "play" and app.pane.selected.path
        await pilot.press("g")
        assert not app.query_one(Imports).importing


async def test_what_cannot_be_fetched_is_said_once(shop, home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "none"))
        app.choose("none")
        await pilot.press("g")
        await until(pilot, lambda: "404 Not Found" in app.told)
        await until(pilot, lambda: not app.query_one(Imports).importing)
        assert len(app._notifications) == 1 and not app.query_one(Imports).display
        await pilot.press("d")
        await until(pilot, lambda: "not fetched" in app.told)


async def test_fetching_tells_how_far_it_is_and_escape_stops_it(shop, home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "sea"))
        assert not app.pane.check_action("stop", ())
        app.choose("sea")
        line = app.query_one(Imports)
        await pilot.press("g")
        await until(pilot, lambda: "importing sea … fetching, " in str(line.render()))
        assert line.display and "B/s" in str(line.render())
        await pilot.press("g")
        await until(pilot, lambda: "on its way already" in app.told)
        app.choose("play")
        await pilot.press("g")
        await until(pilot, lambda: "play: 600 characters" in app.told)
        assert line.importing, "the other goes on"
        await pilot.press("escape")
        await until(pilot, lambda: not line.importing)
        assert "nothing was imported" in app.told
    assert [path.name for path in (home / "corpora").iterdir()] == ["play"]
    assert not list((home / "cache").glob("tmp*"))


async def test_leaving_the_app_stops_what_is_fetched(shop, home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "sea"))
        app.choose("sea")
        await pilot.press("g")
        await until(pilot, lambda: "fetching, " in str(app.query_one(Imports).render()))
    while list(home.glob("c*/*")):  # its thread ends when it looks up
        await asyncio.sleep(0.01)


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


def test_a_run_is_read_again_only_where_its_log_has_changed(fake_run, monkeypatch):
    run, reads = fake_run("daily"), []
    run.begin()
    from tui.library import shelf as module

    real = module.summary
    monkeypatch.setattr(module, "summary", lambda run: reads.append(run.name) or real(run))
    shelf = Shelf()
    first = shelf.read()[Kind.RUN]
    assert shelf.read()[Kind.RUN] == first
    assert reads == ["daily"]
    run.progress(10, 2.0)
    assert dict(shelf.read()[Kind.RUN][0].facts)["steps"].startswith("10 of 1,000")
    run.die()
    assert "killed" in shelf.read()[Kind.RUN][0].columns[0]


def test_columns_stand_under_one_another_and_never_overflow(tiny, fake_run, winter):
    fake_run("a-run-with-quite-a-long-name-indeed-and-more")
    items = Shelf().read()
    name = name_width(item for section in items.values() for item in section)
    for section in items.values():
        for width in (20, 40, 60, 90):
            lines = list(rows(section, name, width))
            assert all(line.cell_length <= max(width, name) for line in lines)
            assert len({line.cell_length for line in lines}) <= 1


def test_a_network_with_a_long_name_is_cut_and_keeps_its_place(fake_run):
    fake_run()
    (run,) = Shelf().read()[Kind.RUN]
    status, loss, _, day = run.columns
    network = str(ModelConfig("peephole", 1024, 2, layer_norm=True, residual=True))
    item = replace(run, columns=(status, loss, network, day))
    wide, narrow = (next(rows([item], 14, width)).plain for width in (100, 60))
    assert network in wide and day in wide
    assert "peephole 1024×2, layer n" in narrow and "…" in narrow and len(narrow) <= 60


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
        return subprocess.Popen([sys.executable, "-P", "-m", "engine.survey", str(folder), "0.1"])

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
