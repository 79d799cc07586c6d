"""`i` in the Library's models: a model of another project."""

from __future__ import annotations

import pytest
from safetensors.numpy import save_file

from engine.exporting import torch_file
from engine.network import modelfile
from tests.conftest import SONNET, make_model
from tests.tui.library import LibraryApp, asking, listed
from tui.library.foreign import ImportModelDialog
from tui.library.shelf import Kind


async def asked(app, pilot, until):
    await until(pilot, listed(app, "shakespeare"))
    app.choose("shakespeare", Kind.MODEL)
    await pilot.pause()
    await pilot.press("i")
    await until(pilot, asking(app, ImportModelDialog))


def trouble(app):
    found = app.screen.query("#trouble")
    return str(found.first().render()) if found and app.screen.has_class("-trouble") else ""


@pytest.mark.parametrize("size", [(140, 45), (40, 10)])
async def test_a_model_is_imported_once_its_alphabet_is_named(home, tmp_path, until, size):
    save_file(torch_file.tensors(make_model("gru")), tmp_path / "theirs.safetensors")
    app = LibraryApp()
    async with app.run_test(size=size) as pilot:
        await asked(app, pilot, until)
        await pilot.press("enter")
        await until(pilot, lambda: "name a file or folder" in trouble(app))
        app.screen.query_one("#source").value = str(tmp_path / "theirs")
        await pilot.press("tab")  # completes it
        await until(pilot, lambda: app.screen.query_one("#source").value.endswith(".safetensors"))
        await pilot.press("enter")
        await until(pilot, lambda: "stores no alphabet: add “Alphabet” with" in trouble(app))
        assert app.focused and app.focused.id == "alphabet"
        app.focused.value = SONNET
        await pilot.press("enter")
        await until(pilot, lambda: "theirs: gru 16×2" in app.told)
        await until(pilot, listed(app, "theirs"))
        if size[0] > 100:
            await until(pilot, lambda: "from PyTorch" in app.about and "as named" in app.about)
    assert modelfile.load(home / "models" / "theirs.safetensors").config.cell == "gru"


async def test_escape_imports_nothing(home, until):
    app = LibraryApp()
    async with app.run_test(size=(140, 45)) as pilot:
        await asked(app, pilot, until)
        await pilot.press("escape")
        await pilot.pause()
        assert not asking(app, ImportModelDialog)() and not app.told
    assert not (home / "models").exists()
