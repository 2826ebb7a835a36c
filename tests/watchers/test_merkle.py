"""A Merkle proof is believed only if it is the one path that leads from its transaction to the root."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.tools.builders_block import RawTx, double_sha, mainnet_block, plain_root
from watchers.proof.block import parse_block
from watchers.proof.merkle import MerkleProof, ProofRefused, branch_in, check_proof, levels_of, merkle_root

hashes = st.binary(min_size=32, max_size=32)
leaf_lists = st.lists(hashes, min_size=1, max_size=40, unique=True)


def proof(leaves: list[bytes], position: int) -> MerkleProof:
    return MerkleProof(leaves[position][::-1].hex(), position, branch_in(levels_of(leaves), position))


@given(leaf_lists)
def test_the_root_is_that_of_the_plain_rule(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == plain_root(leaves)


def test_the_root_of_the_mainnet_block_is_that_of_its_header() -> None:
    block = parse_block(mainnet_block())
    assert merkle_root(block.hashes) == block.header.merkle_root


@given(leaf_lists, st.data())
def test_every_leaf_has_a_proof_that_holds_with_and_without_the_number_of_leaves(
    leaves: list[bytes], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(leaves) - 1))
    made = proof(leaves, position)
    check_proof(made, merkle_root(leaves), len(leaves))
    check_proof(made, merkle_root(leaves), None)


@given(leaf_lists, st.data())
def test_a_proof_changed_in_one_place_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    """Another txid, another position, another node, one node fewer or one more."""
    position = data.draw(st.integers(0, len(leaves) - 1))
    made, root = proof(leaves, position), merkle_root(leaves)
    changes = [
        replace(made, txid=data.draw(hashes).hex()),
        replace(made, position=data.draw(st.integers(0, 200))),
        replace(made, branch=(*made.branch, data.draw(hashes))),
        replace(made, branch=made.branch[:-1]),
    ]
    if made.branch:
        at = data.draw(st.integers(0, len(made.branch) - 1))
        changes.append(replace(made, branch=(*made.branch[:at], data.draw(hashes), *made.branch[at + 1 :])))
    changed = data.draw(st.sampled_from(changes))
    assume(changed != made)
    for count in (len(leaves), None):
        with pytest.raises(ProofRefused):
            check_proof(changed, root, count)


@pytest.mark.parametrize("leaves", [[b"a" * 32, b"a" * 32], [b"a" * 32, b"b" * 32, b"c" * 32, b"c" * 32]])
def test_a_list_of_leaves_with_equal_ones_has_no_root(leaves: list[bytes]) -> None:
    """CVE-2012-2459."""
    with pytest.raises(ProofRefused, match="CVE-2012-2459"):
        merkle_root(leaves)


def test_no_leaves_have_no_root() -> None:
    with pytest.raises(ProofRefused):
        merkle_root([])


@pytest.mark.parametrize("position", [-1, 3])
def test_a_position_outside_the_leaves_has_no_branch(position: int) -> None:
    with pytest.raises(ProofRefused, match="outside"):
        branch_in(levels_of([b"a" * 32, b"b" * 32, b"c" * 32]), position)


def test_a_right_hand_node_equal_to_its_sibling_is_refused() -> None:
    """The phantom copy of an odd last leaf: position 3 of three leaves."""
    leaves = [b"a" * 32, b"b" * 32, b"c" * 32]
    phantom = MerkleProof((b"c" * 32)[::-1].hex(), 3, (b"c" * 32, double_sha(b"a" * 32 + b"b" * 32)))
    for count in (None, 3, 4):
        with pytest.raises(ProofRefused):
            check_proof(phantom, merkle_root(leaves), count)


def test_a_node_paired_with_itself_that_is_not_the_last_is_refused() -> None:
    """Such a pair claims that nothing stands to its right, and the next sibling contradicts it."""
    leaf, right = b"a" * 32, b"b" * 32
    root = double_sha(double_sha(leaf + leaf) + right)
    for count in (None, 3, 4):
        with pytest.raises(ProofRefused, match=r"right of the last one|not the odd last"):
            check_proof(MerkleProof(leaf.hex(), 0, (leaf, right)), root, count)


def test_an_empty_path_is_refused_where_the_header_commits_to_more() -> None:
    root = merkle_root([b"a" * 32, b"b" * 32])
    with pytest.raises(ProofRefused, match="does not lead"):
        check_proof(MerkleProof("61" * 32, 0, ()), root, None)
    with pytest.raises(ProofRefused, match="needs 1"):
        check_proof(MerkleProof(root[::-1].hex(), 0, ()), root, 2)


def test_an_empty_path_proves_the_only_transaction_of_a_block() -> None:
    check_proof(MerkleProof("61" * 32, 0, ()), b"a" * 32, 1)


def test_an_index_that_does_not_fit_its_path_is_refused() -> None:
    """Only the lowest bits would be used: position 5 with two nodes would pass for position 1."""
    leaves = [b"a" * 32, b"b" * 32, b"c" * 32, b"d" * 32]
    with pytest.raises(ProofRefused, match="does not fit"):
        check_proof(replace(proof(leaves, 1), position=5), merkle_root(leaves), None)


def test_a_path_longer_than_any_block_is_refused() -> None:
    with pytest.raises(ProofRefused, match="at most"):
        check_proof(MerkleProof("61" * 32, 0, (b"x" * 32,) * 18), b"a" * 32, None)


def test_nodes_and_txids_of_another_size_are_refused() -> None:
    with pytest.raises(ProofRefused, match="32 bytes"):
        check_proof(MerkleProof("61" * 32, 0, (b"x",)), b"a" * 32, None)
    with pytest.raises(ProofRefused, match="txid"):
        check_proof(MerkleProof("61" * 31, 0, ()), b"a" * 32, None)


def test_a_transaction_of_64_bytes_is_refused_since_it_may_be_an_inner_node() -> None:
    """CVE-2017-12842: its txid is the hash of two nodes side by side."""
    tx = RawTx([(bytes(range(36)), b"abcd")], [(1, b"")])
    assert len(tx.raw()) == 64
    made = MerkleProof(tx.digest()[::-1].hex(), 0, (b"b" * 32,))
    root = double_sha(tx.digest() + b"b" * 32)
    with pytest.raises(ProofRefused, match="CVE-2017-12842"):
        check_proof(made, root, 2, transaction=tx.raw())
    longer = RawTx([(bytes(range(36)), b"abcde")], [(1, b"")])
    good = MerkleProof(longer.digest()[::-1].hex(), 0, (b"b" * 32,))
    check_proof(good, double_sha(longer.digest() + b"b" * 32), 2, transaction=longer.raw())


def test_a_proof_with_another_transaction_or_with_no_transaction_is_refused() -> None:
    tx, other = (RawTx([(bytes([n]) * 36, b"abcde")], [(1, b"")]) for n in (1, 2))
    made = MerkleProof(tx.digest()[::-1].hex(), 0, ())
    with pytest.raises(ProofRefused, match="another txid"):
        check_proof(made, tx.digest(), 1, transaction=other.raw())
    with pytest.raises(ProofRefused, match="at byte"):
        check_proof(made, tx.digest(), 1, transaction=tx.raw()[:-1])
