"""Killed with kill -9 at any statement of a desk's day, by command or by API, the ledger has all that was acknowledged
once, and nothing by halves.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from ledger.checks.run import run_checks
from ledger.core.errors import StorageFailed
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.recording.users import add_token, add_user
from ledger.store.addresses import Address
from ledger.store.database import Store
from tests.tools.kill_desk_driver import DAY, acts, paper, paper_name
from tests.tools.ledgers import SLUG, START, script
from tests.tools.store_places import BOTH, fresh_url, outside

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = 600


@contextmanager
def desk(url: str) -> Iterator[tuple[Store, dict[str, Actor]]]:
    """A ledger with two people, a campaign, a product, money at a bank and many addresses."""
    store = Store.create(url)
    actors = {}
    with store.write() as tx:
        for role in ("admin", "recorder", "approver"):
            actors[role] = Actor.everywhere(add_user(tx, role, role, now=START, by=None), role, role)
        for role, noun, facts in (
            ("admin", "campaign", {
                "slug": SLUG, "title": "Help", "purpose": "All", "start": "2023-11-01", "end": "2023-12-31"}),
            ("recorder", "product", {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}),
            ("recorder", "contribution", {
                "number": "K", "bank": "B", "currency": "USD", "amount": 900_000, "date": DAY}),
        ):  # fmt: skip
            act(tx, actors[role], SLUG, noun, "add", facts, now=START)
        tx.addresses.add(
            [Address(script(i), f"address{i}", SLUG, "receive", i, "list") for i in range(ADDRESSES)]
        )
    yield store, actors
    store.close()


@pytest.fixture(scope="module")
def driver() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tools.kill_desk_driver"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process
        assert process.stdin is not None
        process.stdin.close()


def start(process: subprocess.Popen[str], *words: str | int) -> None:
    """Way, URL, folder, turn and the statement at which the child dies."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(words) + "\n")
    process.stdin.flush()


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    """What the driver says, up to the end of its child, which has to have been killed."""
    assert process.stdout is not None
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "gone":
            assert int(rest) == -signal.SIGKILL, rest
            return
        yield line.strip()
    raise AssertionError("the driver ended")


