"""Reading pickles without executing them: a stack machine for the opcodes of Python's `pickletools`, in
which nothing is imported, and nothing called but what stands in a table here or is given.

Every other global becomes `Named`, a mere string, and what would call one becomes `Made`: what was to be
called, and with what. Python's own unpickler imports and calls whatever a file names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from engine.errors import DamagedError
from engine.foreign.bounds import Cursor
from engine.foreign.pickled import VALUES, Unordered, line

MOST_OPCODES = 1 << 19
_PROTOCOL = 5


@dataclass(slots=True, eq=False)
class Named:
    """What a file calls by its name. It was never looked up."""

    name: str
    """`module.name`"""


@dataclass(slots=True, eq=False)
class Made:
    """What would have come of a call. The call never happened."""

    kind: object
    """What was to be called, mostly a `Named`."""
    args: tuple[object, ...] = ()
    state: object = None
    """Its attributes, mostly a dict."""
    items: dict[Any, object] = field(default_factory=dict)


Call = Callable[..., object]
_MARK = object()


def loads(
    data: bytes | Cursor,
    known: Mapping[str, Call] = MappingProxyType({}),
    persistent: Callable[[object], object] = lambda id: None,
) -> Any:
    """The value of a pickle, which a cursor is left behind. `known` are functions for globals by name, and
    `persistent` turns what a pickle stores elsewhere into what is there.

    Raises DamagedError.
    """
    cursor = data if isinstance(data, Cursor) else Cursor(data)
    machine = _Machine(cursor, {**_KNOWN, **known}, persistent)
    try:
        return machine.run()
    except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError("not a whole pickle") from error


def _pairs(items: object = (), *_: object) -> dict[object, object]:
    """A dict from pairs, or another."""
    made: dict[object, object] = {}
    for pair in items.items() if isinstance(items, dict) else items:  # type: ignore[attr-defined]
        key, value = pair
        _put(made, key, value)
    return made


def _put(into: dict[Any, object], key: object, value: object) -> None:
    """Set an item. Keys that are no plain value are left out: hashing them may take for ever."""
    if isinstance(key, str | bytes | int | float | None):
        into[key] = value


_BUILT_IN: dict[str, Call] = {
    "dict": _pairs,
    "set": lambda items=(): Unordered(items),
    "frozenset": lambda items=(): Unordered(items),
    "list": lambda items=(): list(items),
    "tuple": lambda items=(): tuple(items),
    "bytes": lambda: b"",
}
_KNOWN: Mapping[str, Call] = {
    "_codecs.encode": lambda text, _: text.encode("latin-1"),  # how protocol 2 stores bytes
    "collections.OrderedDict": _pairs,
    "collections.Counter": _pairs,
    "collections.defaultdict": lambda *_: {},
    **{
        f"{module}.{n}": call
        for module in ("builtins", "__builtin__")
        for n, call in _BUILT_IN.items()
    },
}


class _Machine:
    """One pickle being read."""

    def __init__(
        self, cursor: Cursor, known: Mapping[str, Call], persistent: Callable[[object], object]
    ) -> None:
        self._cursor, self._known, self._persistent = cursor, known, persistent
        self._stack: list[Any] = []
        self._memo: dict[int, object] = {}
        self._left = MOST_OPCODES

    def run(self) -> object:
        cursor, stack = self._cursor, self._stack
        while True:
            self._spend(1)
            code = cursor.take(1)[0]
            if code == 0x2E:  # STOP
                value = stack.pop()
                if value is _MARK:
                    raise ValueError
                return value
            if value := VALUES.get(code):
                stack.append(value(cursor))
            else:
                _ACTIONS[code](self)

    def _spend(self, n: int) -> None:
        self._left -= n
        if self._left < 0:
            raise DamagedError(f"more than {MOST_OPCODES:,} steps to read it")

    def _since_mark(self) -> list[Any]:
        """Take what was put on the stack since the last mark."""
        stack, place = self._stack, len(self._stack) - 1
        while stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise IndexError
        found = stack[place + 1 :]
        del stack[place:]
        return found

    def _pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError
        return value

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _top(self) -> Any:
        return self._stack[-1]

    def _call(self, kind: object, args: object) -> object:
        """What calling a global gives: only of one that is known is there a call."""
        if not isinstance(args, tuple):
            raise TypeError
        if isinstance(kind, Named) and (call := self._known.get(kind.name)):
            self._spend(len(args))
            self._spend(sum(len(arg) for arg in args if isinstance(arg, Sized)))
            return call(*args)
        return Made(kind, args)

    def reduce(self) -> None:
        args = self._pop()
        self._push(self._call(self._pop(), args))

    def reduce_by_name(self) -> None:
        self._pop()  # arguments by name
        self.reduce()

    def obj(self) -> None:
        kind, *args = self._since_mark()
        self._push(self._call(kind, tuple(args)))

    def inst(self) -> None:
        kind = Named(f"{line(self._cursor)}.{line(self._cursor)}")
        self._push(self._call(kind, tuple(self._since_mark())))

    def build(self) -> None:
        state = self._pop()
        made = self._top()
        if isinstance(made, Made):
            made.state = state

    def global_(self) -> None:
        self._push(Named(f"{line(self._cursor)}.{line(self._cursor)}"))

    def stack_global(self) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError
        self._push(Named(f"{module}.{name}"))

    def persistent(self) -> None:
        self._push(self._persistent(self._pop()))

    def persistent_line(self) -> None:
        self._push(self._persistent(line(self._cursor)))

    def mark(self) -> None:
        self._push(_MARK)

    def pop(self) -> None:
        self._stack.pop()

    def pop_mark(self) -> None:
        self._since_mark()

    def dup(self) -> None:
        self._push(self._top())

    def tuple_(self, n: int) -> None:
        items = [self._pop() for _ in range(n)]
        self._push(tuple(reversed(items)))

    def append(self) -> None:
        value = self._pop()
        self._add([value])

    def _add(self, values: list[Any]) -> None:
        if isinstance(self._top(), list):
            self._top().extend(values)
        elif not isinstance(self._top(), Made):
            raise TypeError

    def set_items(self, items: list[Any]) -> None:
        top = self._top()
        into = top.items if isinstance(top, Made) else top
        if not isinstance(into, dict):
            raise TypeError
        for key, value in _paired(items):
            _put(into, key, value)

    def set_item(self) -> None:
        value = self._pop()
        self.set_items([self._pop(), value])

    def put(self, place: int) -> None:
        if self._top() is _MARK:
            raise ValueError
        self._memo[place] = self._top()

    def get(self, place: int) -> None:
        self._push(self._memo[place])


def _paired(items: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(items[::2], items[1::2], strict=True))


def _proto(machine: _Machine) -> None:
    if machine._cursor.take(1)[0] > _PROTOCOL:
        raise ValueError


_ACTIONS: dict[int, Callable[[_Machine], object]] = {
    0x80: _proto,
    0x95: lambda m: m._cursor.take(8),  # FRAME
    ord("("): _Machine.mark,
    ord("0"): _Machine.pop,
    ord("1"): _Machine.pop_mark,
    ord("2"): _Machine.dup,
    ord("R"): _Machine.reduce,
    0x81: _Machine.reduce,  # NEWOBJ
    0x92: _Machine.reduce_by_name,  # NEWOBJ_EX
    ord("o"): _Machine.obj,
    ord("i"): _Machine.inst,
    ord("b"): _Machine.build,
    ord("c"): _Machine.global_,
    0x93: _Machine.stack_global,
    ord("Q"): _Machine.persistent,
    ord("P"): _Machine.persistent_line,
    ord("t"): lambda m: m._push(tuple(m._since_mark())),
    0x85: lambda m: m.tuple_(1),
    0x86: lambda m: m.tuple_(2),
    0x87: lambda m: m.tuple_(3),
    ord("l"): lambda m: m._push(m._since_mark()),
    0x91: lambda m: m._push(Unordered(m._since_mark())),
    ord("d"): lambda m: m._push(_pairs(_paired(m._since_mark()))),
    ord("a"): _Machine.append,
    ord("e"): lambda m: m._add(m._since_mark()),
    0x90: lambda m: m._add(m._since_mark()),
    ord("s"): _Machine.set_item,
    ord("u"): lambda m: m.set_items(m._since_mark()),
    ord("p"): lambda m: m.put(int(line(m._cursor))),
    ord("q"): lambda m: m.put(m._cursor.number("<B")),
    ord("r"): lambda m: m.put(m._cursor.number("<I")),
    0x94: lambda m: m.put(len(m._memo)),
    ord("g"): lambda m: m.get(int(line(m._cursor))),
    ord("h"): lambda m: m.get(m._cursor.number("<B")),
    ord("j"): lambda m: m.get(m._cursor.number("<I")),
    0x98: lambda m: None,  # READONLY_BUFFER
}
"""All others. Numbers of an extension registry, and buffers outside the pickle, are not known."""
