"""`helo runs export`: curves for other programs."""

from __future__ import annotations

import csv
import math
import struct
from pathlib import Path

import pytest

from engine.runs import export
from engine.runs.events import Changed, RolledBack, Vitals
from tests.conftest import Cli

HEAD = (
    "run,step,event,chars,seconds,train_nats,train_bits,val_nats,val_bits,lr,grad_norm,chars_per_second,"
    "best,final,setting,value,note"
)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def records(data: bytes) -> list[bytes]:
    """The records of an event file, as TensorFlow's reader takes them apart."""
    found = []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        found.append(data[12 : 12 + length])
        assert data[8:12] == export._checksum(data[:8])
        assert data[12 + length : 16 + length] == export._checksum(found[-1])
        data = data[16 + length :]
    return found


@pytest.fixture
def learnt(fake_run):
    """A run that has gone back once, and still trains."""
    run = fake_run(name="winter")
    run.begin()
    run.progress(10, 3.0)
    run.progress(20, 9.0)
    run.say(RolledBack(life=0, step=10, reason="loss is 9, which is far too high"))
    run.say(Changed(life=0, step=10, setting="lr", value=0.5))
    run.progress(1500, 1.25)
    run.evaluated(1500, math.log(2))
    run.sampled(1500, "a <b>\n\nc\x1b[2J")
    run.say(Vitals(life=0, step=1500, layer=0, weight_norm=1.0, update_ratio=0.5, saturated=0.25))
    return run


def test_csv(cli: Cli, learnt, tmp_path: Path) -> None:
    done = cli("runs", "export", "winter")
    assert (done.status, done.err, done.out.split("\n")[0]) == (0, "", HEAD)
    started, first, back, changed, last, evaluated = found = rows(done.out)
    assert [row["step"] for row in found] == ["0", "10", "10", "10", "1500", "1500"]
    assert first["train_nats"] == "3.0" and first["val_nats"] == "" and first["event"] == "progress"
    assert (back["event"], back["note"]) == ("rolled_back", "loss is 9, which is far too high")
    assert (changed["setting"], changed["value"]) == ("lr", "0.5")
    assert (last["chars"], last["chars_per_second"], last["lr"]) == ("960000", "6400.0", "0.004")
    assert float(last["train_bits"]) == pytest.approx(1.25 / math.log(2))
    assert (evaluated["val_bits"], evaluated["final"]) == ("1.0", "0")
    file = tmp_path / "deep" / "curve.csv"
    assert cli("runs", "export", "winter", str(file)).status == 0
    assert file.read_text() == done.out and started["run"] == "winter"


def test_a_run_without_a_curve_and_a_race(cli: Cli, fake_run) -> None:
    fake_run(name="still")
    assert cli("runs", "export", "still").out == f"{HEAD}\n"
    for cell in ("rnn", "gru"):
        fake_run(name=f"race-1-{cell}", race="race-1").evaluated(10, 1.0)
    found = rows(cli("runs", "export", "race-1").out)
    assert [row["run"] for row in found] == ["race-1-gru", "race-1-rnn"]
    done = cli("runs", "export", "nosuch")
    assert done.status == 1 and "no run 'nosuch'" in done.err


def test_tensorboard(cli: Cli, learnt, tmp_path: Path) -> None:
    done = cli("runs", "export", "winter", str(tmp_path / "tb"), "--format", "tensorboard")
    assert (done.status, done.out, done.err) == (0, "", f"wrote 1 run to {tmp_path / 'tb'}\n")
    (file,) = (tmp_path / "tb" / "winter").iterdir()
    assert file.name.startswith("events.out.tfevents.")
    version, first, last, evaluated, sample, layer = records(file.read_bytes())
    assert version.endswith(b"brain.Event:2")
    assert b"loss/train\x15" + struct.pack("<f", 3.0) in first and first[9:11] == b"\x10\x0a"
    assert b"\x0alr\x15" not in first and b"\x02lr\x15" + struct.pack("<f", 0.004) in first
    assert last[9:12] == b"\x10\xdc\x0b", "step 1,500 in groups of seven bits"
    assert b"loss/validation\x15" in evaluated and b"layer_1/saturated\x15" in layer
    assert b"    a <b>\n    \n    c\x1b[2J" in sample and b"\x0a\x06\x0a\x04text" in sample


def test_the_checksum() -> None:
    """The one in RFC 3720, B.4, masked by TensorFlow's formula."""
    (masked,) = struct.unpack("<I", export._checksum(bytes(range(32))))
    turned = masked - 0xA282EAD8 & 0xFFFFFFFF
    assert (turned >> 17 | turned << 15) & 0xFFFFFFFF == 0x46DD794E


def test_strange_logs(cli: Cli, learnt, tmp_path: Path) -> None:
    learnt.progress(-1, 1e300)
    (learnt.run.folder / "run.json").write_text(
        (learnt.run.folder / "run.json").read_text().replace("202", "MMX", 1)
    )
    target = str(tmp_path / "tb")
    assert cli("runs", "export", "winter", target, "--format", "tensorboard").status == 0


def test_what_is_refused(cli: Cli, learnt, tmp_path: Path) -> None:
    file, folder = tmp_path / "curve.csv", tmp_path / "folder"
    file.write_text("mine")
    folder.mkdir()
    for arguments, word in (
        ((str(file),), "add --yes"),
        ((str(folder),), "is not a file"),
        (("/dev/null",), "is not a file"),
        (("--format", "tensorboard"), "name a folder"),
        ((str(file), "--format", "tensorboard"), "is a file"),
        (("--format", "xls"), "--format must be one of csv, tensorboard"),
    ):
        done = cli("runs", "export", "winter", *arguments)
        assert done.status and word in done.err and done.err.count("\n") == 1
    assert file.read_text() == "mine"
    assert cli("runs", "export", "winter", str(file), "--yes").status == 0
    assert file.read_text().startswith(HEAD)
