"""The standard library of the Python that runs helo: its top-level modules, sorted by path, a few MB."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path

LICENCE = "PSF-2.0"


def blocks() -> Iterator[str]:
    library = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(library.glob("*.py")):
        yield path.read_text("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
