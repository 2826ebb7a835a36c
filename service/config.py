"""The configuration as typed values, read from one TOML file. Unknown keys are refused; nothing is guessed.

Secrets are never in the file: it names an environment variable or another file that holds them.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ledger.core.gift_accounts import GiftAccount
from ledger.core.secret import secret_within
from ledger.core.wording import WrongValue
from service.command import BadUse
from watchers.net.electrum_endpoint import endpoint_of

FILE_NAME = "aidtrail.toml"
HISTORY_KINDS = ("esplora", "electrum")
"""Kinds of sources that list the history of an address."""

MOST_FIRST_INDEX = 100_000
"""Addresses below it are all watched, a row each."""
_SECRET_KEYS = frozenset({"password", "secret", "token", "private_key", "seed", "mnemonic", "xprv", "wif"})


def _between(low: int, high: int, default: int) -> int:
    """A whole number with its bounds, for the dataclass below."""
    value: int = field(default=default, metadata={"low": low, "high": high})
    return value


@dataclass(frozen=True, slots=True)
class Site:
    title: str = "aidtrail"
    base_url: str = ""
    demonstration: bool = False
    operator: str = ""
    contact: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the journal lies; `url` empty means `aidtrail.db` beside the configuration."""

    url: str = ""
    url_env: str = ""
    url_file: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    network: Literal["mainnet", "testnet3", "testnet4", "signet", "regtest"] = "mainnet"
    checkpoint: str = ""
    trust: Literal["table", "operator", "first use"] = "first use"


@dataclass(frozen=True, slots=True)
class Watch:
    mode: Literal["blocks", "addresses"] = "blocks"
    look_seconds: int = _between(1, 86_400, 60)
    blocks_a_look: int = _between(1, 2_016, 24)
    megabytes_a_day: int = _between(1, 1_000_000, 2_000)
    requests_a_day: int = _between(100, 100_000_000, 100_000)
    ask_histories: bool = True
    sightings: Literal["own-node", "recent", "off"] = "recent"
    senders: Literal["own-node", "any", "off"] = "own-node"
    check_hours: int = _between(1, 744, 24)
    check_all_hours: int = _between(1, 8_760, 168)


@dataclass(frozen=True, slots=True)
class Http:
    deadline_seconds: int = _between(1, 600, 30)
    requests_a_minute: int = _between(1, 60_000, 60)
    burst: int = _between(1, 1_000, 10)
    proxy: str = ""
    proxy_env: str = ""
    proxy_file: str = ""
    user_agent: str = "aidtrail"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One explorer or node. A password comes from the environment or a file, a cookie from bitcoind's."""

    name: str
    kind: Literal["esplora", "electrum", "bitcoin_core", "bitcoin_core_rest"] = "esplora"
    url: str = ""
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    cookie_file: str = ""
    own: bool = False
    """A server of yours: all of its mempool is read, so that it learns no address."""
    tls: str = "verify"
    """What an Electrum server at ssl:// must show: "verify", "any", or the SHA-256 of its certificate."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """Addresses of one campaign: a descriptor, a fixed list, or a CSV file. `campaign` empty: the first one added.

    `fixed_index` is the address that everybody gets when no fresh one may be given out. `first_index`: the wallet gave
    out those below it before; they are watched, and given to nobody, so the fixed one is none of them. `need`: all
    that comes to the wallet is restricted to that need; none of its addresses is everybody's then.
    """

    campaign: str = ""
    descriptor: str = ""
    addresses: tuple[str, ...] = ()
    gap_limit: int = _between(1, 10_000, 100)
    addresses_file: str = ""
    fixed_index: int = _between(0, MOST_FIRST_INDEX + 9_999, 0)
    first_index: int = _between(0, MOST_FIRST_INDEX, 0)
    need: str = ""


@dataclass(frozen=True, slots=True)
class RateSource:
    """An exchange that tells prices of the past without a key."""

    kind: Literal["coinbase", "bitstamp", "kraken"]
    url: str


RATE_SOURCES = (
    RateSource("coinbase", "https://api.exchange.coinbase.com"),
    RateSource("bitstamp", "https://www.bitstamp.net"),
    RateSource("kraken", "https://api.kraken.com"),
)
"""Three exchanges of different owners; two that agree decide, the next is asked when one is down."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Who is asked what a bitcoin was worth at the minute of a gift; on mainnet only."""

    enabled: bool = True
    deadline_seconds: int = _between(2, 300, 20)
    cross_url: str = "https://data-api.ecb.europa.eu"
    sources: tuple[RateSource, ...] = RATE_SOURCES


