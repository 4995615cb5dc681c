"""YAML files read strictly: every error is one line with file, line, field, value and what was expected."""

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
_MAP, _SEQ = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
# YAML 1.1 reads 010 as eight and 1:30 as ninety; whoever wrote them meant neither.
_ODD_INTEGER = re.compile(r"[-+]?(0[0-9_]+|0[box].*|.*:.*)")
M = TypeVar("M", bound=BaseModel)


class Strict(BaseModel):
    """Base of every file model: unknown keys, NaN and infinity are refused; values are frozen.

    `load_document` also refuses wrong types: no text or truth values for numbers; whole numbers do for floats, lists for tuples.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FieldError(ValueError):
    """For validators that look at several fields: which ``field`` (dotted, from the validated model) is wrong."""

    def __init__(self, field: str, expected: str) -> None:
        self.field = field
        super().__init__(expected)


class DocumentError(ValueError):
    """A file a user gave is wrong. ``str()`` is one line."""

    def __init__(self, file: Path | str, line: int, field: str, value: object, expected: str, others: int = 0) -> None:
        self.file = Path(file)
        self.line = line
        self.field = field
        self.value = value
        self.expected = expected
        shown = " ".join(repr(value).split())
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        more = f" (and {others} more)" if others else ""
        where = f"{self.file}:{line}" if line else f"{self.file}"
        super().__init__(" ".join(f"{where}: {field}: got {shown}, expected {expected}{more}".split()))


class Infeasible(ValueError):
    """The mission cannot be flown; ``reasons`` says why, one a line."""

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


def load_document(path: Path, model: type[M]) -> M:
    """Reads ``path`` as ``model``.

    Raises:
        DocumentError: the file cannot be read, is not plain YAML, or does not fit the model.
    """
    path = Path(path)
    root = _compose(path, _read(path))
    data = _plain(path, root, "")
    try:
        # JSON is where pydantic's strict mode takes lists for tuples and whole numbers for floats, and nothing else for anything.
        return model.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise _explain(path, root, data, model, details[0], len(details) - 1) from error


def fail(path: Path, field: str, value: object, expected: str) -> DocumentError:
    """An error about ``field`` (dotted, with [i] for list items) of a file that already fits its model, with its line."""
    try:
        root = _compose(path, _read(path))
        line = _line_of(root, _split(field))
    except DocumentError:
        line = 0
    return DocumentError(path, line, field, value, expected)


def resolve_inside(base_file: Path, relative: str, root: Path, field: str) -> Path:
    """``relative`` (as written in ``base_file``) as a path that exists and lies inside ``root``, links followed.

    Raises:
        DocumentError: absolute, outside ``root``, or no such file.
    """
    if Path(relative).is_absolute() or "\0" in relative or "\\" in relative:
        raise fail(base_file, field, relative, "a relative path with / between its parts")
    target = (base_file.resolve().parent / relative).resolve()
    if not target.is_relative_to(root.resolve()):
        raise fail(base_file, field, relative, f"a path inside {root.resolve()}")
    if not target.is_file():
        raise fail(base_file, field, relative, f"an existing file ({target} is none)")
    return target


def _read(path: Path) -> str:
    try:
        if not path.is_file() and path.exists():
            raise DocumentError(path, 0, "file", "a directory" if path.is_dir() else "a device", "a readable YAML file")
        if path.stat().st_size > MAX_BYTES:
            raise DocumentError(path, 0, "file", f"{path.stat().st_size} bytes", f"at most {MAX_BYTES} bytes")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DocumentError(path, 0, "file", error.strerror, "a readable YAML file") from error
    except UnicodeDecodeError as error:
        raise DocumentError(path, 0, "file", f"byte {error.object[error.start]:#04x} at {error.start}", "UTF-8 text") from error


def _compose(path: Path, text: str) -> yaml.MappingNode:
    try:
        _check_events(path, text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DocumentError(path, mark.line + 1 if mark else 0, "file", error.problem or "", "well-formed YAML") from error
    except yaml.YAMLError as error:
        raise DocumentError(path, 0, "file", str(error), "well-formed YAML") from error
    if not isinstance(root, yaml.MappingNode):
        raise DocumentError(path, 1, "file", type(root).__name__.removesuffix("Node").lower(), "a mapping of keys to values")
    return root


def _check_events(path: Path, text: str) -> None:
    # PyYAML takes quadratic time in the depth of nesting, so this stops reading as soon as it is too deep.
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise DocumentError(path, line, "file", "an anchor or alias", "plain YAML without & and *")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise DocumentError(path, line, "file", "very deep nesting", f"well-formed YAML at most {MAX_DEPTH} levels deep")


def _plain(path: Path, node: yaml.Node, field: str) -> Any:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode) and node.tag == _MAP:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
            name = f"{field}.{key}" if field else key
            if key in out:
                raise DocumentError(path, key_node.start_mark.line + 1, name, "the key a second time", "each key once")
            out[key] = _plain(path, value_node, name)
        return out
    if isinstance(node, yaml.SequenceNode) and node.tag == _SEQ:
        return [_plain(path, item, f"{field}[{i}]") for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.ScalarNode):
        raise DocumentError(path, line, field or "file", node.tag, "plain YAML without tags")
    return _scalar(path, node, field, line)


def _scalar(path: Path, node: yaml.ScalarNode, field: str, line: int) -> Any:
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node)
    except (yaml.YAMLError, ValueError, LookupError) as error:
        raise DocumentError(path, line, field, node.value, "a plain YAML value") from error
    finally:
        loader.dispose()
    if isinstance(value, int) and not isinstance(value, bool) and _ODD_INTEGER.fullmatch(node.value):
        raise DocumentError(path, line, field, node.value, "a decimal number without leading zeros or colons")
    if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
        raise DocumentError(path, line, field, value, "text without lone surrogates")
    if value is not None and not isinstance(value, str | int | float):
        raise DocumentError(path, line, field, node.value, "text, a number, true, false or null (put dates in quotes)")
    return value


def _explain(path: Path, root: yaml.Node, data: Any, model: type[BaseModel], detail: ErrorDetails, others: int) -> DocumentError:
    # Pydantic puts the names of union members into the location; only keys and positions of the file count here.
    parts = list(_walkable(root, list(detail["loc"])))
    value, kind = detail["input"], detail["type"]
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, FieldError):
        parts += _split(cause.field)
        value = _look_up(data, parts)
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".") or "file"
    if kind == "missing":
        value, expected = "nothing", "this key to be given"
    elif kind == "extra_forbidden":
        value = str(parts[-1])
        known = _keys_of(model, parts[:-1])
        near = difflib.get_close_matches(value, known, n=1, cutoff=0.5)
        expected = f"a known key (did you mean {near[0]}?)" if near else f"one of {', '.join(known)}"
    else:
        expected = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return DocumentError(path, _line_of(root, parts), field, value, expected, others)


def _look_up(data: Any, parts: list[int | str]) -> Any:
    for part in parts:
        if isinstance(data, dict):
            data = data.get(str(part), "nothing")
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return "nothing"
    return data


def _walkable(node: yaml.Node, loc: list[int | str]) -> Iterator[int | str]:
    for i, part in enumerate(loc):
        inner = _child(node, part)
        if inner is not None:
            node = inner
            yield part
        elif i == len(loc) - 1:
            yield part


def _child(node: yaml.Node, part: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item: yaml.Node = node.value[part]
        return item
    return None


def _line_of(root: yaml.Node, parts: list[int | str]) -> int:
    node, line = root, root.start_mark.line + 1
    for part in parts:
        if isinstance(node, yaml.MappingNode):
            key = next((key for key, _value in node.value if key.value == part), None)
            if key is not None:
                line = key.start_mark.line + 1
        inner = _child(node, part)
        if inner is None:
            return line
        if isinstance(node, yaml.SequenceNode):
            line = inner.start_mark.line + 1
        node = inner
    return line


def _split(field: str) -> list[int | str]:
    parts: list[int | str] = []
    for piece in field.replace("[", ".[").split("."):
        if piece.startswith("["):
            parts.append(int(piece[1:-1]))
        elif piece:
            parts.append(piece)
    return parts


def _keys_of(model: type[BaseModel], parts: list[int | str]) -> list[str]:
    schema: dict[str, Any] = model.model_json_schema()
    definitions, node = schema.get("$defs", {}), schema
    for part in parts:
        node = _follow(node, definitions)
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
    return list(_follow(node, definitions).get("properties", {}))


def _follow(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", []):
        if "$ref" in option or "properties" in option:
            node = option
    if "$ref" in node:
        found: dict[str, Any] = definitions[node["$ref"].rsplit("/", 1)[1]]
        return found
    return node
