"""One action of a runbook: its kind, its params against the kind's own schema, each objection where it stands in the text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from windows.actions.params import Params
from windows.runbooks.spec.findings import Findings
from windows.runbooks.spec.model import ParameterSpec
from windows.runbooks.spec.substitution import Fields, Path, names_in, objection, put_in, texts
from windows.texts.findings import listed, near
from windows.texts.tree import Node

Declared = Mapping[str, ParameterSpec]


@dataclass(frozen=True, slots=True)
class Objection:
    path: Path
    message: str
    at_key: bool = False


def sample(spec: ParameterSpec) -> Any:
    """A value of the parameter to try a schema with: its default, or any."""
    if spec.default is not None:
        return spec.default
    number = spec.minimum if spec.minimum is not None else min(1, spec.maximum if spec.maximum is not None else 1)
    return {"string": "sample", "boolean": False, "enum": next(iter(spec.choices), ""), "integer": int(number), "number": number}[spec.type]


def fit(schema: type[Params], params: Any) -> tuple[Params | None, list[Objection]]:
    """The params as the schema's model, or what it objects to."""
    try:
        return schema.model_validate(params), []
    except ValidationError as error:
        return None, said(schema, params, error)
    except RecursionError:
        return None, [Objection((), "It is nested too deeply.")]


def said(schema: type[Params], params: Any, error: ValidationError) -> list[Objection]:
    """pydantic's errors as ours: union members' names taken out of the paths, errors of one place together."""
    places: dict[Path, list[str]] = {}
    surplus: set[Path] = set()
    for each in error.errors(include_url=False):
        kind = each["type"]
        path = in_text(each["loc"], params, keep_last=kind in ("missing", "extra_forbidden"))
        surplus |= {path} if kind == "extra_forbidden" else set()
        places.setdefault(path, []).append(worded(schema, each["loc"], kind, each))
    inner = [path for path in places if not any(other != path and other[: len(path)] == path and path for other in places)]
    return [Objection(path, " Or: ".join(dict.fromkeys(places[path])), path in surplus) for path in inner]


def in_text(loc: tuple[int | str, ...], params: Any, *, keep_last: bool) -> Path:
    """The part of pydantic's location that exists in the params (it also names union members)."""
    path: list[int | str] = []
    here: Any = params
    for part in loc:
        is_place = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if is_place or (isinstance(here, dict) and part in here):
            path.append(part)
            here = here[part]
    if keep_last and (not path or path[-1] != loc[-1]):
        path.append(loc[-1])
    return tuple(path)


def worded(schema: type[Params], loc: tuple[int | str, ...], kind: str, each: Any) -> str:
    name = str(loc[-1]) if loc else ""
    if kind == "missing":
        return f"“{name}” is missing."
    if kind == "extra_forbidden":
        top, all_names = names_of(schema)
        known = f" Known: {listed(top)}." if len(loc) == 1 else ""
        return f"“{name[:60]}” is not known here.{near(name, top if len(loc) == 1 else all_names)}{known}"
    message = str(each["msg"]).removeprefix("Value error, ").rstrip(".")
    value = each.get("input")
    shown = "" if kind == "value_error" or isinstance(value, dict | list) else f", not {json.dumps(value, default=str)[:60]}"
    return f"{message[:1].upper()}{message[1:]}{shown}."


def names_of(schema: type[Params]) -> tuple[list[str], list[str]]:
    """The names a schema knows at its top, and anywhere."""
    described = schema.model_json_schema(by_alias=True)
    nested = [name for part in described.get("$defs", {}).values() for name in part.get("properties", {})]
    top = list(described.get("properties", {}))
    return top, top + nested


def check_params(
    node: Node, path: str, schema: type[Params], fields: Fields, *, declared: Declared, findings: Findings
) -> tuple[Params | None, Any]:
    """The model made with samples of the parameters (None where it cannot be made), and the params as written."""
    written = node.plain()
    if not node.is_mapping:
        findings.wrong(node, path, f"A mapping is expected, with {listed(names_of(schema)[0])}.")
        return None, {}
    is_sound = True
    open_places: set[Path] = set()
    for place, text, is_key in texts(written):
        if trouble := objection(text, place, is_key, declared, fields):
            findings.wrong(node.find(place, at_key=is_key), dotted(path, place), trouble)
            is_sound = False
        elif not is_key and is_open(text, declared):
            open_places.add(place)
    if not is_sound:
        return None, written
    model, objections = fit(schema, put_in(written, {name: sample(spec) for name, spec in declared.items()}, declared, fields))
    for each in objections:
        if not any(place[: len(each.path)] == each.path for place in open_places):  # what is not known yet is judged by resolve
            findings.wrong(node.find(each.path, at_key=each.at_key), dotted(path, each.path), each.message)
    return model, written


def is_open(text: str, declared: Declared) -> bool:
    """Whether only the given parameters can tell if this text is right: any sample of a number inside a longer text is as good."""
    unknown = [declared[name] for name in names_in(text) if declared[name].default is None]
    return any(spec.type == "string" or text.strip().strip("{} ") == spec.name for spec in unknown)


def dotted(path: str, place: Iterable[str | int]) -> str:
    for part in place:
        path += f"[{part}]" if isinstance(part, int) else f".{part[:60]}"
    return path
