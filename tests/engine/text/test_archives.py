"""Archives and packed files: the same text from all of them, and no harm from hostile ones."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import places
from engine.errors import CorpusError, HeloError
from engine.text import sources
from engine.text.sources import Reading, archives, document
from tests.engine.text.test_sources import notes_of, refused, text_of

Files = dict[str, bytes]
MEGA = 1_000_000


def zipped(files: Files, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: Files, form: int = tarfile.PAX_FORMAT, **odd: tarfile.TarInfo) -> bytes:
    """A tar archive of files in sorted order, and `odd` members without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in odd.values():
            archive.addfile(member)
    return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd,
    "gz gz": lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]),
    "bz2 bz2": lambda data: bz2.compress(data[:5]) + bz2.compress(data[5:]),
    "xz xz": lambda data: lzma.compress(data[:5]) + bytes(8) + lzma.compress(data[5:]),
    "zst zst": lambda data: zstd(data[:5]) + zstd(data[5:]),
}


def written(folder: Path, data: bytes, name: str = "x") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def piped(patch: pytest.MonkeyPatch, data: bytes) -> str:
    patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    return "-"


NAMES = st.text("ab", min_size=1, max_size=2)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TEXTS = st.text("a\r\né日", max_size=40).map(str.encode)


def consistent(files: Files) -> bool:
    """Whether no path is both a file and a folder."""
    return not any(other.startswith(f"{name}/") for name in files for other in files)


@given(st.dictionaries(PATHS, TEXTS, min_size=1, max_size=6).filter(consistent))
@settings(max_examples=30)
def test_a_folder_a_zip_and_a_tar_of_it_are_one_text(files: Files) -> None:
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        root = Path(place)
        for name, data in files.items():
            (root / "d" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "d" / name).write_bytes(data)

        def sha256(ref: Path | str) -> str:
            reading = Reading()
            texts = sources.blocks(sources.find(str(ref), reading), reading)
            return "".join(texts)  # type: ignore[arg-type]

        text = sha256(root / "d")
        assert sha256(written(root, zipped(files))) == text
        assert sha256(written(root, zipped(files, zipfile.ZIP_STORED))) == text
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
            assert sha256(written(root, tarred(files, form))) == text
        for pack in PACK.values():
            assert sha256(written(root, pack(tarred(files)))) == text
            assert sha256(piped(patch, pack(tarred(files)))) == text


