"""What a configuration will use a day: the plan names every host, what it learns, and every cap that is too small."""

from __future__ import annotations

from dataclasses import replace

from service.config import Config, Rates, SourceConfig, Watch
from service.daily_plan import daily_plan

ELECTRUM = SourceConfig("electrum", "electrum", "ssl://electrum.example.org:50002")
NODE = SourceConfig("node", "bitcoin_core", "http://127.0.0.1:8332")


def test_in_blocks_mode_the_number_of_addresses_changes_nothing_but_what_is_shown() -> None:
    config = Config(watch=Watch(sightings="off"))
    few, many = daily_plan(config, 1), daily_plan(config, 10**6)
    assert [host.requests for host in few.hosts] == [host.requests for host in many.hosts]
    assert sum(host.megabytes for host in few.hosts) < 300
    assert few.warnings == ()


def test_in_addresses_mode_each_address_is_a_request_a_look_at_each_source() -> None:
    config = Config(
        watch=Watch(mode="addresses", look_seconds=600),
        sources=(*Config().sources, ELECTRUM),
        rates=Rates(enabled=False),
    )
    one, ten = daily_plan(config, 1), daily_plan(config, 10)
    for before, after in zip(one.hosts, ten.hosts, strict=True):
        assert after.requests - before.requests == 9 * 144
    assert all("all addresses (10)" in host.learns for host in ten.hosts)


def test_a_cap_that_does_not_suffice_is_said_with_the_remedy() -> None:
    config = Config(watch=Watch(mode="addresses"))
    assert any("requests_a_day" in warning for warning in daily_plan(config, 1_000).warnings)
    assert any("requests_a_minute" in warning for warning in daily_plan(config, 1_000).warnings)
    tight = replace(Config(), watch=Watch(megabytes_a_day=100))
    assert any("megabytes_a_day" in warning for warning in daily_plan(tight, 1).warnings)


def test_servers_of_one_machine_are_named_apart_and_judged_by_the_pace_that_is_theirs() -> None:
    explorers = tuple(
        SourceConfig(f"mine {port}", "esplora", f"http://127.0.0.1:{port}", own=True) for port in (3000, 3001)
    )
    config = Config(watch=Watch(mode="addresses"), sources=explorers, rates=Rates(enabled=False))
    plan = daily_plan(config, 1_000)
    assert [host.name for host in plan.hosts] == ["mine 3000", "mine 3001"]
    assert not any("times a minute" in warning for warning in plan.warnings)
    assert any("times a minute" in warning for warning in daily_plan(config, 100_000).warnings)


def test_a_node_of_ones_own_learns_no_address() -> None:
    config = Config(watch=Watch(sightings="own-node"), sources=(NODE,), rates=Rates(enabled=False))
    (host,) = daily_plan(config, 100).hosts
    assert "yours" in host.learns


def test_a_whole_mempool_is_counted_by_the_transactions_that_are_asked_for_one_by_one() -> None:
    """An explorer of one's own, or a node asked by REST, has no batches: a day's requests would not suffice."""
    watch, without = Watch(sightings="own-node"), Rates(enabled=False)
    rest = replace(NODE, kind="bitcoin_core_rest")
    explorer = SourceConfig("mine", "esplora", "http://127.0.0.1:3000", own=True)
    for source, suffices in ((NODE, True), (rest, False), (explorer, False)):
        (host,) = (plan := daily_plan(Config(watch=watch, sources=(source,), rates=without), 1)).hosts
        assert any("requests_a_day" in warning for warning in plan.warnings) is not suffices
        assert (host.requests < 20_000) is suffices


def test_exchanges_are_named_and_learn_minutes_only() -> None:
    names = {host.host: host.learns for host in daily_plan(Config(), 1).hosts}
    assert "minutes" in names["api.kraken.com"]
    assert "minutes" in names["data-api.ecb.europa.eu"]
