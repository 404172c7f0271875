"""How much one operation may ask for, measured before it runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValidationContext,
    ValidationRule,
    VariableNode,
)
from strawberry.extensions import SchemaExtension

from api.connections import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX

NUL = "\0"
NUL_REFUSED = "Text must not hold NUL characters."

_REPEATED = {"edges", "nodes"}


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of one operation; the defaults are the product's (rulings 6.5)."""

    depth: int = 12
    aliases: int = 30
    tokens: int = 2_000
    root_fields: int = 20
    input_list: int = 100
    input_depth: int = 32
    complexity: int = 1_000
    execution_seconds: float = 10


class Shape(NamedTuple):
    """The size of a selection set with its fragments unfolded."""

    depth: int = 0
    aliases: int = 0
    root_fields: int = 0


def shape_rule(limits: Limits) -> type[ValidationRule]:
    """A validation rule for depth, aliases, root fields and literal lists.

    Each fragment is measured once, so that fragments which spread each other many times cost no more
    than their text. Made once a schema: a new class a request would defeat the validation cache.
    """

    class WithinShape(ValidationRule):
        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            fragments = _fragments(context.document)
            for definition in context.document.definitions:
                if isinstance(definition, OperationDefinitionNode):
                    for error in _excesses(_measure(definition.selection_set, fragments, {}), limits):
                        self.report_error(error)

        def enter_string_value(self, node: StringValueNode, *_: object) -> None:
            if NUL in node.value:
                self.report_error(GraphQLError(NUL_REFUSED, node))

        def enter_list_value(self, node: ListValueNode, *_: object) -> None:
            if len(node.values) > limits.input_list:
                self.report_error(_over("input list items", len(node.values), limits.input_list))

    return WithinShape


def _excesses(shape: Shape, limits: Limits) -> Iterator[GraphQLError]:
    for name in Shape._fields:
        found, allowed = getattr(shape, name), getattr(limits, name)
        if found > allowed:
            yield _over(name.replace("_", " "), found, allowed)


def _over(what: str, found: int, allowed: int) -> GraphQLError:
    return GraphQLError(f"The operation is too large: {what} {found}, at most {allowed}.")


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
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


class WithinLimits(SchemaExtension):
    """Hold one operation to the limits.

    The text and shape of a document are judged once and cached. What depends on the variables is
    judged on each operation: how many objects it could return, and how long and deep its inputs are.
    """

    def __init__(self, limits: Limits, rule: type[ValidationRule]) -> None:
        self.limits = limits
        self.rule = rule

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self.limits.tokens
        self.execution_context.validation_rules += (self.rule,)
        yield

    def on_validate(self) -> Iterator[None]:
        if not self.execution_context.pre_execution_errors:
            error = self._input_error() or self._cost_error()
            self.execution_context.pre_execution_errors = [error] if error else []
        yield

    def _input_error(self) -> GraphQLError | None:
        try:
            _check_input(self.execution_context.variables or {}, self.limits, self.limits.input_depth)
        except GraphQLError as error:
            return error
        return None

    def _cost_error(self) -> GraphQLError | None:
        document = self.execution_context.graphql_document
        assert document is not None
        counter = _Counter(self.execution_context.variables or {}, _fragments(document), {})
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        cost = max(counter.objects(operation.selection_set, 1) for operation in operations)
        return _over("complexity", cost, self.limits.complexity) if cost > self.limits.complexity else None


def _check_input(value: object, limits: Limits, depth: int) -> None:
    if depth < 0:
        raise _over("input depth", limits.input_depth + 1, limits.input_depth)
    if isinstance(value, str) and NUL in value:
        raise GraphQLError(NUL_REFUSED)
    if isinstance(value, list) and len(value) > limits.input_list:
        raise _over("input list items", len(value), limits.input_list)
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_input(item, limits, depth - 1)


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
            return min(int(value.value), PAGE_SIZE_MAX)
        given = self.variables.get(value.name.value) if isinstance(value, VariableNode) else None
        return min(given, PAGE_SIZE_MAX) if isinstance(given, int) else PAGE_SIZE_MAX
