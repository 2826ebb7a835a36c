"""Puts the parts together: the store, the sources, the watcher, the jobs and the web application.

Decides nothing; every part is handed what it needs.
"""

from __future__ import annotations

import gc
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from api.app import create_app
from api.buckets import Buckets
from api.ports import AddressStatement, Ports, SiteSettings
from ledger.checks.finding import load_findings
from ledger.core.times import rfc3339, unix_seconds
from ledger.recording import desk
from ledger.store.database import Store
from ledger.views import queries
from ledger.views.chain_status import Staleness, chain_status
from service.address_statements import alarms, statements_in
from service.backups import Backups
from service.bounded_head import BoundedHead
from service.budget import Budget
from service.checking import Checking
from service.clock import Clock, monotonic
from service.command import Unavailable
from service.config import Config
from service.gift_accounts import require_payable
from service.intake import NO_BLOCK_SINCE, Intake, Sightings, load_set_aside
from service.jobs import Jobs
from service.leader import Leader
from service.lookups import LookUps
from service.metrics import metrics_text
from service.paper_files.treating import treated
from service.pinning import pinned_chain
from service.process import is_gone, this_process
from service.progress import LookProgress
from service.senders import SenderLookUps, Senders
from service.sentences import readiness as say
from service.sources import http_client, sources_of
from service.valuing import valuing_of
from service.wallets import Growth, add_addresses, require_needs_kept, with_lists
from service.words import words_of
from watchers.address_look import AddressWatcher
from watchers.look import Watcher
from watchers.proof.networks import network_named
from watchers.source_pool import SetAside
from watchers.sources.electrum import Electrum

HOUR = 3_600
PATIENCE = 600
"""So many seconds blocks may wait for a source before the service is of no use."""
Application = Callable[..., Any]
"""An ASGI application; which framework made it is the API's matter."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service's parts."""

    store: Store
    jobs: Jobs
    app: Application
    closing: tuple[Callable[[], None], ...] = ()

    def stop_sources(self) -> None:
        """Cut off what is under way at the sources, from any thread: a long look ends, and is not recorded."""
        for close in self.closing:
            close()

    def close(self) -> None:
        """Stop asking, and give the lease back."""
        self.stop_sources()
        self.jobs.leader.release()


def build(
    store: Store, config: Config, clock: Clock, environment: Mapping[str, str], folder: Path
) -> Service:
    """All parts of one process. Raises BadUse for a configuration that names what is not there."""
    network = network_named(config.chain.network)
    wallets = with_lists(config.wallets, network, folder)
    with store.read() as tx:
        require_needs_kept(tx, wallets, network)
    statements = statements_in(config.address_statements, network, folder)
    require_payable(config.gift_accounts)
    http = http_client(config, environment, folder)
    sources = sources_of(config, network, http, environment, folder)
    leader = Leader(store, this_process(), clock, is_gone)

    budget = Budget(config.watch.megabytes_a_day, config.watch.requests_a_day)
    sightings = Sightings(config.watch.sightings)
    by_blocks = config.watch.mode == "blocks"
    ending, reading = threading.Event(), LookProgress()

    def pin() -> Intake:
        chain = pinned_chain(store, network, sources, config.chain.checkpoint, config.chain.trust)
        kind = AddressWatcher if config.watch.mode == "addresses" else Watcher
        return Intake(
            store,
            kind(network, sources, chain, set_aside(store), monotonic=monotonic, on_read=reading),
            clock,
            config.watch.blocks_a_look,
            sightings,
            leader.check,
            budget,
            lambda: Growth(store, wallets, network, ahead=by_blocks),
            config.watch.ask_histories,
            ending.is_set,
        )

    own_node = any(source.whole_mempool for source in sources)
    lookups = LookUps(
        store, clock, sightings, own_node, budget, leader.check, is_story=config.site.demonstration
    )
    senders = SenderLookUps(store, clock, Senders(config.watch.senders), own_node, budget, leader.check)
    jobs = Jobs(
        store,
        clock,
        leader,
        pin,
        lambda: add_addresses(store, wallets, network, ahead=by_blocks),
        config.watch.look_seconds,
        lookups,
        senders,
        valuing_of(store, config, clock, http, leader.check),
        Checking(store, clock, config.watch.check_hours * HOUR, config.watch.check_all_hours * HOUR),
        words_of(store, config, clock, folder),
        backups_of(store, config, clock, folder),
        reading,
        ending.is_set,
    )
    settings = SiteSettings(
        config.site.title,
        config.site.demonstration,
        config.site.base_url.rstrip("/"),
        config.site.operator,
        config.site.contact,
        config.site.source,
        config.gift_accounts,
        statements,
    )
    ports = Ports(
        store,
        clock,
        settings,
        lambda: metrics_text(store, jobs.checking.findings(), clock, reading),
        lambda: not_ready(store, jobs, clock, statements),
        queries,
        desk,
        lookups,
        Buckets(clock).take,
        treated,
        ending.is_set,
    )
    electrum = [source.end for source in sources if isinstance(source, Electrum)]
    return Service(store, jobs, create_app(ports), (ending.set, http.close, *electrum))


