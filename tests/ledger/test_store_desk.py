"""The desk's tables, addresses, papers, progress and leases keep what they promise on both databases."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, delete, select

from ledger.core.errors import Conflict
from ledger.core.roles import ALL_SCOPES, Scope
from ledger.model.desk import TokenCampaignRow, TokenScopeRow
from ledger.model.evidence import Treatment
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.store.papers import REMOVED
from tests.tools.store_places import BOTH, entry, filled, fresh_url, seen

AT = "2026-01-01T00:00:00Z"


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = filled(fresh_url(request.param, tmp_path))
    yield made
    made.close()


def _address(index: int, branch: str = "receive", campaign: str = "c") -> Address:
    script = f"{campaign}/{branch}/{index}".encode()
    return Address(script, f"bc1{campaign}{branch}{index}", campaign, branch, index, "list")


def test_journal_reads_back_the_exact_bytes(store: Store) -> None:
    """Bytes are verbatim, by number, by key, by campaign and by kind."""
    odd = entry(4, data=bytes(range(256)))
    with store.write() as tx:
        tx.journal.append(odd)
    with store.read() as tx:
        read = tx.journal.by_seq(4)
        assert read is not None
        assert (read.data, read.hash, read.transfers) == (odd.data, odd.hash, ())
        assert tx.journal.by_key("k:4") == read
        assert tx.journal.by_key("absent") is None
        assert tx.journal.head() == (4, odd.hash)
        assert [row.seq for row in tx.journal.rows(campaign="c1")] == [1, 4]
        assert [row.seq for row in tx.journal.rows(kind="donation")] == [1, 3]
        assert [row.seq for row in tx.journal.rows(campaign="c1", kind="spend")] == [4]
        assert [row.seq for row in tx.journal.rows(after=1, limit=2)] == [2, 3]


def test_rows_are_read_in_pages_without_a_gap(store: Store) -> None:
    """More rows than a page come whole and in order, entries and observations alike."""
    with store.write() as tx:
        for seq in range(4, 1203):
            tx.journal.append(entry(seq, transfers=0))
        tx.observations.append([seen(f"s{n}") for n in range(4, 2304)])
    with store.read() as tx:
        assert [row.seq for row in tx.journal.rows()] == list(range(1, 1203))
        assert [row.seq for row in tx.journal.rows(after=100, limit=700)] == list(range(101, 801))
        assert [row.n for row in tx.observations.rows()] == list(range(1, 2304))
        assert [row.subject for row in tx.observations.rows(after=2300)] == ["s2301", "s2302", "s2303"]


def test_an_address_is_given_out_once_ever_even_to_two_threads(store: Store) -> None:
    """Forty requests of four threads for thirty addresses get each address once, and ten get none."""
    with store.write() as tx:
        tx.addresses.add([_address(index) for index in range(30)])
    given: list[Address | None] = []
    failures: list[BaseException] = []

    def ask(name: str) -> None:
        try:
            for turn in range(10):
                with store.write() as tx:
                    given.append(tx.addresses.give_out("c", AT, f"{name}:{turn}"))
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=ask, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(row.index for row in given if row is not None) == list(range(30))
    assert given.count(None) == 10


def test_only_fresh_receive_addresses_are_given_out_lowest_first(store: Store) -> None:
    """Change, fixed, used and given addresses are passed over."""
    with store.write() as tx:
        tx.addresses.add([_address(0, "change"), _address(0, "fixed"), *map(_address, (2, 0, 1))])
        tx.addresses.mark_used(_address(0).script)
        assert tx.addresses.give_out("c", AT, "one") == _address(1)
        assert tx.addresses.give_out("c", "2026-01-02T00:00:00Z", None) == _address(2)
        assert tx.addresses.give_out("c", AT, "two") is None
        assert tx.addresses.give_out("other", AT, "three") is None
        assert tx.addresses.by_claim("one") == _address(1)
        assert tx.addresses.by_claim("two") is None
        assert tx.addresses.given_since("2026-01-01T12:00:00Z") == [_address(2)]


def test_an_address_for_a_need_is_one_kept_for_it_else_a_free_one_and_no_other_need_gets_it(
    store: Store,
) -> None:
    """The need is set once, when the address is given out; who asks for no need gets none that is kept."""
    with store.write() as tx:
        tx.addresses.add([_address(0), replace(_address(3), restriction="N-1"), _address(1)])
        asked = [
            tx.addresses.give_out("c", AT, None, restriction=need)
            for need in ("N-1", "N-1", None, None, "N-2")
        ]
        told = [None if row is None else (row.index, row.restriction) for row in asked]
        assert told == [(3, "N-1"), (0, "N-1"), (1, None), None, None]
        assert tx.addresses.by_address(_address(0).address) == replace(_address(0), restriction="N-1")


def test_addresses_are_found_and_never_belong_to_two_campaigns(store: Store) -> None:
    """Adding again changes nothing; another campaign's claim on a script is refused."""
    with store.write() as tx:
        tx.addresses.add([_address(0), _address(7), _address(3, "change")])
        tx.addresses.add([_address(0)])
    mine = _address(0)
    with pytest.raises(Conflict, match="belongs to campaign c"), store.write() as tx:
        tx.addresses.add([Address(mine.script, mine.address, "thief", "receive", 0, "list")])
    with store.read() as tx:
        assert tx.addresses.by_script(mine.script) == mine
        assert tx.addresses.by_address(mine.address) == mine
        assert tx.addresses.of_campaign("c") == [_address(3, "change"), mine, _address(7)]
        assert tx.addresses.highest_index("c", "receive") == 7
        assert tx.addresses.highest_index("c", "fixed") is None
        assert sorted(tx.addresses.scripts()) == sorted(a.script for a in tx.addresses.of_campaign("c"))


