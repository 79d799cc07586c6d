"""Damaged archives, packed files, texts and pages: read as `helo corpora add` reads them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import struct
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from warnings import catch_warnings

import zstandard

from engine import places
from engine.errors import HeloError
from engine.text import html, sources
from engine.text.sources import Reading
from tests.fuzz.mutation import TEXTS, mutate_bytes
from tests.fuzz.watch import Wrong, check_line, helo, refusing
from tui.text import one_line

_URL = "http://host.org/book/"
_FILES = {
    "a.txt": b"Shall I compare thee to a summer's day?\n" * 20,
    "b/c.txt": "Où sont les neiges d’antan?\n".encode() * 20,
    "b/d.txt": "Große Straße, süße Grüße\n".encode("cp1252") * 20,
    "e.bin": bytes(range(256)),
    ".hidden": b"not taken\n",
    "empty": b"",
}
_PACK: tuple[Callable[[bytes], bytes], ...] = (
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.ZstdCompressor().compress,
)
_ENCODINGS = (
    "utf-8",
    "utf-16",
    "utf-32",
    "cp1252",
    "cp1251",
    "shift_jis",
    "big5",
    "koi8-r",
    "utf-7",
)
_TAGS = (
    "p",
    "div",
    "table",
    "td",
    "b",
    "a href=x.html",
    "script",
    "style",
    "!--",
    "svg",
    "ul",
    "li",
)
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>A page</title></head><body>
<nav><a href="/">home</a></nav><article><h1>Of summer</h1>
<p>Shall I compare thee to a summer's day? <a href="two.html#x">Two</a>, &eacute;, &#8217;, &bogus;.</p>
<pre>  a\n\tb</pre><table><tr><td>1<td>2</table><img src=x alt="y"><p>Thou art more lovely.
</article></body></html>"""
_READINGS = (
    *(Reading(), Reading(), Reading(units="byte"), Reading(lines=True, lowercase=True)),
    *(Reading(errors="replace"), Reading(errors="drop"), Reading(glob=("*.txt", "!a*"))),
    *(Reading(normalise="nfd"), Reading(max_size=500), Reading(encoding="cp1252")),
)


class Sources:
    """Makes files of every kind that can be imported, and damages them."""

    def __init__(self, home: Path) -> None:
        self._file = home / "x.dat"
        home.mkdir(exist_ok=True)
        self._kinds = (*(self.packed, self.packed, self.texts, self.page, self.page), self.commands)

    def __call__(self, rng: Random) -> str:
        kind = rng.choice(self._kinds)
        return f"{kind.__name__}: {'taken' if kind(rng) else 'refused'}"

    def packed(self, rng: Random) -> bool:
        """An archive, or what is packed."""
        self._file.write_bytes(_archive(rng))
        return self._read(rng)

    def texts(self, rng: Random) -> bool:
        """A text in some encoding, or what seems one."""
        self._file.write_bytes(_text(rng))
        return self._read(rng)

    def _read(self, rng: Random) -> bool:
        """Read all of it: some text, or a line that says why not; what is left out is told in lines."""
        reading = rng.choice(_READINGS)
        with refusing():
            source = sources.find(str(self._file), reading)
            chars = sum(map(len, sources.blocks(source, reading)))
            for note in source.ledger.notes:
                check_line(one_line(note))
            return bool(chars)
        return False

    def page(self, rng: Random) -> bool:
        """A page of HTML, as the process that reads one does; and its links."""
        page = html.parse(
            _page(rng), _URL, rng.choice((None, None, "utf-8", "utf-16", "x", "big5"))
        )
        page.text.encode("utf-8", "replace")
        for link in page.links:
            with suppress(HeloError):
                sources.find(link, Reading())
            if not link.startswith("http://host.org"):
                raise Wrong(f"a link to another host: {link[:200]!r}")
        return bool(page.text)

    def commands(self, rng: Random) -> bool:
        """All of it by the command line: what is refused leaves nothing behind."""
        shutil.rmtree(places.corpora(), ignore_errors=True)
        self._file.write_bytes(_archive(rng) if rng.random() < 0.5 else _text(rng))
        answer = helo(rng, "corpora", "add", str(self._file), "--name", "x")
        left = (
            [path.name for path in places.corpora().glob("*")] if places.corpora().exists() else []
        )
        if left != ([] if answer.status else ["x"]):
            raise Wrong(f"left behind: {left}")
        if not answer.status and helo(rng, "corpora", "rm", "x", "--yes").status:
            raise Wrong("it cannot be removed")
        return not answer.status


def _archive(rng: Random) -> bytes:
    """An archive or a packed file, with one to many faults, or odd names and members."""
    files = dict(_FILES)
    for _ in range(rng.choice((0, 0, 1, 3))):
        name = rng.choice(TEXTS)
        files[name[: rng.choice((20, 60_000))] or "y"] = rng.choice(
            (b"some text\n", rng.randbytes(99))
        )
    data = (_zip if rng.random() < 0.4 else _tar)(rng, files)
    if not data.startswith(b"PK"):
        data = mutate_bytes(rng, data) if rng.random() < 0.3 else data
        data = rng.choice(_PACK)(data) if rng.random() < 0.6 else data
    return mutate_bytes(rng, data) if rng.random() < 0.8 else data


def _zip(rng: Random, files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            how = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
            with suppress(ValueError, struct.error), catch_warnings(action="ignore"):
                # a name that no zip can have, or that stands twice
                info = zipfile.ZipInfo(name)
                info.external_attr = rng.choice((0, 0o100644, 0o120777, 0o010644)) << 16
                archive.writestr(info, content, how)
    return buffer.getvalue()


def _tar(rng: Random, files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    form = rng.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT))
    with tarfile.open(fileobj=buffer, mode="w", format=form, errors="surrogateescape") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = rng.choice(
                (tarfile.REGTYPE,) * 6 + (tarfile.SYMTYPE, tarfile.GNUTYPE_SPARSE)
            )
            member.linkname = rng.choice(("", "/etc/passwd", "../x"))
            with suppress(ValueError):  # a name that no tar can have
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _text(rng: Random) -> bytes:
    words = "Ein Text, 漢字 и другое: l’été, “quoted”\r\n"
    text = (words + rng.choice(TEXTS)) * rng.choice((1, 9, 200 if rng.random() < 0.2 else 3))
    data = text[:100_000].encode(rng.choice(_ENCODINGS), "ignore")
    return mutate_bytes(rng, data)


def _page(rng: Random) -> bytes:
    """A page with tags that open, close or nest where none should, and texts that are none."""
    page = _PAGE
    for _ in range(rng.choice((0, 1, 3, 9))):
        place, tag = rng.randrange(len(page)), rng.choice(_TAGS)
        put = rng.choice(
            (f"<{tag}>", f"</{tag}>", f"<{tag} ", f'<a href="{rng.choice(TEXTS)}">', "&#0;")
        )
        page = page[:place] + (put * rng.choice((1, 2, 300)))[:20_000] + page[place:]
    data = page.encode(rng.choice(_ENCODINGS), "ignore")
    return mutate_bytes(rng, data) if rng.random() < 0.6 else data
