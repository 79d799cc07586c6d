"""A race that nobody watches: `python -P -m engine.runs.driver LEADER_DIR BY CELL …`.

The process gives each run its turns (`race.Race`) until the race is over. SIGTERM, SIGINT, SIGHUP, or a
request to the leading run stops it.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from engine.errors import exit_status
from engine.runs import launch
from engine.runs.race import Race
from engine.runs.rundir import RunDirectory

_POLL = 0.02


class Driver:
    """Drives one race."""

    def __init__(self, leader: RunDirectory, others: Sequence[str], by: str) -> None:
        self.stopping = False
        self._leader = leader
        self._race = Race(leader, others, by)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        self.stopping = True

    def drive(self) -> None:
        """Drive the race to its end. However it ends, everything learnt is saved.

        Raises what `Race.look` raises.
        """
        self._survey()
        race, stopped = self._race, False
        try:
            while not race.over:
                if self.stopping and not stopped:
                    stopped = True
                    race.stop()
                for _ in race.look():
                    pass
                time.sleep(_POLL)
        finally:
            race.stop()

    def _survey(self) -> None:
        """Survey the corpus first: beside the first run it would slow that down."""
        info = self._leader.info()
        child = launch.survey(info.place, info.config.validation, info.config.split)
        while child and child.poll() is None and not self.stopping:
            time.sleep(_POLL)


def main() -> None:
    """The process."""
    folder, by, *others = sys.argv[1:]
    driver = Driver(RunDirectory(Path(folder)), others, by)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, driver.stop)
    driver.drive()


if __name__ == "__main__":
    sys.exit(exit_status(main))
