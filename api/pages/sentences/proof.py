"""English: how anybody checks that a payment is in its block, and which roles stand behind what a page says."""

from __future__ import annotations

from api.pages.messages import Message, worded
from api.pages.sentences.controls import role_word
from api.pages.sentences.units import time
from ledger.views.recorded_by import RecordedBy
from ledger.views.trail import Block, DonationTrail

_ORDINAL = Message(
    "In block {block} of {time}: transaction {position} of it, counted from 0.",
    "a payment",
    "{block}: its height",
    "{time}: the time that the block says",
    "{position}: a number",
)
_IN_BLOCK = Message("In block {block} of {time}.", "a payment", "{block}: its height", "{time}: when")
COMMAND_NOTE = Message(
    "Take the raw block from anywhere, and ask for your payment in it. This line recomputes the whole block and its "
    "proof of work:"
)
RAW_BLOCK = Message("Raw block", "on a link")
BRANCH = Message("Merkle path, from the transaction up to the block")
PAPERS = Message("Papers, and the SHA-256 of each")
_RECORDED_BY = Message("Recorded by: {role}", "a step of a gift", "{role}: as: Recorder")
_AND_APPROVED = Message(
    "Recorded by: {role}; approved by: {other}", "a step of a gift", "{role}, {other}: as: Recorder, Approver"
)
_ADDRESS = ("the address of a block's bytes", "{block}: the hash of the block")
_EXPLORERS = {
    "mainnet": Message("https://mempool.space/api/block/{block}/raw", *_ADDRESS),
    "testnet3": Message("https://mempool.space/testnet/api/block/{block}/raw", *_ADDRESS),
    "testnet4": Message("https://mempool.space/testnet4/api/block/{block}/raw", *_ADDRESS),
    "signet": Message("https://mempool.space/signet/api/block/{block}/raw", *_ADDRESS),
}
"""Where an explorer has the blocks of each public chain."""
_LINE = "a line for a shell; only its places are filled"
_PAID = "{address}: the address that was paid"
_BY_EXPLORER = Message(
    "curl -sL {url} | ./aidtrail scan - --address {address}", _LINE, _PAID, "{url}: where the block is"
)
_BY_NODE = Message(
    "bitcoin-cli getblock {block} 0 | ./aidtrail scan - --address {address}",
    _LINE,
    _PAID,
    "{block}: its hash",
)


def in_block(block: Block) -> str:
    """Where in the chain a payment is."""
    if block.position is None:
        return worded(_IN_BLOCK, block=block.height, time=time(block.time))
    return worded(_ORDINAL, block=block.height, time=time(block.time), position=block.position)


def raw_block(block: Block, network: str) -> str:
    """Where the bytes of a block are; empty for a chain that no explorer has."""
    return worded(_EXPLORERS[network], block=block.hash) if network in _EXPLORERS else ""


def check_command(trail: DonationTrail, network: str) -> str:
    """The one line of a shell that checks a payment; empty where it is in no block, or pays no address."""
    if trail.block is None or not trail.address:
        return ""
    url = raw_block(trail.block, network)
    if url:
        return worded(_BY_EXPLORER, url=url, address=trail.address)
    return worded(_BY_NODE, block=trail.block.hash, address=trail.address)


def recorded(by: RecordedBy | None) -> str:
    """Which roles stand behind a step; empty for what the ledger itself recorded."""
    if by is None or by.role == "system":
        return ""
    role = role_word(by.role)
    if by.approved_by is None:
        return worded(_RECORDED_BY, role=role)
    return worded(_AND_APPROVED, role=role, other=role_word(by.approved_by))
