"""Which lines may say a key twice in one object? Decided for a block of lines at once, without a Python loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

QUOTE, COLON, SPACE, BACKSLASH, LINE_FEED = b'": \\\n'
PADDING = bytes(16)  # so that 16 bytes can be read from the start of any key

# Masks that keep the first 0 to 8 bytes of a little-endian word, and odd constants that mix words into one.
_FIRST_BYTES = np.array([(1 << 8 * count) - 1 for count in range(9)], dtype=np.uint64)
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def lines_to_compare(lines: Sequence[bytes]) -> np.ndarray:
    """Ascending positions of the lines that may hold an object with a repeated key, at any depth.

    `lines` are valid JSON texts without line feeds. No line with a repeated key is missed. Named without need are
    lines with one key in two of their objects, with an escape in a key, and with keys that share length and first 16
    bytes: have those parsed one by one.
    """
    text = b"\n".join((*lines, PADDING))
    escaped = BACKSLASH in text
    if escaped:  # what is left of the backslashes stands before neither a quote nor a backslash
        text = text.replace(rb"\\", b"__").replace(rb"\"", b"__")
    codes = np.frombuffer(text, dtype=np.uint8)

    quotes = np.flatnonzero(codes == QUOTE)  # now opening and closing ones take turns
    opening, closing = quotes[0::2], quotes[1::2]
    after = codes[closing + 1]
    is_key = (after == COLON) | (after <= SPACE)  # a comma or bracket after any other string
    starts, lengths = opening[is_key] + 1, (closing - opening - 1)[is_key]

    words = np.ndarray(
        len(text) - 7, dtype="<u8", buffer=text, strides=(1,)
    )  # the 8 bytes from every position on
    keys = (words[starts] & _FIRST_BYTES[np.minimum(lengths, 8)]) * _MIX[0]
    keys ^= (words[starts + 8] & _FIRST_BYTES[np.clip(lengths - 8, 0, 8)]) * _MIX[1]
    keys += lengths.astype(np.uint64) * _MIX[2]

    line_ends = np.flatnonzero(codes == LINE_FEED)
    past = np.searchsorted(starts, line_ends)  # number of keys up to the end of each line
    counts = np.diff(past, prepend=0)
    found = [np.empty(0, dtype=np.int64)]
    for count in np.unique(counts[counts > 1]):
        at = np.flatnonzero(counts == count)
        sets = np.sort(keys[(past - counts)[at][:, None] + np.arange(count)], axis=1)
        found.append(at[(sets[:, 1:] == sets[:, :-1]).any(axis=1)])
    if escaped:
        strings = np.searchsorted(closing, np.flatnonzero(codes == BACKSLASH))
        found.append(np.searchsorted(line_ends, closing[strings[is_key[strings]]]))
    return np.unique(np.concatenate(found))
