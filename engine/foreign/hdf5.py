"""What an HDF5 file holds, read by h5py in a process of its own.

`python -P -m engine.foreign.hdf5` gets a file on stdin and writes what it holds to stdout. HDF5's library
reads some damaged files for ever, and takes the memory that a file asks for; there both have an end
(docs/experiments.md). The file has no name there, so that it can lead to no other.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from math import prod
from typing import Any

import numpy as np

from engine import outside
from engine.errors import DamagedError, ForeignError, exit_status
from engine.foreign.bounds import MOST_AXES
from engine.foreign.value import Array

MAGIC = b"\x89HDF\r\n\x1a\n"
_TEXTS = ("model_config", "keras_version", "layer_names", "weight_names")
"""Attributes that are read, beside those of the last two that end in a number."""
_LEFT_OUT = ("optimizer", "optimizer_weights")
"""Groups at the top that are not read."""
_MOST_OBJECTS, _DEEPEST = 4096, 16
_MOST_TEXTS = 4096
_SECONDS, _BYTES_A_SECOND = 0.4, 50e6
"""The processor's time for any file, and what it may take longer for a large one."""
_MEMORY = 200 << 20
"""Bytes beyond what the process has before it reads, and a few times the file."""
_PATIENCE = 60.0


@dataclass(frozen=True)
class Contents:
    """The arrays of a file as float32 and its attributes of text, by the path of what has them; a list of
    texts is one attribute."""

    arrays: dict[str, Array]
    texts: dict[str, dict[str, str | list[str]]]


def read(data: bytes) -> Contents:
    """What a file holds.

    Raises ForeignError if h5py is missing, DamagedError if the file is damaged, has links to others, or
    arrays that are compressed or larger than the file.
    """
    if find_spec("h5py") is None:
        raise ForeignError(
            "is a file of Keras, which takes h5py to read: pip install 'helo[keras]'"
        )
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "engine.foreign.hdf5"],
            input=data,
            capture_output=True,
            timeout=_PATIENCE,
            cwd=sys.prefix,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise DamagedError("it takes too long to read") from error
    if done.returncode == 1:
        last = done.stderr.decode("utf-8", "replace").splitlines()[-1:]
        raise DamagedError("".join(last).removeprefix("helo: "))
    if done.returncode:
        raise DamagedError("HDF5's library cannot read it")
    size = struct.unpack("<I", done.stdout[:4])[0]
    told = outside.parse_json(done.stdout[4 : 4 + size])
    arrays, at = {}, 4 + size
    for path, shape in told["arrays"].items():
        flat = np.frombuffer(done.stdout, "<f4", prod(shape), at)
        arrays[path], at = flat.reshape(shape), at + flat.nbytes
    return Contents(arrays, told["texts"])


def _main() -> int:
    import h5py

    data = sys.stdin.buffer.read()
    _limit(len(data))
    arrays, texts, left = dict[str, Array](), dict[str, dict[str, Any]](), len(data)
    try:
        with h5py.File(BytesIO(data), "r") as file:
            for path, found in _objects(h5py, file):
                if isinstance(found, h5py.Group):
                    texts[path] = dict(_attributes(found))
                elif found.dtype.kind == "f":
                    left -= _size(h5py, found)
                    if left < 0:
                        raise DamagedError("its arrays are larger than the file")
                    with np.errstate(
                        over="ignore", invalid="ignore"
                    ):  # what is no number is refused in the end
                        arrays[path] = np.ascontiguousarray(found[()], "<f4")
    except DamagedError:
        raise
    except Exception as error:  # whatever the library makes of a damaged file
        raise DamagedError("HDF5's library cannot read it") from error
    told = {"arrays": {path: array.shape for path, array in arrays.items()}, "texts": texts}
    header = json.dumps(told).encode()
    sys.stdout.buffer.write(struct.pack("<I", len(header)) + header)
    for array in arrays.values():
        sys.stdout.buffer.write(array.tobytes())
    return 0


def _limit(size: int) -> None:
    """Bound what this process may take: the signal and the lack of memory end it."""
    import resource

    signal.setitimer(signal.ITIMER_PROF, _SECONDS + size / _BYTES_A_SECOND)
    if sys.platform == "linux":
        with open("/proc/self/statm") as file:
            had = int(file.read().split()[0]) * resource.getpagesize()
        most = had + _MEMORY + 4 * size
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _objects(h5py: Any, file: Any) -> Iterator[tuple[str, Any]]:
    """The groups and datasets of a file by their path, from the top."""
    waiting, count = [("", file, 0)], 0
    while waiting:
        path, group, depth = waiting.pop()
        yield path, group
        for name in group:
            count += 1
            if count > _MOST_OBJECTS or depth > _DEEPEST:
                raise DamagedError("too many parts, or nested too deeply")
            if depth == 0 and name in _LEFT_OUT:
                continue
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise DamagedError("it leads to other places or files")
            found = group[name]
            within = f"{path}/{name}".removeprefix("/")
            if isinstance(found, h5py.Group):
                waiting.append((within, found, depth + 1))
            elif isinstance(found, h5py.Dataset):
                yield within, found


def _size(h5py: Any, dataset: Any) -> int:
    """The bytes of an array that lies in the file as it is. Raises DamagedError for any other."""
    stored = dataset.id.get_create_plist()
    plain = stored.get_layout() in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
    if not plain or stored.get_nfilters() or stored.get_external_count():
        raise DamagedError("an array is compressed, in pieces, or in another file")
    if len(dataset.shape) > MOST_AXES or dataset.dtype.itemsize > 8:
        raise DamagedError("an array of a kind that Keras does not write")
    return int(prod(dataset.shape) * max(4, dataset.dtype.itemsize))


def _attributes(group: Any) -> Iterator[tuple[str, str | list[str]]]:
    """The attributes of text that are read. Long lists are cut into several, which end in a number."""
    for name in group.attrs:
        if name.rstrip("0123456789") not in _TEXTS:
            continue
        shape = group.attrs.get_id(name).shape
        if len(shape) > 1 or prod(shape) > _MOST_TEXTS:
            raise DamagedError("a list that is too long")
        value = group.attrs[name]
        if shape:
            yield name, [_text(item) for item in value.tolist()]
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str) or len(text) > outside.SMALL:
        raise DamagedError("an attribute that is no text")
    return text


if __name__ == "__main__":
    sys.exit(exit_status(_main))
