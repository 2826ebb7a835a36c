"""The block walker agrees with an independent parser to the last byte, and refuses what is no block, saying where."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import suppress

import pytest
from bitcoin.core import CBlock, b2lx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.chain import Header
from tests.tools.builders_block import NULL, RawTx, block, coinbase, committed, compact, mainnet_block
from watchers.proof.block import (
    BlockRefused,
    TransactionRefused,
    claimed_height,
    parse_block,
    parse_transaction,
)
from watchers.proof.scripts import kind_of

OUT = bytes(range(32)) + b"\0\0\0\0"
PAY = [(1000, bytes.fromhex("0014") + bytes(20))]


def spend(number: int, witness: bool = False, outputs: list[tuple[int, bytes]] | None = None) -> RawTx:
    wire = number.to_bytes(32, "little") + b"\0\0\0\0"
    return RawTx([(wire, b"")], outputs or PAY, [[b"sig", b"key"]] if witness else None)


def segwit_block(time: int = 1_600_000_000) -> bytes:
    others = [spend(1, witness=True), spend(2), spend(3, witness=True)]
    return block([committed(coinbase(), others), *others], time)


def refused(raw: bytes) -> BlockRefused:
    with pytest.raises(BlockRefused) as caught:
        parse_block(raw)
    assert f"(at byte {caught.value.offset})" in str(caught.value)
    assert 0 <= caught.value.offset <= len(raw) + 1
    return caught.value


def test_all_2500_transactions_of_a_mainnet_block_are_read_as_an_independent_library_reads_them() -> None:
    """txid, wtxid, version, locktime, every outpoint, script, sequence, value and witness item are the same."""
    ours, theirs = parse_block(mainnet_block()), CBlock.deserialize(mainnet_block())
    assert ours.count == len(theirs.vtx) == 2500
    assert ours.header.hash == "000000000000000000000c835b2adcaedc20fdf6ee440009c249452c726dafae"
    for tx, other in zip(ours, theirs.vtx, strict=True):
        assert (tx.txid, tx.wtxid) == (b2lx(other.GetTxid()), b2lx(other.GetHash()))
        assert tx.txid == ours.txid(tx.position)
        assert (tx.version, tx.locktime, tx.coinbase) == (
            other.nVersion,
            other.nLockTime,
            other.is_coinbase(),
        )
        assert [(i.outpoint.wire(), i.script_sig, i.sequence) for i in tx.inputs] == [
            (i.prevout.serialize(), bytes(i.scriptSig), i.nSequence) for i in other.vin
        ]
        assert [(o.sats, o.script) for o in tx.outputs] == [
            (o.nValue, bytes(o.scriptPubKey)) for o in other.vout
        ]
        stacks = [list(w.scriptWitness.stack) for w in other.wit.vtxinwit]
        assert [list(stack) for stack in tx.witness] == (stacks if any(stacks) else [])
        assert tx.raw == other.serialize()


def test_the_columns_hold_what_the_transactions_hold() -> None:
    """Scanning by columns and reading transaction by transaction cannot disagree."""
    ours = parse_block(mainnet_block())
    assert ours.outpoints == [i.outpoint.wire() for tx in ours for i in tx.inputs]
    assert ours.scripts == [o.script for tx in ours for o in tx.outputs]
    assert ours.sats == [o.sats for tx in ours for o in tx.outputs]
    assert ours.stripped_sizes == [tx.stripped_size for tx in ours]


def test_the_kinds_of_scripts_of_the_mainnet_block_are_counted_right() -> None:
    kinds = Counter(kind_of(script).value for script in parse_block(mainnet_block()).scripts)
    assert kinds == {"p2wpkh": 2383, "p2sh": 1816, "p2pkh": 1660, "p2wsh": 133, "data": 23}


def test_the_height_that_a_coinbase_claims_is_read() -> None:
    assert parse_block(mainnet_block()).claimed_height == 702_861


@pytest.mark.parametrize(
    ("script", "height"),
    [
        ("00", 0), ("51", 1), ("60", 16), ("0111", 17), ("028000", 128), ("03c8b90a", 702_920),
        ("04ffff001d", 486_604_799), ("", None), ("0180", None), ("020100", None), ("03ff", None), ("4c01ff", None),
        ("06010203040506", None), ("0100", None),
    ],
)  # fmt: skip
def test_a_claimed_height_is_a_minimal_positive_number_or_none(script: str, height: int | None) -> None:
    assert claimed_height(bytes.fromhex(script)) == height


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_381_835))
def test_a_truncated_mainnet_block_is_refused_wherever_it_is_cut(size: int) -> None:
    """The offset is never beyond what is there."""
    assert refused(mainnet_block()[:size]).offset <= size


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_381_836 * 8 - 1))
def test_a_mainnet_block_with_one_flipped_bit_is_refused(bit: int) -> None:
    raw = bytearray(mainnet_block())
    raw[bit // 8] ^= 1 << bit % 8
    refused(bytes(raw))


def test_every_flipped_bit_of_a_mainnet_header_is_refused() -> None:
    """All 640 of them: the proof of work or the Merkle root is gone."""
    for bit in range(640):
        raw = bytearray(mainnet_block())
        raw[bit // 8] ^= 1 << bit % 8
        refused(bytes(raw))


def test_every_cut_and_every_flipped_bit_of_a_small_blocks_body_is_refused() -> None:
    """No byte after the header is without a check."""
    raw = segwit_block()
    assert parse_block(raw).count == 4
    for size in range(len(raw)):
        assert refused(raw[:size]).offset <= size
    for bit in range(640, len(raw) * 8):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        refused(bytes(changed))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_spoiled_block_is_refused_and_never_raises_anything_else(data: st.DataObject) -> None:
    """Bytes replaced, removed or inserted anywhere after the header lead to BlockRefused."""
    raw = segwit_block()
    at = data.draw(st.integers(80, len(raw) - 1))
    length = data.draw(st.integers(0, 12))
    instead = data.draw(st.binary(max_size=12))
    changed = raw[:at] + instead + raw[at + length :]
    if changed != raw:
        refused(changed)


def test_a_truncated_block_says_which_transaction_breaks_off_and_where() -> None:
    """The real block cut in the middle of its transaction 1,000."""
    whole = parse_block(mainnet_block())
    start, end = whole.starts[1000], whole.starts[1001]
    refusal = refused(mainnet_block()[: (start + end) // 2])
    assert "transaction 1000 of 2500" in str(refusal)
    assert start <= refusal.offset < end


def test_an_over_long_block_says_how_many_bytes_are_too_many_and_from_where() -> None:
    refusal = refused(mainnet_block() + b"\0\0\0")
    assert refusal.offset == 1_381_836
    assert "3 bytes too many" in str(refusal.what)


def test_an_announced_count_that_cannot_fit_is_refused_before_anything_is_read() -> None:
    good = segwit_block()
    for count in (b"\0", b"\xfd\xff\xff", b"\xff" + b"\xff" * 8):
        assert refused(good[:80] + count + good[81:]).offset == 80


def test_a_count_not_in_its_shortest_form_is_refused() -> None:
    good = segwit_block()
    assert "shortest" in str(refused(good[:80] + b"\xfd\x04\x00" + good[81:]))


def test_a_block_of_one_coinbase_is_accepted() -> None:
    """Common on regtest: the Merkle root is the coinbase's txid itself."""
    made = parse_block(block([coinbase(7)]))
    assert (made.count, made.claimed_height, made.transaction(0).coinbase) == (1, 7, True)


