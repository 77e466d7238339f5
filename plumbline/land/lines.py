"""Bytes of a file → physical lines, in blocks of bounded size."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

MAX_LINE = 16 * 2**20  # bytes; a longer line is landed without its text
BLOCK = 2**20  # bytes read and judged at a time
PART = 32 * 2**20  # bytes of a large file that one worker takes at a time
LINE_FEED = ord("\n")


class FaultyFile(Exception):
    """The file cannot be read as a whole; `args[0]` is the reason in the manifest."""


class Batch(NamedTuple):
    """Lines in the order of the file: numbers, bytes, and the faults that are known already, by position."""

    line_nos: np.ndarray
    lines: list[bytes]
    faults: dict[int, str]


class Span(NamedTuple):
    """The bytes from `start` up to `end` of a file, whole lines; `line_no` is the number of the first."""

    start: int
    end: int
    line_no: int


class Survey(NamedTuple):
    """SHA-256 (hex) of a file, and the spans that can be read apart: one, unless it is large and plain."""

    sha256: str
    spans: list[Span]

    @property
    def size(self) -> int:
        """Bytes."""
        return self.spans[-1].end


def survey(path: Path, splittable: bool) -> Survey:
    """Reads a file once for its hash; cuts a large one at line breaks if it is `splittable` (plain lines)."""
    size = path.stat().st_size
    # An even number of parts keeps two cores busy to the end.
    parts = 2 * -(-size // (2 * PART)) if splittable and size > PART // 4 else 1
    sha256, offset, lines_before, starts = hashlib.sha256(), 0, 0, [(0, 1)]
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            if parts > 1:
                while len(starts) < parts:
                    target = len(starts) * size // parts
                    cut = block.find(b"\n", max(target - offset, 0)) + 1
                    if not cut:
                        break
                    starts.append((offset + cut, lines_before + block.count(b"\n", 0, cut) + 1))
                lines_before += int(np.count_nonzero(np.frombuffer(block, np.uint8) == LINE_FEED))
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
    """The bytes of a gzip or zstd file, all members. Raises FaultyFile('bad_gzip') if either is broken."""
    try:
        with pa.input_stream(file, compression=codec) as stream:
            while block := stream.read(BLOCK):
                yield block
    except (OSError, pa.ArrowException) as error:
        raise FaultyFile("bad_gzip") from error


def without_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks of a text without its byte-order mark. Raises FaultyFile on UTF-16 or if nothing is left."""
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


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same text in blocks that end where a line ends, without their last line feed.

    Only a line feed ends a line; the last line needs none. Of a line of over MAX_LINE bytes only the first
    part is there, still over MAX_LINE, so that memory is bounded.
    """
    held: list[bytes] = []
    size = 0  # of the unfinished line
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join((*held, memoryview(block)[: cut - 1]))
            held, size = [], 0
        if size <= MAX_LINE + 1:  # one more for a carriage return
            held.append(block[cut:])
        size += len(block) - cut
    if size:
        yield b"".join(held)


def line_batches(blocks: Iterable[bytes], line_no: int) -> Iterator[Batch]:
    """Physical lines without their line breaks (LF or CRLF), numbered from `line_no`."""
    for text in whole_lines(blocks):
        lines = text.split(b"\n")
        if b"\r" in text:
            lines = [line.removesuffix(b"\r") for line in lines]
        yield Batch(np.arange(line_no, line_no + len(lines)), lines, {})
        line_no += len(lines)
