"""Which operation of a document is meant: GetOperation of the GraphQL specification."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class OneOperation(SchemaExtension):
    """Refuse a document of several operations where none is named; Strawberry would run the first."""

    def on_validate(self) -> Iterator[None]:
        if not self.execution_context.pre_execution_errors and self._is_ambiguous():
            message = "The document has several operations: name one in operationName."
            self.execution_context.pre_execution_errors = [GraphQLError(message)]
        yield

    def _is_ambiguous(self) -> bool:
        document = self.execution_context.graphql_document
        assert document is not None
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
        # The public ``operation_name`` falls back to the first operation's.
        name = self.execution_context._provided_operation_name  # noqa: SLF001
        return len(operations) > 1 and name is None
