"""The replay serves exactly the recorded chain, as it stood at the moment it is told, and nothing from later."""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.demo import gifts
from service.demo.recording import Recording
from service.demo.replay import Replay
from watchers.proof.networks import network_named
from watchers.proof.scripts import script_of, scripthash_hex
from watchers.proof.transaction import parse_transaction

RECORDING = Recording.load()
TIP = RECORDING.tips[-1]


class Explorer:
    """A client of one connection, as a watcher would be."""

    def __init__(self, base: str) -> None:
        self.connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)

    def ask(self, path: str) -> tuple[int, bytes]:
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        return response.status, response.read()

    def text(self, path: str) -> str:
        status, body = self.ask(path)
        assert status == 200
        return body.decode()

    def json(self, path: str) -> Any:
        return json.loads(self.text(path))


@pytest.fixture
def replay() -> Replay:
    return Replay(RECORDING)


@pytest.fixture
def explorer(replay: Replay) -> Iterator[Explorer]:
    client = Explorer(replay.serve())
    yield client
    client.connection.close()
    replay.stop()


def test_every_recorded_block_is_served_byte_for_byte(replay: Replay, explorer: Explorer) -> None:
    replay.advance(replay.end)
    for name in RECORDING.blocks:
        status, raw = explorer.ask(f"/block/{name}/raw")
        assert status == 200
        assert hashlib.sha256(hashlib.sha256(raw[:80]).digest()).digest()[::-1].hex() == name
        assert explorer.text(f"/block/{name}/header") == raw[:80].hex()


def test_pages_of_ten_headers_lead_from_the_tip_to_genesis(replay: Replay, explorer: Explorer) -> None:
    replay.advance(replay.end)
    seen, start = [], TIP.height
    assert explorer.json("/blocks") == explorer.json(f"/blocks/{start}")
    while start >= 0:
        page = explorer.json(f"/blocks/{start}")
        seen += page
        start = page[-1]["height"] - 1
        assert len(page) == 10 or start == -1
    assert [row["height"] for row in seen] == list(range(TIP.height, -1, -1))
    for row, below in zip(seen, [*seen[1:], {"id": None}], strict=True):
        assert row["previousblockhash"] == below["id"]
        assert explorer.text(f"/block-height/{row['height']}") == row["id"]


def test_the_fields_of_a_block_make_its_eighty_bytes_again(replay: Replay, explorer: Explorer) -> None:
    replay.advance(replay.end)
    row = explorer.json(f"/block/{TIP.hash}")
    raw = b"".join(
        [
            row["version"].to_bytes(4, "little", signed=True),
            bytes.fromhex(row["previousblockhash"])[::-1],
            bytes.fromhex(row["merkle_root"])[::-1],
            *(row[name].to_bytes(4, "little") for name in ("timestamp", "bits", "nonce")),
        ]
    )
    assert hashlib.sha256(hashlib.sha256(raw).digest()).digest()[::-1].hex() == TIP.hash


def test_before_its_block_a_gift_is_in_the_mempool_only(replay: Replay, explorer: Explorer) -> None:
    gift = RECORDING.coins[0]
    replay.advance(gift.at)
    assert explorer.json(f"/tx/{gift.txid}/status") == {"confirmed": False}
    scripthash = scripthash_hex(script_of(gift.address, network_named("regtest")))
    for path in (f"/scripthash/{scripthash}/txs/mempool", f"/address/{gift.address}/txs/mempool"):
        assert [row["txid"] for row in explorer.json(path)] == [gift.txid]
    _, raw = explorer.ask(f"/tx/{gift.txid}/raw")
    assert parse_transaction(raw).txid == gift.txid
    replay.advance(gift.at + 86_400)
    assert explorer.json(f"/tx/{gift.txid}/status")["confirmed"] is True
    assert explorer.json(f"/address/{gift.address}/txs/mempool") == []


def test_a_replaced_payment_gives_way_to_its_replacement(replay: Replay, explorer: Explorer) -> None:
    before, after = (RECORDING.transactions[name] for name in (gifts.RAISED_BEFORE, gifts.RAISED))
    replay.advance(gifts.RAISED_BEFORE_AT)
    assert explorer.json("/mempool/txids") == [before]
    replay.advance(gifts.moment("2020-05-21T12:48"))
    assert explorer.json("/mempool/txids") == [after]
    assert explorer.ask(f"/tx/{before}/raw")[0] == 404


def test_a_change_of_chains_happens_at_once_and_the_stale_block_says_so(
    replay: Replay, explorer: Explorer
) -> None:
    txid = RECORDING.transactions[gifts.MOVED]
    replay.advance(gifts.MOVED_SWITCH_AT - 1)
    stale = explorer.text("/blocks/tip/hash")
    assert explorer.json(f"/tx/{txid}/status")["block_hash"] == stale
    replay.advance(gifts.MOVED_SWITCH_AT)
    assert explorer.text("/blocks/tip/height") == "153"
    assert explorer.json(f"/block/{stale}/status") == {"in_best_chain": False}
    assert explorer.json(f"/tx/{txid}/status")["block_hash"] == explorer.text("/blocks/tip/hash")
    assert explorer.text("/block-height/152") != stale


def test_at_the_end_one_gift_waits_and_the_last_block_is_the_tip(replay: Replay, explorer: Explorer) -> None:
    replay.advance(replay.end)
    assert explorer.json("/mempool/txids") == [RECORDING.transactions[gifts.WAITING.tx]]
    assert explorer.text("/blocks/tip/hash") == TIP.hash


def test_what_is_not_there_is_a_plain_404(replay: Replay, explorer: Explorer) -> None:
    replay.advance(replay.start)
    unknown = [
        "/",
        "/block-height/2",
        f"/block/{TIP.hash}",
        f"/tx/{'0' * 64}/raw",
        "/blocks/99",
        "/block/xyz",
    ]
    for path in unknown:
        status, body = explorer.ask(path)
        assert status == 404
        assert body.endswith(b"not found")
    assert explorer.ask("/address/nonsense/txs/mempool")[0] == 400


def test_time_only_goes_forwards(replay: Replay) -> None:
    replay.advance(replay.start)
    with pytest.raises(ValueError, match="time only goes forwards"):
        replay.advance(replay.start - 1)


def test_it_serves_on_this_machine_only(replay: Replay) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1 only"):
        replay.serve("0.0.0.0")


def test_events_name_every_moment_at_which_the_view_changes(replay: Replay) -> None:
    events = replay.events()
    assert len(events) == len(RECORDING.tips) + len(RECORDING.arrivals)
    assert [label for _, label in events if "another chain" in label] == ["another chain, to block 153"]
    shown = (replay.view.best, set(replay.view.mempool))
    for at in sorted({at for at, _ in events}):
        replay.advance(at)
        assert (replay.view.best, set(replay.view.mempool)) != shown
        shown = (replay.view.best, set(replay.view.mempool))


@given(at=st.integers(min_value=gifts.FIRST_BLOCK - 86_400, max_value=gifts.END))
@settings(max_examples=60, deadline=None)
def test_no_block_or_payment_shows_before_its_time(at: int) -> None:
    replay = Replay(RECORDING)
    replay.advance(at)
    view = replay.view
    assert all(
        RECORDING.blocks[name].header.time <= at for name in view.shown if RECORDING.blocks[name].height
    )
    arrived = {row.tx.txid for row in RECORDING.arrivals if row.at <= at}
    assert view.mempool.keys() <= arrived
    assert not view.mempool.keys() & view.confirmed.keys()
