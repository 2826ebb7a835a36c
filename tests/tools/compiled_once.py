"""All databases of a test process share what SQLAlchemy has compiled.

The program opens one database and compiles its statements once. Tests open thousands, each with engines of its own:
compiling the same statements again for each was a third of what the suite costs.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Dialect, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from ledger.store import engine

_COMPILED: dict[Any, Any] = {}
"""What is compiled is looked up by its dialect, among others."""


def share_compiled() -> None:
    """From now on; the engines of one kind of database have one dialect, as far as a look-up can tell."""
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        dialect.__eq__ = _is_same  # type: ignore[method-assign,assignment]
        dialect.__hash__ = _hash_of  # type: ignore[method-assign,assignment]
    engine.create_engine = partial(  # type: ignore[attr-defined]
        create_engine, execution_options={"compiled_cache": _COMPILED}
    )


def _is_same(one: Dialect, other: object) -> bool:
    return type(one) is type(other)


def _hash_of(one: Dialect) -> int:
    return hash(type(one))
