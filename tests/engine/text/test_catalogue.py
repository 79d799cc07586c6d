"""The catalogue, and fetching what it names from a server that has files of the same shape."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine import places
from engine.errors import CorpusError, HeloError, NotFoundError, WebError
from engine.text import corpus, sources
from engine.text.corpus import Corpus
from engine.text.sources import catalogue, remote
from engine.text.sources.catalogue import Entry
from tests.web import Server

NAMES = {
    *("tiny-shakespeare", "shakespeare", "shakespeare-plays", "war-and-peace", "enwik8", "text8"),
    *("linux", "stacks", "names", "paul-graham", "tang-poems"),
}
UNLIKE = "0" * 64
LINE = "of York, Made glorious summer\n"


def test_the_catalogue_is_whole() -> None:
    entries = catalogue.entries()
    assert set(entries) == NAMES
    for name, entry in entries.items():
        assert urlsplit(entry.url).scheme == "https" and urlsplit(entry.url).netloc
        assert entry.name == name and entry.licence and entry.title
        assert entry.reading.glob == entry.glob
    assert entries["names"].lines and entries["tang-poems"].fields
    assert entries["enwik8"].text_sha256 and entries["linux"].sha256


def entry(**about: object) -> Entry:
    plain = {"name": "x", "title": "X", "url": "https://host.org/x", "licence": "MIT"}
    return Entry(**plain | about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "about",
    [
        *({"url": "file:///etc/passwd"}, {"licence": ""}, {"title": ""}, {"sha256": "A" * 64}),
        *({"text_sha256": "1"}, {"size": 0}, {"between": ("a",)}, {"name": "a/b"}),
    ],
)
def test_entries_that_cannot_be(about: dict[str, object]) -> None:
    with pytest.raises(HeloError):
        entry(**about)


@pytest.mark.parametrize("text", ["[", "[x]\nlicence = 7", "x = 1", "[x]\nno_such = 1", "\xe9"])
def test_a_damaged_catalogue_is_one_line(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "catalogue", lambda: tmp_path / "catalogue.toml")
    with pytest.raises(CorpusError, match="cannot read"):
        catalogue.entries()
    (tmp_path / "catalogue.toml").write_text(text, "latin-1")
    with pytest.raises(CorpusError, match=r"catalogue\.toml is damaged") as caught:
        catalogue.entries()
    assert "\n" not in str(caught.value)


def test_a_name_that_is_none_says_which_there_are() -> None:
    with pytest.raises(
        NotFoundError, match=r"'no-such'.*tiny-shakespeare, shakespeare.*tang-poems"
    ):
        catalogue.find("no-such")


def test_a_corpus_that_is_not_here_yet_says_how_it_comes() -> None:
    with pytest.raises(NotFoundError, match="helo corpora get enwik8"):
        sources.obtain("enwik8")


def get(server: Server, name: str, path: str, **changes: object) -> Corpus:
    """Fetch what the entry `name` names, but from the test's server."""
    there = replace(catalogue.find(name), url=server.url(path), **changes)  # type: ignore[arg-type]
    return sources.add_source(there.source(), None, there.reading).corpus


def text(made: Corpus) -> str:
    return str(made.info.alphabet.decode(made.ids.tolist()))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_plain_text_that_is_pinned(server: Server) -> None:
    body = LINE.encode() * 30
    server.serve("/input.txt", body)
    made = get(server, "tiny-shakespeare", "/input.txt", sha256=sha256(body))
    assert (text(made), made.info.licence) == (LINE * 30, "public domain")
    assert (made.info.name, made.info.source) == ("tiny-shakespeare", server.url("/input.txt"))


def test_a_text_that_is_not_the_pinned_one_is_refused(server: Server) -> None:
    server.serve("/input.txt", b"forged")
    with pytest.raises(WebError, match=f"86c4e6aa.*{sha256(b'forged')}"):
        get(server, "tiny-shakespeare", "/input.txt")
    assert not corpus.corpora() and not list(places.cache().iterdir())


