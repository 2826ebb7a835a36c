"""What a view tells for a person: a word of an enum and named values, of which a page or a command makes the sentence.

The words stand with whoever shows them (`api/pages/sentences`), one whole message for each code; JSON has the code and
the values beside the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ledger.core.wording import Value, Wording, value_data


class _Worded:
    """What JSON has of a name or a wording: its text."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(
            (str, Wording), serialization=core_schema.plain_serializer_function_ser_schema(str)
        )


Which = Annotated[str | Wording, _Worded(), WithJsonSchema({"type": "string"})]
"""Which thing is told of: by its names and numbers alone, or in words."""


Worded = Annotated[Wording, _Worded(), WithJsonSchema({"type": "string"})]
"""What is told in words alone; JSON has the sentence."""


@dataclass(frozen=True, slots=True)
class Telling:
    """`Telling(ToDo.PAY, {"supplier": "Maker", "due": "2024-02-01"})`: a field of a frozen answer."""

    code: StrEnum
    values: Mapping[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.code, repr(sorted(self.values.items()))))

    def data(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "code": self.code.value,
            "values": {name: value_data(value) for name, value in self.values.items()},
        }

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(
            cls, serialization=core_schema.plain_serializer_function_ser_schema(cls.data)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "What is told; the same for ever."},
                "values": {
                    "type": "object",
                    "description": "What stands at each place of the sentence: a text, a number, an amount with its "
                    "asset, a list, or a sentence in its parts.",
                    "additionalProperties": True,
                },
            },
            "required": ["code", "values"],
            "additionalProperties": False,
        }