@dataclass(frozen=True, slots=True)
class Serve:
    host: str = "127.0.0.1"
    port: int = _between(0, 65_535, 8080)
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Logs:
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["plain", "json"] = "plain"


@dataclass(frozen=True, slots=True)
class Backup:
    """Where the service copies its SQLite database to by itself; `folder` empty: nowhere."""

    folder: str = ""
    hours: int = _between(1, 8_760, 24)
    keep: int = _between(1, 1_000, 7)


@dataclass(frozen=True, slots=True)
class Bank:
    """What is kept of bank files beside the journal: `words_days` after it was booked, a line's words; 0: for ever."""

    words_days: int = _between(0, 36_500, 730)


@dataclass(frozen=True, slots=True)
class AddressStatementConfig:
    """A text that says which addresses are a campaign's, in a file beside this one, and who signed it.

    `signatures`: "ADDRESS SIGNATURE" of each address that it names.
    """

    file: str
    signatures: tuple[str, ...]


PUBLIC_SOURCES = (
    SourceConfig("blockstream.info", "esplora", "https://blockstream.info/api"),
    SourceConfig("mempool.space", "esplora", "https://mempool.space/api"),
)
"""Two public explorers of different owners; one honest source suffices, a lying one is caught."""


@dataclass(frozen=True, slots=True)
class Config:
    site: Site = Site()
    database: Database = Database()
    chain: Chain = Chain()
    watch: Watch = Watch()
    http: Http = Http()
    rates: Rates = Rates()
    serve: Serve = Serve()
    logs: Logs = Logs()
    backup: Backup = Backup()
    bank: Bank = Bank()
    sources: tuple[SourceConfig, ...] = PUBLIC_SOURCES
    wallets: tuple[Wallet, ...] = ()
    gift_accounts: tuple[GiftAccount, ...] = ()
    address_statements: tuple[AddressStatementConfig, ...] = ()


T = TypeVar("T")


def load_config(path: Path) -> Config:
    """Read a file; raises BadUse with the key, what is wrong and the remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failure:
        raise BadUse(
            "{path}: cannot be read ({reason}); name another with --config.",
            path=str(path),
            reason=str(failure.strerror),
        ) from None
    except UnicodeDecodeError:
        raise BadUse("{path}: is not UTF-8 text; a configuration is TOML in UTF-8.", path=str(path)) from None
    return parse_config(text, str(path))


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """The tables of a TOML text; raises BadUse that names the file."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise BadUse("{name}: is not TOML: {failure}.", name=name, failure=str(failure)) from None


def parse_config(text: str, name: str = FILE_NAME) -> Config:
    document = parse_toml(text, name)
    config = _section(Config, document, name, "")
    _check_names(config, name)
    return config


def _check_names(config: Config, name: str) -> None:
    names = [source.name for source in config.sources]
    for source in config.sources:
        if names.count(source.name) > 1:
            raise BadUse(
                "{name}: sources: two are named {source}; give each a name of its own.",
                name=name,
                source=repr(source.name),
            )
        if source.kind == "electrum":
            try:
                endpoint_of(source.url, source.tls)
            except WrongValue as wrong:
                raise BadUse(
                    "{name}: sources of {source}: {wrong}.",
                    name=name,
                    source=repr(source.name),
                    wrong=wrong.wording,
                ) from None
            continue
        if not source.url.startswith(("http://", "https://")):
            raise BadUse(
                "{name}: sources.url of {source}: write a URL with https:// or http://.",
                name=name,
                source=repr(source.name),
            )
        if source.tls != "verify":
            raise BadUse(
                "{name}: sources.tls of {source}: only for Electrum servers; leave it out.",
                name=name,
                source=repr(source.name),
            )
    kinds = [source.kind for source in config.rates.sources]
    if config.rates.enabled and len(set(kinds)) < max(2, len(kinds)):
        raise BadUse(
            "{name}: rates.sources: name at least two, each of another kind, or set enabled = false.",
            name=name,
        )
    listing = [source for source in config.sources if source.kind in HISTORY_KINDS]
    if config.watch.mode == "addresses" and len(listing) < 2:
        raise BadUse(
            '{name}: watch.mode: "addresses" needs two sources or more that list histories ({kinds}), since what one '
            "leaves out only another can show; here are {count}.",
            name=name,
            kinds=list(HISTORY_KINDS),
            count=len(listing),
        )
    for wallet in config.wallets:
        if sum(map(bool, (wallet.descriptor, wallet.addresses, wallet.addresses_file))) != 1:
            raise BadUse(
                "{name}: wallets: give each one of descriptor, addresses and addresses_file, not several or none.",
                name=name,
            )
        if wallet.first_index and not wallet.descriptor:
            raise BadUse(
                "{name}: wallets.first_index: counts the addresses of a descriptor; of a list leave it out, all of its "
                "addresses are given.",
                name=name,
            )
        if wallet.descriptor and wallet.fixed_index >= wallet.first_index + wallet.gap_limit:
            raise BadUse(
                "{name}: wallets.fixed_index: {fixed_index} is not below first_index and gap_limit together, {most}.",
                name=name,
                fixed_index=wallet.fixed_index,
                most=wallet.first_index + wallet.gap_limit,
            )


