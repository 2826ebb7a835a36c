"""Coordinators at once, in threads and in processes, never lose, double or overdraw; on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.ports import Ports, SiteSettings
from ledger.core.chain import BlockRef
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Conflict, LedgerError, Refused
from ledger.core.look import ChainLook, JoinedBlock, TxFacts
from ledger.core.times import unix_seconds
from ledger.recording.desk import Outcome, act, request_intention
from ledger.recording.settling import record_look
from ledger.recording.users import add_token, add_user
from ledger.rules.books import Books
from ledger.rules.payments import PAYMENTS
from ledger.rules.trial_balance import trial_balances
from ledger.store.database import Store
from ledger.store.transaction import Writing
from tests.tools.ledgers import SLUG, START, Ledger, name, tx
from tests.tools.store_places import BOTH, fresh_url

AT_ONCE = 6
DAY = "2023-11-21"
ROOT = Path(__file__).resolve().parents[2]
Result = Outcome | LedgerError


class Desk:
    """A ledger with 1000.00 USD at bank B, and as many coordinators as are wanted, each with a store of its own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.ledger = Ledger.new(folder, url=url)
        self.ledger.now = unix_seconds("2023-12-20T00:00:00Z")
        self.now = self.ledger.now
        self.stores = [Store.open(url) for _ in range(AT_ONCE)]
        with self.ledger.store.write() as writing:
            add_user(writing, "second", "approver", now=self.now, by=None)
        self.do("contribution", "add", number="B-0", bank="B", currency="USD", amount=100_000, date=DAY)
        self.do("product", "add", code="KIT", name="Kit", unit="kit", plural="kits")

    def do(self, noun: str, verb: str, role: str = "recorder", **facts: Any) -> Outcome:
        return self.ledger.do(role, noun, verb, **facts)

    def close(self) -> None:
        for store in [*self.stores, self.ledger.store]:
            store.close()

    def at_once(self, *acts: Callable[[Writing], Any]) -> list[Any]:
        """What became of each, begun by threads of their own at the same moment; then the whole state is audited."""
        results: list[Any] = [None] * len(acts)
        start = threading.Barrier(len(acts))

        def run(n: int) -> None:
            start.wait(60)
            try:
                if n % 2:  # half of them share one store, as the API's threads do
                    with self.ledger.store.write() as writing:
                        results[n] = acts[n](writing)
                    return
                with self.stores[n % AT_ONCE].write() as writing:
                    results[n] = acts[n](writing)
            except LedgerError as refusal:
                results[n] = refusal

        threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.ledger.audit()
        assert None not in results
        return results

    def telling(
        self, noun: str, verb: str, role: str = "recorder", **facts: Any
    ) -> Callable[[Writing], Outcome]:
        actor = self.ledger.actors[role]
        return lambda writing: act(writing, actor, SLUG, noun, verb, facts, now=self.now)

    def recorded(self) -> list[str]:
        with self.ledger.store.read() as reading:
            return [row.key for row in reading.journal.rows()]


@pytest.fixture(params=BOTH)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(fresh_url(request.param, tmp_path), tmp_path)
    yield made
    made.close()


def contribution(number: str, amount: int) -> dict[str, Any]:
    return {"number": number, "bank": "B", "currency": "USD", "amount": amount, "date": DAY}


def purchase(number: str, value: int) -> dict[str, Any]:
    items = [{"item": "1", "product": "KIT", "quantity": 10, "value": value}]
    return {"number": number, "supplier": "Maker", "currency": "USD", "items": items, "date": DAY}


def payment(number: str, order: str, amount: int, fee: int) -> dict[str, Any]:
    told = {
        "number": number,
        "order": order,
        "asset": "USD",
        "amount": amount,
        "discharges": amount,
        "fee": fee,
    }
    return told | {"bank": "B", "prepayment": True, "date": DAY}


def refused(results: list[Result]) -> list[LedgerError]:
    return [result for result in results if isinstance(result, LedgerError)]


