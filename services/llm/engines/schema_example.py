"""The smallest instance of a JSON schema, for an engine that has no model to write a better one."""

from __future__ import annotations

from typing import Any

from services.llm.engines.errors import EngineRefused

_DEPTH = 32


def example(schema: dict[str, Any]) -> Any:
    """An instance of a schema: required fields only, first alternatives, smallest values.

    Raises:
        EngineRefused: If the schema is recursive without end, or of a type that JSON does not have.
    """
    return _example(schema, schema, 0)


def _example(schema: Any, root: dict[str, Any], depth: int) -> Any:
    if depth > _DEPTH:
        raise EngineRefused("The JSON schema requires an endless answer.")
    if not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        return _example(_followed(schema["$ref"], root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _example(schema[key][0], root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "null")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties", {})
        return {
            name: _example(properties.get(name, {}), root, depth + 1)
            for name in schema.get("required", ())
        }
    if kind == "array":
        items = schema.get("items", {})
        return [_example(items, root, depth + 1) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return "a" * int(schema.get("minLength", 1))
    if kind in {"integer", "number"}:
        return _smallest(schema)
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    raise EngineRefused(f"The JSON schema has a type {kind!r}, which JSON does not have.")


def _smallest(schema: dict[str, Any]) -> float | int:
    if "minimum" in schema:
        value: float | int = schema["minimum"]
        return value
    if "exclusiveMinimum" in schema:
        return int(schema["exclusiveMinimum"]) + 1
    return min(0, int(schema.get("maximum", 0)))


def _followed(reference: str, root: dict[str, Any]) -> Any:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(found, dict) or part not in found:
            raise EngineRefused(f"The JSON schema refers to {reference!r}, which it does not hold.")
        found = found[part]
    return found
