"""Words that messages of all wings share."""


def plural(n: float, one: str, many: str = "") -> str:
    """The word for `n` of something: `many`, or `one` and an s, unless there is one."""
    return one if n == 1 else many or f"{one}s"


def counted(n: int, one: str, many: str = "") -> str:
    """How many there are of something: `1 file`, `1,363 files`."""
    return f"{n:,} {plural(n, one, many)}"
