"""
As much of JSON Schema as ours uses: a full validator would be a dependency for four tests.
"""

import re
from typing import Any

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_KNOWN = {
    *("$schema", "$defs", "title", "description", "examples", "default", "format"),
    *("$ref", "anyOf", "enum", "const", "type", "pattern", "minimum", "maximum", "maxLength"),
    *("properties", "patternProperties", "additionalProperties", "propertyNames", "required"),
    "items",
}


def errors_of(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None) -> list[str]:
    """
    What is wrong with a value; an unknown keyword of the schema is an error of the test.
    """
    root = root or schema
    assert set(schema) <= _KNOWN, set(schema) - _KNOWN
    if "$ref" in schema:
        found = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return errors_of(found, value, root)
    if "anyOf" in schema:
        tried = [errors_of(each, value, root) for each in schema["anyOf"]]
        return [] if [] in tried else [f"{value!r} is none of the possible"]
    errors = _scalar_errors(schema, value)
    if isinstance(value, dict) and not errors:
        errors += _object_errors(schema, value, root)
    if isinstance(value, list) and not errors:
        for each in value:
            errors += errors_of(schema.get("items", {}), each, root)
    return errors


def _scalar_errors(schema: dict[str, Any], value: Any) -> list[str]:
    kinds = schema.get("type", list(_KINDS))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    fits = any(
        isinstance(value, _KINDS[kind]) and (kind == "boolean") == isinstance(value, bool)
        for kind in kinds
    )
    checks = [
        "type" not in schema or fits,
        "enum" not in schema or value in schema["enum"],
        "const" not in schema or value == schema["const"],
    ]
    if isinstance(value, str):
        checks.append(re.search(schema.get("pattern", ""), value) is not None)
        checks.append(len(value) <= schema.get("maxLength", len(value)))
    if isinstance(value, int | float):
        checks.append(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return [] if all(checks) else [f"{value!r} does not fit {schema}"]


def _object_errors(schema: dict[str, Any], value: dict[str, Any], root: Any) -> list[str]:
    errors = [f"{name} is missing" for name in schema.get("required", []) if name not in value]
    patterns = schema.get("patternProperties", {})
    for name, each in value.items():
        errors += errors_of(schema.get("propertyNames", {}), name, root)
        fitting = [found for pattern, found in patterns.items() if re.search(pattern, name)]
        if name in schema.get("properties", {}):
            fitting.append(schema["properties"][name])
        if not fitting and schema.get("additionalProperties") is False:
            errors.append(f"{name} is unknown")
        for found in fitting:
            errors += errors_of(found, each, root)
    return errors
