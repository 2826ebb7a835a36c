"""`look`: what one live source knows of an address or transaction, each hit proven; or what watching costs.

Changes nothing. What rests on the source alone is said to.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ledger.core.chain import Script, is_txid
from ledger.core.pasted import pasted_key
from ledger.core.wording import WrongValue, translatable
from service.command import Answer, BadUse, Command, Exit, Outside, Unavailable
from service.config import HISTORY_KINDS, PUBLIC_SOURCES, Config, SourceConfig
from service.daily_plan import daily_plan
from service.data_folder import DataFolder, find_data_folder
from service.folding import open_folder
from service.networks import network_of
from service.pinning import restored_chain
from service.proving import Prover
from service.sentences import looking as say
from service.sources import http_client, sources_of
from service.wallets import with_lists
from watchers.net.errors import SourceError
from watchers.proof.headers import HeaderChain
from watchers.proof.networks import MAINNET, NETWORKS, Network, network_named
from watchers.proof.scripts import AddressRefused, address_of, script_of
from watchers.sources.bit_network import second_opinion
from watchers.sources.protocol import Source

_MOST_PROVEN = 25
"""Payments of an address that are proven one by one; each costs a whole block, or a Merkle branch."""


@dataclass(frozen=True, slots=True)
class Second:
    """A second opinion on a history, or why there is none."""

    txids: tuple[str, ...]
    trouble: str | None


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="?", metavar="ADDRESS|TXID")
    parser.add_argument(
        "--source",
        metavar="URL",
        help="server to ask (else the first configured one): https://… of an explorer, or ssl://HOST:PORT of Electrum",
    )
    parser.add_argument(
        "--tls", metavar="TRUST", default="verify", help='for ssl://: "verify", "any", or a SHA-256'
    )
    parser.add_argument(
        "--network", metavar="NAME", help="network of a TXID (else that of the configuration)"
    )
    parser.add_argument(
        "--second-opinion",
        action="store_true",
        help="also ask the public services of the library `bit`, which decides nothing",
    )
    parser.add_argument(
        "--plan", action="store_true", help="what the configuration will use a day, and who learns what"
    )
    parser.add_argument("--data", metavar="DIR", help="folder of the configuration")


def _run(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.plan == bool(options.key):
        raise BadUse("give an ADDRESS, a TXID, or --plan.")
    folder = _data_folder(options, outside)
    config = folder.config if folder is not None else Config()
    if options.plan:
        return _plan(config, _watched(folder, outside))
    options.key = pasted_key(options.key)
    network = _network(options, config)
    key = options.key
    txid = key.partition(":")[0]
    script = None if is_txid(txid) else _script(key, network)
    source = _source(options, config, network, outside, folder)
    _require_network(source, network)
    prover = Prover(source, network, _headers(folder, network, outside))
    if script is None:
        return _transaction(txid, prover, network)
    return _address(key, script, prover, _second(options, key, network))


def _script(address: str, network: Network) -> Script:
    try:
        return script_of(address, network)
    except AddressRefused as refusal:
        raise BadUse("{refusal}", refusal=refusal.wording) from None


def _data_folder(options: argparse.Namespace, outside: Outside) -> DataFolder | None:
    try:
        return find_data_folder(options.data, outside)
    except BadUse:
        if options.data is not None:
            raise
        return None


def _headers(folder: DataFolder | None, network: Network, outside: Outside) -> HeaderChain | None:
    """Our own verified headers, where there is a database of that network."""
    if folder is None or folder.config.chain.network != network.name:
        return None
    try:
        with open_folder(folder, outside) as store:
            return restored_chain(store, network)
    except BadUse:
        return None


def _watched(folder: DataFolder | None, outside: Outside) -> int:
    """How many addresses are watched; before there is a database, what the configuration names."""
    if folder is None:
        return 0
    wallets = with_lists(folder.config.wallets, network_named(folder.config.chain.network), folder.path)
    named = sum(len(wallet.addresses) or 2 * wallet.gap_limit for wallet in wallets)
    try:
        with open_folder(folder, outside) as store, store.read() as tx:
            return tx.addresses.count() or named
    except BadUse:
        return named


def _network(options: argparse.Namespace, config: Config) -> Network:
    if options.network is not None:
        try:
            return network_named(options.network)
        except ValueError:
            raise BadUse(
                "--network: must be one of {networks}.", networks=[network.name for network in NETWORKS]
            ) from None
    if is_txid(options.key.partition(":")[0]):
        return network_named(config.chain.network)
    networks = network_of([options.key])
    configured = network_named(config.chain.network)
    try:
        script_of(options.key, configured)
    except AddressRefused:
        return networks
    return configured


def _source(
    options: argparse.Namespace, config: Config, network: Network, outside: Outside, folder: DataFolder | None
) -> Source:
    url = options.source
    if url is None:
        named = [source for source in config.sources if source.kind in HISTORY_KINDS]
        defaults = config.sources == PUBLIC_SOURCES and network.name != MAINNET.name
        if not named or defaults or config.chain.network != network.name:
            raise BadUse(
                "--source: name an explorer or Electrum server of {network} to ask.", network=network.name
            )
        asked = named[0]
    elif url.startswith(("https://", "http://")):
        asked = SourceConfig(urlsplit(url).hostname or "source", "esplora", url)
    elif url.startswith(("ssl://", "tcp://")):
        asked = SourceConfig(urlsplit(url).hostname or "source", "electrum", url, tls=options.tls)
    else:
        raise BadUse(
            "--source: write a URL with https:// (or http:// for a server on this machine), ssl:// or tcp://."
        )
    alone = Config(http=config.http, sources=(asked,))
    beside = outside.folder if folder is None else folder.path
    try:
        http = http_client(alone, outside.environment, beside)
        return sources_of(alone, network, http, outside.environment, beside)[0]
    except WrongValue as wrong:
        raise BadUse("--source: {wrong}.", wrong=wrong.wording) from None


def _require_network(source: Source, network: Network) -> None:
    """BadUse where a server follows another chain: what it does not have there says nothing here. Unavailable where it
    does not show which."""
    shown = source.look_headers(0, 1)
    if not shown:
        raise Unavailable(
            "{source} does not show the first block of its chain, which names its network; ask another source.",
            source=source.name,
        )
    first = shown[0]
    if first.raw == network.genesis_header:
        return
    other = next(
        (known.name for known in NETWORKS if known.genesis_header == first.raw),
        translatable("another network"),
    )
    raise BadUse(
        "--source: {source} is a server of {other}, and this is {network}; name one of {network}, or give --network.",
        source=source.name,
        other=other,
        network=network.name,
    )


def _transaction(txid: str, prover: Prover, network: Network) -> Answer:
    proof = prover.prove(txid)
    lines = [say.transaction(txid, proof.place)]
    outputs: list[dict[str, Any]] = []
    for vout, output in enumerate(proof.tx.outputs):
        address = address_of(output.script, network)
        lines.append(f"  {say.pays(vout, output.sats, address or output.script.hex())}")
        outputs.append({"vout": vout, "sats": output.sats, "address": address, "script": output.script.hex()})
    how = prover.how if proof.block is not None else str(say.BY_TXID)
    lines.append(say.asked(prover.source.name, how))
    data = {"txid": txid, "outputs": outputs, "proven": proof.block is not None, "place": proof.place}
    return Answer(tuple(lines), data)


def _address(address: str, script: Script, prover: Prover, second: Second | None) -> Answer:
    source = prover.source
    listed = [row.txid for row in source.look_history(script)]
    cut = bytes(script) in source.cut_short
    lines: list[str] = []
    rows: list[dict[str, Any]] = []
    total = 0
    proven = [(txid, prover.prove(txid)) for txid in listed[:_MOST_PROVEN]]
    spends: list[dict[str, Any]] = []
    for txid, proof in proven:
        for vout, output in enumerate(proof.tx.outputs):
            if output.script == script:
                total += output.sats if proof.block is not None else 0
                lines.append(f"  {say.payment(f'{txid}:{vout}', output.sats, proof.place)}")
                row = {"txid": txid, "vout": vout, "sats": output.sats, "proven": proof.block is not None}
                rows.append(row | {"place": proof.place})
    ours = {f"{row['txid']}:{row['vout']}" for row in rows}
    lines.insert(0, say.payments(address, len(rows), total))
    for txid, proof in proven:
        for vin, spent in enumerate(proof.tx.inputs):
            if str(spent.outpoint) in ours:
                lines.append(f"  {say.spent(str(spent.outpoint), txid, vin, proof.place)}")
                spends.append({"outpoint": str(spent.outpoint), "spent_by": txid, "vin": vin})
                spends[-1] |= {"proven": proof.block is not None, "place": proof.place}
    if not rows:
        lines = [say.no_payment(address, source.name)]
    if len(listed) > _MOST_PROVEN:
        lines.append(f"  {say.more(len(listed) - _MOST_PROVEN)}")
    lines.append(say.complete(source.name, cut=cut))
    data: dict[str, Any] = {"address": address, "payments": rows, "spends": spends, "proven_sats": total}
    data["cut_short"] = cut
    if second is not None:
        unknown = [txid for txid in second.txids if txid not in listed]
        lines += say.second_opinion(len(second.txids), unknown, second.trouble)
        data["second_opinion"] = {"listed": len(second.txids), "unknown": unknown, "trouble": second.trouble}
    return Answer(tuple(lines), data)


def _second(options: argparse.Namespace, address: str, network: Network) -> Second | None:
    """What `bit`'s services list; None where it was not asked for."""
    if not options.second_opinion:
        return None
    try:
        return Second(second_opinion(address, network).txids, None)
    except WrongValue as wrong:
        raise BadUse("--second-opinion: {wrong}.", wrong=wrong.wording) from None
    except SourceError as trouble:
        return Second((), str(trouble.wording))


def _plan(config: Config, addresses: int) -> Answer:
    """Requests and bytes a day, and which hosts learn what."""
    plan = daily_plan(config, addresses)
    lines = [
        say.looks(config.watch.look_seconds, plan.looks, config.watch.mode, plan.addresses),
        *(f"  {say.host(host.name, host.requests, host.megabytes, host.learns)}" for host in plan.hosts),
        say.caps(config.watch.requests_a_day, config.watch.megabytes_a_day),
        *plan.warnings,
    ]
    rows = [
        {
            "name": host.name,
            "host": host.host,
            "requests": host.requests,
            "megabytes": host.megabytes,
            "learns": host.learns,
        }
        for host in plan.hosts
    ]
    return Answer(
        tuple(lines),
        {
            "looks": plan.looks,
            "mode": config.watch.mode,
            "addresses": plan.addresses,
            "sources": rows,
            "warnings": list(plan.warnings),
        },
    )


COMMANDS: Mapping[str, Command] = {
    "look": Command(_run, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
