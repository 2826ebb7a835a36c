"""Engines and transactions of SQLAlchemy for both databases: durable, locked before the first read, one snapshot.

It knows no table. What a database says when it refuses or fails becomes an error of ours, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, ResourceClosedError
from sqlmodel import Session

from ledger.core.errors import Conflict, LedgerError, StorageFailed
from ledger.model.columns import UNCOUNTED
from ledger.store.disk import keep_private, make_private
from ledger.store.failures import BUSY_SECONDS, server_ended, storage_failure

if TYPE_CHECKING:
    from psycopg import Pipeline

_WRITERS = 1097425012
"""The advisory lock of PostgreSQL that every writer of a ledger takes first."""
STATEMENTS = 4000
"""Compiled statements that an engine keeps: all that this program has, or it would compile them again and again."""
PREPARED = 1000
"""Statements that a connection of SQLite keeps planned: an audit alone asks more than the usual 128, of which then each
would be parsed and planned again every time."""
SERVERS = ("postgresql", "postgresql+psycopg")
"""What the URL of a database server may begin with; both mean psycopg."""
_STATE = "aidtrail"
"""Where a connection keeps what its transaction is about: see `_Transaction`."""


class _Transaction:
    """What an error has to be told by: does this transaction write, does it commit now, did a statement fail?

    `pipeline` is psycopg's, while what is added is sent to the server without waiting for its answers; `waits` for
    each all the same.
    """

    def __init__(self, *, writes: bool) -> None:
        self.writes = writes
        self.commits = False
        self.failed = False
        self.pipeline: Pipeline | None = None
        self.waits = False


def engine_of(url: str, *, may_create: bool, reading: bool = False) -> Engine:
    """The engine of a `sqlite:///` or `postgresql://` URL; its transactions are opened by `transaction`.

    `reading`: nothing can be written through it. Raises LedgerError for another URL, FileNotFoundError where there
    is no such file and none may be made.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerError.field("database", "write sqlite:///PATH or postgresql://USER@HOST/NAME") from None
    if parsed.drivername == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise LedgerError.field("database", "a ledger in memory would be lost; write sqlite:///PATH")
        if not may_create and not Path(parsed.database).is_file():
            raise FileNotFoundError(2, "no such database file", parsed.database)
        if may_create:
            # Its log and its index get the mode of the file. What cannot be made is told when it is opened.
            with suppress(OSError):
                make_private(Path(parsed.database))
        keep_private(Path(parsed.database))
        engine = create_engine(
            parsed,
            isolation_level="AUTOCOMMIT",
            max_overflow=-1,
            query_cache_size=STATEMENTS,
            connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS, "cached_statements": PREPARED},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        if reading:
            event.listen(engine, "connect", _read_only)
    elif parsed.drivername in SERVERS:
        try:
            engine = create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                isolation_level="AUTOCOMMIT",
                max_overflow=-1,
                query_cache_size=STATEMENTS,
                connect_args={"options": f"-c lock_timeout={BUSY_SECONDS * 1000} -c timezone=UTC"},
            )
        except ModuleNotFoundError:
            raise LedgerError.field(
                "database",
                'PostgreSQL needs psycopg, which is not installed here; pip install "psycopg[binary]"',
            ) from None
        # Rows that are added together are one statement; psycopg's own `executemany` sends one for each row.
        engine.dialect.use_insertmanyvalues_wo_returning = True
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "after_cursor_execute", _await_answers)
    else:
        raise LedgerError.field(
            "database",
            "{engine} is not supported; write sqlite:///PATH or postgresql://…",
            engine=parsed.drivername,
        )
    event.listen(engine, "handle_error", _as_ours)
    return engine


def _prepare_sqlite(connection: Any, _: Any) -> None:
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "synchronous = FULL",
        "foreign_keys = ON",
        "recursive_triggers = ON",
        "trusted_schema = OFF",
        "cache_size = -32768",
        "wal_autocheckpoint = 4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _read_only(connection: Any, _: Any) -> None:
    """There are many of these, and the system keeps what they read: a small cache each."""
    for pragma in ("query_only = ON", "cache_size = -4096"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(connection: Any, _: Any) -> None:
    """A server may answer before an entry is on its disk; here it never does (`remote_apply` and the like stay)."""
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )


def _await_answers(connection: Connection, *execution: Any) -> None:
    """The answers to all that was sent are read, refusals first, but after an INSERT that returns nothing, and after
    what changes rows that nobody counts."""
    state: _Transaction | None = connection.info.get(_STATE)
    if state is not None and state.pipeline is not None:
        *_, context, _ = execution
        adds = context.isinsert and not context.compiled.effective_returning
        if state.waits or not (adds or context.execution_options.keys() >= UNCOUNTED.keys()):
            state.pipeline.sync()


@contextmanager
def _pipelined(connection: Connection) -> Iterator[None]:
    """While it is open, rows are sent to PostgreSQL one after the other, without a round trip for each.

    What the server refuses is told by the next question, at the latest before COMMIT (`_hear_all`). SQLite has no
    such way: it is asked within this process.
    """
    state: _Transaction = connection.info[_STATE]
    if connection.dialect.name != "postgresql" or not state.writes:
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    refused: Any = connection.dialect.dbapi
    with driver.pipeline() as pipeline:
        state.pipeline = pipeline
        try:
            yield
        except BaseException:
            # What was still under way is of no interest any more; the connection is of use again afterwards.
            with suppress(refused.Error):
                pipeline.sync()
            raise
        finally:
            state.pipeline = None


