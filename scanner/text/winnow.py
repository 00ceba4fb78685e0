"""Fingerprints of documents: winnowed keyed hashes of eight words in a row, in plain Python.

Words are those of scanner.text.windows, so every Chinese character is one. Any run of 15 words that
two texts share gives at least one common fingerprint. The native kernel follows this definition.
"""

from __future__ import annotations

from scanner.text.fold import fold_text
from scanner.text.keys import LONGEST_WORD, MASK, Keys, word_hash
from scanner.text.windows import WORD

SHINGLE, WINDOW = 8, 8


def winnow(text: str, keys: Keys) -> tuple[list[int], int]:
    """The hashes chosen from a text (before SipHash), and how many words it has."""
    hashes = []
    for match in WORD.finditer(fold_text(text)):
        data = match[0].encode("utf-8", "surrogatepass")
        parts = range(0, len(data), LONGEST_WORD)
        hashes += [word_hash(data[at : at + LONGEST_WORD], keys) for at in parts]
    chain, mix = keys.multipliers[3], keys.multipliers[2]
    shingles = []
    for at in range(len(hashes) - SHINGLE + 1):
        state = 0
        for part in hashes[at : at + SHINGLE]:
            state = (state * chain + part) & MASK
        state = (state ^ state >> 29) * mix & MASK
        shingles.append(state ^ state >> 32)
    chosen, last = [], -1
    for end in range(WINDOW, len(shingles) + 1):
        best = max(range(end - WINDOW, end), key=lambda at: (-shingles[at], at))
        if best != last:
            chosen.append(shingles[best])
            last = best
    return chosen, len(hashes)
