"""Looked at alone: what pays us becomes a labelled sighting, absence proves nothing, and nobody is hammered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.pages.sentences import screened
from api.ports import TooMany
from ledger.core.chain import Outpoint
from ledger.core.errors import NotAllowed
from ledger.model.inquiries import LookupState
from ledger.model.observed import TxState
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.recording.screening import note_sender_asked
from ledger.recording.users import actor_named, add_user
from ledger.rules.observing import Observed
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from ledger.views.screening import screening_report
from service.clock import MovableClock
from service.config import Watch
from service.lookups import ASK_AGAIN, BURST, SECONDS_EACH, LookUps
from service.wiring import Service, build
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import SLUG, config_of
from tests.tools.store_places import place
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of


@dataclass
class Home:
    """A site that reads one explorer in `recent`, on a chain made by hand."""

    store: Store
    chain: FakeChain
    server: EsploraServer
    clock: MovableClock
    folder: Path
    watch: Watch = field(default_factory=lambda: Watch(sightings="recent"))

    def service(self) -> Service:
        config = replace(config_of(self.server.url), watch=self.watch)
        return build(self.store, config, self.clock, {}, self.folder)

    def looked(self, service: Service) -> None:
        assert service.jobs.run_once() is not None, service.jobs.trouble


def api(service: Service) -> TestClient:
    return TestClient(service.app, follow_redirects=False)


def asked(service: Service, txid: str) -> str:
    answer = api(service).post("/api/v1/lookups", json={"txid": txid})
    assert answer.status_code in {200, 202}, answer.text
    return str(answer.json()["state"])


def state(service: Service, txid: str) -> str:
    return str(api(service).get(f"/api/v1/lookups/{txid}").json()["state"])


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    store = Store.create(place(tmp_path))
    chain = FakeChain()
    chain.mine(3)
    clock = MovableClock(chain.now)
    with store.write() as tx:
        user = add_user(tx, "ana", "admin", now=clock(), by=None)
        facts = {
            "slug": SLUG, "title": "Relief", "purpose": "All of it", "start": "2011-01-01", "end": "2040-01-01",
        }  # fmt: skip
        act(tx, Actor.everywhere(user, "ana", "admin"), SLUG, "campaign", "add", facts, now=clock())
    with EsploraServer(chain) as server:
        yield Home(store, chain, server, clock, tmp_path)
    store.close()


def paying(number: int, *, seed: int = 1) -> bytes:
    return transaction([(script_no(number), 50_000)], [outpoint_no(seed)])


def test_a_payment_that_no_look_would_find_becomes_a_sighting_labelled_with_its_source(home: Home) -> None:
    """Its address was not given out lately, so mempools are not asked for it; by its txid it is found."""
    service = home.service()
    txid = home.chain.send(paying(2))
    home.looked(service)
    assert api(service).get(f"/d/{txid}").status_code == 404
    assert asked(service, txid) == "waiting"
    home.looked(service)
    assert state(service, txid) == "found"
    page = api(service).get(f"/d/{txid}")
    assert page.status_code == 200
    with home.store.read() as tx:
        seen = Observed(tx.session).tx(txid)
        assert tx.journal.head() is not None
    assert seen is not None
    assert (seen.state, seen.sources) == (TxState.SEEN, ("honest",))


def test_what_was_found_alone_lives_on_as_any_sighting_does(home: Home) -> None:
    """It confirms, settles and is one donation."""
    service = home.service()
    txid = home.chain.send(paying(2))
    home.looked(service)
    asked(service, txid)
    home.looked(service)
    home.chain.mine(6)
    home.looked(service)
    (donation,) = api(service).get(f"/api/v1/donations/{txid}").json()["donations"]
    assert donation["status"] == "settled"


def test_a_transaction_of_others_is_answered_and_leaves_no_trace_in_the_observations(home: Home) -> None:
    service = home.service()
    home.looked(service)
    with home.store.read() as tx:
        before = tx.observations.head()
    for raw in (paying(99), paying(98, seed=2)):
        txid = home.chain.send(raw)
        asked(service, txid)
    home.looked(service)
    assert state(service, txid) == "none_of_ours"
    with home.store.read() as tx:
        assert tx.observations.head() == before
    assert api(service).get(f"/d/{txid}").status_code == 404


def test_absence_proves_nothing_and_may_be_asked_again_later(home: Home) -> None:
    service = home.service()
    home.looked(service)
    raw = paying(3)
    probe = FakeChain()
    txid = probe.send(raw)
    asked(service, txid)
    home.looked(service)
    assert state(service, txid) == "no_source"
    home.chain.send(raw)
    asked(service, txid)
    home.looked(service)
    assert state(service, txid) == "no_source"
    home.clock.move_to(home.clock() + ASK_AGAIN[LookupState.NO_SOURCE])
    assert asked(service, txid) == "waiting"
    home.looked(service)
    assert state(service, txid) == "found"


def test_a_source_that_cannot_be_asked_is_no_absence_and_the_question_waits(home: Home) -> None:
    service = home.service()
    home.looked(service)
    txid = home.chain.send(paying(1))
    asked(service, txid)
    home.server.faults.status = 503
    service.jobs.run_once()
    home.server.faults.status = None
    assert state(service, txid) == "waiting"
    service.jobs.leader.release()
    again = home.service()  # a new process, whose HTTP client has no pause to keep
    home.looked(again)
    assert state(again, txid) == "found"


def test_bytes_of_another_transaction_are_a_lie_and_no_sighting(home: Home) -> None:
    """The source is set aside, and named in the next look's report."""
    service = home.service()
    home.looked(service)
    txid = home.chain.send(paying(1))
    other = home.chain.send(paying(2, seed=2))
    home.chain.mempool[txid] = home.chain.transactions[txid] = home.chain.transactions[other]
    asked(service, txid)
    home.looked(service)
    assert state(service, txid) == "waiting"
    with home.store.read() as tx:
        assert Observed(tx.session).tx(txid) is None
    home.looked(service)
    with home.store.read() as tx:
        (source,) = chain_status(tx, now=home.clock()).sources
    assert source.lied is not None


