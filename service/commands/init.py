"""`init`: a configuration and an empty database for real addresses, public descriptors only.

Nothing is fetched; it says what the first looks will ask for, and of whom.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ledger.core.pasted import pasted_key
from ledger.core.secret import secret_in
from ledger.core.wording import WrongValue
from ledger.recording.rebuild import renew
from ledger.rules.settled import DEFAULT_DEPTH
from ledger.store.database import Store
from ledger.store.disk import make_folder, write_new
from ledger.store.engine import SERVERS
from service.address_lists import addresses_in
from service.command import Answer, BadUse, Command, Exit, Outside, Unavailable
from service.config import FILE_NAME, MOST_FIRST_INDEX, PUBLIC_SOURCES, Database, parse_config
from service.data_folder import DATABASE_NAME, database_url
from service.networks import network_of
from service.pinning import parse_checkpoint
from service.sentences import beginning as say
from service.wallet_files import descriptor_in, given_in
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import NETWORKS, Network, network_named
from watchers.proof.periods import PERIOD
from watchers.proof.scripts import AddressRefused, address_of, script_of

LIST_NAME = "addresses.csv"
_RECEIVING_SHOWN = 3
_SIGHTINGS_OFF = '[watch] sightings = "off"'
"""What keeps addresses that are given out from sources."""
_HEADERS_A_PAGE = 10
_REQUESTS_A_MINUTE = 60
_BLOCK_MEGABYTES_TENTHS = 17


@dataclass(frozen=True, slots=True)
class _Asked:
    network: Network
    descriptor: str
    wallet: Descriptor | None
    first_index: int
    addresses: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    checkpoint: str
    mode: str
    csv: bytes | None
    database: str
    database_env: str

    @property
    def is_on_a_server(self) -> bool:
        return bool(self.database or self.database_env)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--descriptor", metavar="D", help="public output descriptor, or xpub, ypub, zpub")
    parser.add_argument(
        "--address", metavar="A", action="append", nargs="+", default=[], help="a fixed address"
    )
    parser.add_argument(
        "--addresses-file", metavar="FILE", help="CSV file with a column `address`; copied to the folder"
    )
    parser.add_argument(
        "--wallet-file",
        metavar="FILE",
        help="what Bitcoin Core, Sparrow, Specter, Coldcard, BlueWallet or Electrum exports; without private keys",
    )
    parser.add_argument(
        "--script", metavar="FORM", help="which wallet of the file, if it has several, like wpkh or sh(wpkh)"
    )
    parser.add_argument(
        "--first-index",
        metavar="N",
        type=int,
        help="the first index to give, where the wallet gave out addresses before; those below are watched as well",
    )
    parser.add_argument("--network", metavar="NAME", help="mainnet (unless the addresses say otherwise), …")
    parser.add_argument("--checkpoint", metavar="HEIGHT:HASH", default="", help="block to check headers from")
    parser.add_argument(
        "--source",
        metavar="URL",
        action="append",
        nargs="+",
        default=[],
        help="server to ask: https://… of an explorer, ssl://HOST:PORT of an Electrum server; give several",
    )
    parser.add_argument(
        "--mode",
        choices=["blocks", "addresses"],
        default="blocks",
        help="read whole blocks (default), or ask two servers or more for histories of the addresses",
    )
    parser.add_argument(
        "--database",
        metavar="URL",
        default="",
        help="postgresql://USER@HOST/NAME, an empty database (else aidtrail.db in the folder)",
    )
    parser.add_argument(
        "--database-env",
        metavar="VARIABLE",
        default="",
        help="the environment variable that holds this URL, where it has a password",
    )
    parser.add_argument("--data", metavar="DIR", default=".", help="folder for configuration and database")


def _run(options: argparse.Namespace, outside: Outside) -> Answer:
    asked = _asked(options, outside)
    folder = outside.folder / options.data
    text = config_text(asked)
    parse_config(text)
    config, file, addresses = folder / FILE_NAME, folder / DATABASE_NAME, folder / LIST_NAME
    url = database_url(Database(asked.database, asked.database_env), folder, outside.environment)
    wanted = {config: text.encode()}
    if asked.csv is not None and not (addresses.is_file() and addresses.read_bytes() == asked.csv):
        wanted[addresses] = asked.csv
    for path in (*wanted, *(() if asked.is_on_a_server else (file,))):
        if path.exists():
            raise BadUse(
                "{path} exists; nothing is overwritten, choose another folder with --data. Where a ledger there is "
                "damaged or empty, put a backup into that folder with `aidtrail restore`.",
                path=str(path),
            )
    ignore = folder / ".gitignore"
    hidden = not ignore.exists() and any((above / ".git").exists() for above in folder.resolve().parents)
    if hidden:
        wanted[ignore] = (
            b"# Written by `aidtrail init`: keys, names of users and gifts are in no repository.\n*\n"
        )
    made: list[Path] = []
    try:
        make_folder(folder)
        for path, data in wanted.items():
            write_new(path, data)
            made.append(path)
        if asked.is_on_a_server:
            _make_database(url, asked.network.name)
        else:
            _make_file(file, url, asked.network.name)
    except BaseException as failure:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(failure, OSError):
            raise Unavailable(
                "--data: {folder} cannot be written ({reason}).",
                folder=str(folder),
                reason=str(failure.strerror),
            ) from None
        raise
    database = _shown(url) if asked.is_on_a_server else str(file)
    wrote = say.wrote(str(config), database, on_server=asked.is_on_a_server)
    shown = None if asked.wallet is None else _Shown.of(asked.wallet, asked.first_index)
    watched = [] if shown is None else shown.lines()
    kept_out = (str(say.KEPT_OUT),) if hidden else ()
    lines = [wrote, *kept_out, *watched, *_plan(asked), *say.then(_next(options.data))]
    return Answer(
        tuple(lines),
        {
            "config": str(config),
            "database": database,
            "network": asked.network.name,
            "wallet": None if shown is None else asdict(shown),
        },
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What of a wallet is compared with the wallet itself before any of it is published."""

    script: str
    receiving: tuple[str, ...]
    change: tuple[str, ...]
    is_ranged: bool
    first: int
    first_given: str

    @classmethod
    def of(cls, wallet: Descriptor, first_index: int) -> _Shown:
        shown = _RECEIVING_SHOWN if wallet.ranged else 1
        receiving = [address_of(script, wallet.network) for script in wallet.scripts(0, shown)]
        change = [address_of(script, wallet.network) for script in wallet.change_scripts(0, 1)]
        return cls(
            wallet.form,
            tuple(filter(None, receiving)),
            tuple(filter(None, change)),
            wallet.ranged,
            first_index,
            wallet.address(first_index),
        )

    def lines(self) -> Iterator[str]:
        yield say.watched(self.script)
        for index, address in enumerate(self.receiving):
            yield f"  {say.receiving(index, address)}"
        for index, address in enumerate(self.change):
            yield f"  {say.change(index, address)}"
        yield str(say.COMPARE)
        if self.is_ranged and not self.change:
            yield say.no_change()
        if self.first:
            yield say.given_before(self.first, self.first_given)


