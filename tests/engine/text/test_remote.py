"""Addresses, pages, the pages they link to, and lists of references, as sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import places
from engine.errors import CorpusError, HeloError, NotFoundError, WebError
from engine.text import corpus, html, sources
from engine.text.corpus import Corpus
from engine.text.sources import Imported, Reading, remote
from tests.web import Server

TEXT = "of York\nMade glorious summer\n" * 20
INDEX = b"""<html><body><a href="b.html">B</a> <a href="a.html#part">A</a> <a href="b.html">B again</a>
<a href="/data.csv">data</a> <a href="http://elsewhere.invalid/c.html">C</a></body></html>"""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.0)


@pytest.fixture
def essays(server: Server) -> Server:
    """An index and two pages."""
    server.serve("/essays/index.html", INDEX, "text/html")
    for name in "ab":
        page = f"<html><body><p>Page {name}, first.<p>And second.</body></html>"
        server.serve(f"/essays/{name}.html", page.encode(), "text/html; charset=utf-8")
    return server


def text(made: Corpus) -> str:
    return str(made.info.alphabet.decode(made.ids.tolist()))


def refused(ref: str, reading: Reading = Reading()) -> HeloError:  # noqa: B008
    """How importing fails; nothing is left in the library."""
    with pytest.raises(HeloError) as caught:
        sources.add(ref, reading=reading)
    assert "\n" not in str(caught.value)
    assert not corpus.corpora() and not list(places.cache().glob("tmp*"))
    return caught.value


def test_a_text_at_an_address_is_the_same_as_the_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text(TEXT)
    there = sources.add(server.serve("/texts/my%20notes.txt", TEXT.encode())).corpus
    here = sources.add(str(tmp_path / "file.txt")).corpus
    assert (there.info.sha256, there.info.name) == (here.info.sha256, "my-notes")
    assert there.info.source == server.url("/texts/my%20notes.txt")


def test_a_password_in_an_address_is_not_told(server: Server) -> None:
    url = server.serve("/x.txt", TEXT.encode())
    with_password = url.replace("://", "://me:secret@")
    assert sources.add(with_password).corpus.info.source == url
    assert "secret" not in str(failure(f"{with_password}.gone"))


def test_a_password_of_a_list_or_a_page_is_not_told_either(
    essays: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = essays.url("/essays/index.html").replace("://", "://me:secret@")
    made = sources.add(secret, "essays", Reading(glob=("*.html",)))
    listed = tmp_path / "list"
    listed.write_text(f"{secret}\n{secret}.gone\n{secret.replace('essays', 'private')}\n")
    for found in (made, sources.add(f"@{listed}")):
        told = "".join(map(str, (*found.notes, found.corpus.info)))
        assert "secret" not in told and "127.0.0.1" in told
    monkeypatch.setattr(html, "_PATIENCE", 0.0)
    assert "gave up" in (says := str(failure(secret))) and "secret" not in says


def failure(ref: str) -> HeloError:
    with pytest.raises(HeloError) as caught:
        sources.add(ref)
    return caught.value


def test_a_page_is_its_text(essays: Server) -> None:
    made = sources.add(essays.url("/essays/a.html"))
    assert text(made.corpus) == "Page a, first.\n\nAnd second.\n\n"
    assert made.corpus.info.name == "a"


def test_an_encoding_that_is_given_is_the_pages(server: Server) -> None:
    url = server.serve(
        "/x.html", "<p>caf\u00e9 \u2026".encode("cp1250"), "text/html; charset=utf-8"
    )
    assert text(sources.add(url, reading=Reading(encoding="cp1250")).corpus) == "café …\n\n"


def import_essays(server: Server) -> Imported:
    return sources.add(server.url("/essays/index.html"), "essays", Reading(glob=("*.html",)))


def test_a_glob_takes_the_pages_of_the_host_one_by_one(essays: Server) -> None:
    made = import_essays(essays)
    assert text(made.corpus).split("\n\n") == [
        "Page b, first.",
        "And second.",
        "Page a, first.",
        "And second.",
        "",
    ]
    pages = ["/essays/index.html", "/robots.txt", "/essays/b.html", "/essays/a.html"]
    assert essays.asked == pages and not made.notes


def test_pages_that_are_not_to_be_had_are_named(essays: Server) -> None:
    del essays.answers["/essays/b.html"]
    made = import_essays(essays)
    assert text(made.corpus).startswith("Page a")
    assert made.notes == [f"left out: cannot fetch {essays.url('/essays/b.html')}: 404 Not Found"]
    del essays.answers["/essays/a.html"]
    with pytest.raises(WebError, match="404"):
        sources.add(essays.url("/essays/index.html"), "none", Reading(glob=("*.html",)))


def test_robots_txt_is_honoured(essays: Server) -> None:
    essays.serve("/robots.txt", b"User-agent: helo\nDisallow: /essays/b.html\n")
    made = import_essays(essays)
    assert "/essays/b.html" not in essays.asked
    assert "robots.txt forbids it" in made.notes[0]


@pytest.mark.parametrize("number", ["²", "%C2%B2", "9" * 5000, "1/²", "-1", "soon", "[", ""])
@pytest.mark.parametrize("name", ["Crawl-delay", "request-rate"])
def test_pauses_that_are_no_number_are_left_out(essays: Server, name: str, number: str) -> None:
    rules = f"User-agent: *\n\u00a0{name} : {number}\nDisallow: /essays/b.html\n"
    essays.serve("/robots.txt", rules.encode())
    made = import_essays(essays)
    assert len(made.notes) == 1 and "robots.txt forbids it" in made.notes[0]


def test_where_robots_txt_cannot_be_had_nothing_is_fetched(essays: Server) -> None:
    essays.answer("/robots.txt", lambda handler: handler.begin(500, {"Content-Length": "0"}))
    error = refused(essays.url("/essays/index.html"), Reading(glob=("*.html",)))
    assert "robots.txt" in str(error)


def test_time_passes_before_each_page_and_can_be_stopped(
    essays: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[float] = []
    monkeypatch.setattr(remote, "sleep", passed.append)
    monkeypatch.setattr(remote, "PAUSE", 1.0)
    essays.serve("/robots.txt", b"User-agent: *\nCrawl-delay: 3\n")
    import_essays(essays)
    assert sum(passed) == pytest.approx(6.0)

    def report(read: int, size: int | None) -> None:
        if "/essays/b.html" in essays.asked:
            raise KeyboardInterrupt

    essays.asked.clear()
    with pytest.raises(KeyboardInterrupt):
        sources.add(essays.url("/essays/index.html"), "x", Reading(glob=("*.html",)), report)
    assert "/essays/a.html" not in essays.asked
    assert [folder.name for folder in corpus.corpora()] == ["essays"]


def test_a_page_without_links_to_take(essays: Server) -> None:
    assert "--glob" in str(refused(essays.url("/essays/index.html"), Reading(glob=("*.pdf",))))


def test_progress_says_which_page(essays: Server) -> None:
    source = sources.find(essays.url("/essays/index.html"), Reading(glob=("*.html",)))
    told = []
    source.ledger.report = lambda read, size: told.append(source.ledger.stage)
    assert len(list(source.documents)) == 2
    assert list(dict.fromkeys(told)) == ["fetching", "1 of 2", "2 of 2"]


def test_a_file_of_references(
    essays: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("of York")
    page, none = essays.url("/essays/a.html"), essays.url("/none")
    Path("list.txt").write_text(f"# mine\n{page}\n\n notes.txt \nno-such-file\n{none}\nhello\n")
    made = sources.add("@list.txt")
    assert made.corpus.info.name == "list"
    assert "first.\n\nAnd second.\n\nof York\nhellohello" in text(made.corpus)
    (note,) = made.notes
    assert "no-such-file" in note and "404" in note


@pytest.mark.parametrize(
    ("listed", "says"),
    [("# nothing\n", "names no source"), ("@a\n", "names @a"), ("-\n", "names -")],
)
def test_lists_that_cannot_be(listed: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(listed)
    with pytest.raises(CorpusError, match=says):
        sources.add(f"@{tmp_path / 'list'}")


def test_lists_that_are_not_there(tmp_path: Path) -> None:
    for ref in ("@", f"@{tmp_path / 'none'}"):
        with pytest.raises((NotFoundError, CorpusError)):
            sources.add(ref)


def test_an_address_that_was_imported_is_taken_as_it_is_where_it_has_not_changed(
    server: Server,
) -> None:
    url = server.serve("/notes.txt", TEXT.encode())
    first = sources.obtain(url)
    assert sources.obtain(url).folder == first.folder
    server.serve("/notes.txt", b"another text")
    assert sources.obtain(url).info.name == "notes-2"


@pytest.mark.parametrize("url", ["http://", "https://[x/", "HTTP://a b/", "http://\udce9/"])
def test_what_is_no_address(url: str) -> None:
    refused(url)


@pytest.mark.parametrize("fault", ["cut", "none", "wrong"])
def test_faults_leave_nothing_in_the_library(server: Server, fault: str) -> None:
    server.cut("/cut", TEXT.encode())
    server.serve("/wrong", b"\x7fELF\0\0\0" * 9)
    refused(server.url(f"/{fault}"))
