"""torchrun on one machine, for a run of helo's: `python -P -m engine.training.agent N RUN_DIR …`.

Starts N processes of `trainer`, with the arguments after N, and ends them all if one dies. Its own log
messages are silenced: the processes report what happened, in one line each.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import parse_args, run

from engine.errors import LostError, exit_status
from engine.runs.events import Stopped
from engine.runs.rundir import RunDirectory


def main() -> int:
    """The process."""
    processes, folder, *numbers = sys.argv[1:]
    logging.disable()
    trained = RunDirectory(Path(folder))
    life = trained.lives()
    asked = [
        "--standalone",
        "--nproc-per-node",
        processes,
        "--module",
        "engine.training.trainer",
        folder,
        *numbers,
    ]
    try:
        run(parse_args(asked))  # type: ignore[no-untyped-call]
    except ChildFailedError as error:
        statuses = [failure.exitcode for failure in error.failures.values()]
        if min(statuses) >= 0:
            return statuses[0]
        trained.note_loss(life)  # in case no other process could
        raise LostError(trained.name) from error
    except SignalException:  # passed on to all processes, which have ended
        events = trained.events()
        return 0 if events and isinstance(events[-1], Stopped) else 1
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