def test_a_token_opens_the_desk_until_it_is_revoked(store: Store) -> None:
    """A hash finds its user; a revoked one finds nobody; a disabled user says so."""
    with store.write() as tx:
        ada = tx.desk.user("ada")
        assert ada is not None
        tx.desk.add_token(ada.id, "laptop", "h" * 64, AT)
        found = tx.desk.by_token_hash("h" * 64, "2026-01-01T00:00:00Z")
        assert found is not None
        assert found[0] == ada
        assert (found[1].scopes, found[1].campaigns) == (ALL_SCOPES, None)
        tx.desk.set_user_disabled(ada.id, True)
        found = tx.desk.by_token_hash("h" * 64, "2026-01-01T00:00:00Z")
        assert found is not None
        assert found[0].disabled
        (token,) = tx.desk.tokens(ada.id)
        tx.desk.revoke_token(token.id)
        assert tx.desk.by_token_hash("h" * 64, "2026-01-01T00:00:00Z") is None
        assert tx.desk.tokens(ada.id)[0].revoked
    with pytest.raises(Conflict), store.write() as tx:
        tx.desk.add_user("ada", AT)


def test_what_a_token_may_is_a_row_for_each_scope_and_each_campaign(store: Store) -> None:
    """Whoever browses the tables joins them; a token of which a row is lost may less, never more."""
    with store.write() as tx:
        (number,) = (user.id for user in tx.desk.users() if user.name == "ada")
        narrow = tx.desk.add_token(
            number, "phone", "n" * 64, AT, scopes=(Scope.READ, Scope.RECORD), campaigns=("c", "d")
        )
        wide = tx.desk.add_token(number, "laptop", "w" * 64, AT)
    with store.read() as tx:
        told = tx.desk.token(narrow)
        assert told is not None
        assert told.scopes == {Scope.READ, Scope.RECORD}
        assert told.campaigns == frozenset({"c", "d"})
        assert tx.desk.by_token_hash("n" * 64, AT) == (tx.desk.user("ada"), told)
        assert tx.desk.all_tokens() == tx.desk.tokens(number) == [told, tx.desk.token(wide)]
        rows = select(TokenScopeRow.scope, TokenCampaignRow.campaign).join(
            TokenCampaignRow, col(TokenCampaignRow.token_id) == TokenScopeRow.token_id
        )
        joined = set(tx.session.exec(rows.where(TokenScopeRow.token_id == narrow)).all())
        assert joined == {(scope, slug) for scope in told.scopes for slug in ("c", "d")}
    with store.write() as tx:
        for table in (TokenScopeRow, TokenCampaignRow):
            tx.session.exec(delete(table).where(col(table.token_id) == wide))
        bare = tx.desk.token(wide)
        assert bare is not None
        assert (bare.scopes, bare.campaigns) == (frozenset(), frozenset())


def test_drafts_wait_until_they_are_closed(store: Store) -> None:
    """Open drafts by txid, oldest first; a closed one is gone and keeps its outcome."""
    with store.write() as tx:
        first = tx.desk.add_draft("spend", "c", "k1", b"{}", 1, "aa", AT)
        second = tx.desk.add_draft("spend", "c", "k2", b"{}", 1, "bb", AT)
        assert [draft.id for draft in tx.desk.drafts()] == [first, second]
        assert [draft.key for draft in tx.desk.drafts(waits_for="bb")] == ["k2"]
        tx.desk.close_draft(first, "recorded")
        tx.desk.close_draft(first, "again")
        assert [draft.id for draft in tx.desk.drafts()] == [second]


def test_authors_and_openings_lie_beside_the_journal(store: Store) -> None:
    """An author is noted once; an opening can be forgotten, and is not replaced."""
    with store.write() as tx:
        tx.journal.append(entry(4))
        tx.desk.note_author(4, 1)
        tx.desk.save_opening("ab", b"salt", b"value")
        tx.desk.save_opening("ab", b"salt", b"value")
        with pytest.raises(Conflict, match="kept already"):
            tx.desk.save_opening("ab", b"salt", b"other")
        assert tx.desk.opening("ab") == (b"salt", b"value")
        tx.desk.delete_opening("ab")
    with store.read() as tx:
        assert (tx.desk.author(4), tx.desk.author(5)) == (1, None)
        assert tx.desk.opening("ab") is None
        assert [line.subject for line in tx.desk.audited()] == ["s1", "s2", "s3"]
    with pytest.raises(Conflict), store.write() as tx:
        tx.desk.note_author(4, 2)


