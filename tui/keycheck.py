"""`[keys]` of config.toml, held against the bindings that there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from textual.binding import Binding
from textual.dom import DOMNode

from tui.help import HelpScreen


class KeyCheck:
    """Finds ids that no binding has, and keys that another binding of the same widget has."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """`keys` holds the keys of bindings by id."""
        self._keys = keys
        self._unchecked = set(keys)

    def problems(self, nodes: Iterable[DOMNode], unmade: Collection[str]) -> Iterator[str]:
        """What is wrong with them by the bindings of these nodes, a line each and each once.

        Ids of the tabs that are not made yet are left for a later call.
        """
        bindings = [[binding for _, binding in node._bindings] for node in nodes]
        known = {binding.id for own in bindings for binding in own}
        known |= {b.id for b in HelpScreen.BINDINGS if isinstance(b, Binding)}
        for id in sorted(self._unchecked):
            if id in known:
                self._unchecked.discard(id)
                for own in bindings:
                    yield from self._clashes(id, own)
            elif id.partition(".")[0] not in unmade:
                self._unchecked.discard(id)
                yield f"config.toml: there is no key for {id}; F1 shows the keys"

    def _clashes(self, id: str, bindings: list[Binding]) -> Iterator[str]:
        """Which other bindings of a widget have the key that one of them was given."""
        if any(binding.id == id for binding in bindings):
            taken = {b.key for b in Binding.make_bindings([(self._keys[id], "", "")])}
            for other in bindings:
                if other.id != id and other.id not in self._keys and other.key in taken:
                    what = other.id or other.description
                    yield f"config.toml: {id} takes the key of {what}, which has none"
