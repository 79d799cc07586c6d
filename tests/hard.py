"""Texts that were hard for helo, where they are beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "shared" / "data" / "hard"


def hard(name: str) -> Path:
    """The file of that name; the test is skipped where it is not there."""
    if not (path := FOLDER / name).exists():
        pytest.skip("needs shared/data/hard")
    return path
