"""What a configuration will use in a day, and which hosts learn what. Figures are estimates, and say what of."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from service.budget import BLOCK_BYTES
from service.config import HISTORY_KINDS, Config, SourceConfig
from service.sentences import looking as say
from service.sources import near_a_minute
from watchers.net.policy import is_near

_BLOCKS = 144
_TIP_REQUESTS = {"esplora": 2, "bitcoin_core": 1, "bitcoin_core_rest": 1, "electrum": 1}
_TIP_BYTES = 500
_HISTORY_BYTES = 15_000
"""A page of 25 rows on an explorer; Electrum's rows are short."""
_SHORT_HISTORY_BYTES = 500
_GIFT_BLOCKS = 50
"""So many blocks a day with gifts are assumed for what prices cost."""
_WAITING = 500_000
"""So many transactions reach mainnet's mempool on a busy day; whoever reads all of it asks for each once."""
_TOGETHER = {"bitcoin_core": 200}
"""So many of them are asked for in one request; by other kinds, one."""
_SHOWN = 20
"""So many addresses at most are shown to explorers in one look (`sightings = "recent"`)."""


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One source in one day: requests, megabytes, and what it learns in words.

    `name` is the configuration's, `host` where it is, and `a_minute` how often that host is asked at most.
    """

    name: str
    host: str
    a_minute: int
    requests: int
    megabytes: int
    learns: str


@dataclass(frozen=True, slots=True)
class DailyPlan:
    """All sources, and a sentence for each cap of the configuration that does not suffice."""

    looks: int
    addresses: int
    hosts: tuple[HostPlan, ...]
    warnings: tuple[str, ...]


def daily_plan(config: Config, addresses: int) -> DailyPlan:
    """The plan for a number of watched addresses."""
    looks = 86_400 // config.watch.look_seconds
    by_address = config.watch.mode == "addresses"
    first_with_blocks = next((s.name for s in config.sources if s.kind != "electrum"), "")
    hosts = []
    for source in config.sources:
        requests = looks * _TIP_REQUESTS[source.kind] + _BLOCKS * 2
        size = looks * _TIP_BYTES
        if by_address and source.kind in HISTORY_KINDS:
            requests += looks * addresses + _BLOCKS
            size += (
                looks * addresses * (_SHORT_HISTORY_BYTES if source.kind == "electrum" else _HISTORY_BYTES)
            )
        elif not by_address:
            if source.name == first_with_blocks:
                requests += _BLOCKS
                size += _BLOCKS * BLOCK_BYTES
            if _is_shown_addresses(source, config):
                requests += looks * min(_SHOWN, addresses)
                size += looks * min(_SHOWN, addresses) * 100
            elif config.watch.sightings != "off" and source.kind != "electrum" and _is_own(source):
                requests += looks * 2
                size += looks * 400_000  # txids of a busy mempool
                if config.chain.network == "mainnet":
                    requests += _WAITING // _TOGETHER.get(source.kind, 1)
        hosts.append(
            HostPlan(
                source.name,
                _host(source.url),
                _a_minute(source.url, config),
                requests,
                size // 1_000_000 + 1,
                _learns(source, config, addresses),
            )
        )
    hosts += _price_hosts(config)
    return DailyPlan(looks, addresses, tuple(hosts), _warnings(config, hosts))


def _price_hosts(config: Config) -> list[HostPlan]:
    """Exchanges and the European Central Bank; one question each for a block with gifts."""
    if not config.rates.enabled or config.chain.network != "mainnet":
        return []
    learns = str(say.LEARNS_MINUTES)
    urls = [*(source.url for source in config.rates.sources), config.rates.cross_url]
    return [
        HostPlan(_hostname(url), _host(url), _a_minute(url, config), _GIFT_BLOCKS, 1, learns) for url in urls
    ]


def _is_own(source: SourceConfig) -> bool:
    return source.own or source.kind.startswith("bitcoin_core")


def _is_shown_addresses(source: SourceConfig, config: Config) -> bool:
    return config.watch.sightings == "recent" and source.kind in HISTORY_KINDS and not source.own


def _hostname(url: str) -> str:
    return urlsplit(url).hostname or url


def _host(url: str) -> str:
    """Host and port: two servers on one machine are asked at a pace of their own each."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _a_minute(url: str, config: Config) -> int:
    near = near_a_minute(config) if is_near(_hostname(url)) else 0
    return near or config.http.requests_a_minute


def _learns(source: SourceConfig, config: Config, addresses: int) -> str:
    if _is_own(source):
        return str(say.LEARNS_OWN)
    if config.watch.mode == "addresses" and source.kind in HISTORY_KINDS:
        return say.learns_all(addresses)
    learns = [say.LEARNS_CHAIN if source.kind == "electrum" else say.LEARNS_BLOCKS]
    if _is_shown_addresses(source, config):
        learns.append(say.LEARNS_GIVEN_OUT)
    if config.watch.ask_histories and source.kind in HISTORY_KINDS:
        learns.append(say.LEARNS_LATER)
    return say.learns(*learns)


def _warnings(config: Config, hosts: list[HostPlan]) -> tuple[str, ...]:
    warnings = []
    requests, megabytes = sum(host.requests for host in hosts), sum(host.megabytes for host in hosts)
    if requests > config.watch.requests_a_day:
        warnings.append(say.too_many_requests(requests, config.watch.requests_a_day))
    if megabytes > config.watch.megabytes_a_day and config.watch.mode == "blocks":
        warnings.append(say.too_many_megabytes(megabytes, config.watch.megabytes_a_day))
    asked: dict[str, int] = {}
    for host in hosts:
        asked[host.host] = asked.get(host.host, 0) + host.requests
    limits = {host.host: host.a_minute for host in hosts}
    warnings.extend(
        say.asked_too_fast(host, requests // 1_440, limits[host])
        for host, requests in asked.items()
        if requests > limits[host] * 1_440
    )
    return tuple(warnings)
