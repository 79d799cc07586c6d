"""The log of a run for other programs: rows of a table, and the event files that TensorBoard reads.

An event file is a sequence of records (TensorFlow, `record_writer.cc`): the length, a checksum of it, an
`Event` as a protocol buffer (`event.proto`, `summary.proto`, `tensor.proto`), and a checksum of that. A few
fields are enough, so no library for all of them is needed.
"""

from __future__ import annotations

import csv
import io
import math
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime

from engine.protobuf import block, double, single, whole
from engine.runs.events import Evaluated, Event, Progress, Refused, Sampled, Saved, Vitals
from engine.runs.rundir import RunDirectory

COLUMNS = (
    *("run", "step", "event", "chars", "seconds"),
    *("train_nats", "train_bits", "val_nats", "val_bits"),
    *("lr", "grad_norm", "chars_per_second", "best", "final", "setting", "value", "note"),
)
"""The columns of the table. The names are those of the events' fields."""
_NO_ROWS = (Vitals, Sampled, Saved, Refused)
"""Events that are not part of a learning curve."""
_CASTAGNOLI = 0x82F63B78
_LARGEST = 3.4028234663852886e38
"""The largest 32-bit float."""
_TEXT = 7
"""DT_STRING in `types.proto`."""


def table(runs: Iterable[RunDirectory]) -> str:
    """The learning curves of runs as CSV: a line with the names of the columns, then a row per event.
    Numbers have all their digits. What an event does not have is empty.

    Raises RunError.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in runs:
        for event in run.events():
            if not isinstance(event, _NO_ROWS):
                writer.writerow(_row(run.name, event))
    return text.getvalue()


def _row(run: str, event: Event) -> list[object]:
    known = {"run": run, "event": event.name, **asdict(event)}
    known["note"] = known.get("note") or known.get("reason")
    for part in ("train", "val"):
        if (nats := known.get(f"{part}_nats")) is not None:
            known[f"{part}_bits"] = nats / math.log(2)
    values = (known.get(column) for column in COLUMNS)
    return [int(value) if isinstance(value, bool) else value for value in values]


def event_file(run: RunDirectory) -> tuple[str, bytes]:
    """The name and the contents of an event file for TensorBoard: losses in nats, learning rate, gradient
    norm, speed, the state of the layers, and the samples as texts. Times count from when the run began
    and leave out pauses.

    Raises RunError.
    """
    began = 0.0
    with suppress(ValueError, OverflowError):  # the date may be damaged
        began = datetime.fromisoformat(run.info().created).timestamp()
    data = [_record(double(1, began) + block(3, b"brain.Event:2"))]
    seconds = 0.0
    for event in run.events():
        seconds = getattr(event, "seconds", seconds)
        if values := b"".join(block(1, value) for value in _values(event)):
            head = double(1, began + seconds) + whole(2, event.step)
            data.append(_record(head + block(5, values)))
    return f"events.out.tfevents.{began:.0f}.helo", b"".join(data)


def _values(event: Event) -> Iterator[bytes]:
    """What TensorBoard shows of an event, each as a `Summary.Value`."""
    match event:
        case Progress():
            yield _scalar("loss/train", event.train_nats)
            yield _scalar("lr", event.lr)
            yield _scalar("grad_norm", event.grad_norm)
            yield _scalar("chars_per_second", event.chars_per_second)
        case Evaluated():
            yield _scalar("loss/final" if event.final else "loss/validation", event.val_nats)
        case Vitals():
            for name in ("weight_norm", "update_ratio", "saturated"):
                yield _scalar(f"layer_{event.layer + 1}/{name}", getattr(event, name))
        case Sampled():
            yield _text("sample", event.text)


def _scalar(tag: str, value: float) -> bytes:
    return block(1, tag) + single(2, max(-_LARGEST, min(value, _LARGEST)))


def _text(tag: str, text: str) -> bytes:
    """A text as it is: TensorBoard reads Markdown, where indented lines are shown unchanged."""
    shown = "\n".join(f"    {line}" for line in text.split("\n")).encode("utf-8", "replace")
    tensor = whole(1, _TEXT) + block(2, b"") + block(8, shown)
    plugin = block(1, block(1, b"text"))
    return block(1, tag) + block(9, plugin) + block(8, tensor)


def _record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _checksum(data: bytes) -> bytes:
    """CRC-32C, masked as TensorFlow does it (`crc32c.h`)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (_CASTAGNOLI if byte & 1 else 0)
    return byte


_CRC = [_crc_of(byte) for byte in range(256)]
