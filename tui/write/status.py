"""The status line below the prompt input: the model, its settings, the speed, and the position."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from engine.writing.settings import SamplingConfig
from tui.phrases import filters
from tui.text import one_line
from tui.write.mixing import slider
from tui.write.rates import speed_name

_ROOM_FOR_WORDS = 96
_TYPE = "type any character · Enter: a line end · Esc: none"
"""What is done in the mode TYPE."""


@dataclass(frozen=True)
class Status:
    """Everything the line says."""

    mode: str = "PROMPT"
    model: str = ""
    mixed: tuple[str, float] | None = None
    """The model that is mixed in, and its share."""
    held: str = ""
    """The unit that is held, with its value."""
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    speed: float = 30.0
    measured: float | None = None
    """The recent speed in characters per second; None if nothing is being written."""
    bits: float | None = None
    """The mean surprisal of what the model wrote; None if it wrote nothing."""
    index: int = 0
    goal: int = 0
    branch: tuple[int, int] = (1, 1)
    doing: str = ""


class StatusLine(Widget, can_focus=False):
    """The mode, then facts from the left, each in its longest form that fits. Those that fit in none are
    left out."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status--mode",
        "status--walk",
        "status--quiet",
        "status--doing",
    }

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._status = Status()

    def show(self, status: Status) -> None:
        if status != self._status:
            self._status = status
            self.refresh()

    def render(self) -> RenderResult:
        status = self._status
        mode = self.get_visual_style("status--mode" if status.mode == "PROMPT" else "status--walk")
        quiet = self.get_visual_style("status--quiet")
        parts = [Content.styled(f" {status.mode} ", mode)]
        if doing := _TYPE if status.mode == "TYPE" else status.doing:
            parts.append(Content.styled(f" {doing}", self.get_visual_style("status--doing")))
        room = self.size.width - sum(part.cell_length for part in parts)
        for forms in self._facts():
            for fact in filter(None, forms):
                between = Content.styled(" │ " if len(parts) > 1 else " ", quiet)
                piece = Content.assemble(between, Content(fact))
                if piece.cell_length <= room:
                    room -= piece.cell_length
                    parts.append(piece)
                    break
        return Content.assemble(*parts)

    def _facts(self) -> list[tuple[str, ...]]:
        """What there is to say, each in several forms, the longest first."""
        status, wide = self._status, self.size.width >= _ROOM_FOR_WORDS
        short = filters(status.sampling, False), filters(status.sampling, False, off=False)
        measured = "" if status.measured is None else f" ({status.measured:,.0f}/s)"
        facts: list[tuple[str, ...]] = [
            (f"{status.index:,} of {status.goal:,}" if status.goal else "",),
            (filters(status.sampling, True), *short) if wide else short,
            (speed_name(status.speed) + measured,),
            ()
            if status.bits is None
            else (f"{status.bits:.2f} bits a character", f"{status.bits:.2f} bits"),
            (one_line(status.model),),
        ]
        if status.mixed:
            name, share = status.mixed
            facts.insert(
                1, (f"mix {one_line(name)} {slider(share)} {share:.0%}", f"mix {share:.0%}")
            )
        if status.held:
            facts.insert(1, (f"holds {one_line(status.held)}",))
        if status.branch[1] > 1:
            facts.insert(1, ("branch {} of {}".format(*status.branch),))
        return [forms for forms in facts if any(forms)]
