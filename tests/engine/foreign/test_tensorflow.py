"""char-rnn-tensorflow's checkpoints."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DamagedError, ForeignError, ModelFileError, UsageError
from engine.foreign import bundle, importing
from engine.foreign.readers import reader, tensorflow
from engine.foreign.source import Source
from engine.foreign.value import Foreign
from tests.engine.foreign import tf_files
from tests.engine.foreign.known import SYMBOLS, assert_same, known, real

IDS = {symbol: id for id, symbol in enumerate(SYMBOLS)}


def model(*widths: int, seed: int = 0) -> Foreign:
    more = {"forget_bias": 1.0, "embedding": 3, "seed": seed}
    return known("char-rnn-tensorflow", "lstm", "ijfo", widths or (4,), **more)


def read(path: Path) -> Foreign:
    source = Source(path)
    assert reader(source) is tensorflow
    return tensorflow.read(source)


@pytest.mark.parametrize("widths", [(4,), (4, 4), (3, 3, 3)])
@pytest.mark.parametrize("names", [tf_files.NEW, tf_files.OLD, tf_files.OLDEST])
@pytest.mark.parametrize("block", [1, 200, 99_999])
def test_a_checkpoint_is_read(
    tmp_path: Path, widths: tuple[int, ...], names: tuple[str, str], block: int
) -> None:
    expected = model(*widths)
    tf_files.checkpoint(tmp_path, tf_files.variables(expected, names), IDS, block=block)
    assert_same(read(tmp_path), expected)


@pytest.mark.parametrize(("order", "kind"), [(">", 1), ("<", 2), (">", 2)])
def test_any_byte_order_and_type_is_read(tmp_path: Path, order: str, kind: int) -> None:
    expected = model()
    tf_files.checkpoint(tmp_path, tf_files.variables(expected), IDS, order=order, kind=kind)
    assert_same(read(tmp_path), expected)


def test_any_file_of_it_stands_for_all(tmp_path: Path) -> None:
    expected = model()
    tf_files.checkpoint(tmp_path, tf_files.variables(expected), IDS)
    names = sorted(os.listdir(tmp_path))
    assert len(names) == 6
    for name in names:
        assert_same(read(tmp_path / name), expected)
    for name, data in (("README.md", b"# hello"), ("other.pkl", pickle.dumps([1], 2))):
        (tmp_path / name).write_bytes(data)
        assert not tensorflow.recognises(Source(tmp_path / name))


def test_of_several_the_newest_is_meant_or_the_one_that_is_named(tmp_path: Path) -> None:
    old, new = model(seed=1), model(seed=2)
    tf_files.checkpoint(tmp_path, tf_files.variables(old), IDS, stem="model.ckpt-100")
    tf_files.checkpoint(tmp_path, tf_files.variables(new), IDS, stem="model.ckpt-20")
    assert_same(read(tmp_path), new)
    assert_same(read(tmp_path / "checkpoint"), new)
    assert_same(read(tmp_path / "model.ckpt-100.index"), old)
    assert_same(read(tmp_path / "model.ckpt-100.data-00000-of-00001"), old)
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(ForeignError, match="holds 2 checkpoints: name a file of one of them"):
        read(tmp_path)


def test_an_alphabet_may_lack_and_its_file_has_any_name(tmp_path: Path) -> None:
    tf_files.checkpoint(tmp_path, tf_files.variables(model()), None)
    assert_same(read(tmp_path), replace(model(), symbols=None))
    with pytest.raises(UsageError, match="stores no alphabet"):
        importing.read(tmp_path, "x")
    (tmp_path / "letters").write_bytes(pickle.dumps((SYMBOLS, IDS), 0))
    assert_same(read(tmp_path), model())


def test_a_pickle_beside_runs_nothing(tmp_path: Path) -> None:
    tf_files.checkpoint(tmp_path, tf_files.variables(model()), IDS)
    ran = tmp_path / "ran"
    (tmp_path / "a.pkl").write_bytes(b"cos\nsystem\n(S'touch " + str(ran).encode() + b"'\ntR.")
    assert_same(read(tmp_path), model())
    assert not ran.exists()


def test_damage_is_refused_in_a_line(tmp_path: Path) -> None:
    tf_files.checkpoint(tmp_path, tf_files.variables(model()), IDS)
    index, data = tmp_path / "model.ckpt-9.index", tmp_path / "model.ckpt-9.data-00000-of-00001"
    good = index.read_bytes()
    for bad, says in (
        (good[:100] + good[-48:], "beyond its table"),
        (bytes(len(good) - 8) + bundle.MAGIC, "without an end"),
        (good.replace(b"\0crc!", b"\1crc!"), "compressed"),
    ):
        index.write_bytes(bad)
        with pytest.raises(ModelFileError, match=says):
            importing.read(tmp_path, "x")
    index.write_bytes(good)
    data.write_bytes(data.read_bytes()[:200])
    with pytest.raises(ModelFileError, match="more than the files beside"):
        importing.read(tmp_path, "x")
    data.unlink()
    with pytest.raises(ModelFileError, match="No such file"):
        importing.read(tmp_path, "x")


def test_keys_that_grow_and_blocks_that_lie_over_one_another_are_refused() -> None:
    varint = tf_files.varint
    grown = b"".join(varint(n) + b"\1\0a" for n in range(5000)) + bytes(4)
    with pytest.raises(DamagedError, match="a key that is cut off"):
        list(bundle._pairs(grown))
    block = b"\0\1\x20x" + bytes(0x20) + bytes(4)
    listed = b"".join(b"\0\1\2" + bytes([n, 0, len(block)]) for n in range(9)) + bytes(4)
    place = varint(len(block) + 5) + varint(len(listed))
    table = block + b"\0crc!" + listed + b"\0crc!"
    with pytest.raises(DamagedError, match="over one another"):
        bundle.parse_index(table + (b"\0\0" + place).ljust(40, b"\0") + bundle.MAGIC)


def test_the_real_one_is_read() -> None:
    found = importing.read(real("char-rnn-tensorflow"), "x")
    assert str(found.config) == "lstm 128×2" and len(found.alphabet) == 103
    assert np.isfinite(found.weights["head.W_hy"]).all()
