"""Small faults put into a source file, one at a time: a test that no fault can fail tests nothing. Runs nothing.

Operators: a number changed, a truth value turned, a comparison moved or turned, arithmetic exchanged, a sign dropped,
``and`` for ``or``, a condition negated, a call dropped or replaced by its first argument, two arguments exchanged, a
keyword argument dropped, an assignment or a statement dropped, a slice's end dropped, ``break`` for ``continue``,
``min`` for ``max``. Left alone is what only people read (docstrings, messages of errors, progress) and what only type
checkers read.
"""

import ast
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}
_FOR_PEOPLE = frozenset({"say", "start", "advance", "finish", "Finding", "Rule", "TypeVar"})
"""Calls that only people, or type checkers, read."""
_SHOWN = 90


_Path = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Mutant:
    """One fault that can be put into a source file.

    Attributes
    ----------
    line : int
        Where it is.
    """

    line: int
    _tree: ast.Module
    _path: _Path
    _before: ast.AST
    _after: ast.AST

    @property
    def what(self) -> str:
        """The code before and after, in one line."""
        before, after = (" ".join(ast.unparse(node).split()) for node in (self._before, self._after))
        start = next((place for place, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
        start = max(0, start - _SHOWN // 3)
        return f"{before[start : start + _SHOWN]}  →  {after[start : start + _SHOWN]}"

    def source(self) -> str:
        """Return the whole file with the fault in it."""
        tree = deepcopy(self._tree)
        _put(tree, self._path, self._after)
        return ast.unparse(ast.fix_missing_locations(tree))


def find_mutants(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    found = [
        Mutant(getattr(node, "lineno", 0), tree, path, node, changed)
        for path, node in _walk(tree, ())
        for changed in _changes(node)
    ]
    return sorted(found, key=lambda mutant: mutant.line)


def _walk(node: ast.AST, path: _Path) -> Iterator[tuple[_Path, ast.AST]]:
    """Yield every node that may be changed, with the way to it."""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params", "type_comment"}:
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_for_people(child) or _is_strict(child):
                continue
            way = (*path, (name, index if isinstance(value, list) else None))
            yield way, child
            yield from _walk(child, way)


def _is_for_people(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.JoinedStr):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return True
    if isinstance(node, ast.Call):
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in _FOR_PEOPLE or name.endswith(("Error", "Refused"))
    return isinstance(node, ast.Expr) and _is_for_people(node.value)


def _is_strict(node: ast.AST) -> bool:
    """Return whether a node makes a zip strict: it guards against what the code rules out, as an assertion does."""
    return isinstance(node, ast.keyword) and node.arg == "strict"


def _changed(node: ast.AST, **fields: ast.AST | None) -> ast.AST:
    """Return a copy of a node with other values in some of its fields."""
    copied = deepcopy(node)
    for name, value in fields.items():
        setattr(copied, name, value)
    return copied


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Constant():
            yield from _other_constants(node)
        case ast.Compare(ops=[operator, *_]):
            for other in _COMPARISONS[type(operator)]:
                changed = deepcopy(node)
                changed.ops[0] = other()
                yield changed
        case ast.BinOp(op=operator) if type(operator) in _ARITHMETIC:
            yield _changed(node, op=_ARITHMETIC[type(operator)]())
        case ast.AugAssign(op=operator):
            if type(operator) in _ARITHMETIC:
                yield _changed(node, op=_ARITHMETIC[type(operator)]())
            yield ast.Pass()
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield node.operand
        case ast.BoolOp():
            yield _changed(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        case ast.If() | ast.While() | ast.IfExp():
            yield _changed(node, test=ast.UnaryOp(ast.Not(), deepcopy(node.test)))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
        case ast.Slice(upper=ast.expr()):
            yield _changed(node, upper=None)
        case ast.Expr(value=ast.Call()) | ast.Delete() | ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Call():
            yield from _other_calls(node)


def _other_constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2.0 if value else 1.0)


def _other_calls(node: ast.Call) -> Iterator[ast.AST]:
    positional = not any(isinstance(argument, ast.Starred) for argument in node.args)
    if isinstance(node.func, ast.Name) and node.func.id in _NAMES:
        changed = deepcopy(node)
        changed.func = ast.Name(_NAMES[node.func.id], ast.Load())
        yield changed
    if positional and len(node.args) >= 2 and ast.dump(node.args[0]) != ast.dump(node.args[1]):
        changed = deepcopy(node)
        changed.args[0], changed.args[1] = changed.args[1], changed.args[0]
        yield changed
    if positional and len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.GeneratorExp):
        yield node.args[0]
    if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
        yield node.func.value
    for index, keyword in enumerate(node.keywords):
        if keyword.arg is not None and not _is_strict(keyword):
            changed = deepcopy(node)
            del changed.keywords[index]
            yield changed


def _put(tree: ast.AST, path: _Path, changed: ast.AST) -> None:
    """Set the node at the end of a way."""
    node: ast.AST = tree
    for name, index in path[:-1]:
        value = getattr(node, name)
        node = value if index is None else value[index]
    name, index = path[-1]
    if index is None:
        setattr(node, name, changed)
    else:
        getattr(node, name)[index] = changed
