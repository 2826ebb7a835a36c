"""Nobody is believed: a lie in any field of a source changes nothing, and is named where proof contradicts it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.core.chain import Header, Outpoint
from tests.tools.esplora_lies import LIES, flip
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.follower import GENESIS, Follower, client, esplora, new_chain, pay
from watchers.look import Watcher
from watchers.proof.networks import REGTEST
from watchers.proof.scan import WatchSet
from watchers.sources.esplora import Esplora


@pytest.fixture
def honest() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


@pytest.fixture
def second() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


ONE_LIE = [(name, number) for name, lies in LIES.items() for number in range(len(lies))]


@pytest.mark.parametrize(("name", "number"), ONE_LIE)
def test_one_lie_in_one_field_changes_nothing_beside_an_honest_source(
    name: str, number: int, honest: EsploraServer, second: EsploraServer
) -> None:
    """Within ten looks all is as the honest source has it, whichever field the first one lies in."""
    chain = honest.chain
    second.chain = chain
    second.faults.lies[name] = LIES[name][number]
    follower = Follower([esplora(second, "liar"), esplora(honest, "honest")])
    for step in range(5):
        pay(chain, step)
        chain.mine_block()
        look = follower.look(chain.now, max_blocks=3)
        look = follower.look(chain.now, max_blocks=3)
    assert follower.applied == chain.active
    assert len(follower.payments) == 5
    assert look.agreed
    assert look.reports[1].ok


@pytest.mark.parametrize(("name", "number"), ONE_LIE)
def test_one_lie_by_the_only_source_makes_nothing_wrong_believed(
    name: str, number: int, second: EsploraServer
) -> None:
    """What is found is on the true chain, and the lie is reported when it hinders the look."""
    chain = second.chain
    follower = Follower([esplora(second, "liar")])
    second.faults.lies[name] = LIES[name][number]
    seen = []
    for step in range(3):
        pay(chain, step)
        chain.mine_block()
        pay(chain, step + 50)
        seen.append(follower.look(chain.now))
        for sighting in seen[-1].sightings:
            assert sighting.tx.txid in chain.mempool
    assert follower.applied == chain.active[: len(follower.applied)]
    assert set(follower.payments) <= {Outpoint(txid, 0) for txid in chain.transactions}
    whole = follower.applied == chain.active and all(len(look.sightings) == 1 for look in seen)
    assert whole or any(report.error for look in seen for report in look.reports)


@pytest.mark.parametrize("number", range(len(LIES["block"])))
def test_a_liar_about_blocks_is_named_and_set_aside(
    number: int, honest: EsploraServer, second: EsploraServer
) -> None:
    """The report says what proof contradicts; the liar is not asked again before its time is over."""
    chain = honest.chain
    second.chain = chain
    second.faults.lies["block"] = LIES["block"][number]
    follower = Follower([esplora(second, "liar"), esplora(honest, "honest")])
    chain.mine(2)
    now = chain.now
    first = follower.look(now)
    if number == len(LIES["block"]) - 1:
        assert first.reports[0].lied is None
        assert first.reports[0].error is not None
        return
    assert first.reports[0].lied
    second.faults.lies.clear()
    asked = len(second.paths)
    again = follower.look(now + 1)
    assert len(second.paths) == asked
    assert again.reports[0].lied
    assert again.reports[0].requests == 0
    later = follower.look(now + 24 * 3600)
    assert later.reports[0].ok


@pytest.mark.parametrize(("field", "lie"), [("tip.height", 1), ("tip.height", -1), ("tip.hash", 0)])
def test_height_and_hash_of_two_moments_are_no_lie(field: str, lie: int, honest: EsploraServer) -> None:
    """Each is cached apart: one may be of the block before for ten seconds. The newer is followed, nobody lied."""
    chain = honest.chain
    chain.mine(6)
    if field == "tip.hash":
        honest.faults.lies[field] = lambda name: chain.header(name).previous
    else:
        honest.faults.lies[field] = lambda height: height + lie
    follower = Follower([esplora(honest)])
    look = follower.look(chain.now)
    assert (look.reports[0].lied, look.reports[0].error) == (None, None)
    assert look.agreed
    assert follower.tip == chain.tip
    assert follower.look(chain.now).agreed
    honest.faults.lies.clear()
    chain.mine(1)
    follower.look(chain.now)
    assert follower.tip == chain.tip


def test_a_height_far_from_the_hash_is_a_source_that_is_down(honest: EsploraServer) -> None:
    honest.chain.mine(6)
    honest.faults.lies["tip.height"] = lambda height: height + 100
    look = Follower([esplora(honest)]).look(honest.chain.now)
    assert look.reports[0].lied is None
    assert look.reports[0].error


def test_honest_days_forgive_a_pause(honest: EsploraServer) -> None:
    """A fault every third day never grows into a day of silence; one each time that it is asked does."""
    follower, chain = Follower([esplora(honest)]), honest.chain
    now, pauses = chain.now + 10**7, []
    for days in (3, 3, 3, 0, 0, 0, 30):
        chain.mine(1)
        honest.faults.lies["block"] = lambda raw: flip(raw, len(raw) - 20)
        (report,) = follower.look(now).reports
        honest.faults.lies.clear()
        assert report.set_aside_until is not None
        pauses.append((report.set_aside_until - now) // 60)
        now = report.set_aside_until + days * 86_400
        follower.look(now)
    assert pauses == [10, 10, 10, 10, 20, 40, 80]


def test_only_a_liar_with_true_work_but_false_blocks_settles_nothing(second: EsploraServer) -> None:
    """Blocks that their headers do not commit to are never found, and no tip of theirs is agreed."""
    second.faults.lies["block"] = lambda raw: flip(raw, len(raw) - 20)
    second.chain.mine(8)
    follower = Follower([esplora(second, "liar")])
    for hour in range(10):
        look = follower.look(second.chain.now + hour * 3600)
        assert look.connected == ()
        assert not look.agreed
    assert follower.applied == [GENESIS]


def test_headers_easier_than_their_period_are_a_lie(honest: EsploraServer) -> None:
    """A source on a chain that breaks the rules of bits is caught at its first header."""
    chain = honest.chain
    chain.mine(2)
    tree = new_chain()

    class Easy(Esplora):
        def look_headers(self, first: int, count: int) -> list[Header]:
            true = super().look_headers(first, count)
            harder = bytearray(true[0].raw)
            harder[72:76] = (0x207EFFFF).to_bytes(4, "little")
            return [Header(bytes(harder)), *true[1:]]

    source = Easy("easy", honest.url, client(), REGTEST)
    look = Watcher(REGTEST, [source], tree).look(GENESIS, WatchSet(set(), set()), now=chain.now, max_blocks=9)
    assert look.reports[0].lied
    assert look.connected == ()
    assert len(tree) == 1


def test_a_header_ahead_of_our_clock_is_an_error_but_no_lie(honest: EsploraServer) -> None:
    """Our own clock may be wrong: the source is not set aside, and the header counts once the time has come."""
    honest.chain.mine(1)
    follower = Follower([esplora(honest)])
    look = follower.look(honest.chain.now - 3 * 3600 - 3600)
    assert look.connected == ()
    assert look.reports[0].error
    assert look.reports[0].lied is None
    follower.look(honest.chain.now)
    assert follower.applied == honest.chain.active
