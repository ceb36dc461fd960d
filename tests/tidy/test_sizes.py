"""By the numbers, with no exception list: what is pleasant to read stays so."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for path in (ROOT / "flameblue").rglob("*.py") if "migrations" not in path.relative_to(ROOT).parts
)
LINES_MAX, FUNCTION_LINES_MAX, PARAMETERS_MAX, NESTING_MAX = 400, 60, 5, 3
DEEPER = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = [*function.args.posonlyargs, *function.args.args]
    own = 1 if arguments and arguments[0].arg in {"self", "cls"} else 0
    return len(arguments) - own + len(function.args.kwonlyargs)


def nesting(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            elif_branch = field == "orelse" and isinstance(node, ast.If) and isinstance(child, ast.If)
            step = isinstance(child, DEEPER) and not elif_branch
            deepest = max(deepest, nesting(child, depth + step))
    return deepest


def test_there_are_modules_to_measure() -> None:
    assert len(MODULES) > 50


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_and_its_functions_are_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = []
    if text.count("\n") > LINES_MAX:
        found.append(f"{text.count(chr(10))} lines, at most {LINES_MAX}")
    for function in functions(ast.parse(text)):
        where = f"line {function.lineno}, {function.name}"
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES_MAX:
            found.append(f"{where}: {lines} lines, at most {FUNCTION_LINES_MAX}")
        if parameters(function) > PARAMETERS_MAX:
            found.append(f"{where}: {parameters(function)} parameters, at most {PARAMETERS_MAX}")
        if nesting(function) > NESTING_MAX:
            found.append(f"{where}: nesting {nesting(function)}, at most {NESTING_MAX}")
    assert not found, f"{path.relative_to(ROOT)}: " + "; ".join(found)


def test_the_measures_see_what_they_should() -> None:
    tree = ast.parse("def f(self, a, b):\n  if a:\n    for x in b:\n      with x:\n        while x: pass\n")
    (function,) = functions(tree)
    assert (parameters(function), nesting(function)) == (2, 4)