def test_evidence_is_kept_under_its_own_hash(store: Store) -> None:
    """The bytes come back; the same again changes nothing."""
    name = hashlib.sha256(b"paper").hexdigest()
    with store.write() as tx:
        done = (Treatment.THUMBNAILS, Treatment.METADATA)
        assert tx.papers.save("application/pdf", b"paper", "a" * 64, done) == name
        assert tx.papers.save("application/pdf", b"paper", "b" * 64, (Treatment.ACTIVE,)) == name
    with store.read() as tx:
        assert set(tx.papers.treatments(name)) == set(done)
        assert tx.papers.load(name) == ("application/pdf", b"paper")
        assert tx.papers.load("0" * 64) is None


def test_bytes_of_papers_are_never_changed_and_go_only_when_the_audit_log_says_so(store: Store) -> None:
    """Around the program too: whoever has the database's own words, as long as the guards stand."""
    name = hashlib.sha256(b"paper").hexdigest()
    with store.write() as tx:
        tx.papers.save("application/pdf", b"paper", name, (Treatment.METADATA,))
    for statement in (
        "UPDATE papers SET media_type = 'text/html'",
        f"UPDATE papers SET sha256 = '{'0' * 64}'",
        "DELETE FROM papers",
        "UPDATE paper_treatments SET treatment = 'metadata-left'",
        "DELETE FROM paper_treatments",
    ):
        with pytest.raises(Conflict), store.write() as tx:
            tx.session.connection().exec_driver_sql(statement)
    with store.write() as tx:
        tx.desk.audit("2026-01-01T00:00:00Z", None, REMOVED, name)
        tx.desk.audit("2026-01-01T00:00:00Z", None, "something else", name)
    with pytest.raises(Conflict), store.write() as tx:
        tx.papers.remove(name)
    with store.write() as tx:
        assert tx.papers.load(name) is not None
        tx.desk.audit("2026-01-01T00:00:00Z", None, REMOVED, name)
        assert tx.papers.remove(name)
        assert not tx.papers.remove(name)
        assert (tx.papers.load(name), tx.papers.treatments(name)) == (None, ())


def test_headers_are_added_again_without_harm(store: Store) -> None:
    """The same headers twice are there once; a reorg replaces one by height; other lengths are refused."""
    raws = [bytes([n]) * 80 for n in range(3)]
    with store.write() as tx:
        for _ in range(2):
            tx.progress.add_headers(list(enumerate(raws, 100)))
        tx.progress.add_headers([(102, b"\xff" * 80)])
        with pytest.raises(Conflict, match="80 bytes"):
            tx.progress.add_headers([(103, b"short")])
        tx.progress.save("tip", "1")
        tx.progress.save("tip", "2")
    with store.read() as tx:
        assert tx.progress.headers() == [(100, raws[0]), (101, raws[1]), (102, b"\xff" * 80)]
        assert (tx.progress.load("tip"), tx.progress.load("absent")) == ("2", None)


def test_a_lease_has_one_holder_and_a_late_one_is_noticed(store: Store) -> None:
    """Renewing keeps the epoch; a new holder after the end has a new one, and the old epoch is refused."""
    with store.write() as tx:
        assert tx.lease.acquire("leader", "left", 100, 30) == 1
        assert tx.lease.acquire("leader", "right", 129, 30) is None
        assert tx.lease.acquire("leader", "left", 129, 30) == 1
        assert tx.lease.acquire("leader", "right", 159, 30) == 2
        tx.lease.check("leader", 2)
        with pytest.raises(Conflict, match="lost"):
            tx.lease.check("leader", 1)
        tx.lease.release("leader", 1)
        tx.lease.check("leader", 2)
        tx.lease.release("leader", 2)
        with pytest.raises(Conflict, match="lost"):
            tx.lease.check("leader", 2)
        assert tx.lease.acquire("leader", "left", 160, 30) == 3


def test_a_private_value_that_is_forgotten_is_overwritten_in_the_file(tmp_path: Path) -> None:
    """Also where SQLite was not built to overwrite what is deleted."""
    store = filled(fresh_url("sqlite", tmp_path))
    with store.write() as tx:
        tx.session.connection().exec_driver_sql("PRAGMA secure_delete = 0")
        tx.desk.save_opening("ab", b"the salt of it", b"the words of a payer")
        tx.desk.save_opening("cd", b"the salt of it", b"the words of another")
    with store.write() as tx:
        tx.desk.delete_opening("ab")
        assert tx.desk.opening("ab") is None
    store.close()
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"a payer" not in left
    assert b"another" in left
