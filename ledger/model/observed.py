"""What was seen on the chain as it stands now: blocks, transactions that touch us, their inputs and our outputs.

Folded from the observations, written by SQLAlchemy Core alone. Transactions and blocks are named as explorers do (64
hexadecimal digits), amounts are sats.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import column
from sqlmodel import Field, Index

from ledger.model.columns import FLAG, KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of


class TxState(StrEnum):
    """Where a transaction is; `seen` and `reorged` ones are on their way."""

    SEEN = "seen"
    CONFIRMED = "confirmed"
    REORGED = "reorged"
    REPLACED = "replaced"
    EVICTED = "evicted"


class ObservedBlockRow(Table, table=True):
    """A block of the agreed chain that was read; `time` is its header's, in Unix seconds."""

    __tablename__: ClassVar[Any] = "observed_blocks"
    __table_args__ = (STRICT,)
    height: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    hash: str = Field(sa_type=TEXT, unique=True)
    time: int = Field(sa_type=LONG)


class ObservedTransactionRow(Table, table=True):
    """A transaction that pays us or spends ours; `height` to `position` are empty where no block holds it.

    `confirmed_at` is when it was first seen in a block, `departures` how many of its blocks left the chain,
    `replaced_by` what took its inputs, `others` how many outputs of value are not ours.
    """

    __tablename__: ClassVar[Any] = "observed_transactions"
    __table_args__ = (
        one_of("state", TxState),
        Index("observed_transactions_order", "height", "position", "txid"),
        Index("observed_transactions_state", "state", "txid"),
        KEYED,
    )
    txid: str = Field(primary_key=True, sa_type=TEXT)
    state: TxState = Field(sa_type=Word(TxState))
    height: int | None = Field(default=None, sa_type=LONG)
    block: str | None = Field(default=None, sa_type=TEXT)
    block_time: int | None = Field(default=None, sa_type=LONG)
    position: int | None = Field(default=None, sa_type=LONG)
    coinbase: bool = Field(sa_type=FLAG)
    first_at: str = Field(sa_type=TEXT)
    confirmed_at: str | None = Field(default=None, sa_type=TEXT)
    departures: int = Field(default=0, sa_type=LONG)
    replaced_by: str | None = Field(default=None, sa_type=TEXT)
    others: int = Field(sa_type=LONG)


class ObservedDepartureRow(Table, table=True):
    """A block that held a transaction and left the agreed chain, the `n`th of it from 0; `left_at` is when we saw it.

    `time` is the block's own, in Unix seconds.
    """

    __tablename__: ClassVar[Any] = "observed_departures"
    __table_args__ = (KEYED,)
    txid: str = Field(primary_key=True, sa_type=TEXT, foreign_key="observed_transactions.txid")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    height: int = Field(sa_type=LONG)
    block: str = Field(sa_type=TEXT)
    time: int = Field(sa_type=LONG)
    left_at: str = Field(sa_type=TEXT)


class ObservedSourceRow(Table, table=True):
    """A source that told of a transaction."""

    __tablename__: ClassVar[Any] = "observed_sources"
    __table_args__ = (KEYED,)
    txid: str = Field(primary_key=True, sa_type=TEXT, foreign_key="observed_transactions.txid")
    source: str = Field(primary_key=True, sa_type=TEXT)


class ObservedInputRow(Table, table=True):
    """An output, anybody's, that a transaction spends."""

    __tablename__: ClassVar[Any] = "observed_inputs"
    __table_args__ = (Index("observed_inputs_spent", "spent_txid", "spent_vout"), KEYED)
    txid: str = Field(primary_key=True, sa_type=TEXT, foreign_key="observed_transactions.txid")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    spent_txid: str = Field(sa_type=TEXT)
    spent_vout: int = Field(sa_type=LONG)


class ObservedScriptRow(Table, table=True):
    """The script (hex) of an output, anybody's, that a transaction which touches us spends: who sent it.

    By the bytes of the input, or by those of the transaction that made the output (`proven`).
    """

    __tablename__: ClassVar[Any] = "observed_scripts"
    __table_args__ = (Index("observed_scripts_script", "script"), KEYED)
    txid: str = Field(primary_key=True, sa_type=TEXT)
    vout: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    script: str = Field(sa_type=TEXT)
    proven: bool = Field(sa_type=FLAG)


class ObservedPayeeRow(Table, table=True):
    """An output of value, to somebody else's script (hex), of a transaction that spends coins of ours."""

    __tablename__: ClassVar[Any] = "observed_payees"
    __table_args__ = (KEYED,)
    txid: str = Field(primary_key=True, sa_type=TEXT, foreign_key="observed_transactions.txid")
    vout: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    script: str = Field(sa_type=TEXT)
    sats: int = Field(sa_type=LONG)


class ObservedOutputRow(Table, table=True):
    """An output to one of our scripts: a coin from its first block on.

    `height` is its block's, empty while it is in none of the agreed chain; `spent_height` that of the block whose
    transaction `spent_by` spends it. A coinbase's matures late, so it is told apart here.
    """

    __tablename__: ClassVar[Any] = "observed_outputs"
    __table_args__ = (
        Index("observed_outputs_script", "script"),
        Index(
            "observed_outputs_spent",
            "spent_height",
            sqlite_where=column("spent_height").is_not(None),
            postgresql_where=column("spent_height").is_not(None),
        ),
        Index(
            "observed_outputs_coinbases",
            "height",
            sqlite_where=column("coinbase") == 1,
            postgresql_where=column("coinbase") == 1,
        ),
        KEYED,
    )
    txid: str = Field(primary_key=True, sa_type=TEXT, foreign_key="observed_transactions.txid")
    vout: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    script: str = Field(sa_type=TEXT)
    sats: int = Field(sa_type=LONG)
    campaign: str = Field(sa_type=TEXT)
    branch: str = Field(sa_type=TEXT)
    address: str = Field(sa_type=TEXT)
    coinbase: bool = Field(sa_type=FLAG)
    height: int | None = Field(default=None, sa_type=LONG)
    spent_by: str | None = Field(default=None, sa_type=TEXT)
    spent_height: int | None = Field(default=None, sa_type=LONG)


class ObservedUnspentRow(Table, table=True):
    """Sats of the coins at a campaign's addresses that no block of the agreed chain spends, newest block included.

    Kept, so that no page adds up a million coins to compare chain and books.
    """

    __tablename__: ClassVar[Any] = "observed_unspent"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT)
    sats: int = Field(sa_type=LONG)
