"""The sources of the configuration as objects that can be asked. Secrets come from where the file says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from ledger.core.wording import WrongValue
from service.clock import monotonic
from service.command import BadUse
from service.config import Config, SourceConfig, secret
from watchers.net.electrum_endpoint import endpoint_of
from watchers.net.http import HttpClient
from watchers.net.policy import HttpPolicy
from watchers.proof.networks import Network
from watchers.sources.bitcoin_core import BitcoinCore
from watchers.sources.bitcoin_core_rest import BitcoinCoreRest
from watchers.sources.electrum import Electrum
from watchers.sources.esplora import Esplora
from watchers.sources.protocol import Source

BLOCK_DEADLINES = 4
"""A block is up to 4 MB: it may take so many times the configured deadline."""

NEAR_PER_SECOND = 500.0
"""A node of one's own, on this machine or in this network, is asked at this pace: REST has no batches."""


def near_a_minute(config: Config) -> int:
    """How often a server on this machine or in this network is asked a minute at most."""
    return max(int(NEAR_PER_SECOND * 60), config.http.requests_a_minute)


def http_client(
    config: Config, environment: Mapping[str, str] | None = None, folder: Path = Path()
) -> HttpClient:
    """One client for all sources: its pace is counted by host. Hosts that the file names may be local.

    A proxy with a password comes from the environment or a file in `folder`. Raises BadUse for a proxy that cannot
    be used, without repeating it.
    """
    proxy = config.http.proxy or secret(
        "http.proxy", config.http.proxy_env, config.http.proxy_file, environment or {}, folder
    )
    hosts = {urlsplit(source.url).hostname or "" for source in config.sources}
    policy = HttpPolicy(
        user_agent=config.http.user_agent,
        proxy=proxy or None,
        local_hosts=frozenset(host for host in hosts if host and not _is_public_name(host)),
        per_second=config.http.requests_a_minute / 60,
        burst=config.http.burst,
        near_per_second=near_a_minute(config) / 60,
    )
    try:
        return HttpClient(policy, monotonic=monotonic)
    except WrongValue as wrong:
        raise BadUse("http.proxy: {wrong}.", wrong=wrong.wording) from None


def _is_public_name(host: str) -> bool:
    """A name with a dot and no address: it has to resolve to a public address."""
    return (
        "." in host
        and not host.replace(".", "").isdigit()
        and not host.endswith((".local", ".onion", ".lan"))
    )


def sources_of(
    config: Config, network: Network, http: HttpClient, environment: Mapping[str, str], folder: Path
) -> list[Source]:
    """Every source that the configuration names; raises BadUse for a missing secret or a wrong one."""
    return [_source(one, config, network, http, environment, folder) for one in config.sources]


def _source(
    one: SourceConfig,
    config: Config,
    network: Network,
    http: HttpClient,
    environment: Mapping[str, str],
    folder: Path,
) -> Source:
    deadline = float(config.http.deadline_seconds)
    if one.kind == "esplora":
        return Esplora(
            one.name,
            one.url,
            http,
            network,
            deadline=deadline,
            block_deadline=BLOCK_DEADLINES * deadline,
            whole_mempool=one.own,
        )
    if one.kind == "electrum":
        return Electrum(
            one.name,
            endpoint_of(one.url, one.tls),
            http.policy,
            network,
            monotonic=monotonic,
            deadline=deadline,
        )
    if one.kind == "bitcoin_core_rest":
        return BitcoinCoreRest(
            one.name, one.url, http, network, deadline=deadline, block_deadline=BLOCK_DEADLINES * deadline
        )
    if one.cookie_file:
        secret(f"sources.{one.name}.cookie", "", one.cookie_file, environment, folder)
        try:
            return BitcoinCore.with_cookie(
                one.name,
                one.url,
                partial((folder / one.cookie_file).read_text, encoding="utf-8"),
                http,
                network,
                deadline=deadline,
                block_deadline=BLOCK_DEADLINES * deadline,
            )
        except WrongValue as wrong:
            raise BadUse("sources.{one}.cookie_file: {wrong}", one=one.name, wrong=wrong.wording) from None
    password = secret(
        f"sources.{one.name}.password", one.password_env, one.password_file, environment, folder
    )
    return BitcoinCore(
        one.name,
        one.url,
        one.user,
        password,
        http,
        network,
        deadline=deadline,
        block_deadline=BLOCK_DEADLINES * deadline,
    )
