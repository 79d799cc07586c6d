"""NumPy's arrays in files (numpy/lib/format.py), read within bounds. What needs a pickle is read by
`engine.foreign.pickles`, in which nothing is called."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from engine.errors import DamagedError
from engine.foreign import pickles
from engine.foreign.bounds import Cursor, strided
from engine.vocab import CODE_POINTS
from engine.words import shortened

_HEADER = re.compile(
    r"\{'descr': '([<>|=]?[fUO]\d*)', 'fortran_order': (True|False), 'shape': \(([\d, ]{0,80})\), *\}\s*"
)
_LONGEST = 1 << 12
"""The most bytes of a header, and of a text in an array."""


def array(data: bytes, name: str) -> Any:
    """An array of real numbers, a list of texts, or for objects what their pickle holds; None for any other
    type.

    Raises DamagedError.
    """
    cursor = Cursor(data)
    if bytes(cursor.take(6)) != b"\x93NUMPY":
        raise DamagedError(f"{shortened(name)} is no array")
    version, _ = cursor.unpack("<BB")
    size = cursor.number("<H" if version == 1 else "<I")
    found = _HEADER.fullmatch(str(cursor.take(min(size, _LONGEST + 1)), "latin-1"))
    if size > _LONGEST or not found:
        return None
    kind, columns, sizes = found.groups()
    if "O" in kind:
        return pickles.loads(cursor)
    shape = [int(n) for n in re.findall(r"\d+", sizes)]
    try:
        dtype = np.dtype(kind)
        flat = np.frombuffer(cursor.take(cursor.left), dtype)
    except (TypeError, ValueError) as error:
        raise DamagedError(f"{shortened(name)} is not of its type") from error
    if dtype.kind == "U":
        points = flat.view(f"{dtype.byteorder.replace('=', '<').replace('|', '<')}u4")
        if dtype.itemsize > _LONGEST or (len(points) and points.max() >= CODE_POINTS):
            raise DamagedError(f"{shortened(name)} holds no text")
        return flat.tolist()
    if columns == "True":
        return strided(flat, shape[::-1], name).T
    return strided(flat, shape, name)
