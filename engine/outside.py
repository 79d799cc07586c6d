"""Data from outside (JSON, TOML, file metadata), checked and turned into typed values.

A file may have been cut off by a full disk, edited by hand, or written by another program or another
version of helo. All data from files passes through here once; after that, no code checks types again.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from engine.errors import DamagedError, ForeignError, HeloError, NewerError
from engine.words import LONG, quoted, shortened

MOST_WHOLE = 2**63 - 1
"""The largest integer accepted; the smallest is 0."""
MOST = 1e99
"""The largest magnitude of any other number, so that sums and squares stay finite."""
LONGEST = 1 << 21
"""The longest string accepted, in characters; an alphabet has at most 1,114,112."""
SMALL, LARGE = 1 << 20, 1 << 26
"""Size limits in bytes: for ordinary files, and for those that list every symbol of an alphabet."""
_MOST_DOTS = 1000
"""The most dots in a line of TOML."""

T = TypeVar("T")
_KINDS = {bool: "true or false", str: "text", list: "a list", dict: "an object", type(None): "null"}


@contextmanager
def reading(path: Path, error: type[HeloError], advice: str = "") -> Iterator[None]:
    """Turn errors while a file is read and converted into an `error` with a one-line message."""
    place = shortened(str(path), LONG)
    try:
        yield
    except OSError as refused:
        raise error(f"cannot read {place}: {refused.strerror or refused}") from refused
    except NewerError as newer:
        raise error(f"{place} was written by a newer helo: update helo to read it") from newer
    except ForeignError as foreign:
        raise error(f"{place} {foreign}") from foreign
    except DamagedError as damaged:
        raise error(f"{place} is damaged ({damaged}){advice}") from damaged


def require_file(path: Path) -> None:
    """Raise OSError unless the path is a regular file: reading a FIFO or a device might never end."""
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a NUL, or half of a surrogate pair
        raise OSError(errno.EINVAL, "not a path", str(path)) from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))


def read(path: Path, most: int = SMALL) -> bytes:
    """Read a file of at most `most` bytes. Raises DamagedError if it is larger, OSError as `require_file`
    does."""
    require_file(path)
    with open(path, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise DamagedError(f"larger than {most:,} bytes")
    return data


def parse_json(text: str | bytes) -> Any:
    """Parse any JSON value. Raises DamagedError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise DamagedError(f"not valid JSON, line {error.lineno}") from error
    except ValueError as error:
        raise DamagedError("not valid JSON") from error
    except RecursionError as error:
        raise DamagedError("nested too deeply") from error


def parse_toml(text: bytes) -> dict[str, Any]:
    """Parse a TOML document. Raises DamagedError."""
    import tomllib

    # tomllib's time is quadratic in the parts of a dotted key
    if any(line.count(b".") > _MOST_DOTS for line in text.splitlines()):
        raise DamagedError("nested too deeply")
    try:
        return tomllib.loads(text.decode())
    except UnicodeDecodeError as error:
        raise DamagedError("not valid UTF-8") from error
    except ValueError as error:
        raise DamagedError(f"not valid TOML: {shortened(str(error))}") from error
    except RecursionError as error:
        raise DamagedError("nested too deeply") from error


def known_version(data: Any, known: int) -> Any:
    """The data without its `version`. Files from before versioning have none.

    Raises NewerError if the version is above `known`.
    """
    if not isinstance(data, dict) or "version" not in data:
        return data
    if _whole(data["version"], "version") > known:
        raise NewerError("a newer helo wrote it")
    return {key: value for key, value in data.items() if key != "version"}


def check_format(metadata: Mapping[str, str], known: str, what: str) -> None:
    """Check that a file's `format` is the `known` one; `what` is the file's kind, for the message.

    Raises NewerError for a later version of the same format, ForeignError for any other format.
    """
    found = metadata.get("format", "")
    name, _, number = known.rpartition("/")
    stem, _, later = found.rpartition("/")
    if stem == name and later.isdecimal() and len(later) < 9 and int(later) > int(number):
        raise NewerError("a newer helo wrote it")
    if found != known:
        has = f"its format is {quoted(found)}" if found else "its metadata has no format"
        raise ForeignError(f"holds no {what}: {has}")


