"""How a source is to be read: what the options of `helo corpora add` say."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from engine.errors import UsageError
from engine.vocab import UNITS

_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?)I?B?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True)
class Reading:
    """`glob` are patterns as .gitignore has them, of files to take; `encoding` is detected where it is
    None; `max_size` is the bytes of text to take at most.

    Raises UsageError for what cannot be.
    """

    glob: tuple[str, ...] = ()
    encoding: str | None = None
    units: str = "char"
    lines: bool = False
    lowercase: bool = False
    max_size: int | None = None

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise UsageError(f"--units must be char or byte, not {self.units!r}")
        if self.units == "byte" and (self.encoding or self.lowercase):
            raise UsageError(
                "--units byte reads bytes as they are: leave --encoding and --lowercase out"
            )
        if self.encoding is not None and not _decodes(self.encoding):
            raise UsageError(f"--encoding: there is no encoding {self.encoding!r}; utf-8 is one")
        if self.max_size is not None and self.max_size < 1:
            raise UsageError(f"--max-size must be at least 1, not {self.max_size}")
        if any(not pattern.strip() for pattern in self.glob):
            raise UsageError("--glob takes a pattern such as '*.txt'")


def _decodes(encoding: str) -> bool:
    """Whether Python knows how to read text of an encoding piece by piece."""
    try:
        b"".decode(encoding)
        codecs.getincrementaldecoder(encoding)
    except (LookupError, ValueError, UnicodeError):
        return False
    return True


def parse_size(text: str) -> int:
    """Bytes from what a person writes: 500MB, 2 GB, 1.5g; powers of 1000.

    Raises UsageError.
    """
    if not (found := _SIZE.fullmatch(text.strip())):
        raise UsageError(f"--max-size takes a size such as 500MB or 2GB, not {text!r}")
    number, power = found.groups()
    return int(float(number) * 1000 ** _POWERS[power.upper()])