def test_a_block_without_a_coinbase_is_refused() -> None:
    assert "coinbase" in str(refused(block([spend(1), spend(2)])))


def test_a_second_coinbase_is_refused() -> None:
    assert "second coinbase" in str(refused(block([coinbase(1), coinbase(2)])))


def test_an_outpoint_spent_twice_in_one_block_is_refused() -> None:
    twice = [spend(1), spend(1, outputs=[(7, b"\x51")])]
    assert "second time" in str(refused(block([coinbase(), *twice])))


def test_duplicated_last_leaves_that_keep_the_root_are_refused() -> None:
    """CVE-2012-2459: [c, a, b] and [c, a, b, b] have one root."""
    honest, forged = [coinbase(), spend(1), spend(2)], [coinbase(), spend(1), spend(2), spend(2)]
    good, bad = block(honest), block(forged)
    assert parse_block(good).header.merkle_root == Header(bad[:80]).merkle_root
    refused(bad)


def test_a_wrong_merkle_root_is_refused_at_its_place_in_the_header() -> None:
    good, other = block([coinbase(), spend(1)]), block([coinbase(), spend(2)])
    assert refused(good[:80] + other[80:]).offset == 36


def test_witnesses_without_a_commitment_are_refused() -> None:
    assert "commitment" in str(refused(block([coinbase(), spend(1, witness=True)])))