def test_what_stands_in_a_block_that_was_read_before_its_address_was_ours_is_no_sighting(home: Home) -> None:
    """A source that names a block for it is not taken for a mempool."""
    txid = home.chain.send(paying(1))
    home.chain.mine(1)
    service = home.service()
    home.looked(service)
    late = home.chain.send(paying(7, seed=3))
    home.chain.mine(1)
    home.looked(service)
    with home.store.write() as tx:
        row = tx.addresses.by_script(script_no(1))
        assert row is not None
        tx.addresses.add([replace(row, script=script_no(7), address="late", branch="receive", index=9)])
    assert asked(service, txid) == "found"
    asked(service, late)
    home.looked(service)
    assert state(service, late) == "unread"
    with home.store.read() as tx:
        assert Observed(tx.session).tx(late) is None


@pytest.mark.parametrize("sightings", ["off", "own-node"])
def test_no_question_goes_to_an_explorer_where_the_operator_forbids_it(home: Home, sightings: str) -> None:
    """A question that was taken before is not sent either."""
    before = home.service()
    home.looked(before)
    txid = home.chain.send(paying(1))
    asked(before, txid)
    home.watch = replace(home.watch, sightings=sightings)  # type: ignore[arg-type]
    service = home.service()
    sent = len(home.server.paths)
    assert api(service).post("/api/v1/lookups", json={"txid": "ab" * 32}).status_code == 403
    before.jobs.leader.release()
    home.looked(service)
    assert not [path for path in home.server.paths[sent:] if txid in path]


def queue(home: Home) -> LookUps:
    return home.service().jobs.lookups


def test_questions_are_bounded_in_number_and_pace_and_nothing_is_asked_twice(home: Home) -> None:
    """A burst, then one a minute; each waiting transaction is asked for once; a restart forgets none of it."""
    lookups = queue(home)
    for number in range(BURST):
        assert lookups.ask(f"{number:064x}")[1]
    assert not lookups.ask(f"{0:064x}")[1]
    again = queue(home)
    with pytest.raises(TooMany) as many:
        again.ask(f"{BURST:064x}")
    assert 0 < many.value.seconds <= SECONDS_EACH
    service = home.service()
    home.looked(service)
    for number in range(BURST):
        assert len([path for path in home.server.paths if f"{number:064x}/raw" in path]) == 1
    home.clock.move_to(home.clock() + SECONDS_EACH)
    assert lookups.ask(f"{BURST:064x}")[1]
    with pytest.raises(TooMany):
        lookups.ask(f"{BURST + 1:064x}")