def _shown(url: str) -> str:
    """A server's database by its name alone: the rest may hold a password."""
    return urlsplit(url).path.strip("/")


def _make_database(url: str, network: str) -> None:
    """A ledger with its first rows, in a database that has none; BadUse where it has one."""
    store = Store.create(url)
    try:
        with store.write() as tx:
            if tx.progress.load("network"):
                raise BadUse(
                    "--database: it holds a ledger already; nothing is overwritten, choose an empty database."
                )
            renew(tx)
            tx.progress.save("network", network)
            tx.progress.save("depth", str(DEFAULT_DEPTH))
    finally:
        store.close()


def _make_file(path: Path, url: str, network: str) -> None:
    """A database file, whole with its first rows, or not there."""
    try:
        _make_database(url, network)
    except BaseException:
        for end in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        raise


def _asked(options: argparse.Namespace, outside: Outside) -> _Asked:
    addresses = tuple(pasted_key(one) for group in options.address for one in group)
    if sum(map(bool, (options.descriptor, options.wallet_file, addresses, options.addresses_file))) != 1:
        raise BadUse(
            "give one of --descriptor D, --wallet-file FILE, --address A and --addresses-file FILE; what is watched "
            "has to be named."
        )
    if options.script and not options.wallet_file:
        raise BadUse("--script: chooses a wallet of --wallet-file; give that too.")
    for text in (options.descriptor or "", *addresses):
        secret = secret_in(text)
        if secret is not None:
            raise BadUse(
                "this holds a private key ({found}); aidtrail never takes one. Give the public descriptor or "
                "addresses, and treat that key as seen.",
                found=secret.value,
            )
    network = _network(options.network, addresses)
    wallet, first_index = None, options.first_index or 0
    if options.wallet_file:
        path = outside.folder / options.wallet_file
        wallet = descriptor_in(path, network, options.script)
        if options.first_index is None:
            first_index = given_in(path)
    if options.descriptor:
        try:
            wallet = Descriptor.parse(options.descriptor, network)
        except WrongValue as refusal:
            raise BadUse("--descriptor: {refusal}", refusal=refusal.wording) from None
    if not 0 <= first_index <= MOST_FIRST_INDEX:
        raise BadUse("--first-index: {n} is outside 0 to {most}.", n=first_index, most=MOST_FIRST_INDEX)
    if first_index and (wallet is None or not wallet.ranged):
        raise BadUse(
            "--first-index: counts the addresses of a descriptor with /*; without one leave it out, all of its "
            "addresses are given."
        )
    for address in addresses:
        try:
            script_of(address, network)
        except AddressRefused as refusal:
            raise BadUse("--address: {refusal}", refusal=refusal.wording) from None
    csv = None
    if options.addresses_file:
        path = outside.folder / options.addresses_file
        addresses_in(path, network, "--addresses-file")
        csv = path.read_bytes()
    if options.checkpoint:
        parse_checkpoint(options.checkpoint)
    urls = [url for group in options.source for url in group]
    sources = tuple((_source_name(url), url.rstrip("/")) for url in urls)
    if not sources and network.name == "mainnet":
        sources = tuple((source.name, source.url) for source in PUBLIC_SOURCES)
    if not sources:
        raise BadUse(
            "--source: name a server of {network} to ask; there is no default but for mainnet.",
            network=network.name,
        )
    if len({name for name, _ in sources}) != len(sources):
        raise BadUse("--source: two servers have the same host; one of them is enough here.")
    if options.mode == "blocks" and all(_is_electrum(url) for _, url in sources):
        raise BadUse(
            "--source: an Electrum server has no blocks; add an explorer, or choose --mode addresses."
        )
    if options.database:
        _require_server(options.database)
    if options.database and options.database_env:
        raise BadUse("--database-env: give the URL, or the variable that holds it; not both.")
    return _Asked(
        network,
        options.descriptor or ("" if wallet is None else wallet.text),
        wallet,
        first_index,
        addresses,
        sources,
        options.checkpoint,
        options.mode,
        csv,
        options.database,
        options.database_env,
    )