def test_a_commitment_to_other_witnesses_is_refused() -> None:
    first = committed(coinbase(), [spend(1, witness=True)])
    other = RawTx(spend(1).inputs, PAY, [[b"another", b"witness"]])
    assert "witness commitment" in str(refused(block([first, other])))


def test_a_block_whose_witnesses_were_stripped_is_refused_since_segwit_but_not_from_before() -> None:
    """Before 2017 miners could write a commitment that nothing enforced."""
    stripped = [RawTx(tx.inputs, tx.outputs) for tx in (committed(coinbase(), [spend(1)]), spend(1))]
    assert "BIP 141" in str(refused(block(stripped)))
    assert parse_block(block(stripped, time=1_480_000_000)).count == 2


def test_a_block_over_four_million_weight_units_is_refused() -> None:
    """By its length alone, or by bytes without witness, which count fourfold."""

    def of_two(size: int) -> bytes:
        return block([coinbase(), *(spend(n, outputs=[(1, b"\x6a" * size)]) for n in (1, 2))])

    assert "weight 4," in str(refused(of_two(500_000)))
    assert parse_block(of_two(499_800)).count == 3
    assert "4,000,000" in str(refused(mainnet_block() + bytes(4_000_000)))


MALFORMED = {
    "no input": RawTx([], PAY),
    "no output": RawTx([(OUT, b"")], []),
    "an outpoint spent twice": RawTx([(OUT, b""), (OUT, b"")], PAY),
    "a null outpoint beside others": RawTx([(NULL, b"abc"), (OUT, b"")], PAY),
    "a coinbase script too short": RawTx([(NULL, b"a")], PAY),
    "a coinbase script too long": RawTx([(NULL, bytes(101))], PAY),
    "more than all bitcoin": RawTx([(OUT, b"")], [(21_000_000 * 10**8 + 1, b"")]),
    "more than all bitcoin together": RawTx([(OUT, b"")], [(21_000_000 * 10**8, b""), (1, b"")]),
    "a negative value": RawTx([(OUT, b"")], [(2**64 - 1, b""), (1, b"")]),
    "witnesses announced and none there": RawTx([(OUT, b"")], PAY, [[]]),
}


