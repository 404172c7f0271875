"""What introspection costs: it reads no data, but a document may multiply the schema by itself."""

from collections.abc import Mapping
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)

from api.limits import fragments_of, nodes_of, operations_of

# How many there are of each in our schema: in all of it, or on a type or field of average size.
_TIMES = {
    "types": 80,
    "directives": 6,
    "fields": 3,
    "inputFields": 0.7,
    "enumValues": 1.2,
    "args": 0.2,
    "ofType": 0.5,
}
_ROOTS = {"__schema", "__type"}


def asks_schema_only(document: DocumentNode) -> bool:
    """Whether a document has one answer, whoever asks and whenever: it names nothing but the schema."""
    operations = operations_of(document)
    fields = operations[0].selection_set.selections
    return (
        len(operations) == 1
        and not operations[0].variable_definitions
        and all(isinstance(node, FieldNode) and node.name.value in _ROOTS for node in fields)
    )


def introspected_values(document: DocumentNode) -> int:
    """About how many values of the schema a document asks for."""
    meter = _Meter(fragments_of(document), {})
    fields = [node for node in nodes_of(document) if isinstance(node, FieldNode)]
    return int(sum(meter.of_all(field.selection_set) for field in fields if field.name.value in _ROOTS))


class _Meter(NamedTuple):
    fragments: Mapping[str, FragmentDefinitionNode]
    known: dict[str, float]

    def of_all(self, selections: SelectionSetNode | None) -> float:
        return sum(self._of(node) for node in selections.selections) if selections else 0

    def _of(self, node: SelectionNode) -> float:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        assert isinstance(node, FieldNode | InlineFragmentNode)
        inner = self.of_all(node.selection_set)
        return _TIMES.get(node.name.value, 1) * (1 + inner) if isinstance(node, FieldNode) else inner

    def _of_fragment(self, name: str) -> float:
        if name not in self.known:
            self.known[name] = 0
            self.known[name] = self.of_all(self.fragments[name].selection_set)
        return self.known[name]
