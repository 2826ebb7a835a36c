"""Where trust begins: pinned once, kept for ever, restored after a restart, and said on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.pages.sentences import books_notes
from ledger.core.chain import Header
from ledger.store.database import Store
from ledger.views.reconcile import books_state
from service.command import BadUse, Unavailable
from service.pinning import parse_checkpoint, pinned_chain, restored_chain
from tests.tools.ledgers import SLUG, QuietLedger
from tests.tools.store_places import place
from watchers.net.errors import SourceDown, SourceMissing
from watchers.proof.networks import network_named
from watchers.sources.protocol import Can, ClaimedTip

MAINNET = network_named("mainnet")
REGTEST = network_named("regtest")
GENESIS = Header(MAINNET.genesis_header)


class Explorer:
    """A source that shows one header, or is down."""

    can = frozenset({Can.TIP, Can.HEADERS})

    def __init__(self, name: str, tip: int = 100, hash_: str = GENESIS.hash, down: bool = False) -> None:
        self.name, self._tip, self._hash, self._down = name, tip, hash_, down

    def look_tip(self) -> ClaimedTip:
        if self._down:
            raise SourceDown(self.name, "no connection")
        return ClaimedTip(self._tip, "ab" * 32)

    def look_hash(self, height: int) -> str:
        if self._down:
            raise SourceDown(self.name, "no connection")
        return self._hash

    def look_headers(self, first: int, count: int) -> list[Header]:
        if self._down:
            raise SourceDown(self.name, "no connection")
        if first != 0:
            raise SourceMissing(self.name, "no such height")
        return [GENESIS]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(place(tmp_path))


def pin(store: Store, *sources: Explorer, checkpoint: str = "", network: object = MAINNET) -> object:
    return pinned_chain(store, network, sources, checkpoint, "operator")  # type: ignore[arg-type]


def test_without_a_checkpoint_the_period_that_all_sources_agree_on_is_trusted_on_first_use(
    store: Store,
) -> None:
    pin(store, Explorer("a"), Explorer("b", tip=90))
    with store.read() as tx:
        assert tx.progress.load("checkpoint") == f"0:{GENESIS.hash}"
        assert tx.progress.load("checkpoint_trust") == "first use"


def test_sources_that_disagree_pin_nothing(store: Store) -> None:
    with pytest.raises(Unavailable, match="do not agree"):
        pin(store, Explorer("a"), Explorer("b", hash_="cd" * 32))
    assert restored_chain(store, MAINNET) is None


def test_a_source_that_is_down_has_no_say_and_all_down_is_said(store: Store) -> None:
    with pytest.raises(Unavailable, match="no source answers"):
        pin(store, Explorer("a", down=True))
    pin(store, Explorer("a", down=True), Explorer("b"))
    assert restored_chain(store, MAINNET) is not None


def test_what_was_pinned_stays_whatever_the_sources_say_later(store: Store) -> None:
    pin(store, Explorer("a"))
    chain = pin(store, Explorer("a", hash_="cd" * 32))
    assert GENESIS.hash in chain  # type: ignore[operator]


def test_regtest_starts_at_its_first_block_and_asks_nobody(store: Store) -> None:
    pin(store, network=REGTEST)
    with store.read() as tx:
        assert tx.progress.load("checkpoint_trust") == "genesis"


def test_a_checkpoint_that_no_source_shows_is_refused(store: Store) -> None:
    with pytest.raises(Unavailable):
        pin(store, Explorer("a"), checkpoint="5:" + "ab" * 32)
    assert restored_chain(store, MAINNET) is None


@pytest.mark.parametrize(
    "text", ["", "5", "x:" + "a" * 64, "5:" + "g" * 64, "5:" + "a" * 63, "-1:" + "a" * 64]
)
def test_a_checkpoint_of_another_shape_is_refused_with_the_shape(text: str) -> None:
    with pytest.raises(BadUse, match="HEIGHT:HASH"):
        parse_checkpoint(text)


def test_trust_on_first_use_shows_on_the_page(tmp_path: Path) -> None:
    ledger = QuietLedger.new(tmp_path)  # whose looks bring no headers, as those of a service do
    pin(ledger.store, Explorer("a"))
    ledger.bury(1)
    with ledger.store.read() as tx:
        notes = books_notes(books_state(tx, SLUG, now=ledger.now))
    assert any("trusted on first use" in note for note in notes)
