"""The demonstration, as `aidtrail demo --once` plays it: the real service, looks over HTTP, acts through the API."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from ledger.checks.run import run_checks
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import NothingYet
from ledger.model.observed import ObservedTransactionRow, TxState
from ledger.recording.desk import request_intention
from ledger.recording.rebuild import rebuild
from ledger.rules.observing import Observed, WatchedTx
from ledger.store.database import Store
from ledger.store.transaction import Reading
from ledger.views.queries import campaign_report, donation_rows, donation_trails
from ledger.views.trail import DonationStatus
from service.demo import gifts, plan
from service.demo.replay import Replay
from tests.tools.demo_data import Ran, run_command, told_demo

NOW = 1_598_900_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def played(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return told_demo(tmp_path_factory, home)


@pytest.fixture(scope="module")
def store(home: Path, played: Ran) -> Iterator[Store]:
    assert played.code == 0, played.err
    opened = Store.open(f"sqlite:///{home / 'story' / 'aidtrail.db'}")
    yield opened
    opened.close()


def test_it_ends_well_and_says_what_it_told(played: Ran) -> None:
    assert played.code == 0, played.err
    told = json.loads(played.out)
    assert told["findings"] == []
    assert [(row["product"], row["quantity"]) for row in told["goods"]["ordered"]] == [(plan.MASK, 252_000)]
    assert told["donations"] == len(gifts.GIFTS)
    assert told["reconciled_at"] == told["tip"] - 5


def test_every_invariant_holds_and_every_projection_is_its_rebuild(store: Store) -> None:
    with store.read() as tx:
        assert run_checks(tx) == []
        assert rebuild(tx) == []


def test_donations_have_every_status_that_the_story_promises(store: Store) -> None:
    with store.read() as tx:
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
        statuses = Counter(row.status for row in rows)
        replaced = [tx_ for _, tx_ in _all_txs(tx) if tx_.state is TxState.REPLACED]
    assert statuses[DonationStatus.SETTLED] == len(gifts.GIFTS)
    assert statuses[DonationStatus.BELOW_DUST] == 1
    assert statuses[DonationStatus.SEEN] == 1
    assert len(replaced) == 1


def _all_txs(tx: Reading) -> list[tuple[str, WatchedTx]]:
    observed = Observed(tx.session)
    known = tx.session.exec(
        select(ObservedTransactionRow.txid).order_by(col(ObservedTransactionRow.txid))
    ).all()
    return [(found.txid, found) for found in observed.txs(known)]


def test_what_was_promised_is_kept_or_said_to_have_lapsed(store: Store) -> None:
    """The story ends with nothing "still to come"; the part that never came stays visible."""
    with store.read() as tx:
        pledges = campaign_report(tx, plan.SLUG, now=Replay.load().end).pledges
    assert [
        (row.number, row.status, row.paid.minor, row.lapsed.minor, row.open.minor) for row in pledges
    ] == [
        ("PL-1", "paid", 200_000_000, 0, 0),
        ("PL-2", "lapsed", 40_000_000, 10_000_000, 0),
        ("PL-3", "paid", 25_000_000, 0, 0),
    ]


def test_each_outpoint_is_listed_once(store: Store) -> None:
    with store.read() as tx:
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
    assert max(Counter(row.outpoint for row in rows).values()) == 1


def test_shares_of_all_donors_sum_to_what_arrived_everywhere(store: Store) -> None:
    """The masks of all donations together are all masks, at every place, to the piece."""
    with store.read() as tx:
        rows, _ = donation_rows(tx, plan.SLUG, after=None, limit=200)
        goods = campaign_report(tx, plan.SLUG, now=NOW).goods
        sums: Counter[tuple[str, str]] = Counter()
        for row in rows:
            for trail in donation_trails(tx, row.key):
                for place in trail.places:
                    if place.amount.asset == plan.MASK and not place.service:
                        sums[place.kind.value, place.amount.asset] += place.amount.minor
    assert sums["distributed", plan.MASK] == goods.distributed[0].quantity
    lost = sum(sums[kind, plan.MASK] for kind in ("short", "damaged", "lost"))
    assert lost == goods.lost[0].quantity
    waiting = sum(sums[kind, plan.MASK] for kind in ("waiting", "in_stock", "in_transit"))
    assert waiting == goods.under_way[0].quantity
    arrived = sum(rows[0].quantity for rows in (goods.distributed, goods.under_way, goods.lost))
    assert arrived == goods.ordered[0].quantity


def test_a_transaction_that_pays_several_times_has_a_trail_for_each_payment(store: Store) -> None:
    replay = Replay.load()
    with store.read() as tx:
        assert len(donation_trails(tx, replay.transactions[gifts.TWICE])) == 2
        assert len(donation_trails(tx, replay.transactions[gifts.THREE])) == 3


def test_a_payment_moved_by_a_reorg_settled_once(store: Store) -> None:
    replay = Replay.load()
    with store.read() as tx:
        txid = replay.transactions[gifts.MOVED]
        entries = [entry_from_bytes(row.data) for row in tx.journal.rows()]
        live = [e for e in entries if e.kind == "donation" and str(e.facts["outpoint"]).startswith(txid)]
        left = [row for row in tx.observations.rows() if row.kind == "block.left"]
    assert len(live) == 1
    assert len(left) == 1


def test_it_says_that_it_is_a_demonstration(store: Store) -> None:
    with store.read() as tx:
        assert campaign_report(tx, plan.SLUG, now=NOW).demonstration


def test_no_token_of_the_story_is_left(store: Store) -> None:
    with store.read() as tx:
        tokens = [token for user in tx.desk.users() for token in tx.desk.tokens(user.id)]
    assert tokens
    assert all(token.revoked for token in tokens)


def test_played_again_it_goes_on_and_changes_nothing(home: Path, store: Store) -> None:
    with store.read() as tx:
        head = tx.journal.head()
    again = run_command(["demo", "--once", "--json", "--data", "story"], home)
    assert again.code == 0, again.err
    with store.read() as tx:
        assert tx.journal.head() == head


def test_it_never_plays_into_a_folder_that_holds_something_else(home: Path, played: Ran) -> None:
    other = home / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    refused = run_command(["demo", "--once", "--fresh", "--data", "mine"], home)
    assert refused.code == 2
    assert "no demonstration" in refused.err
    assert (other / "thesis.txt").read_text() == "years of work"


def test_a_claim_code_is_secret_and_leads_to_what_came(store: Store) -> None:
    """Before the payment it says that nothing came yet; the code itself is stored nowhere."""
    with store.write() as tx:
        intention = request_intention(tx, plan.SLUG, now=NOW)
    assert intention.fresh
    assert intention.bip21.startswith(f"bitcoin:{intention.address}")
    with store.read() as tx:
        with pytest.raises(NothingYet, match="Nothing expires"):
            donation_trails(tx, intention.claim_code)
        raw = b"".join(row.data for row in tx.journal.rows())
    assert intention.claim_code.encode() not in raw
