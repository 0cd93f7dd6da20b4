"""The JSON Schema of a runbook, for editors: from the kinds' own Params, so that it never knows less than the spec.

It says what a text looks like; only `parse` says whether it makes sense. Wherever a value is expected, `{{ name }}` may stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from windows.actions.measurement import Gate
from windows.actions.params import Params
from windows.actions.registry import Kind, kinds
from windows.runbooks.spec.parameters import NAME, TYPES
from windows.runbooks.spec.reading import LAYERS, SLUG

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
LENGTH = r"^(?=.)([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}(\.[0-9]{1,3})?s)?$"
DURATION: Schema = {"type": "string", "pattern": LENGTH, "examples": ["30s", "5m", "1h30m"]}
PLACE: Schema = {"type": "string", "pattern": r"\{\{.*\}\}", "description": "A parameter: {{ name }}"}


def text(most: int, least: int = 1, **more: Any) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most, **more}


def closed(properties: Mapping[str, Any], required: list[str], **more: Any) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False, **more}


def schema() -> Schema:
    """A JSON document, the same for the same kinds."""
    known = dict(sorted(kinds().items()))
    definitions: Schema = {}
    actions = {name: params_of(kind.params, name, definitions) | {"description": kind.summary} for name, kind in known.items()}
    gate = params_of(Gate, "watch", definitions)
    definitions["step"] = step(known, actions)
    definitions["loop"] = loop()
    definitions["parameter"] = parameter()
    definitions["watch"] = gate | {
        "properties": gate["properties"]
        | {"name": text(120), "interval": DURATION, "on_fail": {"enum": ["roll_back", "checkpoint", "hold"], "default": "roll_back"}},
        "required": ["name", *gate.get("required", [])],
    }
    return {
        "$schema": DIALECT,
        "title": "Roadworks runbook",
        **closed(top(), ["runbook", "title", "steps"]),
        "$defs": definitions,
    }


def top() -> Schema:
    backup = closed({"database": text(63), "query": text(4000), "max_age": DURATION}, ["database", "query", "max_age"])
    steps = {"type": "array", "maxItems": 200, "items": {"anyOf": [{"$ref": "#/$defs/step"}, {"$ref": "#/$defs/loop"}]}}
    return {
        "runbook": text(63, pattern=f"^{SLUG}$", description="Its short name"),
        "title": text(200),
        "description": text(4000, 0),
        "layers": {"type": "array", "items": {"enum": list(LAYERS)}, "maxItems": len(LAYERS)},
        "parameters": {
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME}$"},
            "additionalProperties": {"$ref": "#/$defs/parameter"},
        },
        "rollback_reserve": DURATION | {"description": "What the way back needs: it begins that long before the window's end"},
        "on_turn_back": {"enum": ["roll_back", "hold"], "default": "roll_back"},
        "backup_check": backup,
        "playbooks": {
            "type": "array",
            "maxItems": 20,
            "items": text(63, pattern=f"^{SLUG}$"),
            "description": "Decision guides for whoever must decide meanwhile",
        },
        "expected_alerts": {"type": "array", "maxItems": 20, "items": expected_alert()},
        "cost": cost(),
        "watch": {"type": "array", "maxItems": 50, "items": {"$ref": "#/$defs/watch"}},
        "steps": steps | {"minItems": 1},
        "validation": {"type": "array", "maxItems": 200, "items": {"$ref": "#/$defs/step"}},
    }


def expected_alert() -> Schema:
    minutes = {"type": "integer", "minimum": 0, "maximum": 1440, "description": "Minutes after the window has begun"}
    own = {"alert": text(200), "service": text(63), "environment": text(63), "begin": minutes, "end": minutes, "because": text(300)}
    return closed(own, ["alert", "service", "environment", "end", "because"])


def cost() -> Schema:
    amount = {"type": "number", "minimum": 0, "description": "In the portal's one currency, to the hundredth"}
    leftover = closed({"what": text(150), "within": DURATION, "cost_per_hour": amount}, ["what"])
    people = {"type": "integer", "minimum": 1, "maximum": 1000, "description": "How many are busy while it runs"}
    leftovers = {"type": "array", "maxItems": 20, "items": leftover, "description": "What a success leaves running, to be torn down"}
    return closed({"people": people, "cloud_per_hour": amount, "leftovers": leftovers}, [])


def step(known: Mapping[str, Kind], actions: Mapping[str, Schema]) -> Schema:
    """One action, beside what every step may say."""
    one_action = [{"required": [name]} for name in known]
    undo: Schema = {"anyOf": [{"const": "none"}, closed(actions, [], minProperties=1, maxProperties=1)]}
    own: Schema = {
        "name": text(120),
        "timeout": DURATION,
        "retry": closed({"attempts": {"type": "integer", "minimum": 1, "maximum": 20}, "backoff": DURATION}, ["attempts"]),
        "repeatable": {"type": "boolean", "description": "Whether doing it twice does no harm"},
        "undo": undo | {"description": "How the step is undone; none wants a reason in `because`"},
        "because": text(500, 5),
        "quiesce": {"anyOf": [text(100), closed({"what": text(100), "resume_within": DURATION}, ["what"])]},
        "resume": text(100),
        "checkpoint": {"type": "boolean", "description": "Whether a rollback may end here, once this step has succeeded"},
        "on_fail": {"enum": ["roll_back", "checkpoint"], "default": "roll_back", "description": "How far a failure of it goes back"},
        "after_rollback": {"type": "boolean", "description": "Of validation: whether it also proves that a rollback left all well"},
    }
    return closed(own | dict(actions), ["name"], oneOf=one_action)


def loop() -> Schema:
    targets = {"type": "array", "maxItems": 100, "items": {"type": ["string", "integer", "number"]}}
    inner = {"type": "array", "minItems": 1, "maxItems": 50, "items": {"$ref": "#/$defs/step"}}
    own = {
        "for_each": text(40, pattern=f"^{NAME}$"),
        "in": {"anyOf": [targets, PLACE]},
        "batch": {"type": "integer", "minimum": 1, "maximum": 100, "default": 1},
        "wait": DURATION,
        "steps": inner,
        "between": inner,
    }
    return closed(own, ["for_each", "in", "steps"])


def parameter() -> Schema:
    own = {
        "type": {"enum": list(TYPES)},
        "default": {"type": ["string", "number", "boolean"]},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "choices": {"type": "array", "items": text(100), "maxItems": 100},
        "pattern": text(200),
        "description": text(1000, 0),
    }
    return closed(own, ["type"])


def params_of(params: type[Params], name: str, definitions: Schema) -> Schema:
    """The params' own schema; what it refers to goes into the definitions under the kind's name."""
    made = params.model_json_schema(by_alias=True)
    inner = made.pop("$defs", {})
    for each, described in inner.items():
        definitions[f"{name}.{each}"] = open_to_parameters(described, name)
    return dict(open_to_parameters(made, name))


def open_to_parameters(node: Any, name: str) -> Any:
    """pydantic's schema as an editor needs it: our durations, its references under our names, a parameter in any value's place."""
    if isinstance(node, list):
        return [open_to_parameters(each, name) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {**node, "$ref": f"#/$defs/{name}.{str(node['$ref']).rsplit('/', 1)[-1]}"}
    if node.get("format") == "duration":
        about = {key: node[key] for key in ("default", "description") if key in node}
        return {"anyOf": [DURATION, PLACE], **about}
    made = {
        key: value if key in ("default", "enum", "const", "required") else open_to_parameters(value, name) for key, value in node.items()
    }
    is_value = made.get("type") in ("integer", "number", "boolean") or "enum" in made or "const" in made
    if is_value or (made.get("type") == "string" and "pattern" in made):
        about = {key: made.pop(key) for key in ("title", "description", "default") if key in made}
        return {"anyOf": [made, PLACE], **about}
    return made
