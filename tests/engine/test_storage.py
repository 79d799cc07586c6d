"""Files that are either whole or not there."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.errors import StorageError, UsageError
from engine.storage import (
    check_name,
    share,
    write_atomically,
    write_bytes,
    write_json,
    write_tensors,
)


def test_a_file_is_made_with_its_folders(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "file", b"new")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"new"
    assert os.listdir(tmp_path / "a" / "b") == ["file"]


def test_the_home_that_helo_makes_is_its_owners_alone(home: Path) -> None:
    previous = os.umask(0o022)
    try:
        write_bytes(home / "models" / "file", b"new")
        assert home.stat().st_mode & 0o777 == 0o700
        home.chmod(0o755)  # as its owner wants it
        write_bytes(home / "corpora" / "file", b"new")
        assert home.stat().st_mode & 0o777 == 0o755
    finally:
        os.umask(previous)


@pytest.mark.parametrize("refused", ["os.fsync", "os.replace"])
def test_a_disk_that_refuses_leaves_the_old_file_alone(
    refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(refused, full)
        with pytest.raises(StorageError, match=r"cannot write .*file: No space left on device"):
            write_bytes(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [OSError(5, "I/O error"), ValueError("x"), KeyboardInterrupt()])
def test_a_write_that_ends_half_way(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def half(file: BinaryIO) -> None:
        file.write(b"ne")
        raise error

    with pytest.raises(StorageError if isinstance(error, OSError) else type(error)):
        write_atomically(path, half)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_tensors_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    write_tensors(path, {"turned": turned, "one": np.float32(7).reshape(())}, {"of": "this"})
    found = load_file(path)
    assert np.array_equal(found["turned"], turned) and found["one"].shape == ()
    limits, whole = resource.getrlimit(resource.RLIMIT_FSIZE), path.read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"cannot write .*file: .*[Ff]ile too large"):
            write_tensors(path, {"large": np.zeros(100_000)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == whole and os.listdir(tmp_path) == ["file"]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def slow(file: BinaryIO) -> None:
        file.write(b"new ")
        file.flush()
        assert path.read_bytes() == b"old"
        file.write(b"file")

    write_atomically(path, slow)
    assert path.read_bytes() == b"new file"


@pytest.mark.parametrize("links", [True, False])
def test_a_shared_file_outlives_the_other(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:  # as on a memory stick

        def none(*args: object) -> None:
            raise OSError(1, "Operation not permitted")

        monkeypatch.setattr("os.link", none)
    latest, best = tmp_path / "latest", tmp_path / "best"
    write_bytes(latest, b"one")
    for _ in range(2):  # the second time it is the same file already
        share(best, latest)
        assert sorted(os.listdir(tmp_path)) == ["best", "latest"]
        assert best.samefile(latest) == links
    write_bytes(latest, b"two")
    assert best.read_bytes() == b"one"
    share(best, latest)
    assert best.read_bytes() == b"two"
    with pytest.raises(StorageError, match=r"cannot write .*best: No such file"):
        share(best, tmp_path / "none")
    assert best.read_bytes() == b"two"


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(StorageError):
        write_bytes(tmp_path / "file", b"new")
    write_bytes(tmp_path / "plain", b"x")
    with pytest.raises(StorageError):
        write_bytes(tmp_path / "plain" / "inside", b"new")
    assert sorted(os.listdir(tmp_path)) == ["file", "plain"]


def test_json_is_readable_and_takes_any_string(tmp_path: Path) -> None:
    data = {"a": "日本 \u2028", "b": "caf\udce9\\", "c": [1, None]}
    write_json(tmp_path / "file", data)
    text = (tmp_path / "file").read_text("utf-8")
    assert json.loads(text) == data and "日本" in text and "\n" in text


@pytest.mark.parametrize("name", ["a", "shakespeare-2", "A.b_c", "日本", "7", "x" * 64])
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "-x", "_x", "a/b", "a b", "a\n", "[b]", "x" * 65])
def test_no_names(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_name(name)
    assert "\n" not in str(caught.value)
