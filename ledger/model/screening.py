"""Lists of sanctioned addresses as they were loaded, and what people found of payees on lists of whatever kind.

Model: folded from the entries of `ledger/rules/sanctions_lists.py` and `ledger/rules/payee_screening.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.recorded import Numbered, Recorded


class PayeeKind(StrEnum):
    """To whom money leaves: a supplier, the donor of a gift that goes back, an exchange, the tax office."""

    SUPPLIER = "supplier"
    DONOR = "donor"
    EXCHANGE = "exchange"
    TAX_OFFICE = "tax_office"


class ScreeningResult(StrEnum):
    """What somebody found of a payee on a list; `cleared`: what looked like it is another, or may be paid."""

    NO_MATCH = "no_match"
    MATCH = "match"
    CLEARED = "cleared"


class SanctionsListRow(Recorded, table=True):
    """The list `name` as its publisher had it on `list_date`, from `source`; `sha256` is that of the file, if any."""

    __tablename__: ClassVar[Any] = "sanctions_lists"
    __table_args__ = (Index("sanctions_lists_name", "campaign", "name", "list_date"), STRICT)
    name: str = Field(sa_type=TEXT)
    list_date: str = Field(sa_type=TEXT)
    source: str = Field(sa_type=TEXT)
    sha256: str | None = Field(default=None, sa_type=TEXT)
    at: str = Field(sa_type=TEXT)  # when it was recorded


class ListedAddressRow(Table, table=True):
    """An address on a list, and the script (hex) that it stands for, by which it is compared."""

    __tablename__: ClassVar[Any] = "sanctions_list_addresses"
    __table_args__ = (KEYED,)
    list_entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="sanctions_lists.entry"
    )
    script: str = Field(primary_key=True, sa_type=TEXT)
    address: str = Field(sa_type=TEXT)


class ScreeningRow(Numbered, table=True):
    """What somebody found of a payee on `list_name`, as that stood on `list_date`.

    `payee` is the name of a supplier or an exchange, or a gift whose donor it is; empty for the tax office.
    """

    __tablename__: ClassVar[Any] = "screenings"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("screenings_payee", "campaign", "kind", "payee"),
        one_of("kind", PayeeKind),
        one_of("result", ScreeningResult),
        STRICT,
    )
    kind: PayeeKind = Field(sa_type=Word(PayeeKind))
    payee: str = Field(sa_type=TEXT)
    list_name: str = Field(sa_type=TEXT)
    list_date: str = Field(sa_type=TEXT)
    result: ScreeningResult = Field(sa_type=Word(ScreeningResult))


class ScreeningTermsRow(Table, table=True):
    """The sum in a campaign's currency, minor units, above which no payee is paid that nobody screened.

    It stands since `date` by `entry`; none: no sum is named.
    """

    __tablename__: ClassVar[Any] = "screening_terms"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    above: int | None = Field(default=None, sa_type=LONG)
    date: str = Field(sa_type=TEXT)
    entry: int = Field(sa_type=LONG, foreign_key="entries.seq")
