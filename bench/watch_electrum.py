"""Histories of many addresses from a real Electrum server, beside its own answers to the same questions, pipelined.

The peer sends every question at once over a bare socket and reads as many lines: no server answers sooner. Both take
time of the clock, since it is waiting that is measured: the server holds short answers back, for 0.02 seconds here.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable

from bench.measuring import Line, times
from ledger.core.chain import Script
from tests.node.electrum import RealElectrum
from tests.node.install import find_bitcoind
from tests.node.install_electrum import electrum_program
from tests.node.knots import Node
from tests.tools.fake_chain import script_no
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of
from watchers.sources.electrum import electrum_scripthash

ADDRESSES = 1_000
_PAID = 10
"""One address of so many was paid."""
_ROUNDS = 3
_AT_ONCE = 250
"""Questions of the peer that are on their way together: the buffers of both sides hold as many."""


def lines(count: int = ADDRESSES, rounds: int = _ROUNDS) -> list[Line]:
    """Seconds for all histories, by our source and by the bare socket; nothing where node or server is missing."""
    node_program, server_program = find_bitcoind(), electrum_program()
    if node_program is None or server_program is None:
        return [Line("histories of an Electrum server", "-", "-", "no node or server is installed")]
    scripts = [Script(script_no(number)) for number in range(count)]
    with Node(node_program) as node:
        node.fund()
        paid = scripts[::_PAID]
        for start in range(0, len(paid), 100):
            some = [address_of(script, REGTEST) or "" for script in paid[start : start + 100]]
            node.pay(dict.fromkeys(some, 10000))
            node.mine()
        with RealElectrum(server_program, node) as server:
            ours = min(_seconds(lambda: _by_source(server, scripts)) for _ in range(rounds))
            theirs = min(_seconds(lambda: _bare(server, scripts, len(paid))) for _ in range(rounds))
    name = f"seconds: histories of {count:,} addresses, e-x"
    return [Line(name, f"{ours:.2f}", f"{theirs:.2f}", times(ours / theirs), "1.5 times at most")]


def _seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _by_source(server: RealElectrum, scripts: list[Script]) -> None:
    source = server.source()
    try:
        source.look_histories([(script, -1) for script in scripts])
    finally:
        source.close()


def _bare(server: RealElectrum, scripts: list[Script], paid: int) -> None:
    """Each script's status, then the history of those that have one."""
    with (
        socket.create_connection(("127.0.0.1", server.tcp_port)) as connection,
        connection.makefile("rb") as read,
    ):

        def ask(method: str, calls: list[list[object]]) -> dict[int, object]:
            answers: dict[int, object] = {}
            for start in range(0, len(calls), _AT_ONCE):
                some = range(start, min(start + _AT_ONCE, len(calls)))
                asked = [{"jsonrpc": "2.0", "id": at, "method": method, "params": calls[at]} for at in some]
                connection.sendall(b"".join(json.dumps(one).encode() + b"\n" for one in asked))
                while len(answers) < some.stop:
                    row = json.loads(read.readline())
                    if "id" in row:
                        answers[row["id"]] = row["result"]
            return answers

        ask("server.version", [["bench", ["1.4", "1.6"]]])
        names = [electrum_scripthash(script) for script in scripts]
        statuses = ask("blockchain.scripthash.subscribe", [[name] for name in names])
        used = [name for at, name in enumerate(names) if statuses[at] is not None]
        if len(used) != paid:
            raise AssertionError(f"{len(used)} of {paid} addresses have a status")
        ask("blockchain.scripthash.get_history", [[name] for name in used])
