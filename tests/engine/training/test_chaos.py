"""A little of `make chaos`: ten kills, and every save point."""

from __future__ import annotations

from tests import chaos


def test_ten_kills_leave_no_trace() -> None:
    counts = chaos.kills(10)
    assert counts["kills"] >= 10 and counts["lives"] > counts["runs"]


def test_every_write_may_fail_once() -> None:
    counts = chaos.save_points()
    assert min(counts[name] for name in ("open", "fsync", "link", "replace")) >= 3 * len(
        chaos.FAULTS
    )
