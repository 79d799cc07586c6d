"""Why a trainer ended, where the events do not say."""

from __future__ import annotations

import signal

from engine.runs.events import Event, Failed
from engine.runs.rundir import RunDirectory


def killed(code: int) -> str:
    """What killed a trainer with this exit status: minus the number of a signal."""
    if code == -signal.SIGKILL:
        return "killed, as the kernel does when memory runs out: a smaller batch needs less"
    return f"killed ({signal.strsignal(-code) or f'signal {-code}'})"


def trouble(run: RunDirectory, last: Event | None, code: int) -> str:
    """Why a trainer ended without a Stopped event."""
    if isinstance(last, Failed):
        return last.reason
    if code < 0:
        return (
            f"the trainer of {run.name} was {killed(code)}; what it saved is kept: "
            f"`helo train --resume {run.name}` continues it"
        )
    return run.silent_end()
