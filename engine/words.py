"""Numbers and plurals in messages."""


def plural(n: float, one: str, many: str = "") -> str:
    """The noun for `n` things: `one` if n is 1, else `many`, which defaults to `one` with an s."""
    return one if n == 1 else many or f"{one}s"


def counted(n: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 file`, `1,363 files`."""
    return f"{n:,} {plural(n, one, many)}"
