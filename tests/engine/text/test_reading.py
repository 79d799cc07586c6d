"""How a source may be read, and how it may not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import UsageError
from engine.text import sources
from engine.text.sources import Reading


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"units": "word"}, "--units"),
        ({"units": "byte", "lowercase": True}, "--lowercase"),
        ({"units": "byte", "encoding": "utf-8"}, "--encoding"),
        *[
            ({"encoding": name}, "unknown encoding")
            for name in ("", "klingon", "rot13", "zlib", "a\0b")
        ],
        ({"max_size": 0}, "--max-size"),
        *[({"glob": (pattern,)}, "--glob") for pattern in ("", "!", "\\")],
    ],
)
def test_options_that_cannot_be(option: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Reading(**option)


def test_sizes_as_people_write_them() -> None:
    told = ["500MB", "2 GB", "1.5g", "77", "3kib", "1B"]
    assert [sources.parse_size(text) for text in told] == [
        *(500_000_000, 2_000_000_000, 1_500_000_000, 77, 3000, 1)
    ]
    for text in ("", "MB", "-1", "1e9", "many", "2XB"):
        with pytest.raises(UsageError, match="500MB"):
            sources.parse_size(text)
