"""`scan`: what one raw block pays to and spends from some addresses, proven; and where in the chain it lies.

Asks no network and changes nothing.
"""

from __future__ import annotations

import argparse
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.chain import Outpoint, Script
from ledger.core.wording import WrongValue, translatable
from ledger.rules.observing import Observed
from ledger.views.watch_list import watched
from service.command import Answer, BadUse, Command, Exit, Outside, unreadable
from service.data_folder import find_data_folder
from service.folding import open_folder
from service.networks import network_of
from service.pinning import restored_chain
from service.sentences import block as say
from watchers.proof.block import Block, BlockRefused, parse_block
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.networks import Network, network_named
from watchers.proof.periods import PeriodTable
from watchers.proof.place import BesideChain, OnChain, Place, place_of
from watchers.proof.scan import BlockFacts, Payment, RelevantTx, Spend, WatchSet, facts_of
from watchers.proof.scripts import AddressRefused, address_of, script_of

_MOST = 8_000_100
"""A block of 4,000,000 weight units, even as hexadecimal text."""


_PILES = tuple(map(bytes.fromhex, ("f9beb4d9", "0b110907", "1c163f28", "0a03cf40", "fabfb5da")))
"""How Bitcoin Core's block files begin, one a network: its message start before each block."""
_PILE = re.compile(r"blk\d+\.dat")


@dataclass(frozen=True, slots=True)
class _Watched:
    network: Network
    scripts: frozenset[bytes]
    outpoints: frozenset[bytes]
    chain: HeaderChain | None
    values: Mapping[Outpoint, int]
    """Satoshis of the coins that the data know."""


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("block", metavar="BLOCK_FILE", help="raw block, binary or hexadecimal; - for stdin")
    parser.add_argument("--address", metavar="A", action="append", nargs="+", default=[], help="an address")
    parser.add_argument(
        "--outpoint",
        metavar="TXID:VOUT",
        action="append",
        nargs="+",
        default=[],
        help="an output to see spent",
    )
    parser.add_argument("--network", metavar="NAME", help="mainnet, testnet3, testnet4, signet or regtest")
    parser.add_argument("--data", metavar="DIR", help="also the addresses, outputs and headers of these data")


def read_raw(name: str, outside: Outside) -> bytes:
    """The bytes of a file or stdin; hexadecimal text is turned into the bytes that it stands for."""
    if name == "-":
        raw = outside.stdin.read(_MOST + 1)
    else:
        try:
            with (outside.folder / Path(name)).open("rb") as file:
                raw = file.read(_MOST + 1)
        except (OSError, ValueError) as failure:
            raise unreadable(name, failure) from None
    if raw[:160] and set(raw[:160].rstrip()) <= set(string.hexdigits.encode()):
        try:
            return bytes.fromhex(raw.decode("ascii").strip())
        except ValueError:
            raise BadUse("{name}: begins as hexadecimal text and does not go on so.", name=name) from None
    return raw


def _run(options: argparse.Namespace, outside: Outside) -> Answer:
    addresses = [one for group in options.address for one in group]
    texts = [one for group in options.outpoint for one in group]
    if not addresses and not texts and options.data is None:
        raise BadUse("nothing to look for: give --address A, --outpoint TXID:VOUT or --data DIR.")
    watch = _watch(options, outside, addresses, texts)
    raw = read_raw(options.block, outside)
    if raw.startswith(_PILES):
        raise _a_pile(options.block)
    try:
        block = parse_block(raw)
        facts = facts_of(block, WatchSet(watch.scripts, watch.outpoints))
    except BlockRefused as refusal:
        if _PILE.fullmatch(Path(options.block).name):  # since version 28 its bytes are masked
            raise _a_pile(options.block) from None
        raise BadUse("{refusal}", refusal=refusal.wording) from None
    table = PeriodTable.load(watch.network)
    try:
        place = place_of(block.header, block.claimed_height, watch.network, table, watch.chain)
    except HeaderRefused as refusal:
        raise BadUse("{refusal}; the block is refused.", refusal=refusal.wording) from None
    return Answer(tuple(_lines(block, facts, place, watch)), _data(block, facts, place, watch))


def _a_pile(name: str) -> BadUse:
    return BadUse(
        "{name}: is one of a node's block files, which hold many blocks; give one alone, as `bitcoin-cli getblock "
        "HASH 0` prints it.",
        name=name,
    )


