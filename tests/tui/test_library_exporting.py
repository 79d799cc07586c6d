"""`x` in the Library: a model as a file of other programs."""

from __future__ import annotations

import pytest
from textual.widgets import Select

from engine.exporting.forms import FORMS
from tests.tui.library import LibraryApp, asking, listed
from tui.dialogs import ConfirmDialog
from tui.library.exporting import ExportDialog
from tui.library.shelf import Kind

pytestmark = pytest.mark.usefixtures("tiny", "here")


async def asked(app, pilot, until):
    """Press the key, and wait for the dialog."""
    await until(pilot, listed(app, "tiny"))
    app.choose("tiny", Kind.MODEL)
    await pilot.pause()
    await pilot.press("x")
    await until(pilot, asking(app, ExportDialog))


def file(app):
    return app.screen.query_one("#file")


@pytest.mark.parametrize("size", [(140, 45), (40, 10)])
async def test_a_model_is_exported(here, until, size):
    app = LibraryApp()
    async with app.run_test(size=size) as pilot:
        await asked(app, pilot, until)
        assert file(app).value == "tiny_torch.safetensors"
        await pilot.press("enter")
        await until(pilot, lambda: "wrote" in app.told)
    assert str(here / "tiny_torch.py") in app.told
    assert sorted(path.name for path in here.iterdir()) == [
        "tiny_torch.py",
        "tiny_torch.safetensors",
    ]


async def test_the_name_follows_the_form_until_one_is_typed(here, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await asked(app, pilot, until)
        for to in FORMS:
            app.screen.query_one(Select).value = to
            await until(pilot, lambda to=to: file(app).value == f"tiny{FORMS[to].ending}")
            assert FORMS[to].hint in str(app.screen.query_one("#hint").render())
        file(app).value = "mine.onnx"
        app.screen.query_one(Select).value = "torch"
        await pilot.pause()
        assert file(app).value == "mine.onnx"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen.query(".-trouble, #trouble") and trouble(app))
        assert "ends in .safetensors" in trouble(app) and file(app).value == "mine.onnx"
        for value, word in (("", "name a file"), (str(here), "is a folder")):
            file(app).value = value
            await pilot.press("enter")
            await until(pilot, lambda word=word: word in trouble(app))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ExportDialog))
    assert not list(here.iterdir())


def trouble(app):
    if not isinstance(app.screen, ExportDialog):
        return ""
    return str(app.screen.query_one("#trouble").render())


async def test_a_file_is_replaced_only_after_a_yes(here, until):
    there = here / "tiny_torch.py"
    there.write_text("mine")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await asked(app, pilot, until)
        await pilot.press("enter")
        await until(pilot, asking(app, ConfirmDialog))
        await pilot.press("k")
        await until(pilot, asking(app, ExportDialog))
        assert there.read_text() == "mine"
        await pilot.press("enter")
        await until(pilot, asking(app, ConfirmDialog))
        await pilot.press("r")
        await until(pilot, lambda: "wrote" in app.told)
    assert there.read_text() != "mine"


async def test_only_a_whole_model_can_be_exported(home, until):
    (home / "models" / "broken.safetensors").write_bytes(b"nothing")
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, listed(app, "broken", "hello"))
        for name, can in (("broken", False), ("hello", False), ("tiny", True)):
            app.choose(name)
            await pilot.pause()
            assert app.pane.check_action("export", ()) is can
