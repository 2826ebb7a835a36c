"""The base of every typed answer: what a view gives is at once what a page shows, what JSON is made of and what
OpenAPI documents. Frozen, with no field beside those that are declared.

Amounts and quantities never go without their asset or product: an integer alone cannot be added up wrongly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypedDict, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from ledger.core.money import MAX_AMOUNT, decimal_text

T = TypeVar("T")
Given = TypeVar("Given")


class Frozen(BaseModel):
    """Base of the answers. The text below a field is its description in the OpenAPI document."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True
    )

    def data(self) -> dict[str, Any]:
        """The answer as plain JSON values, under the names that programs read."""
        return self.model_dump(mode="json", by_alias=True)


def made_of(function: Callable[[Given], T]) -> T:
    """The default of a field that is made of fields before it: `Given` is a TypedDict of those that it reads.

    pydantic hands on all of them in a dictionary without types; they are named here, once for all answers.
    """
    field: T = Field(default_factory=cast("Callable[[dict[str, Any]], T]", function))
    return field


def _exact(number: int) -> int | str:
    return number if -MAX_AMOUNT <= number <= MAX_AMOUNT else str(number)


Whole = Annotated[
    int,
    PlainSerializer(_exact, return_type=int | str, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": "^-?[0-9]+$"}]}),
]
"""A whole number. In JSON one beyond 2^53-1 is a text, so that no reader loses a digit (RFC 8785, I-JSON)."""


class _AmountFields(TypedDict):
    """What the decimal of an amount is made of."""

    asset: str
    minor: int


def _decimal(given: _AmountFields) -> str:
    return decimal_text(given["asset"], given["minor"])


class Amount(Frozen):
    """An amount of money or a number of things, exact in two ways."""

    asset: str
    """`BTC`, a currency's code, or the code of a product."""
    minor: Whole
    """Whole minor units: satoshis, cents, pieces."""
    decimal: str = made_of(_decimal)
    """The same with its decimal point, as `0.01000000`."""

    @classmethod
    def of(cls, asset: str, minor: int) -> Amount:
        """`minor` whole minor units of `asset`."""
        return Amount(asset=asset, minor=minor)

    @classmethod
    def known(cls, asset: str, minor: int | None) -> Amount | None:
        """The same, or None where the figure is not known."""
        return None if minor is None else Amount(asset=asset, minor=minor)


class Quantity(Frozen):
    """Pieces of one product. Nothing adds those of different products; a total is a list of these."""

    product: str
    """The product's code."""
    unit: str
    """What a piece is called, in the singular, as `kit`."""
    quantity: Whole
    """Whole pieces."""
