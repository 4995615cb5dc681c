"""Are the tests of gate and ladder sharp? Small faults are put into their source one at a time; the tests must notice each."""

import ast
import copy
import importlib.util
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
ROV = HERE.parents[1] / "rov"
FLIPS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
}
# Mutants that no test can tell from the original, each with the reason.
EQUIVALENT = {
    "gate: `facts.standoff_m or 0.0`: 0.0 -> 1.0": "any finite stand-in for 'not seen' passes the same finiteness check",
    "gate: `facts.standoff_m or 0.0`: 0.0 -> -1.0": "as above",
    "gate: `return ''`: returns None": "the one caller asks only whether there is a reason",
    "ladder: `demand.later and name in self._since and (now - self._since[name] >= demand.later[0])`: without operand 1": (
        "no trigger of the table is both latched and growing, so the name is always there"
    ),
}


def docstrings(tree: ast.AST) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, owners)]
    return {id(b[0].value) for b in bodies if isinstance(b[0], ast.Expr) and isinstance(b[0].value, ast.Constant)}


def replacements(node: ast.AST) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """(what, how): ``how`` gets a copy of ``node`` and returns what stands in its place."""
    if isinstance(node, ast.Compare):
        for k, op in enumerate(node.ops):
            for other in FLIPS[type(op)]:
                yield f"{type(op).__name__} -> {other.__name__}", lambda n, k=k, other=other: with_op(n, k, other())
    elif isinstance(node, ast.Constant):
        yield from constants(node.value)
    elif isinstance(node, ast.BoolOp):
        other_bool = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"-> {other_bool.__name__}", lambda n: ast.BoolOp(other_bool(), n.values)
        for k in range(len(node.values)):
            yield (
                f"without operand {k}",
                lambda n, k=k: ast.BoolOp(n.op, [v for i, v in enumerate(n.values) if i != k] or n.values),
            )
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        yield "other arithmetic", lambda n: ast.BinOp(n.left, ARITHMETIC[type(n.op)](), n.right)
    elif isinstance(node, ast.UnaryOp):
        yield "without the sign or not", lambda n: n.operand
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", lambda n: ast.Return(ast.Constant(None))
    elif isinstance(node, ast.If | ast.IfExp):
        yield "if True", lambda n: with_test(n, True)
        yield "if False", lambda n: with_test(n, False)
    elif isinstance(node, ast.Name) and node.id in ("min", "max", "all"):
        swap = {"min": "max", "max": "min", "all": "any"}[node.id]
        yield f"-> {swap}", lambda n: ast.Name(swap, ast.Load())
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "left out", lambda n: ast.Pass()


def constants(value: object) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    others: list[object] = []
    if isinstance(value, bool):
        others = [not value]
    elif isinstance(value, int | float):
        others = [value + 1, value - 1]
    elif isinstance(value, str):
        others = [value + "X"]
    for other in others:
        yield f"{value} -> {other}", lambda n, other=other: ast.Constant(other)


def with_op(node: ast.Compare, k: int, op: ast.cmpop) -> ast.Compare:
    return ast.Compare(node.left, [op if i == k else o for i, o in enumerate(node.ops)], node.comparators)


def with_test(node: Any, value: bool) -> Any:
    node.test = ast.Constant(value)
    return node


def mutants(name: str) -> Iterator[tuple[str, ast.Module]]:
    tree = ast.parse((ROV / f"{name}.py").read_text())
    texts, lines = docstrings(tree), {id(c): n for n in ast.walk(tree) for c in ast.iter_child_nodes(n)}
    for index, node in enumerate(list(ast.walk(tree))):
        if id(node) in texts or (isinstance(lines.get(id(node)), ast.AnnAssign) and isinstance(node, ast.Name)):
            continue
        for what, how in replacements(node):
            clone = copy.deepcopy(tree)
            target = list(ast.walk(clone))[index]
            swap(clone, target, how(target))
            around = lines[id(node)] if isinstance(node, ast.Constant | ast.Name) else node
            yield f"{name}: `{ast.unparse(around).splitlines()[0]}`: {what}", ast.fix_missing_locations(clone)


def swap(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
                return
            if isinstance(value, list) and any(v is old for v in value):
                setattr(parent, field, [new if v is old else v for v in value])
                return


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mutation_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(tests: ModuleType) -> list[Callable[[], None]]:
    """Every test function but the random ones, with each set of its parameters."""
    out: list[Callable[[], None]] = []
    for name, function in sorted(vars(tests).items()):
        if not name.startswith("test_") or hasattr(function, "hypothesis"):
            continue
        axes = [[(mark.args[0], value) for value in mark.args[1]] for mark in getattr(function, "pytestmark", [])]
        out += [lambda f=function, row=row: f(**dict(row)) for row in itertools.product(*axes)]  # type: ignore[misc]
    return out


def survives(tree: ast.Module, tests: ModuleType, slot: str, checks: list[Callable[[], None]]) -> bool:
    mutant = ModuleType("mutant")
    sys.modules["mutant"] = mutant  # NamedTuple looks its module up
    try:
        exec(compile(tree, "mutant", "exec"), mutant.__dict__)
        setattr(tests, slot, mutant)
        for check in checks:
            check()
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever goes wrong, the mutant was noticed
        return False
    finally:
        del sys.modules["mutant"]
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gate", "ladder"])
def test_every_small_fault_is_noticed(name: str) -> None:
    tests = load(HERE / f"test_{name}.py")
    checks, slot = cases(tests), name.upper()
    original = ast.parse((ROV / f"{name}.py").read_text())
    assert survives(original, tests, slot, checks), "the tests fail on the original"
    made = list(mutants(name))
    alive = {text for text, tree in made if survives(tree, tests, slot, checks)}
    assert len(made) > 100
    assert alive == {text for text in EQUIVALENT if text.startswith(f"{name}:")}
