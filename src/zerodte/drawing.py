"""Lines and words on a canvas, and the canvas as a PNG file: enough for a chart, without a library.

Everything is drawn at ``SCALE`` times its size and averaged down, which makes edges smooth.
"""

import struct
import zlib
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]

SCALE = 3
GLYPH_WIDTH, GLYPH_HEIGHT = 6, 8
WHITE: Colour = (255, 255, 255)

# Five columns of a character, from the left, each a byte whose lowest bit is the top.
GLYPHS = {
    " ": "0000000000",
    "$": "242a7f2a12",
    "%": "2313086462",
    "&": "3649562050",
    "(": "001c224100",
    ")": "0041221c00",
    "+": "08083e0808",
    ",": "0080703000",
    "-": "0808080808",
    ".": "0000606000",
    "/": "2010080402",
    "0": "3e5149453e",
    "1": "00427f4000",
    "2": "7249494946",
    "3": "2141494d33",
    "4": "1814127f10",
    "5": "2745454539",
    "6": "3c4a494931",
    "7": "4121110907",
    "8": "3649494936",
    "9": "464949291e",
    ":": "0000140000",
    "A": "7c1211127c",
    "B": "7f49494936",
    "C": "3e41414122",
    "D": "7f4141413e",
    "E": "7f49494941",
    "F": "7f09090901",
    "G": "3e41415173",
    "H": "7f0808087f",
    "I": "00417f4100",
    "J": "2040413f01",
    "K": "7f08142241",
    "L": "7f40404040",
    "M": "7f021c027f",
    "N": "7f0408107f",
    "O": "3e4141413e",
    "P": "7f09090906",
    "Q": "3e4151215e",
    "R": "7f09192946",
    "S": "2649494932",
    "T": "03017f0103",
    "U": "3f4040403f",
    "V": "1f2040201f",
    "W": "3f4038403f",
    "X": "6314081463",
    "Y": "0304780403",
    "Z": "6159494d43",
}


class Canvas:
    """A white canvas; x goes right and y down, in pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        self._pixels = np.full((height * SCALE, width * SCALE, 3), 255, np.uint8)

    def line(
        self, xs: NDArray[np.float64], ys: NDArray[np.float64], colour: Colour, thick: float = 1
    ) -> None:
        """A line through the points, one after the other."""
        for (left, top), (right, bottom) in pairwise(zip(xs, ys, strict=True)):
            count = int(SCALE * (abs(right - left) + abs(bottom - top))) + 2
            self._stamp(np.linspace(left, right, count), np.linspace(top, bottom, count), colour, thick)

    def words(self, x: float, y: float, text: str, colour: Colour) -> None:
        """Words whose upper left corner is at a point, in capitals."""
        for place, sign in enumerate(text.upper()):
            columns = bytes.fromhex(GLYPHS.get(sign, GLYPHS[" "]))
            for column, bits in enumerate(columns):
                for row in range(GLYPH_HEIGHT):
                    if bits >> row & 1:
                        self._dot(x + place * GLYPH_WIDTH + column, y + row, colour)

    def png(self) -> bytes:
        """The picture as a PNG file of 8-bit colours."""
        height, width = (size // SCALE for size in self._pixels.shape[:2])
        means = self._pixels.reshape(height, SCALE, width, SCALE, 3).mean((1, 3))
        rows = np.zeros((height, 1 + 3 * width), np.uint8)
        rows[:, 1:] = means.round().astype(np.uint8).reshape(height, 3 * width)
        header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        packed = zlib.compress(rows.tobytes(), 9)
        return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")

    def _dot(self, x: float, y: float, colour: Colour) -> None:
        left, top = round(x * SCALE), round(y * SCALE)
        self._pixels[top : top + SCALE, left : left + SCALE] = colour

    def _stamp(self, xs: NDArray[np.float64], ys: NDArray[np.float64], colour: Colour, thick: float) -> None:
        size = max(round(thick * SCALE), 1)
        height, width = self._pixels.shape[:2]
        lefts = np.clip((xs * SCALE).round().astype(int) - size // 2, 0, width - size)
        tops = np.clip((ys * SCALE).round().astype(int) - size // 2, 0, height - size)
        for right in range(size):
            for down in range(size):
                self._pixels[tops + down, lefts + right] = colour


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
