"""The live view of a run: its status, its curve, its figures, and the samples it wrote."""

from __future__ import annotations

from bisect import bisect_right
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content

from tui.curves.scale import View
from tui.figures.snapshot import Snapshot
from tui.phrases import trained
from tui.text import brief, visible
from tui.train import numbers
from tui.train.compare import Compared, Other
from tui.train.curve import Curve
from tui.train.follow import Follower
from tui.train.sample import SampleBox
from tui.train.steady import Steady

_ZOOM = Binding.Group("zoom", compact=True)
_SAMPLES = Binding.Group("samples", compact=True)


class RunView(Vertical, can_focus=True):
    """Shows the newest snapshot of one run."""

    BINDING_GROUP_TITLE = "A run"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "g",
            "app.choose_tab",
            "Screens",
            id="train.screens",
            tooltip="Another screen: g and its first letter",
            show=False,
        ),
        Binding(
            "left",
            "look(-1)",
            "older sample",
            id="train.older",
            tooltip="Show the previous sample",
            group=_SAMPLES,
        ),
        Binding(
            "right",
            "look(1)",
            "newer sample",
            id="train.newer",
            tooltip="Show the next sample; the newest follows the training",
            group=_SAMPLES,
        ),
        Binding("home", "first", show=False, id="train.first", tooltip="Show the first sample"),
        Binding("end", "newest", show=False, id="train.newest", tooltip="Follow the newest sample"),
        Binding(
            "z",
            "zoom(1)",
            "closer",
            id="train.zoom-in",
            tooltip="Show a smaller part of the run, its last half or tenth",
            show=False,
            group=_ZOOM,
        ),
        Binding(
            "Z",
            "zoom(-1)",
            "wider",
            id="train.zoom-out",
            tooltip="Show a larger part of the run",
            show=False,
            group=_ZOOM,
        ),
        Binding(
            "u",
            "unit",
            "Bits or nats",
            id="train.unit",
            tooltip="The curve in bits or nats",
            show=False,
        ),
        Binding(
            "y",
            "axis",
            "Log or linear",
            id="train.axis",
            tooltip="The curve's losses on a logarithmic or a linear axis",
            show=False,
        ),
        Binding(
            "s",
            "swap",
            "Curve or sample",
            id="train.swap",
            tooltip="Show the sample in place of the curve, and back",
        ),
        Binding(
            "up", "scroll_sample(-1)", show=False, id="train.up", tooltip="Scroll the sample up"
        ),
        Binding(
            "down",
            "scroll_sample(1)",
            show=False,
            id="train.down",
            tooltip="Scroll the sample down",
        ),
    ]
    SCOPED_CSS = False  # the rules depend on classes of the pane
    DEFAULT_CSS = """
    RunView {
        padding: 0 1;
        #headline, #bar, #note { padding: 0 1; }
        #headline, #bar { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #note { height: auto; min-height: 1; max-height: 2; }
        #middle { height: 3fr; }
        #curve { width: 1fr; }
        #numbers {
            dock: right; width: 46; height: 1fr; padding: 0 1;
            border: round $primary-muted; border-title-color: $text-muted;
            border-subtitle-color: $text-muted;
        }
        #sample { height: 2fr; }
        &:focus #sample { border: round $primary; }
    }
    TrainPane.-narrow RunView {
        padding: 0;
        #middle { layout: vertical; }
        #numbers { dock: none; width: 1fr; height: 2; border: none; }
        #curve { height: 1fr; }
    }
    TrainPane.-low RunView {
        #note { max-height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        #middle { height: 1fr; }
        #sample { display: none; height: 1fr; }
        &.-sample #sample { display: block; }
        &.-sample #curve { display: none; }
        &.-sample #middle { height: auto; }
    }
    """

    def __init__(self, compared: Compared, id: str | None = None) -> None:
        super().__init__(id=id)
        self._compared = compared
        self._follower: Follower | None = None
        self.low = False
        """Whether there is only room for either the curve or the sample."""
        self._chosen: int | None = None
        """The step of the chosen sample; None follows the newest."""
        self._view = View()

    def compose(self) -> ComposeResult:
        yield Steady("headline")
        yield Steady("bar")
        yield Steady("note")
        with Horizontal(id="middle"):
            yield Steady("numbers")
            yield Curve(id="curve")
        yield SampleBox(id="sample")

    def on_mount(self) -> None:
        box = self.query_one("#numbers")
        box.border_title, box.border_subtitle = "figures", "losses per character"

    def follow(self, follower: Follower) -> None:
        """Show this run from now on."""
        if follower is not self._follower:
            self._follower, self._chosen = follower, None
        self.show()

    @on(Steady.Resized)
    def show(self) -> None:
        """Draw what is known about the run."""
        follower = self._follower
        if follower is None:
            return
        snapshot = follower.snapshot
        self.query_one("#headline", Steady).tell(_headline(follower))
        if snapshot is None:
            self.query_one("#note", Steady).tell("reading the log of this run …")
            return
        width = self.query_one("#bar").content_size.width
        self.query_one("#bar", Steady).tell(numbers.bar(snapshot, width))
        self.query_one("#note", Steady).tell(numbers.note(snapshot, follower.asked))
        narrow = self.query_one("#middle").styles.layout
        is_column = narrow is not None and narrow.name == "horizontal"
        self.query_one("#numbers", Steady).tell(
            numbers.column(snapshot, self._others) if is_column else numbers.lines(snapshot)
        )
        self._show_life(snapshot)

    @property
    def _others(self) -> tuple[Other, ...]:
        follower = self._follower
        return self._compared.others(follower.run, follower.info) if follower else ()

    def _show_life(self, snapshot: Snapshot) -> None:
        """Draw the curve and the chosen sample."""
        self.query_one(Curve).show(snapshot, self._view, self._chosen, self._others)
        self.query_one(SampleBox).show(snapshot, self._index(snapshot), self._view.scale)

    def _index(self, snapshot: Snapshot) -> int:
        """The index of the chosen sample. If that one was voided, the newest older one."""
        if self._chosen is None:
            return len(snapshot.samples) - 1
        return max(0, bisect_right(snapshot.samples, self._chosen, key=lambda s: s.step) - 1)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        snapshot = self._follower.snapshot if self._follower else None
        if action == "swap":
            return self.low
        if action in ("look", "first", "newest"):
            return snapshot is not None and len(snapshot.samples) > 1
        return True

    def action_swap(self) -> None:
        """Switch between curve and sample if there is no room for both."""
        self.toggle_class("-sample")
        self.call_after_refresh(self.show)

    def action_zoom(self, by: int) -> None:
        """Show a smaller or larger part of the run."""
        self._look_through(self._view.zoomed(by))

    def action_unit(self) -> None:
        """Switch between nats and bits."""
        self._look_through(self._view.other_unit())

    def action_axis(self) -> None:
        """Switch between a linear and a logarithmic axis."""
        self._look_through(self._view.other_axis())

    def _look_through(self, view: View) -> None:
        self._view = view
        self.show()

    def action_look(self, by: int) -> None:
        """Go to an older or newer sample."""
        if self._follower and (snapshot := self._follower.snapshot):
            self._look_at(snapshot, self._index(snapshot) + by)

    def action_first(self) -> None:
        """Go to the first sample."""
        if self._follower and (snapshot := self._follower.snapshot):
            self._look_at(snapshot, 0)

    def action_newest(self) -> None:
        """Go to the newest sample and follow new ones."""
        if self._follower and (snapshot := self._follower.snapshot):
            self._look_at(snapshot, len(snapshot.samples))

    def _look_at(self, snapshot: Snapshot, index: int) -> None:
        samples = snapshot.samples
        if samples:
            self.add_class("-sample")
            self._chosen = None if index >= len(samples) - 1 else samples[max(0, index)].step
            self.query_one("#sample").scroll_home(animate=False)
            self._show_life(snapshot)

    def action_scroll_sample(self, by: int) -> None:
        """Scroll the text of the sample."""
        self.query_one("#sample").scroll_relative(y=by, animate=False)


def _headline(follower: Follower) -> Content:
    """Name, status, network, corpus, parameters and device of a run, in one line."""
    snapshot, info = follower.snapshot, follower.info
    parts = [Content.styled(visible(follower.run.name), "bold")]
    if snapshot:
        parts.append(numbers.state(snapshot.status.word))
    if info:
        parts.append(Content(brief(trained(info))))
        if info.init_from:
            parts.append(Content(brief(f"a branch of {info.init_from}")))
    if snapshot and (started := snapshot.started):
        parts.append(Content.styled(f"{started.parameters:,} parameters", "$foreground 60%"))
        parts.append(Content.styled(brief(f"{started.device} {started.dtype}"), "$foreground 60%"))
    return Content("   ").join(parts)
