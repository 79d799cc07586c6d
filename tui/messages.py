"""What the tabs tell one another; the app hears it and shows the right tab."""

from __future__ import annotations

from pathlib import Path

from textual.message import Message


class ModelChosen(Message):
    """Open this model in Write: a MODEL as the command line takes it, or its file."""

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        self.path = path


class RunChosen(Message):
    """Show the run that lies in this folder in Train."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder


class TrainOn(Message):
    """Go to Train with this CORPUS filled in."""

    def __init__(self, corpus: str) -> None:
        super().__init__()
        self.corpus = corpus
