"""The actions of a tab by name, for the command palette: useful if the terminal intercepts their keys."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.actions import parse
from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widget import Widget


def actions(pane: Widget) -> Iterator[SystemCommand]:
    """The actions that have a key and can be run now, of a pane and the widgets it shows."""
    for node in (pane, *pane.query("*")):
        if node.BINDING_GROUP_TITLE and _is_shown(node):
            bindings = {binding.id: binding for _, binding in node._bindings if binding.id}
            for binding in bindings.values():
                _, name, parameters = parse(binding.action)
                if node.check_action(name, parameters):
                    run = partial(pane.app.run_action, binding.action, node)
                    title = f"{pane.BINDING_GROUP_TITLE}: {_name(binding)}"
                    yield SystemCommand(title, binding.tooltip, run)


def _is_shown(node: DOMNode) -> bool:
    return all(above.display for above in node.ancestors_with_self if isinstance(above, Widget))


def _name(binding: Binding) -> str:
    """What a binding does, in a word or two, preceded by its group's name if the description lacks it."""
    name = binding.description or binding.tooltip
    if binding.group and binding.group.description not in name:
        name = f"{binding.group.description}, {name}"
    return name[:1].upper() + name[1:]
