"""What SECURITY.md and docs/promises.md promise is held by the tests that they name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.test_house import PACKAGES, ROOT, sources

PAGES = ("SECURITY.md", "docs/promises.md")
EXECUTES = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load", "np.load"),
    *("yaml.load", "subprocess.getoutput", "subprocess.getstatusoutput", "types.FunctionType"),
}
UNPICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "code"}


def functions() -> set[str]:
    """The names of all test functions."""
    found = set[str]()
    for file in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(file.read_text("utf-8"))
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        found |= {node.name for node in ast.walk(tree) if isinstance(node, kinds)}
    return found


def named(page: str) -> list[str]:
    """The tests that a page names."""
    return re.findall(r"`(test_\w+)`", (ROOT / page).read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_promise_names_exists(page: str) -> None:
    assert len(named(page)) > 15
    assert set(named(page)) <= functions()


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_test(page: str) -> None:
    text = (ROOT / page).read_text("utf-8").partition("## What is not promised")[0]
    items = re.findall(r"^- .*(?:\n  .*)*", text, re.MULTILINE)
    rows = [row for row in re.findall(r"^\|.*\|$", text, re.MULTILINE) if "---" not in row]
    headings = [row for row in rows if row.endswith("| test |")]
    promises = [*items, *(row for row in rows if row not in headings)]
    assert promises and not [promise for promise in promises if "`test_" not in promise]


@pytest.mark.parametrize("page", PAGES)
def test_links_of_the_promises_lead_somewhere(page: str) -> None:
    place = ROOT / page
    for link in re.findall(r"\]\(([^)#]+)\)", place.read_text("utf-8")):
        assert (place.parent / link).exists()
    assert f"({page})" in (ROOT / "README.md").read_text("utf-8")


def faults(tree: ast.Module) -> Iterator[str]:
    """What in a module could execute data."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            names = {module} if module else {alias.name for alias in node.names}
            yield from UNPICKLES & {str(name).partition(".")[0] for name in names}
        elif isinstance(node, ast.Call):
            if (called := ast.unparse(node.func)) in EXECUTES:
                yield called
            yield from (
                f"{word.arg}={ast.unparse(word.value)}"
                for word in node.keywords
                if word.arg in ("shell", "allow_pickle") and ast.unparse(word.value) != "False"
            )


def test_the_code_executes_no_data() -> None:
    modules = sources(ROOT, *PACKAGES)
    trees = {name: ast.parse(file.read_text("utf-8")) for name, file in modules.items()}
    found = {name: found for name, tree in trees.items() if (found := [*faults(tree)])}
    # a function of helo's own making: see test_what_is_written_out_depends_on_nothing_but_sizes
    assert found == {"engine.network.unrolled": ["exec"]}


@pytest.mark.parametrize(
    "code",
    [
        *("eval(x)", "import pickle", "from pickle import loads", "torch.load(f)", "os.system(x)"),
        *("subprocess.run(x, shell=True)", "np.load(f)", "import marshal as m"),
    ],
)
def test_code_that_executes_data_is_found(code: str) -> None:
    assert [*faults(ast.parse(code))]
    assert not [*faults(ast.parse("model.eval(); re.compile(x); subprocess.run([x])"))]
