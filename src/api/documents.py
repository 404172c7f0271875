"""Reading an operation's text: bounded, parsed, measured, validated, and kept for the next who sends it."""

from collections.abc import Mapping
from functools import lru_cache

from graphql import (
    ASTValidationRule,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    parse,
    specified_rules,
    validate,
)
from graphql.execution import get_variable_values
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.introspection import asks_schema_only, introspected_values
from api.limits import Limits, excesses, operations_of, over

DOCUMENTS_KEPT_MAX = 256
KEPT_CHARS_MAX = 8_192
INTROSPECTIONS_KEPT_MAX = 8
ERRORS_MAX = 10

SEVERAL = "The document has several operations: name one in operationName."

_RULES: tuple[type[ASTValidationRule], ...] = (
    *specified_rules,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


class Unacceptable(Exception):
    """A document that cannot be executed, with every reason that was found."""

    def __init__(self, *errors: GraphQLError) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


class Documents:
    """The documents of one schema. Those that are valid and not long are kept, and a few answers to
    introspection, which are always the same and dear to put together."""

    def __init__(self, schema: GraphQLSchema, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self._kept = lru_cache(DOCUMENTS_KEPT_MAX)(self._read)
        self._introspected = lru_cache(INTROSPECTIONS_KEPT_MAX)(self._introspect)

    def read(self, text: str) -> DocumentNode:
        """The document of a text; raises Unacceptable."""
        return self._kept(text) if len(text) <= KEPT_CHARS_MAX else self._read(text)

    def introspection(self, text: str, document: DocumentNode) -> ExecutionResult | None:
        """The answer to a text that asks for the schema alone, None where it asks for more."""
        return self._introspected(text) if asks_schema_only(document) else None

    def misfits(
        self, operation: OperationDefinitionNode, variables: Mapping[str, object]
    ) -> list[GraphQLError]:
        """What is wrong with the values of the variables. Executing finds it too, and up to fifty of it."""
        declared = operation.variable_definitions or ()
        values = get_variable_values(self.schema, declared, dict(variables), max_errors=ERRORS_MAX)
        return values if isinstance(values, list) else []

    def _introspect(self, text: str) -> ExecutionResult:
        return execute_sync(self.schema, self.read(text))

    def _read(self, text: str) -> DocumentNode:
        try:
            document = self._parsed(text)
            errors = excesses(document, self.limits) or self._invalid(document)
        except RecursionError:
            raise Unacceptable(GraphQLError("The operation nests too deeply.")) from None
        if errors:
            raise Unacceptable(*errors)
        return document

    def _parsed(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self.limits.tokens)
        except GraphQLError as error:
            raise Unacceptable(error) from None

    def _invalid(self, document: DocumentNode) -> list[GraphQLError]:
        errors = validate(self.schema, document, _RULES, max_errors=ERRORS_MAX)
        asked = 0 if errors else introspected_values(document)
        if asked > self.limits.introspection:
            return [over("introspection", asked, self.limits.introspection)]
        return errors


def operation_named(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is meant: GetOperation of the GraphQL specification, None where there is none.

    Raises Unacceptable for a document of several where none is named; Strawberry would run the first.
    """
    operations = operations_of(document)
    if name is not None:
        return next((op for op in operations if op.name and op.name.value == name), None)
    if len(operations) > 1:
        raise Unacceptable(GraphQLError(SEVERAL))
    return operations[0]
