"""A PostgreSQL cluster for measurements, from Debian's packages, that syncs each commit; it ends with the block.

It is never a cluster that was there before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def cluster() -> Iterator[str | None]:
    """The URL of an empty database; None where PostgreSQL is not installed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="aidtrail-bench-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)

    def run(program: str, *words: str) -> None:
        command = [str(programs[-1].with_name(program)), "-D", str(folder / "data"), *words]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        subprocess.run(
            command, check=True, user=user, cwd=folder, env=environment, stdout=subprocess.DEVNULL, timeout=120
        )  # fmt: skip

    run("initdb", "-U", "aidtrail", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c max_connections=100"
    run("pg_ctl", "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql+psycopg://aidtrail@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def another_database(url: str, name: str) -> str:
    """The URL of a new, empty database of the same cluster."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return url.replace("/postgres?", f"/{name}?")
