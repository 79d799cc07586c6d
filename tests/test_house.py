"""The house: no circle of imports, nothing too long, and a word at each door."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("engine", "tui", "corpora")


def sources(root: Path, *packages: str) -> dict[str, Path]:
    """The file of each module; a package is its `__init__`."""
    files = (file for package in packages for file in sorted((root / package).rglob("*.py")))
    names = ((".".join(file.relative_to(root).with_suffix("").parts), file) for file in files)
    return {name.removesuffix(".__init__"): file for name, file in names}


def imports(tree: ast.Module, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules among the known ones that a module names, wherever in it that stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            for alias in node.names:
                names = f"{node.module}.{alias.name}", f"{node.module}"
                yield from [name for name in names if name in known][:1]


def entered(module: str, importer: str) -> set[str]:
    """A module and its packages that are not also those of the importer: their `__init__` is run first."""
    parts = module.split(".")
    packages = (".".join(parts[:end]) for end in range(1, len(parts)))
    return {module, *(p for p in packages if not f"{importer}.".startswith(f"{p}."))}


def graph(root: Path, *packages: str) -> dict[str, set[str]]:
    """What each module imports of these packages."""
    found = {}
    known = sources(root, *packages)
    for name, file in known.items():
        named = imports(ast.parse(file.read_text("utf-8")), known)
        found[name] = set().union(*(entered(module, name) for module in named)) - {name}
    return found


def circle(imported: Mapping[str, set[str]]) -> list[str]:
    """Modules of which each is imported by the next, in a circle; empty where there are none."""
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_module_imports_itself_by_way_of_others() -> None:
    imported = graph(ROOT, *PACKAGES)
    assert "engine.errors" in imported["tui.app"]
    assert not circle(imported)


@pytest.mark.parametrize(
    "back",
    [
        "import house.hall",
        "def later():\n    from house.hall import door",
        "if TYPE_CHECKING:\n    from house import hall",
        "from house.attic import window",  # whose __init__ imports the hall
    ],
)
def test_a_circle_is_found(tmp_path: Path, back: str) -> None:
    files = {"hall": "from house import cellar\ndoor = 1", "cellar": back, "attic/window": ""}
    files |= {"__init__": "", "attic/__init__": "import house.hall"}
    for name, text in files.items():
        file = tmp_path / "house" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = circle(graph(tmp_path, "house"))
    assert {"house.hall", "house.cellar"} <= set(found) and found[0] == found[-1]
    (tmp_path / "house" / "cellar.py").write_text("import os\nfrom house import lamp")
    assert not circle(graph(tmp_path, "house"))


def test_no_file_has_more_than_400_lines_and_no_class_more_than_300() -> None:
    long = list[str]()
    for name, file in sources(ROOT, *PACKAGES, "tests").items():
        text = file.read_text("utf-8")
        if len(text.splitlines()) > 400:
            long.append(name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= 300:
                long.append(f"{name}.{node.name}")
    assert not long


def test_the_contracts_of_imports_are_40_lines_at_most() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    _, head, section = text.partition("[tool.importlinter]\n")  # the last one
    assert head and 1 + len(section.rstrip().splitlines()) <= 40


def test_every_package_says_what_it_is() -> None:
    known = sources(ROOT, *PACKAGES)
    packages = {name.rpartition(".")[0] for name in known} - {""}
    assert packages <= known.keys()
    doors = {name: ast.parse(known[name].read_text("utf-8")) for name in packages}
    assert not [name for name, door in doors.items() if not ast.get_docstring(door)]