def test_a_clock_that_ran_ahead_blocks_nobody_for_long(home: Home) -> None:
    """Times that the clock gave while it was hours ahead lose their force."""
    lookups = queue(home)
    now = home.clock()
    home.clock.move_to(now + 40_000)
    for number in range(BURST):
        lookups.ask(f"{number:064x}")
    ahead = replace(lookups, clock=lambda: now)
    home.looked(home.service())
    assert all(ahead.find(f"{number:064x}") is None for number in range(BURST))
    with pytest.raises(TooMany) as many:
        ahead.ask("ab" * 32)
    assert many.value.seconds <= SECONDS_EACH


def test_refused_when_switched_off_names_the_reason(home: Home) -> None:
    home.watch = replace(home.watch, sightings="off")
    with pytest.raises(NotAllowed, match="no unconfirmed payments"):
        queue(home).ask("ab" * 32)


LISTED = script_no(70)
"""The script of somebody who is on a list; inputs of these tests show no sender, as those of taproot do not."""


def load_list(home: Home, script: bytes) -> None:
    with home.store.write() as tx:
        ana = actor_named(tx, "ana", now=home.clock())
        facts = {
            "name": "OFAC SDN", "list_date": "2011-01-01", "source": "lists.example", "date": "2011-02-02",
            "addresses": [str(address_of(script, REGTEST))],
        }  # fmt: skip
        act(tx, ana, SLUG, "sanctions-list", "add", facts, now=home.clock())


def looks(home: Home) -> None:
    """One look by a process of its own."""
    service = home.service()
    home.looked(service)
    service.close()


def said(home: Home) -> list[tuple[str, str | None]]:
    with home.store.read() as tx:
        return [(screened(row.message), row.block) for row in screening_report(tx.session, SLUG).rows]


def sent_by(home: Home, *scripts: bytes) -> str:
    """A gift out of coins of these people, which settles; its txid."""
    before = [
        home.chain.send(transaction([(script, 60_000)], [outpoint_no(40 + n)]))
        for n, script in enumerate(scripts)
    ]
    home.chain.mine(1)
    spent = [Outpoint(txid, 0) for txid in before]
    txid = home.chain.send(transaction([(script_no(2), 50_000)], spent))
    home.chain.mine(1)
    return txid


def test_who_sent_coins_is_looked_up_at_an_own_node_and_a_match_is_set_apart(home: Home) -> None:
    load_list(home, LISTED)
    sent_by(home, script_no(71), LISTED)
    looks(home)
    assert said(home) == [("not checked", None)]  # no source is our own, so nobody is asked
    home.watch = replace(home.watch, senders="any")
    looks(home)
    assert said(home) == [("match: decide", None)]
    home.chain.mine(5)
    looks(home)
    ((_, block),) = said(home)
    assert block is not None
    with home.store.read() as tx:
        assert [row.kind for row in tx.journal.rows()][-2:] == ["block", "donation"]
        assert rebuild(tx) == []


def test_a_settled_gift_is_set_apart_when_its_sender_is_found_on_a_list_later(home: Home) -> None:
    home.watch = replace(home.watch, senders="any")
    sent_by(home, LISTED)
    home.chain.mine(5)
    looks(home)
    load_list(home, LISTED)
    assert said(home) == [("not checked", None)]
    looks(home)
    ((words, block),) = said(home)
    assert words == "match: decide"
    assert block is not None


def test_what_nobody_has_is_asked_for_again_after_a_day_only(home: Home) -> None:
    home.watch = replace(home.watch, senders="any")
    load_list(home, LISTED)
    home.chain.send(transaction([(script_no(2), 50_000)], [outpoint_no(9)]))
    home.chain.mine(1)
    service = home.service()
    home.looked(service)
    assert said(home) == [("not checked", None)]
    asked_for = f"/tx/{outpoint_no(9).txid}/raw"
    assert sum(asked_for in path for path in home.server.paths) == 1
    home.looked(service)
    assert sum(asked_for in path for path in home.server.paths) == 1
    with home.store.write() as tx:  # as if by a clock that ran a year ahead
        note_sender_asked(tx, outpoint_no(9).txid, home.clock() + 365 * 86_400, since=0)
    home.looked(service)
    assert sum(asked_for in path for path in home.server.paths) == 2
