"""Triggers that make tables append-only, in both dialects, and the sentences that they refuse with.

They guard every unique key; what they are named and what they say is checked, nothing is repaired silently.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from ledger.core.wording import Wording


class Dialect(enum.Enum):
    """The two databases."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


@dataclass(frozen=True, slots=True)
class Guard:
    """One table: what a new row must be, and when an update or a deletion is refused (always, unless said)."""

    table: str
    refuse_insert: tuple[tuple[str, str], ...]
    refuse_update: str = "1=1"
    word: str = "append-only"
    refuse_delete: str = "1=1"


GUARDS = (
    Guard(
        "entries",
        (
            (
                "NEW.seq IS DISTINCT FROM (SELECT coalesce(max(seq), 0) + 1 FROM entries)",
                "seq is not the next",
            ),
            ("EXISTS (SELECT 1 FROM entries WHERE key = NEW.key)", "key is recorded already"),
        ),
    ),
    Guard(
        "transfers",
        (
            ("NEW.seq IS DISTINCT FROM (SELECT max(seq) FROM entries)", "seq is not of the newest entry"),
            (
                "NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM transfers WHERE seq = NEW.seq)",
                "n is not the next",
            ),
            (
                "NEW.n > (SELECT transfers FROM entries WHERE seq = NEW.seq)",
                "the entry has no more transfers",
            ),
        ),
    ),
    Guard(
        "observations",
        (("NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM observations)", "n is not the next"),),
    ),
    Guard(
        "audit",
        (("NEW.n IS DISTINCT FROM (SELECT coalesce(max(n), 0) + 1 FROM audit)", "n is not the next"),),
    ),
    # Who recorded an entry may not approve it: without its author, four eyes would be two.
    Guard(
        "authors",
        (
            ("EXISTS (SELECT 1 FROM authors WHERE seq = NEW.seq)", "the entry has its author"),
            ("NOT EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq)", "there is no such entry"),
        ),
    ),
    Guard(
        "addresses",
        (
            ("EXISTS (SELECT 1 FROM addresses WHERE script = NEW.script)", "script is there already"),
            ("EXISTS (SELECT 1 FROM addresses WHERE address = NEW.address)", "address is there already"),
            ("EXISTS (SELECT 1 FROM addresses WHERE claim = NEW.claim)", "claim is there already"),
        ),
        "NEW.script IS DISTINCT FROM OLD.script OR NEW.address IS DISTINCT FROM OLD.address"
        " OR NEW.campaign IS DISTINCT FROM OLD.campaign OR NEW.branch IS DISTINCT FROM OLD.branch"
        " OR NEW.idx IS DISTINCT FROM OLD.idx OR NEW.source IS DISTINCT FROM OLD.source"
        " OR (NEW.restriction IS DISTINCT FROM OLD.restriction"
        " AND (OLD.restriction IS NOT NULL OR OLD.given_at IS NOT NULL OR OLD.used <> 0))"
        " OR (OLD.given_at IS NOT NULL AND (NEW.given_at IS DISTINCT FROM OLD.given_at"
        " OR NEW.claim IS DISTINCT FROM OLD.claim))"
        " OR EXISTS (SELECT 1 FROM addresses WHERE claim = NEW.claim AND script <> NEW.script)",
        "given out once",
    ),
    # A paper's bytes go only after the audit log says so; others never come in their place.
    Guard(
        "papers",
        (("EXISTS (SELECT 1 FROM papers WHERE sha256 = NEW.sha256)", "the paper is kept already"),),
        refuse_delete="NOT EXISTS (SELECT 1 FROM audit WHERE n = (SELECT max(n) FROM audit)"
        " AND action = 'paper removed' AND subject = OLD.sha256)",
    ),
    Guard(
        "paper_treatments",
        (
            (
                "EXISTS (SELECT 1 FROM paper_treatments WHERE sha256 = NEW.sha256 AND treatment = NEW.treatment)",
                "the treatment is there already",
            ),
        ),
        refuse_delete="NOT EXISTS (SELECT 1 FROM audit WHERE n = (SELECT max(n) FROM audit)"
        " AND action = 'paper removed' AND subject = OLD.sha256)",
    ),
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger by name, and the statements that make it (PostgreSQL needs a function as well)."""

    table: str
    name: str
    statements: tuple[str, ...]


def triggers(dialect: Dialect) -> tuple[Trigger, ...]:
    """Every trigger that a database of this dialect must have."""
    make = _sqlite if dialect is Dialect.SQLITE else _postgresql
    return tuple(trigger for guard in GUARDS for trigger in make(guard))


def _sqlite(guard: Guard) -> tuple[Trigger, ...]:
    table, word = guard.table, guard.word
    checks = " ".join(
        f"SELECT RAISE(ABORT, '{table} is {word}: {why}') WHERE {condition.replace('IS DISTINCT FROM', 'IS NOT')};"
        for condition, why in guard.refuse_insert
    )
    update = guard.refuse_update.replace("IS DISTINCT FROM", "IS NOT")
    refusal = f"SELECT RAISE(ABORT, '{table} is {word}: no row is changed or removed');"
    return (
        Trigger(
            table,
            f"{table}_insert",
            (f"CREATE TRIGGER {table}_insert BEFORE INSERT ON {table} BEGIN {checks} END",),
        ),
        Trigger(
            table,
            f"{table}_update",
            (f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} WHEN {update} BEGIN {refusal} END",),
        ),
        Trigger(
            table,
            f"{table}_delete",
            (
                f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table}"
                f"{'' if guard.refuse_delete == '1=1' else f' WHEN {guard.refuse_delete}'} BEGIN {refusal} END",
            ),
        ),
    )


def _postgresql(guard: Guard) -> tuple[Trigger, ...]:
    table, word = guard.table, guard.word
    checks = " ".join(
        f"IF {condition} THEN RAISE EXCEPTION '{table} is {word}: {why}' USING ERRCODE = '23505'; END IF;"
        for condition, why in guard.refuse_insert
    )
    refusal = f"RAISE EXCEPTION '{table} is {word}: no row is changed or removed' USING ERRCODE = '23505';"
    bodies = {
        "insert": (f"{checks} RETURN NEW;", "ROW"),
        "update": (f"IF {guard.refuse_update} THEN {refusal} END IF; RETURN NEW;", "ROW"),
        "delete": (
            refusal
            if guard.refuse_delete == "1=1"
            else f"IF {guard.refuse_delete} THEN {refusal} END IF; RETURN OLD;",
            "ROW",
        ),
        "truncate": (refusal, "STATEMENT"),
    }
    return tuple(
        Trigger(
            table,
            f"{table}_{event}",
            (
                f"CREATE FUNCTION {table}_{event}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$guard$BEGIN {body} END$guard$",
                f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} "
                f"FOR EACH {level} EXECUTE FUNCTION {table}_{event}()",
                f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{event}",
            ),
        )
        for event, (body, level) in bodies.items()
    )


_WHEN = {7: "insert", 19: "update", 11: "delete", 34: "truncate"}
"""`pg_trigger.tgtype` of those that this version makes: BEFORE, for each row, TRUNCATE for the statement."""


def missing_triggers(connection: Connection) -> list[str]:
    """Names of triggers that are missing, switched off, or do not say what this version makes them say."""
    if connection.dialect.name == "sqlite":
        present = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        there = {str(name): str(sql) for name, sql in present}
        return [t.name for t in triggers(Dialect.SQLITE) if there.get(t.name) != t.statements[0]]
    present = connection.exec_driver_sql(
        "SELECT t.tgname, t.tgenabled, p.prosrc, c.relname, t.tgtype, t.tgqual IS NULL AND t.tgattr = ''"
        " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE c.relnamespace = current_schema()::regnamespace"
    )
    made = {
        str(name): (table, _WHEN.get(sort), body)
        for name, enabled, body, table, sort, always in present
        if enabled == "A" and always
    }
    return [
        t.name
        for t in triggers(Dialect.POSTGRESQL)
        if made.get(t.name) != (t.table, t.name.rsplit("_", 1)[1], t.statements[0].split("$guard$")[1])
    ]


def strangers(connection: Connection) -> list[Wording]:
    """What stands on our tables and was made by nobody here: it may drop, change or add rows without an error."""
    guarded = {guard.table for guard in GUARDS}
    if connection.dialect.name == "sqlite":
        ours = {trigger.name for trigger in triggers(Dialect.SQLITE)}
        rows = connection.exec_driver_sql(
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        )
        return [_trigger(name, table) for name, table in rows if name not in ours]
    ours = {trigger.name for trigger in triggers(Dialect.POSTGRESQL)}
    made = connection.exec_driver_sql(
        "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    unknown = [
        _trigger(name, table) for name, table in made if name not in ours or name.rsplit("_", 1)[0] != table
    ]
    rules = connection.exec_driver_sql(
        "SELECT r.rulename, c.relname FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class"
        " WHERE r.rulename <> '_RETURN' AND c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    unknown += [
        Wording("the rule {name} on {table}", {"name": name, "table": table}) for name, table in rules
    ]
    heirs = connection.exec_driver_sql(
        "SELECT i.inhrelid::regclass::text, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent"
        " WHERE c.relnamespace = current_schema()::regnamespace ORDER BY 1, 2"
    )
    return unknown + [
        Wording("the table {name} under {table}", {"name": name, "table": table})
        for name, table in heirs
        if table in guarded
    ]


def _trigger(name: str, table: str) -> Wording:
    return Wording("the trigger {name} on {table}", {"name": name, "table": table})


def tables_named(connection: Connection) -> set[str]:
    """Tables and views of the database, whoever made them."""
    if connection.dialect.name == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"
    else:
        sql = (
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p')"
            " AND relnamespace = current_schema()::regnamespace"
        )
    return {str(row[0]) for row in connection.exec_driver_sql(sql)}
