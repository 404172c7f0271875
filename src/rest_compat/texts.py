"""Columns of integers as JSON, written as matrices of bytes.

A text is a matrix with a row for each value, where 0 stands for no character: the digits of a whole
column come from one division. Matrices side by side and without the zeros are the JSON.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.aggregates import Column

Texts: TypeAlias = NDArray[np.uint8]

DIGITS = 12
NULL = np.frombuffer(b"null", np.uint8)


def joined(parts: list[bytes | Texts], rows: int) -> bytes:
    """The rows one after another; bytes stand in every one of them."""
    texts = beside(parts, rows)
    written: Texts = texts[texts != 0]
    return written.tobytes()


def beside(parts: list[bytes | Texts], rows: int) -> Texts:
    columns = [
        np.broadcast_to(np.frombuffer(part, np.uint8), (rows, len(part))) if isinstance(part, bytes) else part
        for part in parts
    ]
    return np.concatenate(columns, axis=1)


def digits(values: Column, width: int) -> Texts:
    """Each value as ``width`` digits."""
    powers = 10 ** np.arange(width - 1, -1, -1)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def decimals(values: Column, *, places: int, places_min: int) -> Texts:
    """Each value divided by ``10**places``, as ``engine.money.fixed_text`` writes it."""
    every = digits(np.abs(values), DIGITS)
    whole, fraction = every[:, : DIGITS - places], every[:, DIGITS - places :]

    leading = np.logical_or.accumulate(whole != ord("0"), axis=1)
    leading[:, -1] = True
    trailing = np.logical_or.accumulate(fraction[:, ::-1] != ord("0"), axis=1)[:, ::-1].copy()
    trailing[:, :places_min] = True

    sign = np.where(values < 0, ord("-"), 0).astype(np.uint8)[:, None]
    point = np.where(trailing.any(axis=1), ord("."), 0).astype(np.uint8)[:, None]
    return np.concatenate((sign, whole * leading, point, fraction * trailing), axis=1)


def nulled(texts: Texts, unknown: NDArray[np.bool_]) -> Texts:
    """The same with null in the rows that are unknown."""
    texts[unknown] = 0
    texts[unknown, : len(NULL)] = NULL
    return texts
