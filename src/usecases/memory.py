"""The answers that this process gave last, so that asking again costs nothing. They may be lost."""

from collections import OrderedDict

WEIGHT_MAX = 10_000
"""Sessions, at about a kilobyte each: more would be felt whenever Python looks for garbage."""


class Memory:
    """Answers by what they follow from, at most ``weight_max`` of them together; those asked for least
    lately go first. For one event loop."""

    def __init__(self, weight_max: int = WEIGHT_MAX) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._answers: OrderedDict[str, tuple[object, int]] = OrderedDict()

    def find(self, basis: str) -> object | None:
        found = self._answers.get(basis)
        if found is None:
            return None
        self._answers.move_to_end(basis)
        return found[0]

    def keep(self, basis: str, answer: object, weight: int) -> None:
        _, before = self._answers.pop(basis, (None, 0))
        self._answers[basis] = (answer, weight)
        self._weight += weight - before
        while self._weight > self._weight_max:
            _, (_, gone) = self._answers.popitem(last=False)
            self._weight -= gone
