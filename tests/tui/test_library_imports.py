"""Texts that come into the Library: from files, and from the catalogue's addresses."""

from __future__ import annotations

import asyncio
import shlex
from dataclasses import replace

import pytest

from engine.text import corpus
from engine.text.sources import catalogue
from tests import catalogues
from tests.tui.library import LibraryApp, asking, listed
from tui.library.importing import ImportDialog
from tui.library.imports import Imports
from tui.library.paths import complete
from tui.library.shelf import Kind


@pytest.fixture
def shop(monkeypatch, tmp_path, server):
    """A catalogue with a text that comes, one that never ends, and one that is not there."""
    server.serve("/play", b"of York " * 75)
    server.endless("/sea", b"of York " * 50, pause=0.01)
    urls = {name: server.url(f"/{name}") for name in ("play", "sea", "none")}
    catalogues.use(monkeypatch, tmp_path, **urls)
    monkeypatch.setattr(catalogue, "_SLACK", 10**6)
    return server


async def press_i(pilot, until):
    """Press the key with the cursor on a corpus."""
    await until(pilot, listed(pilot.app, "hello"))
    pilot.app.choose("hello", Kind.CORPUS)
    await pilot.pause()
    await pilot.press("i")


async def fill_in(pilot, until, **typed):
    """Open the dialog, and type and choose."""
    app = pilot.app
    await press_i(pilot, until)
    await until(pilot, asking(app, ImportDialog))
    await change(pilot, **typed)


async def change(pilot, **typed):
    """Type and choose in the open dialog, and press Enter."""
    for key, value in typed.items():
        pilot.app.screen.query_one(f"#{key}").value = value
    pilot.app.screen.query_one("#source").focus()
    await pilot.press("enter")


def trouble(app):
    """What the open dialog says is wrong, and the label of the row it marks."""
    if not isinstance(app.screen, ImportDialog):
        return "", ""
    marked = app.screen.query(".-wrong .label")
    shown = str(app.screen.query_one("#trouble").render())
    return shown, str(marked.first().render()) if marked else ""


@pytest.mark.parametrize("size", [(140, 45), (40, 10)])
async def test_a_text_is_imported_with_enter_alone(home, tmp_path, until, size):
    path = tmp_path / "two words.txt"
    path.write_bytes("of Yörk ".encode("cp1252") * 100)
    app = LibraryApp()
    async with app.run_test(size=size) as pilot:
        await until(pilot, listed(app, "hello"))
        await fill_in(pilot, until, source=str(path))
        await until(pilot, listed(app, "two-words"))
        assert "two-words: 800 characters imported" in app.told
        assert "read as" in app.told and "named two-words" in app.told
        await press_i(pilot, until)
        await until(pilot, asking(app, ImportDialog))
        assert app.screen.query_one("#source").value == "", "it is done with"


async def test_every_option_does_what_the_command_does(cli, home, tmp_path, until):
    for name in ("a b.md", "c.txt", "d.md"):
        (tmp_path / name).write_bytes("YÖRK\n\nYe\n".encode("cp1252") * 9 + b"\x81")
    typed = {"glob": "'a b*' *.txt", "encoding": "cp1252", "name": "york", "max_size": "1MB"}
    typed |= {"lines": "on", "lowercase": "on", "errors": "drop", "normalise": "nfd"}
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "hello"))
        await fill_in(pilot, until, source=str(tmp_path), **typed)
        await until(pilot, listed(app, "york"))
        await fill_in(pilot, until, source=str(tmp_path / "c.txt"), units="byte", name="raw")
        await until(pilot, listed(app, "raw", "82 bytes"))
    options = "--glob 'a b*' --glob *.txt --encoding cp1252 --errors drop --normalise nfd"
    same = [*shlex.split(options), "--lines", "--lowercase", "--max-size", "1MB"]
    assert cli("corpora", "add", str(tmp_path), "--name", "same", *same).status == 0
    one, two = (corpus.read_info(home / "corpora" / name) for name in ("york", "same"))
    assert replace(one, name="", created="") == replace(two, name="", created="")


