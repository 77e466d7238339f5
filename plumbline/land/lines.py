"""Bytes of a file → physical lines, in blocks of bounded size."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

MAX_LINE = 16 * 2**20  # bytes; a longer line is counted but its text is not kept
BLOCK = 4 * 2**20  # bytes read and judged at a time
PART = 32 * 2**20  # bytes of a large file that one worker takes at a time


class FaultyFile(Exception):
    """The file cannot be read as a whole; `args[0]` is the reason in the manifest."""


class Batch(NamedTuple):
    """Lines in the order of the file: their numbers, their bytes (None: too long), and faults known already."""

    line_nos: np.ndarray
    lines: list[bytes | None]
    faults: dict[int, str]


class Span(NamedTuple):
    """The bytes from `start` up to `end` of a file, whole lines; `line_no` is the number of the first."""

    start: int
    end: int
    line_no: int


class Survey(NamedTuple):
    """SHA-256 (hex) of a file, and the spans that can be read on their own: one unless it is large and plain."""

    sha256: str
    spans: list[Span]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.spans[-1].end


def survey(path: Path, splittable: bool) -> Survey:
    """Reads the file once for its hash, and cuts a large one at line breaks if it is `splittable` (plain lines)."""
    size = path.stat().st_size
    # An even number of parts keeps two cores busy to the end.
    parts = 2 * -(-size // (2 * PART)) if splittable and size > PART // 4 else 1
    sha256, offset, lines_before, starts = hashlib.sha256(), 0, 0, [(0, 1)]
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            if parts > 1:
                while len(starts) < parts:
                    target = max(len(starts) * size // parts, starts[-1][0])
                    cut = block.find(b"\n", max(target - offset, 0)) + 1
                    if not cut:
                        break
                    starts.append((offset + cut, lines_before + block.count(b"\n", 0, cut) + 1))
                lines_before += block.count(b"\n")
            offset += len(block)
    ends = [start for start, _ in starts[1:]] + [offset]
    spans = [Span(start, end, line_no) for (start, line_no), end in zip(starts, ends, strict=True)]
    return Survey(sha256.hexdigest(), [span for span in spans if span.start < span.end] or spans[:1])


def plain_blocks(file: BinaryIO, span: Span) -> Iterator[bytes]:
    """The bytes of one span."""
    file.seek(span.start)
    left = span.end - span.start
    while left and (block := file.read(min(BLOCK, left))):
        left -= len(block)
        yield block


def unpacked_blocks(file: BinaryIO, codec: str) -> Iterator[bytes]:
    """The bytes of a gzip or zstd file, all members. Raises FaultyFile('bad_gzip') on a broken stream of either."""
    try:
        with pa.input_stream(file, compression=codec) as stream:
            while block := stream.read(BLOCK):
                yield block
    except (OSError, pa.ArrowException) as error:
        raise FaultyFile("bad_gzip") from error


def without_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a text file without its byte-order mark. Raises FaultyFile on UTF-16 and when nothing is left."""
    head = b""
    for block in blocks:
        head += block
        if len(head) >= 4:
            break
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _alternates_with_nul(head[:4]):
        raise FaultyFile("utf16")
    head = head.removeprefix(codecs.BOM_UTF8)
    following = next(blocks, b"")
    if not head and not following:
        raise FaultyFile("empty_file")
    yield head
    yield following
    yield from blocks


def _alternates_with_nul(head: bytes) -> bool:
    """The first two characters of ASCII text in UTF-16 without a mark (the test of RFC 4627, section 3)."""
    return [bool(byte) for byte in head] in ([True, False, True, False], [False, True, False, True])


def physical_lines(blocks: Iterable[bytes]) -> Iterator[list[bytes | None]]:
    """Lists of lines without their line feeds; None for a line of over MAX_LINE bytes.

    Only a line feed ends a line. A carriage return before it is still there. The last line needs no line feed.
    """
    held: list[bytes] = []
    size = 0  # of the unfinished line: `held` is emptied once it is too long
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            lines: list[bytes | None] = list(b"".join((*held, block[: cut - 1])).split(b"\n"))
            if size > MAX_LINE + 1:
                lines[0] = None
            yield lines
            held, size = [], 0
        size += len(block) - cut
        held.append(block[cut:])
        if size > MAX_LINE + 1:
            held.clear()
    if size:
        yield [None if size > MAX_LINE + 1 else b"".join(held)]


def line_batches(blocks: Iterable[bytes], line_no: int) -> Iterator[Batch]:
    """Physical lines without their line breaks (LF or CRLF), numbered from `line_no`."""
    for lines in physical_lines(blocks):
        bare = [line[:-1] if line and line[-1] == 13 else line for line in lines]
        numbers = np.arange(line_no, line_no + len(bare))
        line_no += len(bare)
        yield Batch(numbers, [None if line and len(line) > MAX_LINE else line for line in bare], {})
