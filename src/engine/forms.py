"""Reading nested raw input field by field, noting all that is wrong under dotted paths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from engine.money import fixed_text
from engine.settings import read_decimal

ECHOED_CHARACTERS_MAX = 40
NUMBER_DIGITS_MAX = 20

Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from ``least_e4`` to ``most_e4`` in 0.0001, both accepted."""

    least_e4: int
    most_e4: int

    @property
    def text(self) -> str:
        return f"from {fixed_text(self.least_e4, 4)} to {fixed_text(self.most_e4, 4)}"


@dataclass(slots=True)
class Form:
    """One raw object and its place in the whole. A field that is absent or null reads as None, and
    so does one that is wrong, which is noted in ``wrong``; all forms of one input share that."""

    raw: Mapping[str, object]
    path: str = ""
    wrong: dict[str, str] = field(default_factory=dict)

    def reject(self, name: str, problem: str) -> None:
        """Notes a problem of a field; the first one of a field stands."""
        self.wrong.setdefault(self._at(name), problem)

    def has(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def expect(self, *required: str, optional: Sequence[str] = ()) -> None:
        """Notes required fields that are absent, and fields that are neither required nor optional."""
        for name in required:
            if not self.has(name):
                self.reject(name, "is required")
        known = (*required, *optional)
        for name in self.raw:
            if name not in known:
                self.reject(_echoed(name), f"is not a field here; accepted: {', '.join(known)}")

    def group(self, name: str) -> "Form | None":
        return self._form(name, self.raw.get(name)) if self.has(name) else None

    def groups(self, name: str, most: int) -> "list[Form | None]":
        """The objects of a list, None for an entry that is no object."""
        return [self._form(f"{name}.{place}", raw) for place, raw in enumerate(self.items(name, most))]

    def items(self, name: str, most: int) -> list[object]:
        """The entries of a list of 1 to ``most``; none where it is absent or wrong."""
        raw = self.raw.get(name)
        if isinstance(raw, list | tuple) and 1 <= len(raw) <= most:
            return list(raw)
        if raw is not None:
            self.reject(name, f"must be a list of 1 to {most}")
        return []

    def choice(self, name: str, accepted: Mapping[str, Choice]) -> Choice | None:
        """What the field's text stands for."""
        raw = self.raw.get(name)
        if isinstance(raw, str) and raw in accepted:
            return accepted[raw]
        if raw is not None:
            self.reject(name, "must be one of: " + ", ".join(accepted))
        return None

    def number_e4(self, name: str, span: Span) -> int | None:
        """A JSON number or a decimal text within the span, in 0.0001."""
        if not self.has(name):
            return None
        value_e4 = read_number_e4(self.raw[name])
        if value_e4 is not None and span.least_e4 <= value_e4 <= span.most_e4:
            return value_e4
        self.reject(name, f"must be a number {span.text}, with at most 4 decimal places")
        return None

    def count(self, name: str, least: int, most: int) -> int | None:
        """A whole number as a number or a text."""
        if not self.has(name):
            return None
        value_e4 = read_number_e4(self.raw[name])
        if value_e4 is not None and value_e4 % 10_000 == 0 and least <= value_e4 // 10_000 <= most:
            return value_e4 // 10_000
        self.reject(name, f"must be a whole number from {least} to {most}")
        return None

    def flag(self, name: str) -> bool | None:
        raw = self.raw.get(name)
        if raw is None or isinstance(raw, bool):
            return raw
        self.reject(name, "must be true or false")
        return None

    def _form(self, name: str, raw: object) -> "Form | None":
        if isinstance(raw, Mapping):
            return Form(raw, self._at(name), self.wrong)
        self.reject(name, "must be an object")
        return None

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def read_number_e4(raw: object) -> int | None:
    """A number or a decimal text in 0.0001, exactly; None where it is neither or needs more places.

    A binary float counts as the shortest decimal that denotes it.
    """
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        return None
    text = raw if isinstance(raw, str) else _plain(Decimal(repr(raw) if isinstance(raw, float) else raw))
    value_e4 = read_decimal(text.removeprefix("-"), places=4)
    return -value_e4 if value_e4 is not None and text.startswith("-") else value_e4


def number_of(value_e4: int) -> int | float:
    """The JSON number of a value in 0.0001; a float prints as exactly that decimal."""
    return value_e4 / 10_000 if value_e4 % 10_000 else value_e4 // 10_000


def _plain(number: Decimal) -> str:
    """Digits without an exponent; nothing for what would take a page to write down."""
    is_short = number.is_finite() and len(number.as_tuple().digits) <= NUMBER_DIGITS_MAX
    return format(number, "f") if is_short and abs(number.adjusted()) <= NUMBER_DIGITS_MAX else ""


def _echoed(name: str) -> str:
    """A name of the sender's own making, fit to be shown to him again."""
    plain = name.encode("ascii", "backslashreplace").decode()
    return plain if len(plain) <= ECHOED_CHARACTERS_MAX else f"{plain[:ECHOED_CHARACTERS_MAX]}…"
