"""
The shape of `treasury.yaml` for editors, as a JSON Schema.
"""

from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from bursar.config.chains import PRESETS
from bursar.config.sections import TreasuryFile

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PRESET: Final = {"enum": list(PRESETS)}


class _Schema(GenerateJsonSchema):
    """
    Without titles that repeat the keys, and without null, which the file does not know: what is
    not given is left out.
    """

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        if found.get("default", "") in (None, ""):
            found.pop("default", None)
        return found

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """
    What an editor needs for completion and for marking what is misspelled.

    It knows keys and kinds of values. Names that refer to each other, and figures that contradict
    each other, only `load_treasury` finds.
    """
    schema = TreasuryFile.model_json_schema(schema_generator=_Schema)
    for section in schema["$defs"].values():
        section.pop("title")
    chain = schema["$defs"]["ChainSection"]
    preset = chain["properties"]["preset"]
    chain["properties"]["preset"] = {"description": preset["description"], **_PRESET}
    schema["$defs"]["ChainSection"] = {"anyOf": [_PRESET, chain]}
    _close(schema)
    return {"$schema": _DIALECT, **schema, "title": "treasury.yaml"}


def _close(schema: Any) -> None:
    """
    Let mappings of names take no other keys than names.
    """
    if isinstance(schema, list):
        for each in schema:
            _close(each)
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema["additionalProperties"] = False
        _close(list(schema.values()))