def test_a_download_of_many_times_its_size_is_left(server: Server) -> None:
    server.endless("/input.txt", LINE.encode() * 1000)
    with pytest.raises(WebError, match="2,230,788 bytes"):
        get(server, "tiny-shakespeare", "/input.txt")


def test_a_book_without_what_stands_around_it(server: Server) -> None:
    book = f"\ufeffLicence\r\n*** START OF THE BOOK ***\r\n{LINE}*** END OF THE BOOK ***\r\nLicence"
    server.serve("/pg100.txt", book.encode())
    assert text(get(server, "shakespeare", "/pg100.txt")) == LINE


def zipped(inside: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("enwik8", inside)
    return file.getvalue()


def test_a_zip_with_one_text_that_is_verified_too(server: Server) -> None:
    inside = LINE.encode() * 50
    packed = zipped(inside)
    server.serve("/enwik8.zip", packed)
    made = get(server, "enwik8", "/enwik8.zip", sha256=sha256(packed), text_sha256=sha256(inside))
    assert text(made) == LINE * 50
    with pytest.raises(CorpusError, match=f"{UNLIKE}.*{sha256(inside)}"):
        get(server, "text8", "/enwik8.zip", sha256=sha256(packed), text_sha256=UNLIKE)
    assert len(corpus.corpora()) == 1


def tarred(mode: str, members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def test_a_release_of_which_one_folder_is_taken(server: Server) -> None:
    members = {
        "linux-6.1.127/arch/x86/kernel/cpu.c": b"not this\n",
        "linux-6.1.127/kernel/Makefile": b"nor this\n",
        "linux-6.1.127/kernel/fork.c": b"int fork;\n",
        "linux-6.1.127/kernel/sched/sched.h": b"int sched;\n",
    }
    packed = tarred("w:xz", members)
    server.serve("/linux-6.1.127.tar.xz", packed)
    made = get(server, "linux", "/linux-6.1.127.tar.xz", sha256=sha256(packed))
    assert text(made) == "int fork;\nint sched;\n"


def test_latex_out_of_a_repository(server: Server) -> None:
    packed = tarred("w:gz", {"s-master/a.tex": b"\\section{A}\n", "s-master/README": b"no\n"})
    server.serve("/master.tar.gz", packed)
    assert text(get(server, "stacks", "/master.tar.gz")) == "\\section{A}\n"


def test_poems_out_of_json(server: Server) -> None:
    poem = {"title": "靜夜思", "author": "李白", "paragraphs": ["床前明月光,", "疑是地上霜。"]}
    packed = tarred(
        "w:gz",
        {
            "p-master/全唐诗/poet.tang.0.json": json.dumps([poem], ensure_ascii=False).encode(),
            "p-master/全唐诗/poet.song.0.json": b"[]",
            "p-master/宋词/poet.tang.1.json": b"[]",
        },
    )
    server.serve("/poems.tar.gz", packed)
    made = get(server, "tang-poems", "/poems.tar.gz")
    assert text(made) == "靜夜思\n李白\n床前明月光,\n疑是地上霜。\n\n"


def test_names_are_examples_of_their_own(server: Server) -> None:
    server.serve("/names.txt", b"emma\nolivia\n")
    made = get(server, "names", "/names.txt", sha256=sha256(b"emma\nolivia\n"))
    assert made.info.lines and text(made) == "emma\nolivia\n"


def test_essays_page_by_page(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "PAUSE", 0.0)
    index = b'<html><a href="one.html">1</a><a href="rss.xml">feed</a></html>'
    server.serve("/articles.html", index, "text/html")
    server.serve("/one.html", b"<html><p>One.<p>Two.</html>", "text/html")
    assert text(get(server, "paul-graham", "/articles.html")) == "One.\n\nTwo.\n\n"
