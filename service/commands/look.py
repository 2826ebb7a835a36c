"""`look`: what one live source knows of an address or transaction, each hit proven; or what watching costs.

Changes nothing. What rests on the source alone is said to.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ledger.chain import Header, Script, is_txid
from ledger.money import decimal_text
from service.command import Answer, BadUse, Command, Exit, Outside, Unavailable
from service.config import PUBLIC_SOURCES, Config, SourceConfig
from service.networks import network_of
from service.place import Place, find_place
from service.sources import http_client
from watchers.block import BlockRefused, parse_block
from watchers.esplora import Esplora
from watchers.headers import HeaderRefused
from watchers.networks import MAINNET, NETWORKS, Network, network_named
from watchers.periods import PeriodTable
from watchers.place import OnChain, place_of
from watchers.scripts import AddressRefused, address_of, script_of
from watchers.transaction import Tx, parse_transaction

_BLOCKS_A_DAY = 144
_BLOCK_BYTES = 1_700_000
_MOST_PROVEN = 25
"""Payments of an address that are proven one by one; each costs a whole block."""


@dataclass(frozen=True, slots=True)
class _Proof:
    """Where a transaction stands: in a block whose Merkle root and proof of work were recomputed, or nowhere."""

    block: str | None
    place: str


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="ADDRESS|TXID")
    parser.add_argument(
        "--source", metavar="URL", help="Esplora server to ask (else the first configured one)"
    )
    parser.add_argument(
        "--network", metavar="NAME", help="network of a TXID (else that of the configuration)"
    )
    parser.add_argument(
        "--plan", action="store_true", help="what the configuration will use a day, and who learns what"
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the configuration")


def _run(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.plan == bool(options.key):
        raise BadUse("give an ADDRESS, a TXID, or --plan.")
    place = _place(options, outside)
    config = place.config if place is not None else Config()
    if options.plan:
        return _plan(config)
    network = _network(options, config)
    source = _source(options, config, network)
    key = options.key.strip()
    if is_txid(key.lower()):
        return _transaction(key.lower(), source, network)
    try:
        script = script_of(key, network)
    except AddressRefused as refusal:
        raise BadUse(f"{refusal}") from None
    return _address(key, script, source, network)


def _place(options: argparse.Namespace, outside: Outside) -> Place | None:
    try:
        return find_place(options.data, outside)
    except BadUse:
        if options.data is not None:
            raise
        return None


def _network(options: argparse.Namespace, config: Config) -> Network:
    if options.network is not None:
        try:
            return network_named(options.network)
        except ValueError:
            raise BadUse(f"--network: must be one of {', '.join(n.name for n in NETWORKS)}.") from None
    if is_txid(options.key.strip().lower()):
        return network_named(config.chain.network)
    found = network_of([options.key.strip()])
    configured = network_named(config.chain.network)
    try:
        script_of(options.key.strip(), configured)
    except AddressRefused:
        return found
    return configured


def _source(options: argparse.Namespace, config: Config, network: Network) -> Esplora:
    url = options.source
    if url is None:
        named = [source for source in config.sources if source.kind == "esplora"]
        defaults = config.sources == PUBLIC_SOURCES and network.name != MAINNET.name
        if not named or defaults or config.chain.network != network.name:
            raise BadUse(f"--source: name an Esplora server of {network.name} to ask.")
        url = named[0].url
    if not url.startswith(("https://", "http://")):
        raise BadUse("--source: write a URL with https:// (or http:// for a server on this machine).")
    name = urlsplit(url).hostname or "source"
    http = http_client(Config(http=config.http, sources=(SourceConfig(name, "esplora", url),)))
    return Esplora(name, url, http, network)


def _prove(
    txid: str, source: Esplora, network: Network, blocks: dict[str, tuple[frozenset[str], str]]
) -> tuple[Tx, _Proof]:
    """The transaction, and its block recomputed; raises Unavailable or a SourceError.

    `blocks` keeps the txids and the place of each block that was recomputed, so that none is fetched twice.
    """
    raw = source.look_transaction(txid)
    if raw is None:
        raise Unavailable(
            f"{source.name} does not have the transaction {txid[:12]}…; that alone proves nothing."
        )
    height = source.look_place(txid)
    if height is None:
        return parse_transaction(raw), _Proof(None, "in no block, as the source says; nothing is proven")
    name = source.look_hash(height)
    if name not in blocks:
        blocks[name] = _recomputed(name, source, network)
    txids, place = blocks[name]
    if txid not in txids:
        raise Unavailable(
            f"{source.name} names a block that does not hold the transaction; ask another source."
        )
    return parse_transaction(raw), _Proof(name, place)


def _recomputed(name: str, source: Esplora, network: Network) -> tuple[frozenset[str], str]:
    """The txids of a block and its place, from its bytes alone; Unavailable when they do not hold."""
    try:
        block = parse_block(source.look_block(name))
        place = _where(block.header, block.claimed_height, network)
    except (BlockRefused, HeaderRefused) as refusal:
        raise Unavailable(
            f"{source.name} gives a block that is refused: {refusal}; ask another source."
        ) from None
    return frozenset(block.txid(index) for index in range(block.count)), place


def _where(header: Header, claimed: int | None, network: Network) -> str:
    place = place_of(header, claimed, network, PeriodTable.load(network))
    if isinstance(place, OnChain):
        return f"in block {place.height}, which {place.by.value} pins"
    height = "" if claimed is None else f", which claims height {claimed}"
    return f"in block {header.hash}{height}; proof of work {place.work:,}; place in the chain not shown"


def _transaction(txid: str, source: Esplora, network: Network) -> Answer:
    tx, proof = _prove(txid, source, network, {})
    lines = [f"transaction {txid}: {proof.place}."]
    outputs: list[dict[str, Any]] = []
    for vout, output in enumerate(tx.outputs):
        address = address_of(output.script, network)
        lines.append(f"  {vout}: {decimal_text('BTC', output.sats)} BTC to {address or output.script.hex()}")
        outputs.append({"vout": vout, "sats": output.sats, "address": address, "script": output.script.hex()})
    lines.append(f"asked: {source.name}; its bytes hash to the txid, and its block was recomputed whole.")
    data = {"txid": txid, "outputs": outputs, "proven": proof.block is not None, "place": proof.place}
    return Answer(tuple(lines), data)


def _address(address: str, script: Script, source: Esplora, network: Network) -> Answer:
    listed = [row.txid for row in source.look_history(script)]
    lines: list[str] = []
    rows: list[dict[str, Any]] = []
    total = 0
    blocks: dict[str, tuple[frozenset[str], str]] = {}
    told = [(txid, *_prove(txid, source, network, blocks)) for txid in listed[:_MOST_PROVEN]]
    spends: list[dict[str, Any]] = []
    for txid, tx, proof in told:
        for vout, output in enumerate(tx.outputs):
            if output.script == script:
                total += output.sats if proof.block is not None else 0
                lines.append(f"  {txid}:{vout}  {decimal_text('BTC', output.sats)} BTC  {proof.place}")
                row = {"txid": txid, "vout": vout, "sats": output.sats, "proven": proof.block is not None}
                rows.append(row | {"place": proof.place})
    ours = {f"{row['txid']}:{row['vout']}" for row in rows}
    head = f"{address}: {len(rows)} payments, {decimal_text('BTC', total)} BTC of them proven."
    lines.insert(0, head)
    for txid, tx, proof in told:
        for vin, spent in enumerate(tx.inputs):
            if str(spent.outpoint) in ours:
                lines.append(f"  {spent.outpoint}  spent by {txid} input {vin}  {proof.place}")
                spends.append({"outpoint": str(spent.outpoint), "spent_by": txid, "vin": vin})
                spends[-1] |= {"proven": proof.block is not None, "place": proof.place}
    if not rows:
        lines = [f"{address}: no payment, as {source.name} says. Nothing expires."]
    if len(listed) > _MOST_PROVEN:
        lines.append(f"  and {len(listed) - _MOST_PROVEN} more transactions, not looked at here")
    lines.append(
        f"complete according to {source.name}, which now knows that somebody asked for this address."
    )
    return Answer(
        tuple(lines), {"address": address, "payments": rows, "spends": spends, "proven_sats": total}
    )


def _plan(config: Config) -> Answer:
    """Requests and bytes a day, and which hosts learn what."""
    looks = 86_400 // config.watch.look_seconds
    lines = [
        f"a look every {config.watch.look_seconds} seconds: {looks:,} looks a day, of every source:",
    ]
    rows = []
    for index, source in enumerate(config.sources):
        host = urlsplit(source.url).hostname or source.url
        requests = looks * 2 + _BLOCKS_A_DAY * (2 if index == 0 else 1)
        megabytes = (_BLOCKS_A_DAY * _BLOCK_BYTES if index == 0 else 0) // 1_000_000 + 1
        learns = "which blocks are read"
        if config.watch.sightings == "recent" and source.kind == "esplora" and not source.own:
            learns += ", and addresses given out in the last 24 hours (at most 20)"
        lines.append(f"  {host}: about {requests:,} requests and {megabytes:,} MB a day; it learns {learns}.")
        rows.append({"host": host, "requests": requests, "megabytes": megabytes, "learns": learns})
    lines.append(f"catching up stays within {config.watch.megabytes_a_day:,} MB a day.")
    return Answer(tuple(lines), {"looks": looks, "sources": rows})


COMMANDS: tuple[Command, ...] = (
    Command(
        "look",
        "Ask one live source about an address or a transaction, and prove each hit; or --plan.",
        _run,
        _options,
        (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE),
    ),
)
