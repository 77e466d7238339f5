"""Which lines deserve an exact look? Decided for many lines at once, on the bytes, eight at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

QUOTE, COLON, BACKSLASH, BRACKET, SPACE, LINE_FEED = b'":\\[ \n'
REACH = 24  # bytes looked at before the end of a key

_EVERY_BYTE = 0x0101010101010101
_LOW_BITS = np.uint64(0x7F * _EVERY_BYTE)
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], dtype=np.uint64)  # odd, else arbitrary


def doubtful_lines(lines: Sequence[bytes], max_nesting: int) -> np.ndarray:
    """Ascending positions of the lines in which an object may repeat a key or which may nest too deep.

    `lines` hold no line feeds. None is missed that is JSON and repeats a key in one object, at any depth, or
    has more than `max_nesting` levels. Found without need are lines with one key in two of their objects,
    with keys that share their last 16 bytes, an escape in a key, white space before a colon, many brackets.
    """
    text = b"\n".join((b" " * REACH, *lines, b""))
    codes = np.frombuffer(text, dtype=np.uint8)
    line_ends = np.flatnonzero(codes == LINE_FEED)  # the first ends the spaces in front

    colons = np.flatnonzero(codes == COLON)
    before = codes[colons - 1]
    key_ends = colons[before == QUOTE] - 1  # each key has one; `":` within a string does no harm
    keys, has_escape = _keys(text, key_ends)

    past = np.searchsorted(key_ends, line_ends)  # number of keys up to the end of each line
    counts = np.diff(past)
    firsts = past[:-1]
    brackets = np.diff(np.searchsorted(np.flatnonzero(codes == BRACKET), line_ends))

    doubtful = counts + brackets >= max_nesting  # every level but the first needs a key or a bracket
    for at in np.flatnonzero(doubtful):
        doubtful[at] = lines[at].count(b"{") + brackets[at] > max_nesting
    for count in np.unique(counts[counts > 1]):
        at = np.flatnonzero(counts == count)
        sets = np.sort(keys[firsts[at][:, None] + np.arange(count)], axis=1)
        doubtful[at] |= (sets[:, 1:] == sets[:, :-1]).any(axis=1)
    for unclear in (colons[before <= SPACE], key_ends[has_escape]):
        doubtful[np.searchsorted(line_ends, unclear) - 1] = True
    return np.flatnonzero(doubtful)


def _keys(text: bytes, key_ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each key a number, the same for the same last 16 bytes, and whether an escape is near its end."""
    words = np.ndarray(len(text) - 7, dtype="<u8", buffer=text, strides=(1,))  # 8 bytes from each position on
    last, is_longer = _within_key(words[key_ends - 8])
    middle, is_longest = _within_key(words[key_ends - 16])
    middle *= is_longer
    has_escape = np.zeros(len(key_ends), dtype=bool)
    if BACKSLASH in text:
        first = _within_key(words[key_ends - 24])[0] * (is_longer & is_longest)
        has_escape = (_bytes_equal(last, BACKSLASH) | _bytes_equal(middle, BACKSLASH)) > 0
        has_escape |= _bytes_equal(first, BACKSLASH) > 0  # an escape that reaches into the 16 bytes
    return last * _MIX[0] ^ middle * _MIX[1], has_escape


def _within_key(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eight bytes of a key, zeros in place of what stands before it; and whether it began earlier."""
    quotes = _bytes_equal(words, QUOTE)
    for shift in (8, 16, 32):  # from the last quote (the highest bits) down to the first byte
        quotes |= quotes >> np.uint64(shift)
    outside = (quotes >> np.uint64(7)) * np.uint64(0xFF)
    return words & ~outside, quotes == 0


def _bytes_equal(words: np.ndarray, byte: int) -> np.ndarray:
    """0x80 in each byte of each word that equals `byte`, else 0."""
    differing = words ^ np.uint64(byte * _EVERY_BYTE)
    return ~(((differing & _LOW_BITS) + _LOW_BITS) | differing | _LOW_BITS)
