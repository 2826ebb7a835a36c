"""A lie that proof contradicts is named and its source set aside; what nobody reads changes nothing.

A mempool, which nothing proves, can make no more than a wrong sighting that carries its source's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import service.wiring
from ledger.core.times import unix_seconds
from ledger.rules.observing import Observed
from service.wiring import build
from tests.tools.drawn import drawn
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_server import Faults, Reply
from tests.tools.source_mutations import MUTATIONS, UNREAD, rewrite, with_extras
from tests.tools.source_trials import (
    DIALECTS,
    TRIALS,
    answered_at_once,
    at_hand,
    begun,
    go_on,
    running,
    settle,
    template,
    trial_of,
)
from watchers.net.http import HttpClient


@pytest.fixture(scope="module")
def ledger() -> Iterator[Path]:
    with template() as made:
        yield made


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the web application and the way over the network, which these trials are not about."""
    monkeypatch.setattr(service.wiring, "create_app", lambda ports: None)
    monkeypatch.setattr(HttpClient, "_send", answered_at_once)


def flipped(nodes: list[str]) -> list[str]:
    return ["00" * 32, *nodes[1:]]


def easier(raws: list[str]) -> list[str]:
    """Headers whose first claims a target that its period does not have."""
    return [raws[0][:144] + "ffff7e20" + raws[0][152:], *raws[1:]]


bit = MUTATIONS["one more, or a bit in the middle"]
LIES: list[tuple[str, str, Callable[[Any], Any], str]] = [
    *(
        ("esplora", f"blocks.{key}", bit, "blocks.id")
        for key in ("id", "version", "timestamp", "bits", "nonce")
    ),
    ("esplora", "blocks.merkle_root", bit, "blocks.id"),
    ("esplora", "blocks.previousblockhash", bit, "blocks.id"),
    ("esplora", "header", bit, "header"),
    ("esplora", "block", bit, "block"),
    ("esplora", "tx", bit, "tx"),
    ("esplora histories", "tx", bit, "tx"),
    ("esplora histories", "merkle-proof.merkle", flipped, "proof"),
    ("esplora histories", "merkle-proof.pos", bit, "proof"),
    ("core rpc", "info.blocks", bit, "tip.height"),
    ("core rpc", "getblockheader", bit, "getblockheader"),
    ("core rpc", "getblock", bit, "block"),
    ("core rpc", "getrawtransaction", bit, "getrawtransaction"),
    ("core rest", "chaininfo.blocks", bit, "tip.height"),
    ("core rest", "headers", bit, "headers"),
    ("core rest", "block", bit, "block"),
    ("core rest", "tx", bit, "tx"),
    ("electrum", "headers.headers", easier, "header."),
    ("electrum", "tx", bit, "tx"),
    ("electrum", "merkle.merkle", flipped, "proof"),
    ("electrum", "merkle.pos", bit, "proof"),
]