def test_the_same_fact_told_by_many_at_once_is_one_entry(desk: Desk) -> None:
    results = desk.at_once(*[desk.telling("contribution", "add", **contribution("B-1", 5))] * AT_ONCE)
    assert [type(result) for result in results] == [Outcome] * AT_ONCE
    assert Counter(result.already for result in results) == {False: 1, True: AT_ONCE - 1}
    assert len({result.seq for result in results}) == 1
    assert desk.recorded().count(f"contribution:{SLUG}:B-1") == 1


def test_of_different_facts_under_one_number_one_is_recorded_and_the_others_are_conflicts(desk: Desk) -> None:
    told = [desk.telling("contribution", "add", **contribution("B-1", n + 1)) for n in range(AT_ONCE)]
    results = desk.at_once(*told)
    assert [type(refusal) for refusal in refused(results)] == [Conflict] * (AT_ONCE - 1)
    assert desk.recorded().count(f"contribution:{SLUG}:B-1") == 1


def test_two_orders_that_together_exceed_the_money_are_not_both_approved(desk: Desk) -> None:
    for number in ("PO-1", "PO-2"):
        desk.do("purchase", "add", **purchase(number, 60_000))
    approvals = [
        desk.telling("purchase", "approve", "approver", number=number, date=DAY)
        for number in ("PO-1", "PO-2")
    ]
    (refusal,) = refused(desk.at_once(*approvals))
    assert "only 400.00 USD is still free" in str(refusal)


def test_two_payments_never_hold_the_same_money(desk: Desk) -> None:
    for number in ("PO-1", "PO-2"):
        desk.do("purchase", "add", **purchase(number, 50_000))
        desk.do("purchase", "approve", "approver", number=number, date=DAY)
    results = desk.at_once(
        desk.telling("payment", "add", **payment("P-1", "PO-1", 50_000, 10_000)),
        desk.telling("payment", "add", **payment("P-2", "PO-2", 50_000, 10_000)),
    )
    (refusal,) = refused(results)
    assert "only 400.00 USD is free at B" in str(refusal)


def test_a_payment_that_two_persons_approve_at_once_is_paid_once(desk: Desk) -> None:
    desk.do("purchase", "add", **purchase("PO-1", 50_000))
    desk.do("purchase", "approve", "approver", number="PO-1", date=DAY)
    desk.do("payment", "add", **payment("P-1", "PO-1", 50_000, 0))
    approve = {"number": "P-1", "date": DAY}
    results = desk.at_once(
        desk.telling("payment", "approve", "approver", **approve),
        desk.telling("payment", "approve", "admin", **approve),
        desk.telling("payment", "reject", "recorder", **approve),
    )
    done = [result for result in results if isinstance(result, Outcome)]
    with desk.ledger.store.read() as reading:
        books = Books(reading)
        status = PAYMENTS.require_row(books.session, SLUG, "P-1").status
        paid = books.net(f"supplier/{SLUG}/PO-1", "USD")
    assert (status, paid) in {("approved", 50_000), ("rejected", 0)}
    assert Counter(outcome.already for outcome in done)[False] == 1
    assert len(done) == (2 if status == "approved" else 1)


def test_money_is_paid_out_or_its_contribution_is_reversed_and_never_both(desk: Desk) -> None:
    desk.do("purchase", "add", **purchase("PO-1", 100_000))
    desk.do("purchase", "approve", "approver", number="PO-1", date=DAY)
    with desk.ledger.store.read() as reading:
        row = reading.journal.by_key(f"contribution:{SLUG}:B-0")
    assert row is not None
    results = desk.at_once(
        desk.telling("payment", "add", **payment("P-1", "PO-1", 100_000, 0)),
        desk.telling("reversal", "add", "approver", entry=row.seq, reason="bounced", date=DAY),
    )
    assert len(refused(results)) == 1


