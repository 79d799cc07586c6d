"""Texts that come into the Library: from files, and from the catalogue's addresses."""

from __future__ import annotations

import asyncio

import pytest
from textual.widgets import Input

from engine.text.sources import catalogue
from tests import catalogues
from tests.tui.library import LibraryApp, asking, listed
from tui.dialogs import AskDialog
from tui.library.imports import Imports


@pytest.fixture
def shop(monkeypatch, tmp_path, server):
    """A catalogue with a text that comes, one that never ends, and one that is not there."""
    server.serve("/play", b"of York " * 75)
    server.endless("/sea", b"of York " * 50, pause=0.01)
    urls = {name: server.url(f"/{name}") for name in ("play", "sea", "none")}
    catalogues.use(monkeypatch, tmp_path, **urls)
    monkeypatch.setattr(catalogue, "_SLACK", 10**6)
    return server


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
        assert "nothing to delete" in app.about and not app.pane.check_action("delete", ())


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
        await until(pilot, lambda: "is being imported already" in app.told)
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