def _watch(options: argparse.Namespace, outside: Outside, addresses: list[str], texts: list[str]) -> _Watched:
    network = network_named_by(options.network)
    scripts: set[bytes] = set()
    outpoints: set[bytes] = set()
    chain: HeaderChain | None = None
    values: dict[Outpoint, int] = {}
    if options.data is not None:
        folder = find_data_folder(options.data, outside)
        if network is not None and network.name != folder.config.chain.network:
            raise BadUse(
                "--network: the data are of {network}, not of {network_network}.",
                network=folder.config.chain.network,
                network_network=network.name,
            )
        network = network_named(folder.config.chain.network)
        with open_folder(folder, outside) as store:
            chain = restored_chain(store, network)
            with store.read() as tx:
                known, waiting = watched(tx)
                # Coins that the ledger saw spent too: the block in hand may be the one that spent them.
                values = {Outpoint.parse(coin.outpoint): coin.sats for coin in Observed(tx.session).coins()}
        scripts |= known
        outpoints |= waiting | {outpoint.wire() for outpoint in values}
    if network is None:
        network = network_of(addresses)
    for address in addresses:
        try:
            scripts.add(bytes(script_of(address, network)))
        except AddressRefused as refusal:
            raise BadUse("--address: {refusal}", refusal=refusal.wording) from None
    for text in texts:
        try:
            outpoints.add(Outpoint.parse(text).wire())
        except WrongValue as refusal:
            raise BadUse("--outpoint: {refusal}.", refusal=refusal.wording) from None
    return _Watched(network, frozenset(scripts), frozenset(outpoints), chain, values)


def network_named_by(name: str | None) -> Network | None:
    """The network that `--network` names; BadUse lists the choices."""
    if name is None:
        return None
    try:
        return network_named(name)
    except WrongValue as refusal:
        raise BadUse("--network: {refusal}.", refusal=refusal.wording) from None


def _address(script: Script, network: Network) -> str:
    return address_of(script, network) or say.script(bytes(script).hex())


def _relevant(facts: BlockFacts) -> dict[int, RelevantTx]:
    return {tx.position: tx for tx in facts.relevant}


def _values(facts: BlockFacts, watch: _Watched) -> dict[Outpoint, int]:
    return dict(watch.values) | {payment.outpoint: payment.sats for payment in facts.payments}


def _lines(block: Block, facts: BlockFacts, place: Place, watch: _Watched) -> list[str]:
    relevant = _relevant(facts)
    values = _values(facts, watch)
    lines = [
        say.block(block.header.hash, watch.network.name, block.count),
        say.place(place, block.claimed_height),
    ]
    for payment in facts.payments:
        to, at, of = _address(payment.script, watch.network), payment.position, block.count
        lines.append(say.pays(to, payment.sats, str(payment.outpoint), at, of, coinbase=payment.coinbase))
        lines.append(_proof_line(relevant[payment.position]))
    for spend in facts.spends:
        sats = values.get(spend.outpoint)
        lines.append(
            say.spends(str(spend.outpoint), sats, spend.txid, spend.vin, spend.position, block.count)
        )
        lines.append(_proof_line(relevant[spend.position]))
    if not facts.payments and not facts.spends:
        lines.append(str(say.NOTHING))
    else:
        total = sum(payment.sats for payment in facts.payments)
        lines.append(say.whole(len(facts.payments), total, len(facts.spends)))
    return lines


def _proof_line(tx: RelevantTx) -> str:
    return say.proof(tuple(node.hex() for node in tx.branch))


def _data(block: Block, facts: BlockFacts, place: Place, watch: _Watched) -> dict[str, Any]:
    relevant = _relevant(facts)
    values = _values(facts, watch)
    return {
        "network": watch.network.name,
        "block": {
            "hash": block.header.hash,
            "previous": block.header.previous,
            "time": block.header.time,
            "transactions": block.count,
            "merkle_root": block.header.merkle_root.hex(),
        },
        "place": {
            "height": place.height if isinstance(place, OnChain | BesideChain) else None,
            "claimed_height": block.claimed_height,
            "connected_by": place.by.name.lower() if isinstance(place, OnChain) else None,
            "work": str(place.work),
            "sentence": say.place(place, block.claimed_height),
        },
        "payments": [_payment(p, relevant[p.position], watch.network) for p in facts.payments],
        "spends": [_spend(s, relevant[s.position], values.get(s.outpoint)) for s in facts.spends],
    }


def _payment(payment: Payment, tx: RelevantTx, network: Network) -> dict[str, Any]:
    return {
        "txid": payment.outpoint.txid,
        "vout": payment.outpoint.vout,
        "sats": payment.sats,
        "address": address_of(payment.script, network),
        "script": bytes(payment.script).hex(),
        "position": payment.position,
        "coinbase": payment.coinbase,
        "proof": [node.hex() for node in tx.branch],
    }


def _spend(spend: Spend, tx: RelevantTx, sats: int | None) -> dict[str, Any]:
    return {
        "txid": spend.outpoint.txid,
        "vout": spend.outpoint.vout,
        "sats": sats,
        "spent_by": spend.txid,
        "vin": spend.vin,
        "position": spend.position,
        "proof": [node.hex() for node in tx.branch],
    }


def _notes() -> str:
    return translatable(
        "Hashes in a proof are in internal byte order, from the leaf up to below the root.\n"
        "The network is that of the addresses, of --network or of --data."
    )


COMMANDS: Mapping[str, Command] = {
    "scan": Command(_run, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE), _notes),
}
