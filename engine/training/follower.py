"""A process that rank 0 leads: it trains its share of the columns, and decides nothing."""

from __future__ import annotations

import signal

from engine.errors import LostError
from engine.runs.rundir import RunDirectory
from engine.training.learner import Learner
from engine.training.parallel import Group, serve


def follow(run: RunDirectory, group: Group) -> int:
    """Take part in one life of a run. Returns the exit status.

    Raises what the learner raises.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # rank 0 gets it too, saves, and ends all processes
    try:
        life = group.agree()
        serve(Learner(run, group))
    except LostError:
        run.note_loss(life)
        return 1
    return 0
