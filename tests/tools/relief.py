"""The campaign that a watched chain pays in tests of services, and what of its gifts chain and books call settled."""

from __future__ import annotations

from ledger.store.database import Store
from tests.tools.fake_chain import FakeChain, script_no
from tests.tools.gifts import gifts_of
from tests.tools.kill_driver import ADDRESSES, SLUG
from watchers.proof.block import parse_block

DEPTH = 6
CAMPAIGN = {
    "slug": SLUG,
    "title": "Relief",
    "purpose": "Help where it is needed",
    "start": "2011-02-01",
    "end": "2011-03-01",
}


def settled_on(chain: FakeChain) -> dict[str, int]:
    """The chain's own list: outpoint and sats of every output to our scripts that is deep enough."""
    ours = {script_no(number) for number in range(ADDRESSES)}
    found = {}
    for name in chain.active[1 : chain.height - DEPTH + 2]:
        for tx in parse_block(chain.blocks[name]):
            for vout, output in enumerate(tx.outputs):
                if output.script in ours:
                    found[f"{tx.txid}:{vout}"] = output.sats
    return found


def live_in(store: Store) -> dict[str, int]:
    with store.read() as tx:
        return {gift.outpoint: gift.sats for gift in gifts_of(tx.session, SLUG) if gift.live}
