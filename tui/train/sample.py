"""A sample that a run wrote while it trained, and its position in the run."""

from __future__ import annotations

import math

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tui.curves.scale import Scale
from tui.figures.snapshot import Snapshot
from tui.text import visible
from tui.train.steady import Steady
from tui.width import expanded

_MOST = 200_000
"""Characters of a sample that are shown; a run writes no more than half as many."""


class SampleBox(VerticalScroll, can_focus=False):
    """One of the samples of a run, below a line that stands for the run."""

    SCOPED_CSS = False  # the rules depend on classes of the pane
    DEFAULT_CSS = """
    SampleBox {
        padding: 0 1; scrollbar-size-vertical: 1;
        border: round $primary-muted; border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        #life { dock: top; height: 1; padding: 0 1; }
    }
    TrainPane.-low SampleBox #life { display: none; }
    """

    def compose(self) -> ComposeResult:
        yield Steady("life")
        yield Steady("text")

    def show(self, snapshot: Snapshot, index: int, scale: Scale) -> None:
        """Show the sample at this index. If there are no samples, the index does not matter."""
        text, samples = self.query_one("#text", Steady), snapshot.samples
        self.query_one("#life", Steady).tell(self._life(snapshot, index))
        if not samples:
            self._head("sample", "")
            text.tell("samples written during the training appear here")
            return
        sample = samples[index]
        older = "← older  " if index else ""
        newer = "  newer →" if index < len(samples) - 1 else ""
        self._head(
            f"sample at step {sample.step:,}{_loss(snapshot, sample.step, scale)}",
            f"{older}{index + 1:,} of {len(samples):,}{newer}",
        )
        shown = (sample.prompt + sample.text)[:_MOST].strip("\n")
        text.tell(Content(expanded(visible(shown))))

    def _head(self, title: str, subtitle: str) -> None:
        """Set the titles if they changed, since each assignment redraws the box."""
        if (title, subtitle) != (self.border_title, self.border_subtitle):
            self.border_title, self.border_subtitle = title, subtitle

    def _life(self, snapshot: Snapshot, index: int) -> Content:
        """The run so far as a line, with a dot at each sample and a larger one at this sample."""
        samples, width = snapshot.samples, self.query_one("#life").content_size.width
        if not samples or width < 1:
            return Content("")
        step = max(1, snapshot.step, samples[-1].step)
        columns = [s.step * (width - 1) // step for s in samples]
        here = columns[index]
        line = ["━" if column < here else "╌" for column in range(width)]
        for column in set(columns):
            line[column] = "•"
        line[here] = "●"
        before, after = "".join(line[: here + 1]), "".join(line[here + 1 :])
        return Content.assemble((before, "$primary"), (after, "$foreground 30%"))


def _loss(snapshot: Snapshot, step: int, scale: Scale) -> str:
    """The loss of the run at a step; empty if it is not known."""
    for name, series in (("validation", snapshot.validation), ("training", snapshot.train)):
        if not math.isnan(nats := series.at(step)):
            return f" · {name} {scale.value(nats):.3f} {scale.unit}"
    return ""
