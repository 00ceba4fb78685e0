"""Bytes whose signed sum happens to be -1 are not taken for a tar header without a checksum."""

from scanner.extract.base import Blob
from scanner.extract.tar import FORMAT


def test_a_sum_of_minus_one_is_no_checksum() -> None:
    block = bytearray(b"\x01" * 512)
    block[148:156] = b"\xd7garbage"
    signed = sum(b - 256 if b > 127 else b for b in block[:148] + b" " * 8 + block[156:])
    place = 200
    while signed != -1:
        step = max(-127, min(127, -1 - signed))
        value = block[place] if block[place] < 128 else block[place] - 256
        new = max(-128, min(127, value + step))
        block[place] = new % 256
        signed += new - value
        place += 1
    data = bytes(block) + bytes(1024)
    assert FORMAT.claims(data, Blob.of(data), "x") == 0