def backups_of(store: Store, config: Config, clock: Clock, folder: Path) -> Backups | None:
    """The backups that the configuration asks for; None without a folder for them."""
    configured = config.backup
    return (
        Backups(store, clock, folder / configured.folder, configured.hours * HOUR, configured.keep)
        if configured.folder
        else None
    )


def set_aside(store: Store) -> dict[str, SetAside]:
    """The sources that an earlier process caught lying."""
    with store.read() as tx:
        return load_set_aside(tx)


def not_ready(
    store: Store, jobs: Jobs, clock: Clock, statements: tuple[AddressStatement, ...] = ()
) -> list[str]:
    """A sentence for each thing that keeps the service from being of use."""
    missing = store.missing_triggers()
    sentences = [say.missing_trigger(name) for name in missing]
    sentences += [say.stranger(str(what)) for what in store.strangers()]
    if jobs.unwritable is not None:
        sentences.append(say.unwritable(str(jobs.unwritable)))
    with store.read() as tx:
        chain, broken = chain_status(tx, now=clock()), len(load_findings(tx))
        no_block_since = tx.progress.load(NO_BLOCK_SINCE)
        shared = {one.campaign: tx.addresses.fixed_of(one.campaign) for one in statements}
    shown = {campaign: row.address for campaign, row in shared.items() if row is not None}
    sentences += alarms(statements, shown, clock())
    failing = [(source.name, str(source.error)) for source in chain.sources if source.error]
    if broken:
        sentences.append(say.broken(broken))
    if chain.tip_height is None:
        sentences.append(say.no_look(jobs.trouble))
    elif chain.stale in {Staleness.OLD_LOOK, Staleness.LOOK_AHEAD}:
        sentences.append(say.old_look(chain.looked_at or "", jobs.trouble))
    elif chain.stale is Staleness.OLD_TIP and not no_block_since:
        sentences.append(say.old_tip(rfc3339(chain.tip_time or 0)))
    elif not chain.agreed:
        sentences.append(say.no_chain(chain.no_chain_since or "", failing))
    if no_block_since and clock() - unix_seconds(no_block_since) >= PATIENCE:
        sentences.append(say.no_block(chain.behind, no_block_since, failing))
    return sentences


def serve_for_long() -> None:
    """What a process does once it has loaded all that it serves with: no answer waits for what never changes.

    Python's collector would walk through all modules, tables and schemas again and again, 0.2 s each time, while
    everybody waits. And who computes a page hands over to who answers after half a millisecond, not after five: an
    entry asks the database some forty times, and would wait each time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    sys.setswitchinterval(0.0005)


class WebServer:
    """Serves an application in a thread of its own, until stopped. Writes no access log."""

    def __init__(self, app: Application, host: str, port: int, proxies: Sequence[str] = ()) -> None:
        self._host, self._port = host, port
        config = uvicorn.Config(
            app, host=host, port=port, access_log=False, log_level="error", server_header=False,
            date_header=True, lifespan="off", timeout_graceful_shutdown=2,
            # A client is who the named proxies say, else the socket.
            proxy_headers=bool(proxies), forwarded_allow_ips=list(proxies),
            timeout_keep_alive=15, http=BoundedHead, ws="none",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._sockets: list[socket.socket] = []

    def _run(self) -> None:
        self._server.run(sockets=self._sockets)

    def start(self) -> str:
        """Start, and give the base URL. Raises Unavailable when the port cannot be opened."""
        self._sockets.append(_listening(self._host, self._port))
        port = self._sockets[0].getsockname()[1]
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.02)
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens; Unavailable in one sentence, where the server would print lines of its own."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
            opened.listen()
        except OSError:
            opened.close()
            raise
    except OSError as failure:
        raise Unavailable(
            "port {port} on {host} cannot be opened ({reason}); choose another with --port.",
            port=str(port),
            host=host,
            reason=str(failure.strerror or failure),
        ) from None
    return opened