def kills(pytestconfig: pytest.Config, kind: str, most: int) -> int:
    """How often to kill: less on PostgreSQL, whose processes take longer."""
    wanted: int = pytestconfig.getoption("--kills")
    return max(2, wanted * most // (10 if kind == "sqlite" else 20))


def whole(store: Store, told: set[str], *, checked: bool = True) -> int:
    """Every key that was told is there, numbers have no gap, the invariants hold; how many entries there are."""
    with store.read() as tx:
        rows = list(tx.journal.rows())
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        users = {f"user:{user.name}" for user in tx.desk.users()}
        papers = {key for key in told if key.startswith("paper:") and tx.papers.load(key[6:])}
        assert told <= {row.key for row in rows} | users | papers
        assert not checked or run_checks(tx) == []
    return len(rows)


@pytest.mark.parametrize("kind", BOTH)
def test_commands_killed_at_any_statement_lose_nothing_and_count_nothing_twice(
    kind: str, tmp_path: Path, driver: subprocess.Popen[str], pytestconfig: pytest.Config
) -> None:
    """The turn that was cut off is told again as a whole: what was recorded says so, and is there once."""
    url = fresh_url(kind, tmp_path, "aidtrail.db")
    (tmp_path / "aidtrail.toml").write_text(f'sources = []\n[database]\nurl = "{url}"\n')
    chance, told, turn = random.Random(11), set[str](), 1
    with desk(url) as (store, _):
        for _ in range(kills(pytestconfig, kind, 6)):
            start(driver, "cli", url, str(tmp_path), turn, chance.randint(1, 900))
            for line in lines(driver):
                word, _, rest = line.partition(" ")
                if word == "turn":
                    turn = int(rest) + 1
                else:
                    told.add(rest)
            whole(store, told, checked=kind == "sqlite")
        assert turn > 1, "the kills leave room for work"
        assert len({key.partition(":")[0] for key in told}) >= 8, told
        assert 0 <= whole(store, told) - len({key for key in told if not key.startswith("user")}) - 3 <= 1
        with store.read() as tx:
            assert rebuild(tx) == []


@pytest.mark.parametrize("kind", BOTH)
def test_the_api_killed_at_any_statement_lost_nothing_that_it_answered(
    kind: str, tmp_path: Path, driver: subprocess.Popen[str], pytestconfig: pytest.Config
) -> None:
    """Three clients post at once; what got a 2xx is there, and no address was given out twice."""
    url = fresh_url(kind, tmp_path)
    chance, told, given, turn = random.Random(12), set[str](), list[str](), 100
    with desk(url) as (store, _):
        with store.write() as tx:
            tokens = {role: add_token(tx, role, "t", now=START, by=None) for role in ("recorder", "approver")}
        failures: list[BaseException] = []
        for _ in range(kills(pytestconfig, kind, 3)):
            start(driver, "api", url, "", 0, chance.randint(200, 700))
            said = lines(driver)
            base = next(said).partition(" ")[2]
            clients = [
                threading.Thread(target=client, args=(base, tokens, turn + n, told, given, failures))
                for n in (0, 30, 60)
            ]
            for one in clients:
                one.start()
            for one in clients:
                one.join()
            assert failures == []
            assert list(said) == []
            turn += 100
            whole(store, told, checked=kind == "sqlite")
        assert len({key.partition(":")[0] for key in told}) >= 4, told
        whole(store, told)
        assert given
        assert len(given) == len(set(given))
        with store.read() as tx:
            assert rebuild(tx) == []
            taken = {row.address for row in tx.addresses.given_since("2000-01-01T00:00:00Z")}
        assert set(given) <= taken


def client(
    base: str,
    tokens: dict[str, str],
    first: int,
    told: set[str],
    given: list[str],
    failures: list[BaseException],
) -> None:
    """Post one turn after the other until the server is gone; note what was answered with success."""
    try:
        with httpx.Client(base_url=f"{base}/api/v1", timeout=30) as http, suppress(httpx.TransportError):
            for turn in range(first, first + 30):
                post(http, tokens, turn, told, given)
    except BaseException as failure:
        failures.append(failure)


def post(http: httpx.Client, tokens: dict[str, str], turn: int, told: set[str], given: list[str]) -> None:
    answer = http.post(f"/campaigns/{SLUG}/intentions")
    assert answer.status_code == 201, answer.text
    given.append(answer.json()["address"])
    headers = {"Authorization": f"Bearer {tokens['recorder']}", "Content-Type": "text/plain"}
    answer = http.put(f"/papers/{paper_name(turn)}", content=paper(turn), headers=headers)
    assert answer.status_code == 201, answer.text
    told.add(f"paper:{paper_name(turn)}")
    for role, noun, verb, facts in acts(turn):
        token = {"Authorization": f"Bearer {tokens[role]}"}
        answer = http.post(f"/campaigns/{SLUG}/{noun}s/{verb}", json=facts | {"date": DAY}, headers=token)
        assert answer.status_code == 201, answer.text
        told.add(answer.json()["key"])


@pytest.mark.postgresql
def test_a_database_server_killed_with_kill_nine_loses_nothing(tmp_path: Path) -> None:
    """Its process for our connection dies in the middle of work: a sentence, and the same is told again."""
    url = fresh_url("postgresql", tmp_path)
    chance = random.Random(13)
    with desk(url) as (store, actors):
        told, failures = 0, 0
        for number in range(12):
            victim = number if number % 3 == 0 else None
            facts: dict[str, Any] = {
                "number": f"S-{number}",
                "bank": "B",
                "currency": "USD",
                "amount": 5,
                "date": DAY,
            }
            while True:
                try:
                    with store.write() as tx:
                        if victim is not None:
                            pid = (
                                tx.session.connection()
                                .exec_driver_sql("SELECT pg_backend_pid()")
                                .scalar_one()
                            )
                        outcome = act(tx, actors["recorder"], SLUG, "contribution", "add", facts, now=START)
                        if victim is not None and chance.random() < 0.5:
                            victim = None
                            os.kill(pid, signal.SIGKILL)
                    break
                except StorageFailed:
                    failures += 1
            told += not outcome.already
            if victim is not None:
                os.kill(pid, signal.SIGKILL)
            with suppress(StorageFailed):
                whole(store, set(), checked=False)
        assert told <= 12
        assert failures
        wait_until_it_answers(url)
        assert whole(store, {f"contribution:{SLUG}:S-{number}" for number in range(12)}) == 3 + 12
        with store.read() as tx:
            assert rebuild(tx) == []


def wait_until_it_answers(url: str) -> None:
    while True:
        with suppress(Exception), outside(url):
            return
