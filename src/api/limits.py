"""How much one operation may ask for, measured before it runs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
)

from api.connections import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX

NUL = "\0"
NUL_REFUSED = "Text must not hold NUL characters."

_REPEATED = {"edges", "nodes"}
_NUMBER_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one operation.

    Some keep the work of parsing and validating, which grows faster than the text, under 50 ms:
    ``document_chars``, ``repeats`` (of one response name in a document), ``fragments``, ``input_values``.
    """

    depth: int = 12
    aliases: int = 30
    tokens: int = 2_000
    root_fields: int = 20
    document_chars: int = 32_768
    fragments: int = 64
    repeats: int = 100
    input_list: int = 100
    input_depth: int = 32
    input_values: int = 5_000
    complexity: int = 1_000
    introspection: int = 6_000
    execution_seconds: float = 10
    body_bytes: int = 256 * 1024
    get_queries: bool = True
    socket_operations: int = 20
    socket_init_seconds: float = 5


class Shape(NamedTuple):
    """The size of a selection set with its fragments unfolded."""

    depth: int = 0
    aliases: int = 0
    root_fields: int = 0


def excesses(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """What is too much in a document, the cheap counts first: no others are made where those are over.

    Each fragment is measured once, so that fragments which spread each other many times cost no more
    than their text.
    """
    return list(_plain_excesses(document, limits)) or list(_unfolded_excesses(document, limits))


def _plain_excesses(document: DocumentNode, limits: Limits) -> Iterator[GraphQLError]:
    names: Counter[str] = Counter()
    for node in nodes_of(document):
        if isinstance(node, FieldNode):
            names[(node.alias or node.name).value] += 1
        elif isinstance(node, StringValueNode) and NUL in node.value:
            yield GraphQLError(NUL_REFUSED, node)
        elif isinstance(node, ListValueNode) and len(node.values) > limits.input_list:
            yield over("input list items", len(node.values), limits.input_list)
        elif isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > _NUMBER_CHARS_MAX:
            yield over("digits of a number", len(node.value), _NUMBER_CHARS_MAX)
    fragments = len(fragments_of(document))
    if fragments > limits.fragments:
        yield over("fragments", fragments, limits.fragments)
    for name, count in names.most_common(1):
        if count > limits.repeats:
            yield over(f"repeats of {name[:80]}", count, limits.repeats)


def _unfolded_excesses(document: DocumentNode, limits: Limits) -> Iterator[GraphQLError]:
    fragments = fragments_of(document)
    for operation in operations_of(document):
        shape = _measure(operation.selection_set, fragments, {})
        for name in Shape._fields:
            found, allowed = getattr(shape, name), getattr(limits, name)
            if found > allowed:
                yield over(name.replace("_", " "), found, allowed)


def nodes_of(document: DocumentNode) -> Iterator[Node]:
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        yield node
        for key in node.keys:
            child = getattr(node, key)
            if isinstance(child, Node):
                waiting.append(child)
            elif isinstance(child, tuple | list):
                waiting.extend(child)


def over(what: str, found: int, allowed: int) -> GraphQLError:
    return GraphQLError(f"The operation is too large: {what} {found}, at most {allowed}.")


def input_excess(variables: Mapping[str, object], limits: Limits) -> GraphQLError | None:
    """What is too much in the values of the variables, counted level by level."""
    level: list[object] = [variables]
    count = 0
    for _ in range(limits.input_depth + 1):
        count += len(level)
        if count > limits.input_values:
            return over("input values", count, limits.input_values)
        longest = max((len(value) for value in level if isinstance(value, list)), default=0)
        if longest > limits.input_list:
            return over("input list items", longest, limits.input_list)
        if any(isinstance(value, str) and NUL in value for value in level):
            return GraphQLError(NUL_REFUSED)
        level = [item for value in level for item in _items(value)]
        if not level:
            return None
    return over("input depth", limits.input_depth + 1, limits.input_depth)


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def cost_excess(
    document: DocumentNode, variables: Mapping[str, object], limits: Limits
) -> GraphQLError | None:
    """Whether an operation could return more objects than it may, its pages multiplied."""
    cost = complexity(document, variables)
    return over("complexity", cost, limits.complexity) if cost > limits.complexity else None


def complexity(document: DocumentNode, variables: Mapping[str, object]) -> int:
    """How many objects the largest operation of a document could return."""
    counter = _Counter(variables, fragments_of(document), {})
    return max(counter.objects(operation.selection_set, 1) for operation in operations_of(document))


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}


def _measure(
    selections: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    known: dict[str, Shape],
) -> Shape:
    """The shape of a selection set; ``known`` holds the fragments measured so far."""
    shapes = [_shape(node, fragments, known) for node in selections.selections] if selections else []
    return Shape(
        max((shape.depth for shape in shapes), default=0),
        sum(shape.aliases for shape in shapes),
        sum(shape.root_fields for shape in shapes),
    )


def _shape(node: object, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, Shape]) -> Shape:
    if isinstance(node, FragmentSpreadNode):
        return _fragment_shape(node.name.value, fragments, known)
    inner = _measure(getattr(node, "selection_set", None), fragments, known)
    if not isinstance(node, FieldNode):
        return inner
    introspection = node.name.value.startswith("__")
    depth = 0 if introspection else 1 + inner.depth
    return Shape(depth, inner.aliases + (node.alias is not None), 1)


def _fragment_shape(
    name: str, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, Shape]
) -> Shape:
    if name not in known and name in fragments:
        known[name] = Shape()
        known[name] = _measure(fragments[name].selection_set, fragments, known)
    return known.get(name, Shape())


class _Counter(NamedTuple):
    """Counts the objects that an operation may return: pages multiply, scalars are free."""

    variables: Mapping[str, object]
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[tuple[str, int], int]

    def objects(self, selections: SelectionSetNode | None, page: int) -> int:
        return sum(self._of(node, page) for node in selections.selections) if selections else 0

    def _of(self, node: object, page: int) -> int:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value, page)
        inner: SelectionSetNode | None = getattr(node, "selection_set", None)
        if not isinstance(node, FieldNode):
            return self.objects(inner, page)
        if inner is None:
            return 0
        times = page if node.name.value in _REPEATED else 1
        return times * (1 + self.objects(inner, self._page_of(node)))

    def _of_fragment(self, name: str, page: int) -> int:
        key = (name, page)
        if key not in self.known:
            self.known[key] = 0
            fragment = self.fragments.get(name)
            self.known[key] = self.objects(fragment.selection_set, page) if fragment else 0
        return self.known[key]

    def _page_of(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                return self._integer(argument.value)
        return PAGE_SIZE_DEFAULT

    def _integer(self, value: object) -> int:
        if isinstance(value, IntValueNode):
            return _page_size(int(value.value))
        given = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return _page_size(given) if isinstance(given, int) else PAGE_SIZE_MAX


def _page_size(asked: int) -> int:
    """A page that will be refused counts as well: a negative one must not make room for others."""
    return max(1, min(asked, PAGE_SIZE_MAX))