def convert(kind: type[T], data: Any, *, exact: bool = False) -> T:
    """Check parsed data against a type and return a value of that type.

    The type is a dataclass, bool, int, float, str, a list, tuple or dict of these, or one of these or None.
    Integers must be in [0, MOST_WHOLE], other numbers finite and within ±MOST. Keys that a dataclass does
    not have are ignored, or refused if `exact`. Raises DamagedError.
    """
    try:
        return _reader(kind, exact)(data, "")  # type: ignore[arg-type, no-any-return]
    except DamagedError:
        raise
    except HeloError as error:  # raised by the class itself
        raise DamagedError(str(error)) from error


Reader = Callable[[Any, str], Any]
"""Checks and converts data; the string names the data in a DamagedError."""


@cache
def _reader(kind: Any, exact: bool) -> Reader:
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        (other,) = (argument for argument in arguments if argument is not type(None))
        return _optional(_reader(other, exact))
    if origin is dict:
        return _dict(_reader(arguments[1], exact))
    if origin in (list, tuple):
        return _sequence(origin, _reader(arguments[0], exact))
    assert is_dataclass(kind), kind
    return _dataclass(kind, exact)


def _wrong(place: str, expected: str, found: Any) -> DamagedError:
    has = _KINDS.get(type(found), "a number")
    return DamagedError(f"{place or 'it'} should be {expected}, not {has}")


def _text(data: Any, place: str) -> str:
    if type(data) is not str:
        raise _wrong(place, "text", data)
    if len(data) > LONGEST:
        raise DamagedError(f"{place or 'it'} is longer than {LONGEST:,} characters")
    return data


def _flag(data: Any, place: str) -> bool:
    if type(data) is not bool:
        raise _wrong(place, "true or false", data)
    return data


def _whole(data: Any, place: str) -> int:
    if type(data) is not int:
        raise _wrong(place, "a whole number", data)
    if not 0 <= data <= MOST_WHOLE:
        raise DamagedError(f"{place or 'it'} is not between 0 and {MOST_WHOLE}")
    return data


def _number(data: Any, place: str) -> float:
    if type(data) is not float and type(data) is not int:
        raise _wrong(place, "a number", data)
    if not -MOST <= data <= MOST:  # false for NaN
        raise DamagedError(f"{place or 'it'} is not between -{MOST:g} and {MOST:g}")
    return float(data)


_FITS = {bool: (bool, 0, 1), int: (int, 0, MOST_WHOLE), float: (float, -MOST, MOST)}
_NOTHING_FITS = (None, 0, 0)
_SCALARS: dict[Any, Reader] = {str: _text, bool: _flag, int: _whole, float: _number}


def _optional(read: Reader) -> Reader:
    return lambda data, place: None if data is None else read(data, place)


def _dict(read: Reader) -> Reader:
    def convert(data: Any, place: str) -> dict[str, Any]:
        if type(data) is not dict:
            raise _wrong(place, "an object", data)
        return {
            _text(key, place): read(value, f"a value of {place}") for key, value in data.items()
        }

    return convert


def _sequence(make: type, read: Reader) -> Reader:
    def convert(data: Any, place: str) -> Any:
        if type(data) is not list:
            raise _wrong(place, "a list", data)
        return make([read(item, f"an item of {place}") for item in data])

    return convert


def _dataclass(kind: Any, exact: bool) -> Reader:
    hints = get_type_hints(kind)
    named = {field.name: field for field in fields(kind)}
    rules = {n: (*_FITS.get(hints[n], _NOTHING_FITS), _reader(hints[n], exact)) for n in named}
    missing_ones = MISSING, MISSING
    needed = [n for n, f in named.items() if (f.default, f.default_factory) == missing_ones]

    def convert(data: Any, place: str) -> Any:
        if type(data) is not dict:
            raise _wrong(place, "an object", data)
        values = {}
        for name, value in data.items():
            if known := rules.get(name):
                plain, low, high, read = known
                # saves a call for nearly every value
                fits = type(value) is plain and low <= value <= high
                values[name] = value if fits else read(value, name)
            elif exact:
                raise DamagedError(f"unknown setting {quoted(name)}")
        for name in needed:
            if name not in values:
                raise DamagedError(f"{name} is missing")
        return kind(**values)

    return convert