def _require_server(url: str) -> None:
    """BadUse where a URL cannot stand in the configuration; never repeats it, for it may hold a password."""
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        parts, password = None, None
    if parts is None or parts.scheme not in SERVERS or not url.isprintable():
        raise BadUse("--database: write postgresql://USER@HOST/NAME; a file is made without this option.")
    if password is not None or "password=" in parts.query:
        raise BadUse(
            "--database: a password never stands in the configuration; put the URL into an environment variable "
            "and name that with --database-env."
        )


def _network(name: str | None, addresses: tuple[str, ...]) -> Network:
    if name is None:
        return network_of(addresses)
    try:
        return network_named(name)
    except ValueError:
        names = ", ".join(network.name for network in NETWORKS)
        raise BadUse("--network: must be one of {names}.", names=names) from None


def _source_name(url: str) -> str:
    host = url.partition("//")[2].partition("/")[0]
    if (
        not url.startswith(("https://", "http://", "ssl://", "tcp://"))
        or not host
        or '"' in url
        or "\\" in url
        or not url.isprintable()
    ):
        raise BadUse(
            "--source: write a URL with https:// (or http:// for a server on this machine), ssl:// or tcp://."
        )
    return host


def _is_electrum(url: str) -> bool:
    return url.startswith(("ssl://", "tcp://"))


