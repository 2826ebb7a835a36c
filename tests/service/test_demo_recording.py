"""The recorded chain is what the demo promises: real blocks, all script types, every oddity, every sum."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from ledger.core.chain import Script
from service.demo import gifts
from service.demo.gifts import AddressKind
from service.demo.recording import FOLDER, RecordedCoin, Recording
from watchers.proof.block import parse_block
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import network_named
from watchers.proof.scripts import ScriptKind, kind_of, script_of
from watchers.proof.transaction import Tx

REGTEST = network_named("regtest")
KIND_OF = {
    ScriptKind.P2PKH: AddressKind.PKH,
    ScriptKind.P2SH: AddressKind.SH_WPKH,
    ScriptKind.P2WPKH: AddressKind.WPKH,
    ScriptKind.P2WSH: AddressKind.WSH,
    ScriptKind.P2TR: AddressKind.TR,
}


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording.load()


@pytest.fixture(scope="module")
def best(recording: Recording) -> list[str]:
    """Hashes of the chain that stands at the end, from genesis up."""
    path = [recording.tips[-1].hash]
    while recording.blocks[path[-1]].height:
        path.append(recording.blocks[path[-1]].header.previous)
    return path[::-1]


@pytest.fixture(scope="module")
def mined(recording: Recording, best: list[str]) -> dict[str, Tx]:
    return {tx.txid: tx for block in best for tx in recording.blocks[block].parsed}


def given(recording: Recording) -> list[RecordedCoin]:
    labels = {gift.label for gift in gifts.GIFTS}
    return [coin for coin in recording.coins if coin.label in labels]


def test_the_package_holds_less_than_two_megabytes_of_it() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000


def test_every_block_hashes_to_its_name_meets_its_target_and_follows_its_parent(recording: Recording) -> None:
    for name, block in recording.blocks.items():
        header = parse_block(block.raw).header
        assert hashlib.sha256(hashlib.sha256(block.raw[:80]).digest()).digest()[::-1].hex() == name
        if block.height:
            assert recording.blocks[header.previous].height == block.height - 1


def test_block_times_run_from_may_to_august_2020(recording: Recording, best: list[str]) -> None:
    times = [recording.blocks[block].header.time for block in best[1:]]
    assert gifts.moment("2020-05-10") <= times[0] < gifts.moment("2020-05-11")
    assert gifts.moment("2020-08-30") <= times[-1] < recording.end == gifts.moment("2020-08-31T09:00")


def test_at_least_sixty_gifts_over_five_script_types_are_on_the_chain_as_planned(
    recording: Recording, mined: dict[str, Tx]
) -> None:
    coins = {coin.label: coin for coin in given(recording)}
    assert len(coins) == len(gifts.GIFTS) >= 60
    kinds: Counter[AddressKind] = Counter()
    for gift in gifts.GIFTS:
        coin = coins[gift.label]
        output = mined[coin.txid].outputs[coin.vout]
        assert output.sats == coin.sats == gift.sats
        assert output.script == script_of(coin.address, REGTEST)
        kinds[KIND_OF[kind_of(output.script)]] += 1
    assert set(kinds) == set(AddressKind)
    assert min(kinds.values()) >= 9
    assert min(g.sats for g in gifts.GIFTS) == 20_000
    assert max(g.sats for g in gifts.GIFTS) == 150_000_000


def test_the_public_descriptors_yield_every_address_that_was_paid(recording: Recording) -> None:
    wallets = {row.kind: Descriptor.parse(row.both, REGTEST) for row in recording.descriptors}
    for coin in recording.coins:
        wallet = wallets[coin.kind]
        (script,) = wallet.change_scripts(coin.index, 1) if coin.change else wallet.scripts(coin.index, 1)
        assert script == script_of(coin.address, REGTEST)


def test_no_private_key_is_in_the_recording() -> None:
    text = (FOLDER / "recording.json").read_text()
    assert "tprv" not in text
    assert "xprv" not in text
    assert "tpub" in text


def test_no_output_pays_the_campaign_but_those_that_are_labelled(
    recording: Recording, mined: dict[str, Tx]
) -> None:
    ours: set[Script] = set()
    for row in recording.descriptors:
        wallet = Descriptor.parse(row.both, REGTEST)
        ours.update(wallet.scripts(0, 60))
        ours.update(wallet.change_scripts(0, 10))
    found = {
        f"{tx.txid}:{vout}"
        for tx in mined.values()
        for vout, output in enumerate(tx.outputs)
        if output.script in ours
    }
    assert found == {coin.outpoint for coin in recording.coins if coin.label != gifts.WAITING.label}


def test_one_transaction_pays_one_address_twice_and_one_pays_three_addresses(recording: Recording) -> None:
    twice = [coin for coin in recording.coins if coin.tx == gifts.TWICE]
    assert [len({c.txid for c in twice}), len({c.address for c in twice}), len(twice)] == [1, 1, 2]
    three = [coin for coin in recording.coins if coin.tx == gifts.THREE]
    assert [len({c.txid for c in three}), len({c.address for c in three}), len(three)] == [1, 3, 3]


def test_one_gift_is_replaced_by_fee_and_only_its_replacement_is_mined(
    recording: Recording, mined: dict[str, Tx]
) -> None:
    before, after = (recording.transactions[name] for name in (gifts.RAISED_BEFORE, gifts.RAISED))
    arrived = {row.tx.txid: row for row in recording.arrivals}
    assert arrived[after].replaces == before
    spent = [{each.outpoint for each in arrived[txid].tx.inputs} for txid in (before, after)]
    assert spent[0] & spent[1]
    assert before not in mined
    assert after in mined


def test_one_gift_moves_from_a_stale_block_to_another(recording: Recording, best: list[str]) -> None:
    txid = recording.transactions[gifts.MOVED]
    holders = [block for block in recording.blocks.values() if txid in block.txids]
    assert sorted(block.hash in best for block in holders) == [False, True]
    stale, final = sorted(holders, key=lambda block: block.height)
    assert (stale.height, final.height) == (152, 153)
    shown = {tip.hash: tip.at for tip in recording.tips}
    assert shown[final.hash] - shown[stale.hash] > 3000


def test_dust_is_mined_below_the_line_and_the_waiting_gift_never(
    recording: Recording, mined: dict[str, Tx]
) -> None:
    (dust,) = (coin for coin in recording.coins if coin.label == "dust")
    assert dust.txid in mined
    assert 546 <= dust.sats < gifts.DUST_LINE
    assert recording.transactions["waiting"] in {row.tx.txid for row in recording.arrivals} - mined.keys()


def test_the_gifts_of_the_last_days_settle_after_the_campaign_ended(recording: Recording) -> None:
    late = [gift for gift in gifts.GIFTS if gift.at >= gifts.moment("2020-06-03")]
    assert len(late) == 2


def test_outgoing_coins_pay_what_is_planned_with_change_on_the_change_branch_and_spend_no_dust(
    recording: Recording, mined: dict[str, Tx]
) -> None:
    coins = {coin.outpoint: coin for coin in recording.coins}
    for out in gifts.OUTGOING:
        tx = mined[recording.transactions[out.label]]
        spent = [coins[str(each.outpoint)] for each in tx.inputs]
        assert [coin.label for coin in spent if coin.label == "dust"] == []
        pay, change = tx.outputs
        assert pay.sats == out.sats
        assert sum(coin.sats for coin in spent) - pay.sats - change.sats == out.fee
        assert coins[f"{tx.txid}:1"].change


def test_what_is_left_on_the_chain_is_what_the_plan_says_is_left(
    recording: Recording, mined: dict[str, Tx]
) -> None:
    spent = {str(each.outpoint) for tx in mined.values() for each in tx.inputs}
    unspent = [c for c in recording.coins if c.txid in mined and c.outpoint not in spent]
    assert sum(coin.sats for coin in unspent) == gifts.LEFT + gifts.DUST.sats
    assert 0 < gifts.LEFT == gifts.RECEIVED - gifts.SPENT
