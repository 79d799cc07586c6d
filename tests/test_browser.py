"""The browser of the tests sees what a page asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import requested

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


def test_a_page_that_asks_for_something_is_found_out(browser: Chrome, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>a page</title><img src='http://elsewhere.invalid/picture.png'>")
    requested(browser)
    browser.get(page.as_uri())
    assert browser.title == "a page"
    assert requested(browser) == [page.as_uri(), "http://elsewhere.invalid/picture.png"]
    assert requested(browser) == []
