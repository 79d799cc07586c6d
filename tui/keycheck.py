"""Checks `[keys]` of config.toml against the bindings that exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

from tui.help import HelpScreen


class KeyCheck:
    """Finds ids without a binding, and keys that another binding of the same widget already has."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys` holds keys by binding id."""
        self._keys = keys
        self._unchecked = set(keys)

    def problems(self, nodes: Iterable[DOMNode], unmade: Collection[str]) -> Iterator[str]:
        """The problems found in the bindings of these nodes, one line each, each reported only once.

        Ids that belong to tabs in `unmade`, those not created yet, are left for a later call.
        """
        bindings = [[binding for _, binding in node._bindings] for node in nodes]
        known = {binding.id for own in bindings for binding in own}
        known |= {b.id for b in HelpScreen.BINDINGS if isinstance(b, Binding)}
        for id in sorted(self._unchecked):
            if id in known:
                self._unchecked.discard(id)
                for own in bindings:
                    yield from self._clashes(id, own)
            elif id.partition(".")[0] not in unmade and not _exists(id):
                self._unchecked.discard(id)
                yield f"config.toml: nothing has the id {id}; helo config lists the ids"

    def _clashes(self, id: str, bindings: list[Binding]) -> Iterator[str]:
        """The other bindings of a widget that have the key given to binding `id`."""
        if any(binding.id == id for binding in bindings):
            taken = {b.key for b in Binding.make_bindings([(self._keys[id], "", "")])}
            for other in bindings:
                if other.id != id and other.id not in self._keys and other.key in taken:
                    what = other.id or other.description
                    yield f"config.toml: {id} takes the key of {what}, which now has none"


def _exists(id: str) -> bool:
    """Whether a part of a screen that is created later has this binding."""
    from tui.configure import every_id

    return id in every_id()