def test_an_address_is_given_to_one_donor(desk: Desk) -> None:
    asked = [lambda writing: request_intention(writing, SLUG, {}, now=desk.now)] * 12
    given = desk.at_once(*asked)
    assert len({intention.address for intention in given}) == 12
    assert all(intention.fresh for intention in given)


def test_a_fact_is_in_the_closed_period_s_balances_or_refused(desk: Desk) -> None:
    closing = {"number": "2023-11", "date": "2023-12-10"}
    desk.do("period", "close", **closing)
    told = [desk.telling("contribution", "add", **contribution(f"B-{n}", 10**n)) for n in range(1, 6)]
    results = desk.at_once(*told[:3], desk.telling("period", "approve", "approver", **closing), *told[3:])
    assert isinstance(results.pop(3), Outcome)
    assert {type(refusal) for refusal in refused(results)} <= {Refused}
    taken = sum(10**n for n, result in enumerate(results, start=1) if isinstance(result, Outcome))
    with desk.ledger.store.read() as reading:
        (balance,) = trial_balances(reading.session, SLUG)
    assert balance.totals() == {"USD": (100_000 + taken, 100_000 + taken)}


def test_people_and_the_watcher_write_between_each_other(desk: Desk) -> None:
    """Looks with gifts, a spend and a reorganisation while people record: all that was acknowledged is there."""
    blocks = [("a", (tx("gift", (0, 50_000)),)), *((f"e{n}", ()) for n in range(5))]
    blocks += [("s", (tx("sale", spends=(("gift", 0),)),)), *((f"f{n}", ()) for n in range(5))]
    keys: list[str] = []
    failures: list[BaseException] = []

    def guarded(run: Callable[[], None]) -> Callable[[], None]:
        def safely() -> None:
            try:
                run()
            except BaseException as failure:
                failures.append(failure)

        return safely

    def watch() -> None:
        looks: list[tuple[tuple[str, ...], list[tuple[str, tuple[TxFacts, ...]]]]]
        looks = [((), [block]) for block in blocks]
        looks.append(
            (tuple(name(label) for label, _ in reversed(blocks[6:])), [(f"g{n}", ()) for n in range(7)])
        )
        height = 0
        for undone, joined in looks:
            height -= len(undone)
            told = []
            for label, txs in joined:
                height += 1
                told.append(JoinedBlock(BlockRef(height, name(label), START + 600 * height), "test", txs))
            look = ChainLook(undone, tuple(told), told[-1].ref, height, (), (), (), True)
            with desk.stores[0].write() as writing:
                keys.extend(entry.key for entry in record_look(writing, look, now=desk.now).entries)

    def tell(n: int) -> Callable[[], None]:
        def run() -> None:
            for m in range(8):
                with desk.stores[n].write() as writing:
                    keys.append(
                        desk.telling("contribution", "add", **contribution(f"B-{n}-{m}", 7))(writing).key
                    )

        return run

    threads = [threading.Thread(target=guarded(run)) for run in (watch, *map(tell, (1, 2, 3)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    desk.ledger.audit()
    assert len(keys) == len(set(keys)) == 3 * 8 + 3
    assert set(keys) <= set(desk.recorded())
    assert {"donation", "spend", "void"} <= {key.partition(":")[0] for key in keys}


def test_facts_posted_to_the_api_at_once_are_recorded_once_and_answered_each(desk: Desk) -> None:
    store = desk.ledger.store
    site = create_app(Ports(store, lambda: desk.now, SiteSettings(), lambda: "", list))
    with store.write() as writing:
        token = add_token(writing, "recorder", "t", now=desk.now, by=None)
    answers: list[tuple[str, int]] = []
    start = threading.Barrier(AT_ONCE)

    def post(n: int) -> None:
        client = TestClient(site, headers={"Authorization": f"Bearer {token}"})
        start.wait(60)
        for kind, facts in (("same", contribution("B-1", 5)), ("other", contribution("B-2", n + 1))):
            answers.append(
                (kind, client.post(f"/api/v1/campaigns/{SLUG}/contributions", json=facts).status_code)
            )

    threads = [threading.Thread(target=post, args=(n,)) for n in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    desk.ledger.audit()
    assert Counter(answers) == {
        ("same", 201): 1, ("same", 200): AT_ONCE - 1, ("other", 201): 1, ("other", 409): AT_ONCE - 1,
    }  # fmt: skip


def test_processes_at_once_lose_double_and_overdraw_nothing(desk: Desk) -> None:
    """Each tells facts of its own, facts that all tell alike, numbers that each fills otherwise, and wants money."""
    desk.do("purchase", "add", **purchase("PO-1", 100_000))
    desk.do("purchase", "approve", "approver", number="PO-1", date=DAY)
    users = ("recorder", "approver", "second", "admin")
    lists = []
    for n, user in enumerate(users):
        told: list[tuple[str, str, dict[str, Any]]] = []
        for m in range(5):
            told.append(("contribution", "add", contribution(f"own-{user}-{m}", 1) | {"bank": "C"}))
            told.append(("contribution", "add", contribution(f"same-{m}", 2) | {"bank": "C"}))
            told.append(("contribution", "add", contribution(f"one-of-{m}", 3 + n) | {"bank": "C"}))
            told.append(("payment", "add", payment(f"P-{user}-{m}", "PO-1", 9_000, 0)))
        lists.append(told)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.tools.coordinator_driver", desk.url, str(desk.now), *users],
        input=json.dumps(lists),
        capture_output=True,
        cwd=ROOT,
        text=True,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stderr
    answers = json.loads(ran.stdout)
    desk.ledger.audit()
    news = Counter(key for answer in answers for key, already in answer if already is False)
    assert set(news.values()) == {1}
    assert set(news) <= set(desk.recorded())
    for m in range(5):
        assert news[f"contribution:{SLUG}:same-{m}"] == news[f"contribution:{SLUG}:one-of-{m}"] == 1
    assert sum(key.startswith(f"contribution:{SLUG}:own-") for key in news) == 5 * len(users)
    assert sum(key.startswith("payment:") for key in news) == 100_000 // 9_000
    refusals = Counter(row[0] for answer in answers for row in answer if not isinstance(row[1], bool))
    assert refusals == {"Conflict": 5 * 3, "Refused": 5 * 4 - 100_000 // 9_000}
    with desk.ledger.store.read() as reading:
        rows = [entry_from_bytes(row.data) for row in reading.journal.rows()]
    assert [entry.seq for entry in rows] == list(range(1, len(rows) + 1))


class _Waited:
    """A store that says when somebody who was let in begins to wait for the right to write."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.begun = threading.Event()

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._store, verb)

    def write(self) -> AbstractContextManager[Writing]:
        self.begun.set()
        return self._store.write()


def test_a_token_that_is_revoked_while_its_fact_waits_records_nothing(desk: Desk) -> None:
    waited: Any = _Waited(desk.stores[0])
    site = create_app(Ports(waited, lambda: desk.now, SiteSettings(), lambda: "", list))
    with desk.ledger.store.write() as writing:
        token = add_token(writing, "recorder", "t", now=desk.now, by=None)
    answers: list[int] = []

    def post() -> None:
        client = TestClient(site, headers={"Authorization": f"Bearer {token}"})
        path = f"/api/v1/campaigns/{SLUG}/contributions"
        answers.append(client.post(path, json=contribution("B-1", 5)).status_code)

    thread = threading.Thread(target=post)
    with desk.ledger.store.write() as writing:
        thread.start()
        assert waited.begun.wait(60)
        (kept,) = writing.desk.tokens(desk.ledger.actors["recorder"].id or 0)
        writing.desk.revoke_token(kept.id)
    thread.join(60)
    assert answers == [401]
    assert f"contribution:{SLUG}:B-1" not in desk.recorded()