@pytest.mark.parametrize("tx", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_transaction_is_refused_alone_and_inside_a_block(tx: RawTx) -> None:
    """By the library's reading and our rules as by the walk over whole blocks, and at a byte of its own."""
    with pytest.raises(TransactionRefused):
        parse_transaction(tx.raw())
    raw = block([committed(coinbase(), [tx]), tx])
    assert refused(raw).offset >= len(raw) - len(tx.raw())


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_spoiled_transaction_is_refused_or_another_one(data: st.DataObject) -> None:
    """Whatever bytes come, nothing but TransactionRefused is raised, and what is read is those bytes exactly."""
    raw = spend(1, witness=True).raw()
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + data.draw(st.binary(max_size=12)) + raw[at + data.draw(st.integers(0, 12)) :]
    with suppress(TransactionRefused):
        assert parse_transaction(changed).raw == changed


def test_a_transaction_is_refused_when_cut_or_followed_by_a_byte() -> None:
    raw = spend(1, witness=True).raw()
    assert parse_transaction(raw).raw == raw
    for size in range(len(raw)):
        with pytest.raises(TransactionRefused):
            parse_transaction(raw[:size])
    with pytest.raises(TransactionRefused) as caught:
        parse_transaction(raw + b"\0")
    assert caught.value.offset == len(raw)


@pytest.mark.parametrize("mark", [b"\xfd\x01\x00", b"\xfe\x01\0\0\0", b"\xff\x01" + bytes(7)])
def test_a_transaction_with_a_count_not_in_its_shortest_form_is_refused(mark: bytes) -> None:
    raw = spend(1).raw()
    with pytest.raises(TransactionRefused) as caught:
        parse_transaction(raw[:4] + mark + raw[5:])
    assert caught.value.offset == 4


scripts = st.binary(max_size=300)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(min_size=36, max_size=36), scripts),
        min_size=1,
        max_size=5,
        unique_by=lambda i: i[0],
    ),
    st.lists(st.tuples(st.integers(0, 10**14), scripts), min_size=1, max_size=5),
    st.none() | st.lists(st.lists(scripts, max_size=3), min_size=5, max_size=5),
)
def test_any_well_formed_transaction_is_read_as_it_was_written(
    inputs: list[tuple[bytes, bytes]], outputs: list[tuple[int, bytes]], stacks: list[list[bytes]] | None
) -> None:
    if stacks is not None:
        stacks = stacks[: len(inputs)]
        stacks[0] = [*stacks[0], b""]
    made = RawTx(inputs, outputs, stacks)
    tx = parse_transaction(made.raw())
    assert tx.txid == made.digest()[::-1].hex()
    assert [(i.outpoint.wire(), i.script_sig) for i in tx.inputs] == inputs
    assert [(o.sats, o.script) for o in tx.outputs] == outputs
    assert [list(stack) for stack in tx.witness] == (stacks or [])
    assert tx.stripped_size == len(made.stripped())


def test_many_inputs_and_long_scripts_are_walked_in_every_width_of_count() -> None:
    """300 inputs, 70,000 bytes of script, 300 witness items: three- and five-byte counts."""
    wires = [number.to_bytes(36, "little") for number in range(1, 301)]
    big = RawTx(
        [(wire, bytes(260)) for wire in wires],
        [(1, b"\x6a" * 70_000), *[(2, b"\x51")] * 300],
        [[bytes(300)] * 300, *[[b"x"]] * 299],
    )
    made = parse_block(block([committed(coinbase(), [big]), big]))
    assert made.txid(1) == big.digest()[::-1].hex()
    assert list(made)[1].raw == big.raw()
    assert compact(300)[0] == 0xFD


def test_refusals_hold_when_python_runs_with_asserts_off() -> None:
    """`python -O` drops asserts; none of ours may be a check."""
    program = (
        "from tests.tools.builders_block import mainnet_block as m\n"
        "from watchers.proof.block import parse_block, BlockRefused\n"
        "from watchers.proof.transaction import parse_transaction, TransactionRefused\n"
        "from watchers.proof.merkle import check_proof, MerkleProof, ProofRefused\n"
        "raw = m(); flipped = raw[:700000] + bytes([raw[700000] ^ 1]) + raw[700001:]\n"
        "for bad in (raw[:-1], raw + b'x', flipped, raw[:70] + b'xxxx' + raw[74:]):\n"
        "    try: parse_block(bad)\n"
        "    except BlockRefused: continue\n"
        "    raise SystemExit(1)\n"
        "tx = parse_block(raw).transaction(7).raw\n"
        "for bad in (tx[:-1], tx + b'x', tx[:4] + b'\\xfd\\x01\\0' + tx[5:], tx[:4] + b'\\0\\1\\0\\0' + tx[-4:]):\n"
        "    try: parse_transaction(bad)\n"
        "    except TransactionRefused: continue\n"
        "    raise SystemExit(3)\n"
        "try: check_proof(MerkleProof('00' * 32, 0, ()), bytes(31) + b'x', None)\n"
        "except ProofRefused: raise SystemExit(0)\n"
        "raise SystemExit(2)\n"
    )
    assert subprocess.run([sys.executable, "-O", "-c", program], check=False).returncode == 0
