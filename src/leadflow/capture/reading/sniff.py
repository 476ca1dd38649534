"""How bytes are text: BOM, UTF-8, UTF-16 with and without BOM, else Windows-1252.

A file that is not one of these from its first byte to its last is refused with the byte offset; letters are
never guessed silently: `Encoding.is_certain` says when the answer is only the likeliest.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, overload

from attrs import frozen

from leadflow.errors import InvalidInputError, InvalidValueError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_BOM = 4
_SAMPLE_BYTES = 65_536
_MOST_DOUBT_BYTES = 1_048_576
_ASCII = bytes(range(128))
_FALLBACK = "cp1252"
# In Windows-1252 these stand after a last letter: quotation marks, dashes, ellipsis, spaces, ™ © ® ° ² ³ · ª
# º.
_TYPOGRAPHY = rb"\x82\x84\x85\x91-\x97\x99\xa0\xa9-\xab\xae\xb0\xb2-\xb4\xb7\xb9-\xbb"
# Letters in UTF-8 that cannot well be a Windows-1252 capital, ß, à..ï before typography: most of each script.
_UTF8_LETTER = re.compile(
    rb"[\xc2-\xc5\xce-\xd1\xd7-\xd9][\x80-\xbf]|\xc8[\x98-\x9b]"
    rb"|(?![\xc6-\xdf][%b])[\xc6-\xde][\x80-\xbf]"
    rb"|(?![\xe0-\xef][%b]{2})[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}" % (_TYPOGRAPHY, _TYPOGRAPHY)
)
_LONGEST_TAIL = 3
_NO_TEXT = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF-", "a PDF"),
    (b"SQLite format 3\0", "a SQLite database"),
)


def refuse_other_files(head: bytes) -> None:
    """Refuse what begins like a file that is not text. Nothing is unpacked: an archive may hold anything, and a thousand
    times its size. Errors: InvalidInputError (not_text).

    >>> refuse_other_files(b"PK\\x03\\x04...")
    Traceback (most recent call last):
    leadflow.errors.InvalidInputError: this is a zip archive or an Excel workbook; save the sheet as CSV, or unpack it first
    """
    for magic, what in _NO_TEXT:
        if head.startswith(magic):
            raise InvalidInputError(
                f"this is {what}",
                code="not_text",
                hint="save the sheet as CSV, or unpack it first",
                details={"offset": 0},
            )


@frozen
class Encoding:
    """How a file is encoded; `is_certain` is False where only the likeliest answer is known.

    >>> Encoding("cp1252", is_certain=False).name
    'cp1252'
    """

    name: str
    bom_bytes: int = 0
    is_certain: bool = True


def sniff_encoding(head: bytes, *, is_whole: bool = True) -> Encoding:
    """How the text that begins with these bytes is encoded; plain ASCII counts as UTF-8.

    `is_whole` says that nothing follows `head`; without it the answer may be only likely. Errors:
    InvalidInputError with the byte offset for a mix in `head`; a later one shows when the file is read.

    >>> sniff_encoding("žiga".encode())
    Encoding(name='utf-8', bom_bytes=0, is_certain=True)
    >>> sniff_encoding("naïve".encode("cp1252"))
    Encoding(name='cp1252', bom_bytes=0, is_certain=False)
    >>> sniff_encoding("a,b\\n1,2\\n".encode("utf-16-be")).name
    'utf-16-be'
    """
    found = _by_bom(head) or _by_zeros(head, is_whole)
    if found is None:
        found = Encoding("utf-8") if head.isascii() else _by_letters(head, 0, is_whole)
    return found or Encoding("utf-8", is_certain=False)


class Decoded:
    """The text of a stream of bytes, chunk by chunk in flat memory; iterate once.

    `encoding` tells how it is read, as soon as that is known: for a file that begins with plain ASCII only at
    its first other letter. Errors, while iterating: InvalidInputError with the byte offset in
    `details["offset"]`.

    >>> text = Decoded([b"name\\n", "Žiga\\n".encode()])
    >>> "".join(text), text.encoding.name
    ('name\\nŽiga\\n', 'utf-8')
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str | None = None) -> None:
        self._chunks = (bytes(chunk) for chunk in chunks if chunk)
        self._asked = _known(encoding) if encoding is not None else None
        self.encoding: Encoding | None = None

    def __iter__(self) -> Iterator[str]:
        head, is_whole = self._head()
        refuse_other_files(head)
        chunks = chain([head], self._chunks) if head else self._chunks
        found = _by_bom(head)
        if self._asked is not None and (found is None or found.name != self._asked.name):
            found = self._asked
        found = found or _by_zeros(head, is_whole)
        if found is None:
            return self._letters(chunks)
        self.encoding = found
        return _strict(_without_bom(chunks, found.bom_bytes), found.name, found.bom_bytes, self._asked is not None)

    def _head(self) -> tuple[bytes, bool]:
        gathered: list[bytes] = []
        size = 0
        for chunk in self._chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= _SAMPLE_BYTES:
                return b"".join(gathered), False
        return b"".join(gathered), True

    def _letters(self, chunks: Iterator[bytes]) -> Iterator[str]:
        """UTF-8 or Windows-1252, decided by the first letter that is not ASCII."""
        offset = 0
        for chunk in chunks:
            if chunk.isascii():
                yield chunk.decode("ascii")
                offset += len(chunk)
                continue
            found = _by_letters(chunk, offset, is_whole=False)
            while found is None and len(chunk) < _MOST_DOUBT_BYTES and (more := next(chunks, b"")):
                chunk += more
                found = _by_letters(chunk, offset, is_whole=False)
            self.encoding = found or _by_letters(chunk, offset, is_whole=True)
            rest = chain([chunk], chunks)
            is_utf8 = self.encoding.name == "utf-8"
            yield from _strict(rest, "utf-8", offset, False) if is_utf8 else _windows(rest, offset)
            return
        self.encoding = Encoding("utf-8")


