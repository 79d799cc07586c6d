"""The actions of a tab by name, for the palette: what the keys do, where a terminal takes the keys away."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.actions import parse
from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widget import Widget


def actions(pane: Widget) -> Iterator[SystemCommand]:
    """Every action with a key that a pane and what it shows can do now."""
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
    """What a binding does in a word or two, with its group's name where that says of what."""
    name = binding.description or binding.tooltip
    if binding.group and binding.group.description not in name:
        name = f"{binding.group.description}, {name}"
    return name[:1].upper() + name[1:]
