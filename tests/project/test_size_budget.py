"""The size budget: a module fits the eye, a function fits the screen.

The tail makes a house ugly, not the median: argument parser, orchestrator, storage class.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 6
EMPTY_NAMES = {"common", "handler", "helpers", "manager", "utils"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@pytest.fixture(scope="module")
def modules(root: Path) -> dict[str, str]:
    """Path of each module, migrations aside, and its text."""
    found = sorted((root / "zoomauto").rglob("*.py"))
    return {str(p.relative_to(root)): p.read_text() for p in found if "migrations" not in p.parts}


def functions(text: str) -> Iterator[Function]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            yield node


def length(function: Function, *, body_alone: bool) -> int:
    first = function.body[0].lineno if body_alone else function.lineno
    return (function.end_lineno or first) - first + 1


def parameters(function: Function) -> int:
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return len([argument for argument in named if argument.arg not in {"self", "cls"}])


def is_cli(path: str) -> bool:
    return path.startswith("zoomauto/cli/")


def test_no_module_is_longer_than_400_lines(modules: dict[str, str]):
    sizes = {path: len(text.splitlines()) for path, text in modules.items()}
    assert {path: size for path, size in sizes.items() if size > MODULE_LINES} == {}


def test_no_function_is_longer_than_60_lines(modules: dict[str, str]):
    # In cli/ the signature holds one flag per line or more, so only the body counts there.
    sizes = {
        f"{path}:{function.lineno} {function.name}": length(function, body_alone=is_cli(path))
        for path, text in modules.items()
        for function in functions(text)
    }
    assert {name: size for name, size in sizes.items() if size > FUNCTION_LINES} == {}


def test_no_function_outside_cli_takes_more_than_6_parameters(modules: dict[str, str]):
    counts = {
        f"{path}:{function.lineno} {function.name}": parameters(function)
        for path, text in modules.items()
        if not is_cli(path)
        for function in functions(text)
    }
    assert {name: count for name, count in counts.items() if count > PARAMETERS} == {}


def test_no_module_has_a_name_that_says_nothing(modules: dict[str, str]):
    words = {path: set(Path(path).stem.strip("_").split("_")) for path in modules}
    assert {path for path in modules if words[path] & EMPTY_NAMES} == set()


def test_only_the_top_init_and_the_command_line_hold_code(modules: dict[str, str]):
    inits = {path for path, text in modules.items() if path.endswith("__init__.py") and text}
    assert inits <= {"zoomauto/__init__.py", "zoomauto/cli/__init__.py"}
