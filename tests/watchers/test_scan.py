"""A scan finds every payment and every spend that concerns us, by outpoint, with a proof, and nothing else."""

from __future__ import annotations

import pytest
from bitcoin.core import CBlock
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.chain import Outpoint
from tests.tools.builders_block import RawTx, block, coinbase, mainnet_block
from watchers.proof.block import BlockRefused, parse_block
from watchers.proof.merkle import MerkleProof, check_proof
from watchers.proof.scan import WatchSet, scan_block

OURS, THEIRS = b"\x00\x14" + b"o" * 20, b"\x00\x14" + b"t" * 20
CONTENT = parse_block(mainnet_block())


@settings(max_examples=12, deadline=None)
@given(
    st.sets(st.sampled_from(CONTENT.scripts), max_size=30),
    st.sets(st.sampled_from(CONTENT.outpoints), max_size=30),
)
def test_a_scan_of_the_mainnet_block_finds_what_a_plain_loop_over_another_parser_finds(
    scripts: set[bytes], outpoints: set[bytes]
) -> None:
    payments, spends, mine = [], [], set(outpoints)
    for position, tx in enumerate(CBlock.deserialize(mainnet_block()).vtx):
        for vin, txin in enumerate(tx.vin):
            if txin.prevout.serialize() in mine:
                spends.append((txin.prevout.serialize(), position, vin))
        for vout, txout in enumerate(tx.vout):
            if bytes(txout.scriptPubKey) in scripts:
                wire = tx.GetTxid() + vout.to_bytes(4, "little")
                payments.append((wire, position, txout.nValue))
                mine.add(wire)
    facts = scan_block(mainnet_block(), WatchSet(scripts, outpoints))
    assert [(p.outpoint.wire(), p.position, p.sats) for p in facts.payments] == payments
    assert [(s.outpoint.wire(), s.position, s.vin) for s in facts.spends] == spends
    assert [t.position for t in facts.relevant] == sorted(
        {p for _, p, _ in payments} | {p for _, p, _ in spends}
    )
    for tx in facts.relevant:
        claim = MerkleProof(tx.txid, tx.position, tx.branch)
        check_proof(claim, facts.header.merkle_root, CONTENT.count, transaction=tx.raw)


def test_nothing_watched_finds_nothing() -> None:
    facts = scan_block(mainnet_block(), WatchSet(frozenset(), frozenset()))
    assert (facts.payments, facts.spends, facts.relevant) == ((), (), ())


def test_two_payments_of_one_transaction_to_one_script_are_two_outpoints() -> None:
    tx = RawTx([(b"x" * 36, b"")], [(5, OURS), (6, THEIRS), (5, OURS)])
    facts = scan_block(block([coinbase(), tx]), WatchSet({OURS}, set()))
    txid = tx.digest()[::-1].hex()
    assert [p.outpoint for p in facts.payments] == [Outpoint(txid, 0), Outpoint(txid, 2)]
    assert [p.sats for p in facts.payments] == [5, 5]
    assert len(facts.relevant) == 1


def test_an_output_paid_and_spent_in_one_block_is_both_found() -> None:
    """A self-spend with change back to us, and the coin that never survives its block."""
    pay = RawTx([(b"x" * 36, b"")], [(9, THEIRS), (10, OURS)])
    use = RawTx([(b"y" * 36, b""), (pay.outpoint(1), b"")], [(4, THEIRS), (5, OURS)])
    facts = scan_block(block([coinbase(), pay, use]), WatchSet({OURS}, set()))
    assert [(p.outpoint.vout, p.position) for p in facts.payments] == [(1, 1), (1, 2)]
    assert [(s.outpoint, s.txid, s.vin, s.position) for s in facts.spends] == [
        (Outpoint.from_wire(pay.outpoint(1)), use.digest()[::-1].hex(), 1, 2)
    ]


def test_a_transaction_that_only_spends_ours_is_touched_with_all_its_inputs_and_outputs() -> None:
    """So that a replacement that leaves our scripts out is seen where it spends a watched outpoint."""
    use = RawTx([(b"y" * 36, b""), (b"z" * 36, b"")], [(4, THEIRS)])
    facts = scan_block(block([coinbase(), use]), WatchSet({OURS}, {b"z" * 36}))
    assert facts.payments == ()
    (tx,) = facts.relevant
    assert tx.inputs == (Outpoint.from_wire(b"y" * 36), Outpoint.from_wire(b"z" * 36))
    assert tx.outputs == ((THEIRS, 4),)
    assert (tx.raw, tx.txid, tx.wtxid) == (use.raw(), use.digest()[::-1].hex(), use.digest()[::-1].hex())


def test_a_coinbase_that_pays_us_is_marked_as_one() -> None:
    facts = scan_block(block([coinbase(outputs=[(50, OURS)])]), WatchSet({OURS}, set()))
    assert [(p.coinbase, p.position) for p in facts.payments] == [(True, 0)]
    assert facts.relevant[0].coinbase


def test_the_same_vout_of_another_transaction_is_not_ours() -> None:
    use = RawTx([(b"z" * 32 + b"\1\0\0\0", b"")], [(4, THEIRS)])
    assert scan_block(block([coinbase(), use]), WatchSet(set(), {b"z" * 32 + b"\2\0\0\0"})).spends == ()


def test_without_proofs_the_facts_are_the_same_but_for_the_branches() -> None:
    watch = WatchSet(set(CONTENT.scripts[::500]), set(CONTENT.outpoints[::500]))
    with_proofs, without = (
        scan_block(mainnet_block(), watch),
        scan_block(mainnet_block(), watch, proofs=False),
    )
    assert (with_proofs.payments, with_proofs.spends) == (without.payments, without.spends)
    assert all(tx.branch == () for tx in without.relevant)
    assert all(len(tx.branch) == 12 for tx in with_proofs.relevant)


def test_a_block_that_is_refused_gives_no_facts() -> None:
    with pytest.raises(BlockRefused):
        scan_block(mainnet_block()[:-1], WatchSet(set(CONTENT.scripts), set()))
