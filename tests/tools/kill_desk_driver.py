"""Desk writes in processes that end themselves with SIGKILL at a given statement, forked from one that has all loaded.

Run by the test as `python -m tests.tools.kill_desk_driver`: it reads lines of JSON, [way, URL, folder, turn,
statement]. In the way `cli` the child runs the commands of one turn after the other and says
`told KEY` after each; in the way `api` it says where it serves.
It says `gone STATUS` when the child has ended. The program knows none of it.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

import service.cli
from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.store.database import Store
from service.command import Outside
from service.paper_files.treating import treated
from service.wiring import WebServer
from tests.tools.ledgers import START

DAY = "2023-11-14"
_MOST_SECONDS = 60
"""A child that nobody brings to its statement ends by itself, and the test sees that."""


def acts(turn: int) -> list[tuple[str, str, str, dict[str, Any]]]:
    """What one turn of a desk's day records: role, noun, verb and facts, each after the one before."""
    item = {"item": "1", "product": "KIT", "quantity": 10, "value": 500}
    order, lot = f"PO-{turn}", {"lot": f"L{turn}", "good": 9, "damaged": 1, "noted": 10}
    gone = {
        "organisation": "School",
        "place": "D",
        "lots": [{"product": "KIT", "lot": f"L{turn}", "quantity": 2}],
    }
    return [
        ("recorder", "contribution", "add", {"number": f"K-{turn}", "bank": "B", "currency": "USD", "amount": 900}),
        ("recorder", "pledge", "add", {"number": f"G-{turn}", "asset": "USD", "amount": 900}),
        ("recorder", "purchase", "add", {"number": order, "supplier": "M", "currency": "USD", "items": [item]}),
        ("approver", "purchase", "approve", {"number": order}),
        ("recorder", "receipt", "add", {
            "number": f"R-{turn}", "order": order, "item": "1", "place": "D", "lots": [lot]}),
        ("recorder", "payment", "add", {
            "number": f"P-{turn}", "order": order, "asset": "USD", "amount": 300, "discharges": 300, "bank": "B"}),
        ("approver", "payment", "approve", {"number": f"P-{turn}"}),
        ("recorder", "handover", "add", {"number": f"H-{turn}", **gone}),
        ("recorder", "distribution", "add", {"number": f"D-{turn}", **gone}),
    ]  # fmt: skip


def paper(turn: int) -> bytes:
    return f"Invoice {turn}\n".encode() * 300


def words_of(folder: Path, turn: int) -> list[list[str]]:
    """The same turn as command lines, with a paper and a new user."""
    lines = [
        [
            noun,
            verb,
            "--as",
            role,
            *(f"--set={name}={_value(value)}" for name, value in (facts | {"date": DAY}).items()),
        ]
        for role, noun, verb, facts in acts(turn)
    ]
    name = folder / f"paper-{turn}.txt"
    name.write_bytes(paper(turn))
    told = ("title=Paper", "paper=invoice", "shows=A bill", "access=public", "about=campaign", f"date={DAY}")
    lines.append(
        ["evidence", "add", "--as", "recorder", "--file", str(name), *(f"--set={one}" for one in told)]
    )
    lines.append(["user", "add", f"u{turn}", "--role", "recorder"])
    return lines


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def arm(statement: int) -> None:
    """Die at the n-th statement that reaches the database: in turn before it, and after it was carried out."""
    count = itertools.count(1)
    lock = threading.Lock()

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def fatal(*arguments: Any, **named: Any) -> Any:
            with lock:
                dies = next(count) == statement
            if dies and statement % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*arguments, **named)
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return fatal

    for name in ("do_execute", "do_execute_no_params", "do_executemany"):
        setattr(DefaultDialect, name, deadly(getattr(DefaultDialect, name)))


def commands(folder: Path, first: int) -> None:
    for turn in itertools.count(first):
        for line in words_of(folder, turn):
            out, err = io.StringIO(), io.StringIO()
            environment = {"HOME": str(folder), "AIDTRAIL_TRACE": "1"}
            outside = Outside(lambda: START, environment, folder, io.BytesIO(), out, err, True)
            code = service.cli.run([*line, "--data", str(folder), "--json"], outside)
            if line[0] == "user":
                assert code == 0 or "a user of this name already" in err.getvalue(), err.getvalue()
                say(f"told user:u{turn}")
                continue
            assert code == 0, (line, err.getvalue())
            say(f"told {json.loads(out.getvalue())['key']}")
        say(f"turn {turn}")


class Later:
    """A store that is opened once the process is forked; the application over it is made before."""

    def __init__(self) -> None:
        self.store: Store | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def serving(url: str, later: Later, app: Any) -> None:
    later.store = Store.open(url)
    say(f"url {WebServer(app, '127.0.0.1', 0).start()}")
    threading.Event().wait()


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    later = Later()
    app = create_app(Ports(later, lambda: START, SiteSettings(), lambda: "", list, treated=treated))
    for line in sys.stdin:
        way, url, folder, turn, statement = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.alarm(_MOST_SECONDS)
            arm(statement)
            if way == "cli":
                commands(Path(folder), turn)
            serving(url, later, app)
        _, status = os.waitpid(child, 0)
        say(f"gone {os.waitstatus_to_exitcode(status)}")


def paper_name(turn: int) -> str:
    return hashlib.sha256(paper(turn)).hexdigest()


if __name__ == "__main__":
    main()
