"""Dialogs are wholly visible, in small terminals too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.widget import Widget
from textual.widgets import Static

from engine.network.modelfile import Model
from tests.tui.writing import opened
from tui.dialogs import AskDialog, ConfirmDialog, Dialog, QuitDialog
from tui.library.exporting import Asked, ExportDialog
from tui.library.foreign import ImportModelDialog
from tui.train.racing import RaceDialog

DELETED = "a-long-name-of-a-run-2 will be deleted: 34.5 MB."
DIALOGS: list[tuple[Callable[[], Dialog[Any]], str]] = [
    (lambda: QuitDialog(True, ""), "find it again."),
    (lambda: QuitDialog(True, "tinyshakespeare"), "find it again."),
    (lambda: QuitDialog(False, "tinyshakespeare"), "It would be dropped."),
    (lambda: ConfirmDialog(DELETED, "Delete it", "Keep it"), "34.5 MB."),
    (lambda: AskDialog("Keep the model of shakespeare-2 as", "shakespeare-2"), "as"),
    (lambda: ExportDialog("bard", ["torch"], Asked("torch", "bard.safetensors")), "bard"),
    (ImportModelDialog, "of another project"),
    (lambda: RaceDialog("tinyshakespeare"), "automatic."),
]


def seen(widget: Widget) -> str:
    lines = widget.render_lines(widget.size.region)
    return " ".join(" ".join(strip.text for strip in lines).split())


@pytest.mark.parametrize("size", [(40, 10), (60, 18), (80, 24)])
async def test_nothing_of_a_dialog_is_cut(tiny: Model, size: tuple[int, int]) -> None:
    async with opened(size) as screen:
        for dialog_of, end in DIALOGS:
            dialog = dialog_of()
            screen.app.push_screen(dialog)
            await screen.pilot.pause()
            every = dialog.query("Static, Button, Input, Select")
            shown = [widget for widget in every if widget.display]
            for widget in shown:
                place = dialog.find_widget(widget)
                assert place.visible_region == place.region and place.region.area, widget
            texts = [seen(widget) for widget in shown if isinstance(widget, Static)]
            assert any(text.endswith(end) for text in texts), texts
            await screen.press("escape")
            assert screen.app.screen is not dialog
