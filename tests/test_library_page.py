"""The examples of docs/library.md, run in a process as a program would run them."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from pathlib import Path

from tests.test_house import ROOT

PAGE = ROOT / "docs" / "library.md"


def run() -> int:
    """Run the examples of the page. Returns how many failed."""
    examples = re.sub(r"(?s)(?:\A|```\n).*?(?:```python\n|\Z)", _blank, PAGE.read_text("utf-8"))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, str(PAGE), 0)
    failed, tried = doctest.DocTestRunner().run(test)
    assert tried > 10
    assert "torch" not in sys.modules and "tui" not in sys.modules
    return failed


def _blank(text: re.Match[str]) -> str:
    """As many empty lines."""
    return "\n" * text[0].count("\n")


def test_every_example_gives_what_the_page_says(home: Path, tmp_path: Path) -> None:
    code = "import sys; from tests.test_library_page import run; sys.exit(run())"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
