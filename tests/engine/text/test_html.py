"""Pages of HTML: what a reader reads, in whatever encoding, and where its links lead."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import WebError
from engine.text import html

URL = "http://host.org/"

PAGE = """<html><head><title>Essay</title>%s<script>no()</script></head><body>
<nav><a href="/">home</a></nav>
<table><tr><td><img src="x.gif" alt="a picture"><br><font size="2">July 2020<br><br>
One   of the café&rsquo;s guests,<br>who sat. <b>He</b> spoke.<br><br><br><br>And went. </font></td></tr>
</table></body></html>"""
TEXT = "July 2020\n\nOne of the café’s guests,\nwho sat. He spoke.\n\nAnd went.\n\n"


def test_paragraphs_are_kept_and_nothing_else() -> None:
    assert html.parse((PAGE % "").encode(), URL).text == TEXT


@pytest.mark.parametrize(
    ("encoding", "charset", "meta"),
    [
        *(("latin-1", "iso-8859-1", ""), ("latin-1", None, '<meta charset="latin-1">')),
        *(("utf-8", None, ""), ("utf-8", "no-such-charset", ""), ("utf-8-sig", None, "")),
    ],
)
def test_the_character_set_is_told_or_found(encoding: str, charset: str | None, meta: str) -> None:
    assert html.parse((PAGE % meta).encode(encoding), URL, charset).text == TEXT


def test_links_lead_to_pages_of_the_same_host_each_once() -> None:
    page = b"""<a href="one.html">1</a> <a href=/two.html#part>2</a> <a href="one.html#end">again</a>
    <a href="http://elsewhere.org/x">x</a> <a href="mailto:a@b.c">m</a> <a href="http://[bad">b</a>
    <a name=here>no link</a> <a href="#top">top</a> <a href="https://host.org/plain">another door</a>"""
    found = html.parse(page, "http://host.org/index.html").links
    assert found == [
        "http://host.org/one.html",
        "http://host.org/two.html",
        "https://host.org/plain",
    ]


@given(st.binary(max_size=300), st.sampled_from([None, "utf-16", "latin-1", "punycode", "rot13"]))
def test_anything_can_be_read(page: bytes, charset: str | None) -> None:
    json.dumps(asdict(html.parse(page, URL, charset))).encode()


def page(folder: Path, text: str) -> Path:
    (folder / "page").write_text(text)
    return folder / "page"


def test_a_page_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    found = html.read(page(tmp_path, PAGE % ""), URL)
    assert (found.text, found.links) == (TEXT, [])


def test_a_page_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html, "_PATIENCE", 0.5)
    with pytest.raises(WebError, match=r"gave up on http.*host\.org/"):
        html.read(page(tmp_path, "<div>x" * 100_000), URL)


def test_reading_a_page_can_be_stopped(tmp_path: Path) -> None:
    def look() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        html.read(page(tmp_path, "<div>x" * 100_000), URL, look=look)


def test_a_page_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WebError, match="cannot be read"):
        html.read(tmp_path / "none", URL)


def test_a_page_of_many_links(tmp_path: Path) -> None:
    many = "".join(f"<p><a href={i}>{i}</a>\n" for i in range(20_000))
    assert len(html.read(page(tmp_path, many), URL).links) == 20_000


def test_an_address_with_a_password_is_not_in_the_list_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands, popen = [], subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **options: commands.append(command) or popen(command, **options),
    )
    found = html.read(page(tmp_path, '<p>Text.<a href="x">x</a>'), "http://me:secret@host.org/")
    assert found.links == ["http://me:secret@host.org/x"]
    assert "secret" not in str(commands) and len(commands) == 1


def test_an_address_longer_than_a_command_may_be(tmp_path: Path) -> None:
    url = f"http://host.org/{'x' * 300_000}/"
    assert html.read(page(tmp_path, '<p>Text.<a href="y">y</a>'), url).links == [f"{url}y"]
