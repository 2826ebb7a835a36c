"""Every story runs against every dialect that declares what it needs; an error is never an empty answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ledger.core.chain import Outpoint
from tests.tools.electrum_server import ElectrumServer
from tests.tools.fake_server import FakeServer, Reply
from tests.tools.source_dialects import DIALECTS, TIME, CachingServer, FakeScene, SpentBudgetServer, esplora
from tests.tools.source_stories import NOWHERE, STORIES, Story
from watchers.net.errors import SourceDown, SourceError, SourceGarbled, SourceMissing, SourceRefused
from watchers.proof.block import parse_transaction
from watchers.sources.protocol import Can, Source


@pytest.fixture(params=DIALECTS)
def scene(request: pytest.FixtureRequest) -> Iterator[FakeScene]:
    with DIALECTS[request.param].scene() as made:
        yield made


@pytest.mark.parametrize("told", STORIES, ids=lambda told: told.name)
@pytest.mark.parametrize("name", DIALECTS)
def test_story(name: str, told: Story) -> None:
    """Each story where the source declares the abilities that it needs."""
    with DIALECTS[name].scene() as scene:
        if told.needs <= scene.can:
            told.tell(scene)
        else:
            assert not told.needs <= scene.source.can or told.needs - scene.can == scene.lacks


def test_every_story_runs_somewhere_and_every_ability_is_in_a_story() -> None:
    assert set().union(*(told.needs for told in STORIES)) == set(Can)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_payment_that_vanishes_between_list_and_fetch_is_no_lie(name: str) -> None:
    """Replaced or mined in that moment: the others are shown, or the source says that it lacks something."""
    dialect = DIALECTS[name]
    with dialect.scene() as scene:
        txid = scene.pay(0)
        scene.server.faults.lies[dialect.listing] = lambda rows: _with_row(rows, dialect.row(NOWHERE))
        try:
            shown = scene.source.look_mempool([scene.script(0)])
        except SourceMissing:
            return
        assert [parse_transaction(one.raw).txid for one in shown] == [txid]


def _with_row(rows: Any, row: object) -> Any:
    return {**rows, str(row): {}} if isinstance(rows, dict) else [*rows, row]


def calls(scene: FakeScene) -> dict[str, Callable[[], object]]:
    """Every question that the source declares, about things that are there."""
    source: Source = scene.source
    script = scene.script(0)
    mined = scene.pay(0)
    scene.mine()
    height = scene.height
    waiting = scene.pay(0)
    asked: dict[str, tuple[Can, Callable[[], object]]] = {
        "tip": (Can.TIP, source.look_tip),
        "hash": (Can.HEADERS, lambda: source.look_hash(3)),
        "headers": (Can.HEADERS, lambda: source.look_headers(1, 30)),
        "block": (Can.BLOCK, lambda: source.look_block(scene.hash(2))),
        "mempool": (Can.MEMPOOL, lambda: source.look_mempool([script])),
        "transaction": (Can.MEMPOOL, lambda: source.look_transaction(waiting)),
        "history": (Can.HISTORY, lambda: source.look_history(script)),
        "place": (Can.HISTORY, lambda: source.look_height(mined)),
        "proof": (Can.HISTORY, lambda: source.look_proof(mined, height)),
        "spender": (Can.SPENDS, lambda: source.look_spender(Outpoint(mined, 0))),
    }
    return {name: call for name, (need, call) in asked.items() if need in source.can}


PAGE = b"<!DOCTYPE html><html><body>Just a moment</body></html>"
TROUBLE: dict[str, tuple[dict[str, Any], Reply | None, tuple[type[SourceError], ...]]] = {
    "status 500": ({"status": 500}, None, (SourceDown,)),
    "status 429": ({"status": 429}, None, (SourceRefused, SourceDown)),
    "status 429 with Retry-After": (
        {"status": 429, "retry_after": "7200"},
        None,
        (SourceRefused, SourceDown),
    ),
    "HTML with 200": ({"html": True}, None, (SourceDown, SourceGarbled)),
    "HTML 404": ({}, Reply(404, PAGE, "text/html"), (SourceError,)),
    "JSON where it does not belong": (
        {},
        Reply(200, json.dumps({"error": "x" * 300}).encode(), "application/json"),
        (SourceError,),
    ),
    "an empty body": ({}, Reply(200, b""), (SourceError,)),
    "a dead connection": ({"down": True}, None, (SourceDown,)),
    "a cut answer": ({"cut": True}, None, (SourceDown,)),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_over_http_is_an_error_and_never_an_empty_answer(scene: FakeScene, trouble: str) -> None:
    """Whatever is asked, before and after the server has answered well; only a 404 may mean "not there"."""
    if not isinstance(scene.server, FakeServer):
        return
    faults, reply, kinds = TROUBLE[trouble]
    asked = calls(scene)
    for well_before in (False, True):
        for name, call in asked.items():
            if well_before:
                scene.server.faults = type(scene.server.faults)()
                scene.server.__dict__.pop("answer", None)
                TIME.sleep(86_400)
                scene.source.look_tip()
            for key, value in faults.items():
                setattr(scene.server.faults, key, value)
            if reply is not None:
                vars(scene.server)["answer"] = lambda *_: reply
            if reply is not None and reply.status == 404 and name in ("transaction", "headers"):
                assert _or_error(call) in (None, []), "not there is what a 404 says"
                continue
            with pytest.raises(kinds):
                call()


def _or_error(call: Callable[[], object]) -> object:
    try:
        return call()
    except SourceError:
        return None


METHODS = [
    "blockchain.headers.subscribe", "blockchain.block.header", "blockchain.block.headers",
    "blockchain.scripthash.subscribe", "blockchain.scripthash.get_history",
    "blockchain.scripthash.get_mempool", "blockchain.transaction.get", "blockchain.transaction.get_merkle",
]  # fmt: skip
WIRE_TROUBLE: dict[str, tuple[Callable[[ElectrumServer], None], tuple[type[SourceError], ...]]] = {
    "too many requests": (
        lambda server: server.declines.update(dict.fromkeys(METHODS, (-101, "excessive resource usage"))),
        (SourceDown, SourceRefused),
    ),
    "an error without a meaning": (
        lambda server: server.declines.update(dict.fromkeys(METHODS, (-32603, "internal error"))),
        (SourceDown, SourceRefused),
    ),
    "a result of another shape": (
        lambda server: server.faults.lies.update(dict.fromkeys(METHODS, lambda _: {"error": "busy"})),
        (SourceGarbled,),
    ),
    "no result": (
        lambda server: server.faults.lies.update(dict.fromkeys(METHODS, lambda _: "")),
        (SourceGarbled,),
    ),
    "HTML": (lambda server: setattr(server.faults, "html", True), (SourceDown, SourceGarbled)),
    "a dead connection": (lambda server: setattr(server.faults, "down", True), (SourceDown,)),
    "a cut answer": (lambda server: setattr(server.faults, "cut", True), (SourceDown,)),
}


@pytest.mark.parametrize("trouble", WIRE_TROUBLE)
@pytest.mark.parametrize("name", [name for name in DIALECTS if name.startswith("Electrum")])
def test_trouble_over_a_wire_is_an_error_and_never_an_empty_answer(name: str, trouble: str) -> None:
    spoil, kinds = WIRE_TROUBLE[trouble]
    with DIALECTS[name].scene() as scene:
        assert isinstance(scene.server, ElectrumServer)
        asked = calls(scene)
        spoil(scene.server)
        for call in asked.values():
            with pytest.raises(kinds):
                call()


def test_a_history_beyond_a_servers_budget_is_an_error_and_no_short_list() -> None:
    """Pages of 50, then 422: nothing of it is returned."""
    with esplora(SpentBudgetServer).scene() as scene:
        for _ in range(3):
            scene.spam(1, 40)
            scene.mine()
        with pytest.raises(SourceRefused) as refusal:
            scene.source.look_history(scene.script(1))
        assert refusal.value.status == 422
        assert isinstance(scene.server, SpentBudgetServer)
        scene.server.pages_each = 10**6
        assert len(scene.source.look_history(scene.script(1))) == 120


def test_a_cache_below_block_is_never_asked_where_a_chain_stands() -> None:
    """A reorganisation shows by the tip and by height to hash; cached answers are asked for by hash alone."""
    with esplora(CachingServer).scene() as scene:
        (lost,) = scene.mine()
        scene.source.look_block(lost)
        scene.source.look_headers(1, 50)
        branch = scene.leave(1, 3)
        scene.server.paths.clear() if isinstance(scene.server, FakeServer) else None
        assert scene.source.look_tip().hash == branch[-1]
        assert [one.hash for one in scene.source.look_headers(scene.height - 2, 5)] == branch
        assert isinstance(scene.server, FakeServer)
        assert not [path for path in scene.server.paths if path.startswith("/api/block/")]
