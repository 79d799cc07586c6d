"""Which encoding a text is in, as its bytes tell."""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
"""A character beyond U+FFFF in CESU-8: each half of its UTF-16 pair as three bytes."""
HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
"""Such a half alone."""
_USUAL = (
    *("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
"""Encodings that text on disks is in, where it is not UTF-8; where several fit alike, the first is it."""
_OLD = ("mac_roman", "cp437")
"""Western encodings of old machines. Any bytes are text in them, so that only its sense tells."""
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")

_SURE = 2
"""Good characters beyond ASCII for each bad byte, from which on a text is UTF-8 with flaws."""
_ENOUGH = 32
"""Characters that tell UTF-16 where few of its bytes are NUL."""
_CLEAR = 0.95
_BETTER = 0.1
"""How much more of a text must make sense in an old encoding than in a usual one."""
_LOOK = 1 << 16
"""Characters in which sense is looked for."""
_BEHIND_LETTER = re.compile(r"([A-Za-z])([^\x00-\x7f])(?=(.?))", re.DOTALL)
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüÿœßªº")
_JOINING = frozenset("’–—…")
_CLOSING = frozenset("”“»«›‹‘°©®™\xa0")
_STANDING = _WESTERN | _JOINING | _CLOSING | frozenset("„¡¿§£•") | {c.upper() for c in _WESTERN}
_THAI = range(0x0E01, 0x0E2F)
"""The consonants."""
_THAI_SIGN = re.compile("(.)[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]|[\u0e40-\u0e44](.)", re.DOTALL)
"""What belongs above, below or before a consonant, and its neighbour."""
_THAI_RARE = re.compile("[\u0e3a\u0e4d-\u0e5b]")
"""Digits, and signs of old texts."""
_THAI_LEAST = 8


def looks_utf8(data: bytes) -> bool:
    """Whether bytes that are not UTF-8 throughout are such a text with flaws, or cut out of one."""
    data = HALF.sub(b"\xff", PAIR.sub("\U0001f600".encode(), data))
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd") - data.count("\ufffd".encode())
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return good > 0 and good >= _SURE * (bad - bool(_begun(data)))


def _begun(data: bytes) -> bytes:
    """The bytes at the end that only begin a character of UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data[-4:])
    return decoder.getstate()[0]


def only_begins(tail: bytes) -> bool:
    """Whether the only bytes beyond ASCII in a text, its last, begin a character of UTF-8. Else they are a
    letter: from 0xE0 on stand the small ones of the western encodings."""
    return len(tail) > 1 or not 0xE0 <= tail[0] <= 0xF4


def wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark, where bytes with NULs among them are text in it."""
    many = 4 * data.count(b"\0") >= len(data)
    if not many and looks_plain(data):
        return None
    found: dict[str, int] = {}
    for encoding in _WIDE:
        with suppress(UnicodeDecodeError):
            text = codecs.getincrementaldecoder(encoding)().decode(data[: 4 * _LOOK])
            ascii_ = len(text.encode("ascii", "ignore"))
            if len(text) >= (2 if many else _ENOUGH) and ascii_ and all(map(_in_texts, text)):
                found[encoding] = ascii_
    return max(found, key=found.__getitem__, default=None)


def looks_plain(data: bytes) -> bool:
    """Whether bytes are UTF-8 but for some NULs."""
    text = data.replace(b"\0", b"")
    if 10 * len(text) < 9 * len(data):
        return False
    return text[: -len(_begun(text)) or None].isascii() or looks_utf8(text)


def _in_texts(char: str) -> bool:
    return char in "\t\n\f\r" or unicodedata.category(char) not in ("Cc", "Cn", "Co", "Cs")


def detect(data: bytes, place: int, most: int) -> str | None:
    """The encoding that the text around byte `place`, at most so many bytes to either side, is most likely
    in; None where it looks like no text."""
    first, last = max(0, place - most), place + most
    if first:  # whole lines are not cut within a character
        first = data.find(b"\n", first, place) + 1 or first
    last = data.rfind(b"\n", place, last) + 1 or last
    sample = data[first:last]
    with suppress(UnicodeDecodeError):
        sample.decode()
        return "utf-8"
    return _guess(sample)


def _guess(sample: bytes) -> str | None:
    usual = _usual(sample)
    with suppress(UnicodeDecodeError):
        if _is_thai(sample.decode("cp874")[:_LOOK]):
            return "cp874"
    senses = {encoding: _western_sense(sample.decode(encoding)[:_LOOK]) for encoding in _OLD}
    old = max(_OLD, key=senses.__getitem__)
    least = _sense(sample.decode(usual, "replace")[:_LOOK]) + _BETTER if usual else 0.0
    return old if senses[old] >= max(_CLEAR, least) else usual


def _usual(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    matches = from_bytes(sample, cp_isolation=list(_USUAL), enable_fallback=False)
    if not (best := matches.best()):
        return None
    alike = {
        encoding
        for match in matches
        if (match.chaos, match.coherence) == (best.chaos, best.coherence)
        for encoding in match.could_be_from_charset
    }
    return next((encoding for encoding in _USUAL if encoding in alike), best.encoding)


def _sense(text: str) -> float:
    """The share of the characters beyond ASCII behind an ASCII letter that can stand there; 1 where there
    are none."""
    found = [_fits(*match.groups()) for match in _BEHIND_LETTER.finditer(text)]
    return sum(found) / len(found) if found else 1.0


def _fits(before: str, char: str, after: str) -> bool:
    if char in _JOINING or (char in _CLOSING and not after.isalpha()):
        return True
    if not (char.isalpha() and unicodedata.name(char, "").startswith("LATIN")):
        return False
    return char.islower() or not char.isupper() or before.isupper()


def _western_sense(text: str) -> float:
    """`_sense` of a text in a western language; 0 where it is none."""
    beyond = [char for char in text if char > "\x7f"]
    if not all(char.isprintable() or char in "\t\n\f\r\xa0" for char in text):
        return 0.0
    if sum(char in _STANDING for char in beyond) < _CLEAR * len(beyond):
        return 0.0
    return _sense(text)


def _is_thai(text: str) -> bool:
    """Whether the signs of the Thai script stand at consonants."""
    if len(_THAI_RARE.findall(text)) > (1 - _CLEAR) * sum(map("\u0e00".__le__, text)):
        return False
    beside = [a or b for a, b in _THAI_SIGN.findall(text)]
    good = sum(ord(char) in _THAI or bool(_THAI_SIGN.match(f"x{char}")) for char in beside)
    return len(beside) >= _THAI_LEAST and good >= _CLEAR * len(beside)
