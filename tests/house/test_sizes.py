import ast
from statistics import median, quantiles

import pytest

from tests.house.sources import ROOMS, modules, nodes, rooms

FUNCTION_LINES_MAX = 60
FUNCTION_LINES_P90 = 30
FUNCTION_LINES_MEDIAN = 8
MODULE_LINES_MAX = 500
TEST_MODULE_LINES_MAX = 800
PARAMETERS_MAX = 5
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DRAWERS = {"utils", "util", "common", "base", "misc", "helpers", "kit"}
VAGUE = ("Service", "Manager", "Helper", "Processor")


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines without the docstring: saying more about a function does not make it longer."""
    first = function.body[0]
    is_told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if is_told else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def lengths() -> dict[str, int]:
    return {
        f"{place} {node.name}": length(node)
        for place, node in nodes(rooms(*ROOMS), *FUNCTIONS)
        if isinstance(node, FUNCTIONS)
    }


def test_no_function_is_long() -> None:
    assert {name: lines for name, lines in lengths().items() if lines > FUNCTION_LINES_MAX} == {}


def test_most_functions_are_short() -> None:
    assert median(lengths().values()) <= FUNCTION_LINES_MEDIAN
    assert quantiles(lengths().values(), n=10)[8] <= FUNCTION_LINES_P90


@pytest.mark.parametrize(
    ("directory", "lines_max"), [("src", MODULE_LINES_MAX), ("tests", TEST_MODULE_LINES_MAX)]
)
def test_no_module_is_long(directory: str, lines_max: int) -> None:
    counted = {str(path): path.read_text().count("\n") for path in modules(directory)}
    assert {name: lines for name, lines in counted.items() if lines > lines_max} == {}


def test_no_function_takes_many_arguments() -> None:
    crowded = [
        f"{place} {node.name}"
        for place, node in nodes(rooms(*ROOMS), *FUNCTIONS)
        if isinstance(node, FUNCTIONS) and parameters(node) > PARAMETERS_MAX
    ]
    assert crowded == []


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Those that a caller of ours has to think about: not ``self``, and not the options of a command
    line or the arguments of a GraphQL field, which are called by name from outside."""
    if any(isinstance(decorator, ast.Call | ast.Attribute) for decorator in function.decorator_list):
        return 0
    arguments = function.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def test_names_say_what_is_inside() -> None:
    assert [path for path in modules("src", "tests") if path.stem in DRAWERS] == []
    vague = [
        f"{place} {node.name}"
        for place, node in nodes(rooms(*ROOMS), ast.ClassDef)
        if isinstance(node, ast.ClassDef) and node.name.endswith(VAGUE)
    ]
    assert vague == []