def _section(shape: type[T], values: Mapping[str, Any], name: str, path: str) -> T:
    hints = get_type_hints(shape)
    known = [f.name for f in dataclasses.fields(shape)]  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise _unknown(name, f"{path}{key}", key, known)
    given: dict[str, Any] = {}
    for fact in dataclasses.fields(shape):  # type: ignore[arg-type]
        if fact.name in values:
            given[fact.name] = _value(
                hints[fact.name], values[fact.name], name, f"{path}{fact.name}", fact.metadata
            )
        elif fact.default is dataclasses.MISSING:
            raise BadUse(
                "{name}: {path}{fact} is missing; every entry of this list needs one.",
                name=name,
                path=path,
                fact=fact.name,
            )
    return shape(**given)


def _unknown(name: str, path: str, key: str, known: list[str]) -> BadUse:
    if key.lower() in _SECRET_KEYS:
        near = [k for k in known if k.startswith(("password_", "url_", "cookie_"))]
        if not near:
            return BadUse("{name}: {path}: a secret does not belong into this file.", name=name, path=path)
        return BadUse(
            "{name}: {path}: a secret does not belong into this file; name where it is by one of {keys}.",
            name=name,
            path=path,
            keys=near,
        )
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return BadUse(
        "{name}: {path}: is not a key here; the nearest is {key}.", name=name, path=path, key=repr(near[0])
    )


def _value(hint: Any, value: Any, name: str, path: str, bounds: Mapping[str, Any]) -> Any:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise BadUse("{name}: {path}: write it as a table, [{path}].", name=name, path=path)
        return _section(hint, value, name, f"{path}.")
    if origin is Literal:
        choices = get_args(hint)
        if value not in choices:
            raise BadUse(
                "{name}: {path}: must be one of {choices}.",
                name=name,
                path=path,
                choices=[repr(choice) for choice in choices],
            )
        return value
    if origin is tuple:
        item = get_args(hint)[0]
        if not isinstance(value, list):
            raise BadUse("{name}: {path}: write a list.", name=name, path=path)
        return tuple(_value(item, one, name, path, {}) for one in value)
    if origin in (Union, types.UnionType):
        raise TypeError(f"{path}: a key has one type")
    if hint is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadUse(
                "{name}: {path}: write a whole number, without quotes or a point.", name=name, path=path
            )
        if not bounds["low"] <= value <= bounds["high"]:
            raise BadUse(
                "{name}: {path}: {value} is outside {low} to {high}.",
                name=name,
                path=path,
                value=value,
                low=bounds["low"],
                high=bounds["high"],
            )
        return value
    if hint is bool:
        if not isinstance(value, bool):
            raise BadUse("{name}: {path}: write true or false, without quotes.", name=name, path=path)
        return value
    if not isinstance(value, str):
        raise BadUse("{name}: {path}: write a text in quotes.", name=name, path=path)
    if secret_within(value) is not None:
        raise BadUse(
            "{name}: {path}: this holds a private key; aidtrail never takes one. Take it out, and treat that key as "
            "seen.",
            name=name,
            path=path,
        )
    return value


def secret(path: str, env_name: str, file_name: str, environment: Mapping[str, str], folder: Path) -> str:
    """A secret from the environment or a file beside the configuration; empty when neither is named.

    Raises BadUse naming the variable or the file, never its content.
    """
    if env_name:
        value = environment.get(env_name, "")
        if not value:
            raise BadUse(
                "{path}_env: the environment variable {variable} is not set.",
                path=path,
                variable=env_name,
            )
        return value
    if file_name:
        try:
            return (folder / file_name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise BadUse("{path}_file: {file} cannot be read.", path=path, file=file_name) from None
    return ""
