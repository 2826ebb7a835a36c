"""Valuing in the running service: after a look, never in its way, and by the sources that are configured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.command import BadUse
from service.config import Config, Rates, parse_config
from service.valuing import valuing_of
from tests.service.test_intake import Scene as Watching
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.gifts import gifts_of
from tests.tools.kill_driver import SLUG as WATCHED_SLUG
from tests.tools.relief import DEPTH
from tests.tools.valuing_scene import Scene, scenes


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with scenes(tmp_path) as opened:
        yield opened()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watching]:
    with EsploraServer(FakeChain()) as server:
        made = Watching(tmp_path, server)
        yield made
        made.store.close()


def values_in(watching: Watching) -> list[int | None]:
    with watching.store.read() as reading:
        return [gift.value for gift in gifts_of(reading.session, WATCHED_SLUG)]


def test_a_look_is_followed_by_a_round_that_values_what_settled(watched: Watching, scene: Scene) -> None:
    watched.give()
    jobs = watched.process().jobs
    jobs.valuing = scene.valuing(watched.store, watched.clock)
    outcome = jobs.run_once()
    assert outcome is not None
    assert [entry.kind for entry in outcome.entries] == ["donation", "rate", "valuation"]
    assert values_in(watched) == [150]
    watched.audit()


@pytest.mark.parametrize("fault", ["down", "html", "bomb"])
def test_no_trouble_of_exchanges_fails_a_look(watched: Watching, scene: Scene, fault: str) -> None:
    for server in (*scene.servers, scene.bank):
        setattr(server.faults, fault, 10_000_000 if fault == "bomb" else True)
    watched.give()
    jobs = watched.process().jobs
    jobs.valuing = scene.valuing(watched.store, watched.clock)
    outcome = jobs.run_once()
    assert outcome is not None
    assert jobs.trouble is None
    assert values_in(watched) == [None]
    watched.settled()


def test_while_behind_the_chain_nobody_is_asked(watched: Watching, scene: Scene) -> None:
    watched.give()
    for _ in range(3):
        watched.give()
    config = watched.config()
    jobs = watched.process(replace(config, watch=replace(config.watch, blocks_a_look=DEPTH + 1))).jobs
    jobs.valuing = scene.valuing(watched.store, watched.clock)
    behind = []
    while True:
        outcome = jobs.run_once()
        assert outcome is not None
        behind.append(outcome.behind)
        if outcome.behind == 0:
            break
        assert scene.asked() == []
    assert max(behind) > 0
    assert scene.asked() != []


def test_coins_of_test_networks_have_no_price_so_nobody_is_asked(scene: Scene) -> None:
    scene.give()
    config = parse_config('[chain]\nnetwork = "regtest"\n')
    valuing_of(scene.ledger.store, config, lambda: scene.ledger.now, scene.client(), lambda _tx: None).run()
    assert scene.asked() == []
    assert scene.value() is None


def test_on_mainnet_the_configured_sources_are_asked(scene: Scene) -> None:
    scene.give()
    tables = "".join(
        f'[[rates.sources]]\nkind = "{kind}"\nurl = "{server.url}"\n'
        for kind, server in zip(("coinbase", "bitstamp"), scene.servers, strict=False)
    )
    config = parse_config(f"[rates]\ndeadline_seconds = 5\n{tables}")
    valuing_of(scene.ledger.store, config, lambda: scene.ledger.now, scene.client(), lambda _tx: None).run()
    assert scene.value() is not None


def test_one_source_cannot_agree_with_itself() -> None:
    one = '[[rates.sources]]\nkind = "kraken"\nurl = "https://api.kraken.com"\n'
    for text in (one, one + one):
        with pytest.raises(BadUse, match="at least two"):
            parse_config(text)
    assert not parse_config("[rates]\nenabled = false\n" + one).rates.enabled
    assert Config().rates == Rates()
