"""The branches of a passage as a tree: to go to one, name it, delete it, or compare two."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.words import counted, plural
from tui.dialogs import AskDialog, ConfirmDialog
from tui.phrases import number
from tui.text import one_line
from tui.width import INSIDE, cut
from tui.write.branch import Branch
from tui.write.compare import BranchesCompared
from tui.write.passage import Passage

_OPENING = 160
"""Characters of a branch that a row may show."""
_COLUMNS = {"from": 9, "length": 9, "bits/char": 11, "how": 8}
"""What stands right in a row, and its cells."""
_WIDE = 72
"""Cells of a row that has room for all of these; a narrower one has no `from`."""
_SHORT = 24
"""Cells of a branch in a question."""


@dataclass(frozen=True)
class Row:
    """What is shown of a branch."""

    id: int
    number: int
    """As in the status line: in the order in which the branches came to be, from 1."""
    guides: str
    """The lines from the first branch to this one: two cells a generation."""
    name: str
    opening: str
    """How the part that is its own begins."""
    fork: int
    length: int
    """Of the part that is its own, in characters."""
    bits: float | None
    """The mean surprisal there of what was not given."""
    came: str
    shown: bool
    """Whether it is the branch that the screen shows."""

    @property
    def told(self) -> str:
        """Its name, or else its first words, for a question."""
        return cut(self.name or self.opening, _SHORT)


def rows(passage: Passage) -> list[Row]:
    """The branches in the order of the tree. Those that left the same one follow it in the order of where
    they left it."""
    branches = passage.branches
    left: dict[int | None, list[int]] = defaultdict(list)
    for id in sorted(branches, key=lambda id: (branches[id].fork, id)):
        left[branches[id].parent].append(id)
    numbers = {id: number for number, id in enumerate(branches, 1)}
    found: list[Row] = []
    todo = [(id, "", "") for id in left[None]]
    while todo:
        id, guides, below = todo.pop()
        found.append(_row(id, numbers[id], branches[id], guides, id == passage.current))
        last = "└ ", "  "
        for child in reversed(left[id]):
            todo.append((child, below + last[0], below + last[1]))
            last = "├ ", "│ "
    return found


def _row(id: int, number: int, branch: Branch, guides: str, shown: bool) -> Row:
    return Row(
        id=id,
        number=number,
        guides=guides,
        name=one_line(branch.name),
        opening=opening(branch),
        fork=branch.fork,
        length=branch.shown - branch.fork,
        bits=branch.mean_bits(branch.fork),
        came=branch.came.value,
        shown=shown,
    )


def opening(branch: Branch) -> str:
    """How the part of a branch that is its own begins, in one line."""
    text = branch.glyphs.text[branch.fork : branch.fork + _OPENING].replace(INSIDE, "")
    text = one_line(text)
    return f"◌{text}" if text and not cell_len(text[0]) else text


def _columns(width: int) -> dict[str, int]:
    return {name: cells for name, cells in _COLUMNS.items() if width >= _WIDE or name != "from"}


def heading(width: int) -> str:
    """The names of the columns of `line`."""
    columns = _columns(width)
    left = "      branch".ljust(max(0, width - sum(columns.values())))
    return left + "".join(name.rjust(cells) for name, cells in columns.items())


def line(row: Row, marked: bool, width: int) -> Content:
    """A row in `width` cells: a sign for the shown branch and for a marked one, its place in the tree, its
    name and first words, and what is known of it. A branch far from the first is indented no further."""
    columns = _columns(width)
    facts = {
        "from": f"{row.fork:,}",
        "length": f"{row.length:,}",
        "bits/char": number(row.bits, ".2f"),
        "how": row.came,
    }
    room = max(0, width - sum(columns.values()) - 1)
    deepest = max(2, room // 6 * 2)
    guides = row.guides if len(row.guides) <= deepest else f"… {row.guides[2 - deepest :]}"
    head = f"{'▶' if row.shown else ' '}{'●' if marked else ' '}{row.number:>3} {guides}"
    room -= len(head)
    name = cut(row.name, room)
    text = cut(f" · {row.opening}" if name else row.opening, max(0, room - cell_len(name)))
    return Content.assemble(
        head,
        (name, "bold"),
        text,
        " " * (room + 1 - cell_len(name) - cell_len(text)),
        ("".join(facts[name].rjust(cells) for name, cells in columns.items()), "dim"),
    )


class BranchTree(ModalScreen[int | None]):
    """A list of the branches. Gives the id of the one to go to; None if the user goes back."""

    DEFAULT_CSS = """
    BranchTree {
        background: $background;
        & > Vertical { border: round $primary; background: $background; padding: 0 1; }
        & .heading { height: 1; color: $foreground 60%; text-wrap: nowrap; }
        & OptionList {
            height: auto; max-height: 1fr; padding: 0; border: none; background: transparent;
            scrollbar-gutter: stable; text-wrap: nowrap;
            &:focus { border: none; background-tint: transparent; }
        }
        & .alone { color: $foreground 60%; margin-top: 1; }
    }
    """
    BINDING_GROUP_TITLE = "Write: the branches"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,B", "dismiss(None)", "Back", id="tree.back", tooltip="Back to the text"),
        Binding("n", "name", "Name", id="tree.name", tooltip="Name the branch"),
        Binding("d", "delete", "Delete", id="tree.delete", tooltip="Delete the branch"),
        Binding("space", "mark", "Mark", id="tree.mark", tooltip="Mark it, to compare two"),
        Binding("c", "compare", "Compare", id="tree.compare", tooltip="Two marked side by side"),
    ]

    def __init__(self, passage: Passage) -> None:
        super().__init__()
        self._passage = passage
        self._rows: list[Row] = []
        self._marked: list[int] = []
        """The ids of at most two branches, the latest last."""

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(classes="heading", markup=False)
            yield OptionList(markup=False)
            alone = "Go back with ← and take another character with 1-9, or type one with '."
            yield Static(f"One branch so far. {alone}", classes="alone")

    def on_mount(self) -> None:
        self._list = self.query_one(OptionList)
        self._list.focus()

    def on_resize(self) -> None:
        highlighted = self._row.id if self._rows else self._passage.current
        self.call_after_refresh(self._fill, highlighted)

    @property
    def _row(self) -> Row:
        return self._rows[self._list.highlighted or 0]

    def _fill(self, highlighted: int) -> None:
        """Show the branches as they are now, with the cursor on one of them."""
        self._rows = rows(self._passage)
        ids = [row.id for row in self._rows]
        self._marked = [id for id in self._marked if id in ids]
        width = self._list.scrollable_content_region.width
        self.query_one(".heading", Static).update(heading(width))
        self._list.set_options([Option(self._line(row)) for row in self._rows])
        self._list.highlighted = ids.index(highlighted)
        self._list.scroll_to_highlight()
        self.query_one(".alone").display = len(ids) == 1
        box = self.query_one(Vertical)
        box.border_title = counted(len(ids), "branch", "branches")
        box.border_subtitle = "⏎ go  n name  d delete  ␣ mark  c compare  Esc back"

    def _line(self, row: Row) -> Content:
        width = self._list.scrollable_content_region.width
        return line(row, row.id in self._marked, width)

    @on(OptionList.OptionSelected)
    def _go(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._rows[event.option_index].id)

    def action_mark(self) -> None:
        before, id = self._marked, self._row.id
        self._marked = [other for other in before if other != id]
        if id not in before:
            self._marked = [*before[-1:], id]
        for i, row in enumerate(self._rows):
            if row.id in (id, *before):
                self._list.replace_option_prompt_at_index(i, self._line(row))

    def action_name(self) -> None:
        row = self._row

        def answered(name: str | None) -> None:
            if name is not None:
                self._passage.rename(row.id, name)
                self._fill(row.id)

        question = (
            f"The name of the branch “{cut(row.opening, _SHORT)}”; an empty one takes it away"
        )
        self.app.push_screen(AskDialog(question, row.name), answered)

    def action_delete(self) -> None:
        row, passage = self._row, self._passage
        family = len(passage.family(row.id))
        parent = passage.branches[row.id].parent
        if parent is None:
            why = "the others come from it" if family > 1 else "it is the only one"
            self.notify(f"the first branch cannot be deleted: {why}", markup=False)
            return

        def answered(sure: bool | None, parent: int = parent) -> None:
            if sure:
                passage.delete(row.id)
                self._fill(parent)

        question = f"The branch “{row.told}” will be deleted: {counted(row.length, 'character')}."
        if family > 1:
            others = "branch" if family == 2 else f"{family - 1} branches"
            question += f" With it {plural(family - 1, 'goes', 'go')} the {others} that left it."
        yes = "Delete it" if family == 1 else f"Delete all {family}"
        self.app.push_screen(ConfirmDialog(question, yes, "Keep"), answered)

    def action_compare(self) -> None:
        """Compare the two marked branches, the one marked with that under the cursor, or that with the
        branch that it left."""
        row, marked = self._row, self._marked
        if len(marked) == 2:
            first, second = marked
        elif marked and marked[0] != row.id:
            first, second = marked[0], row.id
        elif (parent := self._passage.branches[row.id].parent) is not None:
            first, second = parent, row.id
        else:
            self.notify("mark another branch with space first", markup=False)
            return
        self.app.push_screen(BranchesCompared(self._passage, first, second))