def config_text(asked: _Asked) -> str:
    """The configuration as TOML; only what differs from the defaults."""
    quoted = json.dumps  # a JSON string is a TOML basic string
    lines = [
        "# Written by `aidtrail init`; config.example.toml documents every key.",
        "",
        *_database_lines(asked),
        "[chain]",
        f"network = {quoted(asked.network.name)}",
    ]
    if asked.checkpoint:
        lines += [f"checkpoint = {quoted(asked.checkpoint)}", 'trust = "operator"']
    if asked.mode != "blocks":
        lines += ["", "[watch]", f"mode = {quoted(asked.mode)}"]
    lines += ["", "[[wallets]]"]
    if asked.csv is not None:
        lines.append(f"addresses_file = {quoted(LIST_NAME)}")
    elif asked.descriptor:
        lines.append(f"descriptor = {quoted(asked.descriptor)}")
        if asked.first_index:
            lines.append(f"first_index = {asked.first_index}")
    else:
        lines.append(f"addresses = [{', '.join(quoted(address) for address in asked.addresses)}]")
    for name, url in asked.sources:
        kind = "electrum" if _is_electrum(url) else "esplora"
        lines += [
            "",
            "[[sources]]",
            f"name = {quoted(name)}",
            f"kind = {quoted(kind)}",
            f"url = {quoted(url)}",
        ]
    return "\n".join(lines) + "\n"


def _database_lines(asked: _Asked) -> list[str]:
    if asked.database:
        return ["[database]", f"url = {json.dumps(asked.database)}", ""]
    if asked.database_env:
        return ["[database]", f"url_env = {json.dumps(asked.database_env)}", ""]
    return []


def _plan(asked: _Asked) -> list[str]:
    """What the first look will ask for."""
    hosts = [name for name, _ in asked.sources]
    if asked.mode == "addresses":
        return [_headers_only(asked), say.asked_for_addresses(hosts)]
    return [_start(asked), say.asked_for_blocks(hosts, _SIGHTINGS_OFF)]


def _start(asked: _Asked) -> str:
    if asked.checkpoint:
        height, _ = parse_checkpoint(asked.checkpoint)
        pages = (height % PERIOD) // _HEADERS_A_PAGE + 1
        return say.from_checkpoint(height - height % PERIOD, pages, _minutes(pages))
    if not asked.network.retargets:
        return str(say.FROM_FIRST_BLOCK)
    requests = PERIOD // _HEADERS_A_PAGE + 1 + PERIOD
    return say.on_first_use(requests, _minutes(requests), PERIOD * _BLOCK_MEGABYTES_TENTHS // 10_000)


def _headers_only(asked: _Asked) -> str:
    """In `addresses` mode headers are read, and no blocks."""
    if not asked.network.retargets:
        return str(say.HEADERS_FROM_FIRST)
    pages = PERIOD // _HEADERS_A_PAGE + 1
    return say.headers_only(pages, _minutes(pages))


def _minutes(requests: int) -> int:
    return requests // _REQUESTS_A_MINUTE + 1


def _next(data: str) -> list[str]:
    where = "" if data == "." else f" --data {data}"
    return [
        f"aidtrail user add ALICE --role admin{where}",
        f"aidtrail campaign add --as ALICE{where} --set slug=SLUG --set title=… --set purpose=… "
        "--set start=YYYY-MM-DD --set end=YYYY-MM-DD",
        f"aidtrail serve{where}",
    ]


COMMANDS: Mapping[str, Command] = {
    "init": Command(_run, _options, (Exit.OK, Exit.USAGE, Exit.UNAVAILABLE)),
}
