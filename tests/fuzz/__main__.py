"""`make fuzz`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.foreign import Foreign, Keras
from tests.fuzz.models import Models
from tests.fuzz.records import Records
from tests.fuzz.sources import Sources
from tests.fuzz.watch import MEMORY, SECONDS, Case, Tally, prepared, watch

PARTS: dict[str, tuple[Callable[[Path], Case], int]] = {
    "models": (Models, 10_000),
    "records": (Records, 20_000),
    "sources": (Sources, 5_000),
    "foreign": (Foreign, 20_000),
    "keras": (Keras, 2_000),
}
"""What makes the cases of each part, and how many there are."""


def fuzz(part: str, numbers: range, seed: int = 0) -> Tally:
    """Cases of one part, in a home of their own."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        home = Path(folder) / "home"
        with prepared(home):
            return watch(part, PARTS[part][0](home), numbers, seed)


def _report(tally: Tally) -> None:
    print(
        f"{tally.part}: {tally.cases:,} cases in {tally.seconds:.0f} s, {len(tally.failures)} failed; "
        f"slowest {tally.slowest:.2f} s (number {tally.slowest_number}), "
        f"memory +{tally.memory / 1e6:.0f} MB"
    )
    for kind, count in sorted(tally.kinds.items()):
        print(f"  {kind:<24}{count:>8,}")
    for failure in tally.failures:
        print(f"python -m tests.fuzz --only {failure}")


def main() -> int:
    """Returns 1 if a case failed."""
    parser = argparse.ArgumentParser("tests.fuzz")
    for part, (_, usual) in PARTS.items():
        parser.add_argument(part, nargs="?", type=int, default=usual, help="cases (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="PART:NUMBER", help="one case, as a failure names it")
    asked = parser.parse_args()
    if asked.only:
        part, _, number = asked.only.partition(":")
        plan = {part: range(int(number), int(number) + 1)}
    else:
        plan = {part: range(getattr(asked, part)) for part in PARTS}
    print(f"each case within {SECONDS:g} s of the processor and {MEMORY >> 20} MB", flush=True)
    failed = 0
    for part, numbers in plan.items():
        tally = fuzz(part, numbers, asked.seed)
        _report(tally)
        sys.stdout.flush()
        failed += len(tally.failures)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
