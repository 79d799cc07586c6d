"""A copy of the sources, for a test to change, and processes that run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


class Copy:
    """A copy of the packages in a folder of its own, which the processes it runs import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in ("engine", "tui", "corpora"):
            # with the bytecode of what stays as it is
            shutil.copytree(ROOT / package, folder / package)
        (folder / "checkpoints").symlink_to(ROOT / "checkpoints")

    def edit(self, path: str, before: str, after: str) -> None:
        """Replace the only place in a file where `before` stands."""
        file = self.folder / path
        text = file.read_text("utf-8")
        assert text.count(before) == 1, f"{before!r} stands once in {path}"
        file.write_text(text.replace(before, after), "utf-8")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python on the copy; what the copy does not have, as `tests`, is that of this tree."""
        return subprocess.run(
            [sys.executable, "-P", *arguments],
            env=os.environ | {"PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}"},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def python(self, *arguments: str) -> str:
        """What a process of Python writes to stdout; fails with what it wrote where it fails."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def helo(self, *arguments: str) -> str:
        """What a command line of helo writes to stdout."""
        return self.python("-m", "tui", *arguments)

    def tests(self, *arguments: str) -> str:
        """What pytest says of the copy, by tests of its own; fails where one of them does."""
        if not (self.folder / "tests").exists():
            unwanted = shutil.ignore_patterns("__pycache__", "__snapshots__", "homes")
            shutil.copytree(ROOT / "tests", self.folder / "tests", ignore=unwanted)
            shutil.copy(ROOT / "pyproject.toml", self.folder)
        return self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