def _known(name: str) -> Encoding:
    try:
        " ".encode(name)
        return Encoding(codecs.lookup(name).name)
    except (LookupError, ValueError):
        raise InvalidValueError(
            f"there is no text encoding {name[:40]!r}",
            code="encoding_unknown",
            hint="write e.g. utf-8 or cp1250",
        ) from None


def _by_bom(head: bytes) -> Encoding | None:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return Encoding(name, len(bom))
    return None


def _without_bom(chunks: Iterator[bytes], bom_bytes: int) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk[bom_bytes:]
        break
    yield from chunks


def _by_zeros(head: bytes, is_whole: bool) -> Encoding | None:
    """UTF-16 without BOM: the zero halves of its ASCII characters lie on one side, the line ends among them."""
    if b"\0" not in head or (is_whole and len(head) % 2):
        return None
    pairs = len(head) // 2
    left, right = head[0::2].count(0), head[1::2].count(0)
    for name, zeros, others in (("utf-16-le", right, left), ("utf-16-be", left, right)):
        if zeros * 20 < pairs or zeros < 4 * others:
            continue
        text = _well_read(head, name, is_whole)
        if text and (zeros * 5 >= pairs * 4 or _has_its_lines(text, head)):
            return Encoding(name)
    return None


def _well_read(head: bytes, name: str, is_whole: bool) -> str | None:
    try:
        text = codecs.getincrementaldecoder(name)().decode(head, is_whole)
    except UnicodeDecodeError:
        return None
    letters = set(text)
    strange = sum(unicodedata.category(char) in ("Cn", "Co") for char in letters)
    return text if "\0" not in letters and strange * 50 <= len(letters) else None


def _has_its_lines(text: str, head: bytes) -> bool:
    """Whether the line feeds among the bytes are those of the text; in 8-bit text with stray zeros they are not."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return 0 < head.count(b"\n") <= 2 * text.count("\n")
    return False


@overload
def _by_letters(chunk: bytes, offset: int, is_whole: Literal[True]) -> Encoding: ...
@overload
def _by_letters(chunk: bytes, offset: int, is_whole: bool) -> Encoding | None: ...
def _by_letters(chunk: bytes, offset: int, is_whole: bool) -> Encoding | None:
    """UTF-8 when it is valid and has a letter that says so; None when more is needed to tell."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(chunk, is_whole)
    except UnicodeDecodeError as error:
        if _UTF8_LETTER.search(chunk, 0, error.start):
            raise _mixed(offset + error.start) from None
        return Encoding(_FALLBACK, is_certain=False)
    if _UTF8_LETTER.search(chunk):
        return Encoding("utf-8")
    if is_whole:
        raise _doubtful(offset + len(chunk) - len(chunk.lstrip(_ASCII)))
    return None


def _strict(chunks: Iterable[bytes], name: str, offset: int, was_asked: bool) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(name)()
    for chunk in chain(chunks, (None,)):
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk or b"", chunk is None)
        except UnicodeDecodeError as error:
            at = offset - held + error.start
            raise (_mixed(at) if name == "utf-8" and not was_asked else _undecodable(at, name)) from None
        offset += len(chunk or b"")
        if text:
            yield text


def _windows(chunks: Iterable[bytes], offset: int) -> Iterator[str]:
    tail = b""
    for chunk in chunks:
        window = tail + chunk
        if other := _UTF8_LETTER.search(window):
            raise _mixed(offset - len(tail) + other.start())
        if (zero := chunk.find(0)) >= 0:
            raise _undecodable(offset + zero, _FALLBACK)
        try:
            yield chunk.decode(_FALLBACK)
        except UnicodeDecodeError as error:
            raise _undecodable(offset + error.start, _FALLBACK) from None
        offset += len(chunk)
        tail = window[-_LONGEST_TAIL:]


def _mixed(offset: int) -> InvalidInputError:
    return InvalidInputError(
        f"byte {offset} is in another encoding than the bytes before it",
        code="mixed_encodings",
        hint="save the file in one encoding, best UTF-8, or name the one it has, e.g. encoding='cp1252'",
        details={"offset": offset},
    )


def _doubtful(offset: int) -> InvalidInputError:
    return InvalidInputError(
        f"from byte {offset} on, the text is as likely UTF-8 as Windows-1252",
        code="doubtful_encoding",
        hint="name the encoding, e.g. encoding='utf-8' or encoding='cp1252'",
        details={"offset": offset},
    )


def _undecodable(offset: int, name: str) -> InvalidInputError:
    return InvalidInputError(
        f"byte {offset} is no character in {name}",
        code="undecodable_byte",
        hint="save the file as UTF-8 or name its encoding, e.g. encoding='cp1250'",
        details={"offset": offset, "encoding": name},
    )