def _hear_all(connection: Connection) -> None:
    """What was sent without waiting is answered by now, or refused: it raises as the statement itself would."""
    state: _Transaction = connection.info[_STATE]
    if state.pipeline is not None:
        connection.exec_driver_sql("SELECT 1")


def _as_ours(context: ExceptionContext) -> None:
    """Raise a refusal or a failure of the database as an error of ours; mistakes of this program stay as they are."""
    state = None if context.connection is None else context.connection.info.get(_STATE)
    if state is not None:
        state.failed = True
    failure = context.sqlalchemy_exception or context.original_exception
    if isinstance(failure, IntegrityError):
        first = next(iter(str(failure.orig).splitlines()), "")
        raise Conflict.field(
            "database", "{first}; nothing was written", first=first
        ) from context.original_exception
    failed = storage_failure(
        context.original_exception,
        writes=state is not None and state.writes,
        commits=state is not None and state.commits,
    )
    if failed is not None:
        raise failed from context.original_exception


@contextmanager
def transaction(engine: Engine, *, writes: bool) -> Iterator[Session]:
    """One transaction: kept as a whole when the block ends, undone when it raises.

    A write has the one right to write before it reads anything (`BEGIN IMMEDIATE`, or an advisory lock); an answer
    sees one snapshot. Raises StorageFailed when the database cannot, Conflict for what it refuses.
    """
    connection = _begun(engine, _Transaction(writes=writes))
    state: _Transaction = connection.info[_STATE]
    try:
        with (
            Session(connection, autoflush=writes, expire_on_commit=False) as session,
            _pipelined(connection),
        ):
            yield session
            if writes:
                session.flush()
            if state.failed:
                raise StorageFailed.field(
                    "database", "a statement of this transaction failed; nothing was written"
                )
            _hear_all(connection)
            # Before the session ends, which would roll back what is still open.
            state.commits = True
            connection.exec_driver_sql("COMMIT")
    except BaseException as failure:
        _roll_back(connection)
        # The driver itself may raise where no statement is asked: its server went away while answers were waited for.
        failed = storage_failure(failure, writes=writes, commits=state.commits)
        if failed is not None:
            raise failed from failure
        raise
    finally:
        connection.close()


def connected(engine: Engine) -> Connection:
    """A connection of the pool. Raises StorageFailed where its server cannot be asked."""
    try:
        return engine.connect()
    except (ResourceClosedError, NotImplementedError) as failure:
        # The first connection of a server is asked what it can; what SQLAlchemy and psycopg raise where it ends
        # meanwhile is no error of a database.
        raise server_ended() from failure


def _begun(engine: Engine, state: _Transaction) -> Connection:
    """A connection within a new transaction: one of the pool, or a fresh one where that one is broken."""
    for last in (False, True):
        connection = connected(engine)
        connection.info[_STATE] = state
        try:
            _begin(connection, writes=state.writes)
        except StorageFailed:
            # The server may have been started again since: nothing was done yet, a fresh connection will do.
            broken = connection.dialect.name == "postgresql" and not last
            connection.invalidate()
            connection.close()
            if not broken:
                raise
            engine.dispose()
            state.failed = False
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError("the last try returns or raises")


def _begin(connection: Connection, *, writes: bool) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        if not writes:
            # SQLite takes its snapshot with the first question, not with BEGIN.
            connection.exec_driver_sql("SELECT 1 FROM sqlite_master").first()
    elif writes:
        # One round trip; nothing is sent ahead yet, where a server takes one statement at a time.
        connection.exec_driver_sql(f"BEGIN; SELECT pg_advisory_xact_lock({_WRITERS})")
    else:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _roll_back(connection: Connection) -> None:
    """Undo what is left of a transaction; a broken connection leaves the pool."""
    if connection.invalidated or connection.closed:
        return
    refused: Any = connection.dialect.dbapi
    try:
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "postgresql":
            # Not by a statement: psycopg has to forget those that the server, which had refused one, did not prepare.
            driver.rollback()
        elif driver.in_transaction:
            connection.exec_driver_sql("ROLLBACK")
    except (DBAPIError, LedgerError, refused.Error):
        connection.invalidate()


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """What is done within is kept or undone as a whole, and alone.

    Raises StorageFailed where the database can undo nothing less than the transaction.
    """
    connection = session.connection()
    state: _Transaction = connection.info[_STATE]
    part = session.begin_nested()
    session.connection()  # it begins now, not when the session is first asked: Core may write before that
    waited, state.waits = state.waits, True  # what was sent after a refusal would have to be forgotten
    try:
        yield
        session.flush()
        part.commit()
    except Exception:
        driver: Any = connection.connection.dbapi_connection
        if connection.dialect.name == "sqlite" and not driver.in_transaction:
            raise StorageFailed.field(
                "database", "a statement of this transaction failed; nothing was written"
            ) from None
        if part.is_active:
            part.rollback()
        state.failed = False
        raise
    finally:
        state.waits = waited