@pytest.mark.parametrize(
    ("dialect", "field", "lie", "named"),
    drawn("lies", LIES, 8),
    ids=lambda value: value if isinstance(value, str) else "lie",
)
def test_a_lie_that_proof_contradicts_is_named_everywhere_and_its_source_set_aside(
    dialect: str,
    field: str,
    lie: Callable[[Any], Any],
    named: str,
    ledger: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log, the API and the metrics say which source and which field; it is asked nothing until its time."""
    monkeypatch.setattr(HttpClient, "_send", answered_at_once)
    trial = trial_of(dialect, field)
    with trial.server() as bad, EsploraServer(FakeChain()) as honest, at_hand(honest):
        chain = bad.chain = honest.chain = begun()
        bad.faults = Faults(lies={field: lie})
        with running(ledger, trial.config(bad, honest), chain) as ran:
            ran.look()
            assert [record.getMessage() for record in caplog.records].count("source set aside") == 1
            web = TestClient(ran.service.app)
            told = {one["name"]: one for one in web.get("/api/v1/chain").json()["sources"]}
            assert told["bad"]["lied"].startswith(named)
            assert told["bad"]["set_aside_until"] is not None
            assert told["honest"]["lied"] is None
            metrics = web.get("/metrics").text
            assert 'aidtrail_source_lied{source="bad"} 1' in metrics
            assert 'aidtrail_source_lied{source="honest"} 0' in metrics
            ran.service.jobs.look()
            (again,) = [one for one in web.get("/api/v1/chain").json()["sources"] if one["name"] == "bad"]
            assert again["requests"] == 0
            assert ran.live == ran.truth


@pytest.mark.usefixtures("plain")
def test_pauses_go_on_doubling_after_a_restart(ledger: Path) -> None:
    """Also when the source had been asked again, and was honest, before the process ended."""
    trial = TRIALS["esplora"]
    pauses = []
    with trial.server() as bad, EsploraServer(FakeChain()) as honest, at_hand(honest):
        chain = bad.chain = honest.chain = begun()
        with running(ledger, trial.config(bad, honest), chain) as ran:
            for _ in range(3):
                chain.mine(1)
                bad.faults = Faults(lies={"block": bit})
                ran.look()
                told = ran.sources["bad"].set_aside_until
                assert told is not None
                pauses.append(unix_seconds(told) - ran.clock())
                bad.faults = Faults()
                ran.clock.move_to(unix_seconds(told))
                ran.look()
                assert ran.sources["bad"].lied is None
                ran.service = build(ran.store, trial.config(bad, honest), ran.clock, {}, ledger.parent)
            chain.mine(1)
            bad.faults = Faults(lies={"block": bit})
            ran.look()
            assert ran.sources["bad"].set_aside_until is not None
            right = ran.clock() - 400 * 86_400  # the clock had run ahead
            ran.service = build(ran.store, trial.config(bad, honest), lambda: right, {}, ledger.parent)
            ran.service.jobs.look()
            assert ran.sources["bad"].requests > 0
    assert pauses == [600, 1200, 2400]


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", TRIALS)
def test_unread_and_extra_fields_change_nothing(name: str, ledger: Path) -> None:
    """With junk in every member that nobody reads, and unknown ones in every object, all is as without."""
    trial = TRIALS[name]
    dialect = next(known for known, trials in DIALECTS.items() if name in trials)
    found = []
    for junk in (False, True):
        with trial.server() as server, EsploraServer(FakeChain()) as honest, at_hand(honest):
            chain = honest.chain = server.chain = begun(11)
            if junk:
                rewrite(server, with_extras(UNREAD[dialect]))
            with running(ledger, trial.config(server, honest if trial.helped else None), chain) as ran:
                settle(ran)
                waiting = [one.txid for one in ran.waiting]
                go_on(chain)
                settle(ran)
                assert ran.sources["bad"].error is None
                found.append((ran.live, waiting))
    assert found[0] == found[1]


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("name", ["esplora", "core rpc", "core rest", "esplora histories", "electrum"])
def test_an_invented_mempool_makes_a_wrong_sighting_with_its_sources_name_and_no_more(
    name: str, ledger: Path
) -> None:
    """A transaction that spends nothing real: sighted as that source's word, never settled, gone by the rule."""
    trial = TRIALS[name]
    with trial.server() as bad, EsploraServer(FakeChain()) as honest, at_hand(honest):
        chain, false = begun(), begun()
        txid = false.send(INVENTED)
        bad.chain, honest.chain = false, chain
        with running(ledger, trial.config(bad, honest), chain) as ran:
            for _ in range(3):
                ran.look()
                with ran.store.read() as tx:
                    sighted = Observed(tx.session).tx(txid)
                assert sighted is not None
                assert sighted.sources == ("bad",)
                assert ran.live == ran.truth
            ran.audit()


def shifted(server: Any) -> None:
    """Histories and proofs say of every transaction that it is one block higher, and say so alike."""
    if isinstance(server, EsploraServer):
        for told in ("history.status.block_height", "merkle-proof.block_height", "status.block_height"):
            server.faults.lies[told] = lambda height: height + 1
        return
    history, merkle = server._history, server._merkle
    vars(server)["_history"] = lambda name: [(txid, at + (at > 0)) for txid, at in history(name)]
    vars(server)["_merkle"] = lambda txid, rest: {**merkle(txid, [rest[0] - 1]), "block_height": rest[0]}


def inventing(server: Any) -> None:
    """The second block is said to hold a transaction that nobody made, with a proof of the right shape."""
    server.chain = server.chain.copy()
    txid = server.chain.send(INVENTED)
    if isinstance(server, EsploraServer):
        row = {"txid": txid, "status": {"confirmed": True, "block_height": 2}}
        server.faults.lies["history"] = lambda rows: [row, *rows]
        answer = server.answer

        def proving(handler: Any, path: str, body: bytes) -> Reply:
            if path.endswith(f"{txid}/merkle-proof"):
                return server._json({"block_height": 2, "merkle": ["ab" * 32], "pos": 1})
            return answer(handler, path, body)

        vars(server)["answer"] = proving
        return
    history, merkle = server._history, server._merkle
    false = {"block_height": 2, "merkle": ["ab" * 32], "pos": 1}
    vars(server)["_history"] = lambda name: [(txid, 2), *(row for row in history(name) if row[0] != txid)]
    vars(server)["_merkle"] = lambda asked, rest: false if asked == txid else merkle(asked, rest)


INVENTED = transaction([(script_no(2), 10**12)], [outpoint_no(99)])


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("lie", [shifted, inventing])
@pytest.mark.parametrize("name", ["esplora histories", "electrum"])
@pytest.mark.parametrize("alone", [True, False])
def test_lies_that_agree_with_each_other_are_contradicted_by_the_header(
    name: str, lie: Callable[[Any], None], alone: bool, ledger: Path
) -> None:
    """Nothing settles that is not on the chain, where it is on the chain; beside an honest source all does."""
    trial = TRIALS[name]
    with trial.server() as bad, EsploraServer(FakeChain()) as honest, at_hand(honest):
        chain = bad.chain = honest.chain = begun()
        lie(bad)
        with running(ledger, trial.config(bad, None if alone else honest), chain) as ran:
            ran.look()
            assert str(ran.sources["bad"].lied).startswith("proof")
            assert ran.live.items() <= ran.truth.items()
            if not alone:
                settle(ran)
            ran.audit()
