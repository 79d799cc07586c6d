"""Events in words, for the command line and the screens alike."""

from __future__ import annotations

from engine.runs.events import (
    Changed,
    Evaluated,
    Event,
    Extended,
    Failed,
    Paused,
    Planned,
    Refused,
    Resumed,
    RolledBack,
    Saved,
    Started,
    Stopped,
)
from engine.words import counted
from tui.figures.table import measured


def describe(event: Event) -> str:
    """An event as a line, without its step; empty if it is not worth a line."""
    match event:
        case Started():
            text = (
                f"started: {event.parameters:,} parameters, {counted(event.total_steps, 'step')} of "
                f"{event.batch} × {event.seq_length} characters, {event.device} {event.dtype}"
            )
            if event.processes > 1:
                text += f", {event.processes} processes"
            return f"{text}; {event.note}" if event.note else text
        case Evaluated():
            mark = " (final)" if event.final else " (best so far)" if event.best else ""
            text = f"{measured(event)}{mark}"
            return f"{text}; {event.note}" if event.note else text
        case Saved() if event.file.startswith("mark-"):
            return f"kept as mark {event.file.removeprefix('mark-').removesuffix('.safetensors')}"
        case Paused():
            return f"paused: {event.reason}" if event.reason else "paused"
        case Resumed():
            return "resumed"
        case Changed(setting="stop"):
            return "stopping: saving first"
        case Changed():
            return f"{event.setting} is {event.value:g} from here on"
        case Extended():
            return f"continues to step {event.total_steps:,}"
        case Planned():
            return f"ends in time at step {event.total_steps:,}"
        case Refused():
            return f"refused: {event.reason}"
        case RolledBack():
            text = f"went back to step {event.step:,}"
            return f"{text}: {event.reason}" if event.reason else text
        case Failed():
            return f"failed: {event.reason}"
        case Stopped():
            text = "finished" if event.finished else "stopped"
            return f"{text}: {event.note}" if event.note else text
        case _:
            return measured(event)