@pytest.mark.parametrize(
    ("typed", "says", "marked"),
    [
        ({"source": " "}, "name a file", ""),
        ({"source": "-"}, "no standard input", ""),
        ({"source": "x", "encoding": "klingon"}, "Encoding: unknown encoding", "Encoding"),
        ({"source": "x", "glob": "'"}, "Files has a quote", "Files"),
        ({"source": "x", "name": "no/name"}, "not a valid name", ""),
        ({"source": "x", "max_size": "much"}, "Size limit takes a size", "Size limit"),
        ({"source": "x", "units": "byte", "lowercase": "on"}, "leave out “Capitals”", "Units"),
    ],
)
async def test_what_cannot_be_is_said_in_the_dialog(home, until, typed, says, marked):
    app = LibraryApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, listed(app, "hello"))
        await fill_in(pilot, until, **typed)
        await until(pilot, lambda: says in trouble(app)[0])
        assert trouble(app)[1] == marked and "--" not in trouble(app)[0]
        await pilot.press("escape")
        await until(pilot, lambda: not asking(app, ImportDialog)())


async def test_what_cannot_be_read_comes_back_with_what_was_typed(home, tmp_path, until):
    path = tmp_path / "play.txt"
    path.write_bytes(b"of York \xff" * 100)
    app = LibraryApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, listed(app, "hello"))
        await fill_in(pilot, until, source=f"{path}x [/b]", name="york")
        await until(pilot, lambda: "no corpus or file" in trouble(app)[0])
        await change(pilot, source=str(path), encoding="utf-8")
        await until(pilot, lambda: trouble(app)[1] == "Encoding")
        assert app.screen.query_one("#name").value == "york" and not app.told
        await pilot.press("escape", "i")
        await until(pilot, lambda: trouble(app)[1] == "Encoding")
        await change(pilot, errors="drop", name="hello")
        await until(pilot, listed(app, "800 characters"))
        await fill_in(pilot, until, source=str(path), encoding="latin-1", name="hello")
        await until(pilot, lambda: "already exists: choose another “Name”" in trouble(app)[0])


async def test_tab_completes_a_path_and_then_moves_on(tmp_path, until, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "books" / "[red] one").mkdir(parents=True)
    for name in ("york.txt", "yorkshire.txt", ".york", "new\nline"):
        (tmp_path / "books" / name).write_text("x")
    app = LibraryApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, listed(app, "hello"))
        await press_i(pilot, until)
        await until(pilot, asking(app, ImportDialog))
        field, offers = app.screen.query_one("#source"), app.screen.query_one("#offers")
        await pilot.press(*"~/b", "tab")
        await until(pilot, lambda: field.value == "~/books/")
        await pilot.press("tab")
        await until(pilot, lambda: offers.display)
        assert str(offers.render()) == "[red] one/  york.txt  yorkshire.txt"
        await pilot.press("y", "tab")
        await until(pilot, lambda: field.value == "~/books/york" and offers.display)
        await pilot.press(".", "tab")
        await until(pilot, lambda: field.value == "~/books/york.txt")
        assert not offers.display
        await pilot.press("tab")
        await until(pilot, lambda: app.focused.id == "name")
        await pilot.press("shift+tab")
        assert app.focused.id == "source"


def test_paths_are_completed_as_in_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for folder in ("two words", "home", ".hidden"):
        (tmp_path / folder).mkdir()
    (tmp_path / "two words" / "é.txt").touch()
    (tmp_path / "tw").touch()
    found = {
        "": ("", ()),
        "./": ("./", ("home/", "two words/", "tw")),
        "t": ("tw", ("tw", "two words/")),
        "two": ("two words/", ()),
        "two words/": ("two words/é.txt", ()),
        "./two words/é": ("./two words/é.txt", ()),
        "@two": ("@two words/", ()),
        ".": (".hidden/", ()),
        "~": ("~/", ()),
        "~nobody-of-that-name": ("~nobody-of-that-name", ()),
        "none/x": ("none/x", ()),
        "a\0b/": ("a\0b/", ()),
        "https://example.org/t": ("https://example.org/t", ()),
        f"{tmp_path}/ho": (f"{tmp_path}/home/", ()),
    }
    for typed, (text, offers) in found.items():
        assert complete(typed) == (text, tuple(sorted(offers)))


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
