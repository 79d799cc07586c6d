"""Messages between tabs. The app receives them and shows the right tab."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message


class ModelChosen(Message):
    """Open a model in Write: a MODEL as on the command line, or its file."""

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        self.path = path


class RunChosen(Message):
    """Show the run in this folder in Train."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder


class TrainOn(Message):
    """Go to Train with this CORPUS filled in, or this MODEL to start from."""

    def __init__(self, corpus: str = "", model: str = "") -> None:
        super().__init__()
        self.corpus, self.model = corpus, model


class RunRenamed(Message):
    """A run's folder has another name now."""

    def __init__(self, old: Path, new: Path) -> None:
        super().__init__()
        self.old, self.new = old, new
