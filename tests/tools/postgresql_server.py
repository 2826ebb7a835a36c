"""A throwaway PostgreSQL cluster for tests, from Debian's packages; it ends with the tests.

It is never a cluster that was there before.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.tools.ending import AT_END

_NUMBERS = itertools.count(1)


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def is_installed() -> bool:
    return _programs() is not None


@cache
def _cluster() -> str | None:
    """The folder of the cluster's socket; None where PostgreSQL is not installed."""
    programs = _programs()
    if programs is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="aidtrail-pg-"))
    data = folder / "data"
    user: str | None = None
    if os.geteuid() == 0:
        user = "postgres"
        shutil.chown(folder, user)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}

    def run(*command: str) -> None:
        subprocess.run(
            command, check=True, user=user, cwd=folder, env=environment, stdout=subprocess.DEVNULL, timeout=60
        )

    run(f"{programs}/initdb", "-D", str(data), "-U", "aidtrail", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=100"
    run(f"{programs}/pg_ctl", "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")

    def stop() -> None:
        run(f"{programs}/pg_ctl", "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    AT_END.append(stop)
    return str(folder)


def fresh_postgresql(disk: Path | None = None) -> str:
    """The URL of a new, empty database, on a disk of its own if one is given.

    Skips the test without PostgreSQL, and fails it in CI.
    """
    name = f"ledger{next(_NUMBERS)}"
    with _administration() as connection:
        there = ""
        if disk is not None:
            (disk / "data").mkdir()
            if os.geteuid() == 0:
                disk.chmod(0o755)
                shutil.chown(disk / "data", "postgres")
            connection.execute(f"CREATE TABLESPACE {name} LOCATION '{disk / 'data'}'")
            there = f" TABLESPACE {name}"
        connection.execute(f"CREATE DATABASE {name}{there}")
        return _url(name, connection)


def copied_postgresql(url: str) -> str:
    """The URL of a new database that holds what the one at `url` holds; nobody may have that one open."""
    name = f"ledger{next(_NUMBERS)}"
    with _administration() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {_name(url)} STRATEGY FILE_COPY")
        return _url(name, connection)


def drop_postgresql(url: str, *, disk: bool = False) -> None:
    """Remove a database, whoever has it open; `disk`: it has one of its own, and lets go of it."""
    with _administration() as connection:
        connection.execute(f"DROP DATABASE {_name(url)} WITH (FORCE)")
        if disk:
            connection.execute(f"DROP TABLESPACE {_name(url)}")


def _administration() -> psycopg.Connection[Any]:
    """A connection that makes and drops databases; skips the test without PostgreSQL, and fails it in CI."""
    folder = _cluster()
    if folder is None:
        reason = "PostgreSQL is not installed (Debian: postgresql)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return psycopg.connect(host=folder, user="aidtrail", dbname="postgres", autocommit=True)


def _url(name: str, connection: psycopg.Connection[Any]) -> str:
    return f"postgresql+psycopg://aidtrail@/{name}?host={connection.info.host}"


def _name(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]