@pytest.mark.parametrize("size", [30, 1_200_000])
def test_one_text_has_one_hash_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    data = ("Shall I compare thee\r\n to a sömmer's day? 日\n" * (size // 20)).encode()[:-1]
    plain = written(tmp_path, data, "notes.txt")
    (tmp_path / "d").mkdir()
    written(tmp_path / "d", data, "notes.txt")
    files = {"a/notes.txt": data}
    made = [plain, tmp_path / "d"]
    made += [written(tmp_path, pack(data), f"packed {kind}") for kind, pack in PACK.items()]
    made += [written(tmp_path, zipped(files), "z"), written(tmp_path, tarred(files), "t")]
    made += [written(tmp_path, pack(tarred(files)), f"tar {kind}") for kind, pack in PACK.items()]
    hashes = {sources.add(str(ref), f"n{i}").corpus.info.sha256 for i, ref in enumerate(made)}
    for i, raw in enumerate([data, PACK["xz"](data), tarred(files), PACK["zst"](tarred(files))]):
        hashes.add(sources.add(piped(monkeypatch, raw), f"p{i}").corpus.info.sha256)
    assert len(hashes) == 1


def test_names_of_archives_become_names() -> None:
    names = {
        "linux-6.1.127.tar.xz": "linux-6.1.127",
        "notes.txt.gz": "notes",
        "enwik8.zip": "enwik8",
        "a.b.TGZ": "a.b",
        "plain": "plain",
        "v1.2.txt": "v1.2",
    }
    for name, wanted in names.items():
        (places.home()).mkdir(exist_ok=True)
        path = written(places.home(), b"", name)
        assert sources.find(str(path), Reading()).name == wanted


def test_globs_and_hidden_members(tmp_path: Path) -> None:
    files = {"./a.c": b"<a>\n", "./sub/b.c": b"<b>\n", "./.git/x": b"<git>\n", "./c.h": b"<c>\n"}
    for data in (zipped(files), tarred(files)):
        ref = written(tmp_path, data)
        assert text_of(ref) == "<a>\n<c>\n<b>\n"
        assert text_of(ref, Reading(glob=("*.c",))) == "<a>\n<b>\n"
        assert text_of(ref, Reading(glob=(".git/",))) == "<git>\n"


def test_an_archive_of_bytes(tmp_path: Path) -> None:
    files = {"a": b"\0\1", "b": b"\xff\r\n"}
    for data in (zipped(files), tarred(files)):
        reading = Reading(units="byte")
        taken = sources.blocks(sources.find(str(written(tmp_path, data)), reading), reading)
        assert b"".join(taken) == b"\0\1\n\xff\r\n"  # type: ignore[arg-type]


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_members_that_are_no_text_are_left_out_and_named(tmp_path: Path) -> None:
    files = {
        "good.txt": b"good\n",
        "../up": b"x",
        "a/../../up": b"x",
        "/root": b"x",
        "picture": b"\x89PNG\0",
        "inner.zip": zipped({"x": b"x"}),
        "in.gz": gzip.compress(b"x"),
    }
    common = [
        "left out 3 unsafe names: ../up, /root, a/../../up",
        "left out 3 binary files: in.gz, inner.zip, picture",
    ]
    ref = written(
        tmp_path,
        tarred(
            files,
            a=special("link", tarfile.SYMTYPE, "/etc/passwd"),
            b=special("hard", tarfile.LNKTYPE, "good.txt"),
            c=special("pipe", tarfile.FIFOTYPE),
            d=special("disk", tarfile.BLKTYPE),
            e=special("folder", tarfile.DIRTYPE),
        ),
    )
    assert text_of(ref) == "good\n"
    assert {"left out 2 links: link, hard", "left out 2 special files: pipe, disk"} <= set(
        notes_of(ref)
    )
    assert set(common) <= set(notes_of(ref))

    buffer = io.BytesIO(zipped({**files, "C:\\x": b"x", "a\\..\\..\\x": b"x"}))
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bz", b"x", zipfile.ZIP_BZIP2)
    ref = written(tmp_path, buffer.getvalue())
    assert text_of(ref) == "good\n"
    assert set(notes_of(ref)) == {
        "left out 5 unsafe names: ../up, a/../../up, /root, C:\\x, a\\..\\..\\x",
        *("left out 3 binary files: in.gz, inner.zip, picture", "left out 1 link: link"),
        "left out 1 file with unsupported compression: bz",
    }


def test_names_with_control_characters_are_read(tmp_path: Path) -> None:
    files = {"a\nb": b"one\n", "c\x1b[31m": b"two\n"}
    for data in (zipped(files), tarred(files)):
        assert text_of(written(tmp_path, data)) == "one\ntwo\n"


def test_a_member_without_a_name_is_none(tmp_path: Path) -> None:
    data = zipped({"good": b"text", "Q": b"x"}, zipfile.ZIP_STORED).replace(b"Q", b"\0")
    assert text_of(written(tmp_path, data)) == "text"


def test_an_encrypted_member_is_left_out(tmp_path: Path) -> None:
    data = zipped({"secret": b"text"}, zipfile.ZIP_STORED)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + flags
        data = data[:at] + b"\x01" + data[at + 1 :]
    refused(written(tmp_path, data), "left out 1 encrypted file: secret")


def test_a_tar_that_is_not_sorted_says_so(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("b", "a", "c"):
            member = tarfile.TarInfo(name)
            member.size = 1
            archive.addfile(member, io.BytesIO(name.encode()))
    ref = written(tmp_path, buffer.getvalue())
    assert text_of(ref) == "b\na\nc"
    assert "own order" in notes_of(ref)[0] and notes_of(ref)[0].endswith(": a")


def test_what_is_packed_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(written(tmp_path, gzip.compress(gzip.compress(b"text"))), "more than once")
    refused(written(tmp_path, lzma.compress(zipped({"a": b"text"}))), "more than once")
    refused(piped(monkeypatch, zipped({"a": b"text"})), "save it as a file first")


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SMALL_UNPACKED", 3 * MEGA)
    spaces = b" " * (4 * MEGA)
    bombs = [pack(spaces) for kind, pack in PACK.items() if " " not in kind]
    bombs += [gzip.compress(tarred({"a": spaces})), zipped({"a": spaces})]
    bombs += [zipped({name: spaces[:MEGA] for name in "abcd"})]
    for bomb in bombs:
        refused(written(tmp_path, bomb), "unpack to more than 3,000,000: raise --max-size")
        assert len(text_of(tmp_path / "x", Reading(max_size=5 * MEGA))) >= 4 * MEGA
        refused(tmp_path / "x", "2,000,000 bytes of text.*--max-size", Reading(max_size=2 * MEGA))
    refused(piped(monkeypatch, bombs[0]), "unpack to more than .*: raise --max-size")


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_gigabyte_of_nothing_is_refused_long_before_its_end(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    source = sources.find(str(written(tmp_path, pack(b" " * MEGA) * 1000)), Reading())
    read = 0
    with pytest.raises(CorpusError, match=r"unpack to more than .*: raise --max-size"):
        for block in sources.blocks(source, Reading()):
            read += len(block)
    assert source.size and 60 * MEGA < read <= max(64 * MEGA, 200 * source.size)


def overlapping(members: int) -> bytes:
    """A zip of many members that all are the same bytes of the file."""
    one = zipped({"a": b" " * (8 * MEGA)})
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    entry = one[start:end]
    entries = b"".join(entry for _ in range(members))
    counts = struct.pack("<HHLL", members, members, len(entries), start)
    return one[:start] + entries + one[end : end + 8] + counts + b"\0\0"


def test_overlapping_members_of_a_zip_are_a_bomb(tmp_path: Path) -> None:
    ref = written(tmp_path, overlapping(3))
    assert len(text_of(ref)) == 3 * (8 * MEGA + 1) - 1
    refused(written(tmp_path, overlapping(1000)), "unpack to more than .*: raise --max-size")


def test_declared_sizes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    member = tarfile.TarInfo("huge")
    member.size = 1 << 62
    buffer.write(member.tobuf())
    buffer.write(b"text " * MEGA)
    refused(written(tmp_path, buffer.getvalue()), "10,000,000,000 bytes of text")
    refused(tmp_path / "x", "cut short", Reading(glob=("other",)))


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MOST_FILES", 50)
    most, more = ({f"f{i:02}": b"x" for i in range(n)} for n in (50, 51))
    for made in (zipped, tarred):
        assert len(text_of(written(tmp_path, made(most)))) == 99
        refused(written(tmp_path, made(more)), "more than 50 files")
    lying = zipped(more)
    end = lying.index(b"PK\x05\x06")
    lying = lying[: end + 8] + struct.pack("<HH", 1, 1) + lying[end + 12 :]
    refused(written(tmp_path, lying), "more than 50 files")
    monkeypatch.setattr(document, "MOST_FILES", 5)
    monkeypatch.setattr(archives, "_DIRECTORY", 1)
    refused(tmp_path / "x", "more than 5 files")


def test_headers_of_a_tar_are_bounded(tmp_path: Path) -> None:
    member = tarfile.TarInfo("a")
    member.pax_headers = {"comment": "x" * (2 * MEGA)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("first"))
        archive.addfile(member)
    refused(written(tmp_path, buffer.getvalue()), "a header is too large")


def test_memory_for_unpacking_is_bounded(tmp_path: Path) -> None:
    greedy = lzma.compress(b"text", filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])
    refused(written(tmp_path, greedy), "[Mm]emory usage limit")
    parameters = zstandard.ZstdCompressionParameters(window_log=29, compression_level=1)
    window = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    refused(written(tmp_path, window.compress(b"text") + window.flush()), "memory")


GOOD = {"a.txt": b"To be or not to be\n" * 40, "b.txt": os.urandom(40).hex().encode() * 9}
WHOLE = {
    "zip": zipped(GOOD),
    "tar": tarred(GOOD),
    **{kind: PACK[kind](tarred(GOOD)) for kind in ("gz", "bz2", "xz", "zst")},
}


@pytest.mark.parametrize("kind", WHOLE)
def test_an_archive_that_is_cut_short_is_refused(tmp_path: Path, kind: str) -> None:
    whole = WHOLE[kind]
    end = len(tarred(GOOD).rstrip(b"\0")) if kind == "tar" else len(whole)
    for cut in range(520, end, end // 20):
        refused(written(tmp_path, whole[:cut]), "cut short|is damaged")


@given(st.sampled_from(sorted(WHOLE)), st.data())
@settings(max_examples=150)
def test_damage_is_refused_or_does_no_harm(kind: str, data: st.DataObject) -> None:
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELO_HOME", place)
        try:
            sources.add(str(written(Path(place), bytes(whole))))
        except HeloError:
            assert not list(places.corpora().iterdir())
