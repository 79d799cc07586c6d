"""How to read a source: the options of `helo corpora add`."""

from __future__ import annotations

import codecs
import re
import shlex
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from engine import forms
from engine.config import check_number
from engine.errors import UsageError
from engine.vocab import UNITS
from engine.words import quoted

if TYPE_CHECKING:
    from pathspec import PathSpec

ERRORS = ("strict", "replace", "drop")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?)I?B?", re.IGNORECASE)
_MOST_BYTES = 10**15
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True)
class Reading:
    """The options for reading a source.

    `glob` are .gitignore patterns for the files to take. `encoding` is detected if None. `max_size` is the
    most bytes of text to take. `errors`, one of `ERRORS`, is what to do about bytes that are not text.
    `normalise`, one of `forms.FORMS`, is the form that the text is converted to.

    Raises UsageError for invalid values.
    """

    glob: tuple[str, ...] = ()
    encoding: str | None = None
    units: str = "char"
    lines: bool = False
    lowercase: bool = False
    max_size: int | None = None
    errors: str = "strict"
    normalise: str = "none"

    def __post_init__(self) -> None:
        if self.units not in UNITS:
            raise UsageError(f"--units must be char or byte, not {quoted(self.units)}")
        if self.errors not in ERRORS:
            raise UsageError(
                f"--errors must be one of {', '.join(ERRORS)}, not {quoted(self.errors)}"
            )
        if self.normalise not in forms.FORMS:
            known = ", ".join(forms.FORMS)
            raise UsageError(f"--normalise must be one of {known}, not {quoted(self.normalise)}")
        of_text = {
            "--encoding": self.encoding,
            "--errors": self.errors != "strict",
            "--lowercase": self.lowercase,
            "--normalise": self.normalise != "none",
        }
        if self.units == "byte" and any(of_text.values()):
            given = " and ".join(name for name, asked in of_text.items() if asked)
            raise UsageError(f"--units byte reads bytes as they are: leave out {given}")
        if self.encoding is not None and not _decodes(self.encoding):
            raise UsageError(f"--encoding: unknown encoding {quoted(self.encoding)}; try utf-8")
        if self.max_size is not None and self.max_size < 1:
            raise UsageError(f"--max-size must be at least 1, not {self.max_size}")
        if any(not pattern.strip() for pattern in self.glob):
            raise UsageError("--glob takes a pattern such as '*.txt'")
        self.wants("x")  # raises for an invalid pattern

    @property
    def options(self) -> str:
        """The options that are not at their defaults, as they are written on the command line."""
        words = []
        for setting in fields(self):
            value, name = getattr(self, setting.name), f"--{setting.name.replace('_', '-')}"
            for one in value if isinstance(value, tuple) else (value,):
                if one != setting.default:
                    words += [name] if one is True else [name, str(one)]
        return shlex.join(words)

    def wants(self, path: str) -> bool:
        """Whether to take a file of a folder or archive, given its path inside. Hidden files are taken only
        if a glob names them."""
        if self.glob and not self._spec(self.glob).match_file(path):
            return False
        if _hidden(path):
            return bool(self._naming) and self._spec(self._naming).match_file(path)
        return True

    def enters(self, path: str) -> bool:
        """Whether a folder can contain files to take."""
        return bool(self._naming) or not _hidden(path)

    @property
    def _naming(self) -> tuple[str, ...]:
        """The globs that name hidden files."""
        return tuple(p for p in self.glob if "/." in f"/{p}")

    @staticmethod
    @cache
    def _spec(glob: tuple[str, ...]) -> PathSpec[Any]:
        """The compiled patterns. Raises UsageError."""
        from pathspec import PathSpec

        every = () if any(not pattern.startswith("!") for pattern in glob) else ("*",)
        try:
            return PathSpec.from_lines("gitignore", every + glob)
        except ValueError as error:
            raise UsageError(f"--glob takes .gitignore patterns: {error}") from error


def _hidden(path: str) -> bool:
    return path.startswith(".") or "/." in path


def _decodes(encoding: str) -> bool:
    """Whether Python can decode text of this encoding piece by piece."""
    try:
        b"a".decode(encoding, "replace")  # raises for codecs that are not for text
        codecs.getincrementaldecoder(encoding)("replace").decode(b"a", True)
    except (LookupError, ValueError, UnicodeError):
        return False
    return True


def parse_size(text: str) -> int:
    """The bytes of a size such as 500MB, 2 GB or 1.5g, in powers of 1000.

    Raises UsageError.
    """
    if not (found := _SIZE.fullmatch(text.strip())):
        raise UsageError(f"--max-size takes a size such as 500MB or 2GB, not {quoted(text)}")
    number, power = found.groups()
    size = float(number) * 1000 ** _POWERS[power.upper()]
    check_number("max_size", size, 1, _MOST_BYTES)
    return int(size)
