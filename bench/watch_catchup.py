"""Catching up from a real node: blocks a second of the whole service, beside the node's own `getblock` rate.

The node mines a chain of its own (regtest) with some large blocks; nothing leaves this machine.
"""

from __future__ import annotations

import logging
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import Line, times
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.config import Chain, Config, Http, SourceConfig, Wallet, Watch
from service.jobs import Jobs
from service.wiring import build
from tests.node.install import HOW, find_bitcoind
from tests.node.knots import Node
from watchers.net.http import HttpClient
from watchers.net.policy import HttpPolicy

SLUG = "relief"
START = 1_590_000_000
BLOCKS = 2_000
FULL_BLOCKS, PAYMENTS_EACH, OUTPUTS_EACH = 6, 5, 1_000
"""So many blocks hold payments, each of many outputs: above 150,000 bytes a block."""

COINS = 150
GIFTS = 50
"""Blocks that pay a campaign's address."""

WAYS = ("RPC", "REST")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds for all blocks: of the clock, and of this process's CPU."""

    clock: float
    cpu: float


def mined(node: Node, blocks: int, full: int) -> str:
    """A chain of that many blocks; returns the campaign's address, which some of them pay."""
    node.mine(COINS)  # as many coins of 50, a hundred of them not yet to be spent
    ours = node.miner_address()
    node.rpc("createwallet", "many")
    many = [node.rpc("getnewaddress", wallet="many") for _ in range(OUTPUTS_EACH)]
    node.rpc("unloadwallet", "many")  # or it would note each of its outputs
    for number in range(full):
        for _ in range(PAYMENTS_EACH if number % 2 else 1):
            node.pay(dict.fromkeys(many, 1000))
        node.mine()
    for _ in range(min(GIFTS, blocks // 40)):
        node.pay({ours: 50_000})
        node.mine(1, many[0])
    while (left := blocks - node.rpc("getblockcount")) > 0:
        node.mine(min(left, 500), many[1])
    return ours


def floor(node: Node, way: str) -> Pace:
    """Every block asked for by the same HTTP client, and nothing done with it."""
    policy = HttpPolicy(per_second=1e6, burst=1_000_000, attempts=1)
    http = HttpClient(policy, monotonic=time.monotonic)
    names = [node.rpc("getblockhash", height) for height in range(1, node.rpc("getblockcount") + 1)]
    clock, cpu = time.monotonic(), time.process_time()
    for name in names:
        if way == "REST":
            http.request("GET", f"{node.url}/rest/block/{name}.bin", max_bytes=4_000_000, deadline=60)
        else:
            body = {"jsonrpc": "1.0", "id": 0, "method": "getblock", "params": [name, 0]}
            auth = (node.user, node.password)
            http.request("POST", node.url, json=body, auth=auth, max_bytes=9_000_000, deadline=60)
    return Pace(time.monotonic() - clock, time.process_time() - cpu)


def caught_up(node: Node, way: str, address: str, folder: str) -> Pace:
    """The service from an empty ledger to the node's tip."""
    config = Config(
        chain=Chain(network="regtest"),
        watch=Watch(sightings="own-node", blocks_a_look=500),
        http=Http(requests_a_minute=60_000, burst=1_000),
        sources=(
            SourceConfig("node", "bitcoin_core", node.url, user=node.user, password_env="PASSWORD")
            if way == "RPC"
            else SourceConfig("node", "bitcoin_core_rest", node.url),
        ),
        wallets=(Wallet(SLUG, "", (address,)),),
    )
    store = Store.create(f"sqlite:///{folder}/{way}.db")
    facts = {"slug": SLUG, "title": "Relief", "purpose": "Help", "start": "2020-05-01", "end": "2020-12-31"}
    with store.write() as tx:
        number = tx.desk.add_user("ada", "2020-05-01T00:00:00Z")
        act(tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", facts, now=START)
    tip = node.rpc("getblockcount")
    now = node.rpc("getblockheader", node.rpc("getbestblockhash"))["time"] + 60
    jobs: Jobs = build(store, config, lambda: now, {"PASSWORD": node.password}, Path(folder)).jobs
    clock, cpu = time.monotonic(), time.process_time()
    while jobs.look() is not None:
        with store.read() as tx:
            if chain_status(tx, now=now).tip_height == tip:
                break
    pace = Pace(time.monotonic() - clock, time.process_time() - cpu)
    store.close()
    if jobs.trouble is not None:
        raise AssertionError(jobs.trouble)
    return pace


def lines(blocks: int = BLOCKS, full: int = FULL_BLOCKS) -> list[Line]:
    program = find_bitcoind()
    if program is None:
        return [Line("catch-up: no node here", "-", "-", "-", HOW)]
    logging.disable(logging.INFO)
    found = []
    with (
        Node(program, mock_time=START) as node,
        tempfile.TemporaryDirectory(prefix="aidtrail-bench-") as folder,
    ):
        address = mined(node, blocks, full)
        count = node.rpc("getblockcount")
        for way in WAYS:
            limit, ours = floor(node, way), caught_up(node, way, address, folder)
            for unit, mine, bare in (("", ours.clock, limit.clock), ("CPU ", ours.cpu, limit.cpu)):
                name = f"catch-up by {way}, blocks a {unit}second ({count:,})"
                found.append(
                    Line(
                        name,
                        f"{count / mine:,.0f}",
                        f"{count / bare:,.0f}",
                        times(bare / mine),
                        "1: bare getblock",
                    )
                )
    return found
