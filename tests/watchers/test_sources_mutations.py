"""Every field that is read is spoiled, one at a time: beside an honest source all settles, alone nothing wrong does.

Each run spoils each field in a few ways, drawn anew; `AIDTRAIL_EVERY=1` in every way. The list of fields is proven
complete: it is what servers tell and what sources read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import service.wiring
import watchers.net.electrum
import watchers.sources.bitcoin_core
import watchers.sources.bitcoin_core_rest
import watchers.sources.electrum
import watchers.sources.esplora
from tests.tools.drawn import SEED, drawn
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.fake_server import Faults
from tests.tools.source_mutations import FIELDS, WAYS, mutation
from tests.tools.source_trials import (
    DIALECTS,
    TRIALS,
    answered_at_once,
    at_hand,
    begun,
    gifts_for,
    go_on,
    running,
    settle,
    template,
    trial_of,
)
from watchers.net.guards import item
from watchers.net.http import HttpClient

CASES = drawn("fields", [(dialect, field) for dialect, fields in FIELDS.items() for field in fields], 50)


@pytest.fixture(scope="module")
def ledger() -> Iterator[Path]:
    with template() as made:
        yield made


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the web application and the way over the network, which these trials are not about."""
    monkeypatch.setattr(service.wiring, "create_app", lambda ports: None)
    monkeypatch.setattr(HttpClient, "_send", answered_at_once)


FEW = 2
"""In how many ways a field is spoiled in a run that does not ask for every one."""


def ways_to_spoil(dialect: str, field: str) -> list[str]:
    """Names of mutations. After the last all is folded again too: that does not depend on what was spoiled."""
    return drawn(f"{dialect} {field}", WAYS, FEW)


@contextmanager
def noted(mutation: str) -> Iterator[None]:
    """A failure says which mutation it was."""
    try:
        yield
    except AssertionError as failure:
        failure.add_note(f"mutation: {mutation}, drawn by AIDTRAIL_SEED={SEED}")
        raise


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(("dialect", "field"), CASES)
def test_one_spoiled_field_beside_an_honest_source_changes_nothing(
    dialect: str, field: str, ledger: Path
) -> None:
    """Through a reorganisation and a replacement: settled donations are the chain's list within ten looks."""
    trial, names = trial_of(dialect, field), ways_to_spoil(dialect, field)
    with trial.server() as bad, EsploraServer(FakeChain()) as honest, at_hand(honest):
        for name in names:
            chain = bad.chain = honest.chain = begun(gifts_for(field))
            bad.faults = Faults(lies={field: mutation(name)})
            with running(ledger, trial.config(bad, honest), chain) as ran, noted(name):
                settle(ran)
                go_on(chain)
                settle(ran)
                ran.audit(folded_again=name == names[-1])


ALONE = [(dialect, field) for dialect, field in CASES if not trial_of(dialect, field).helped]


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(("dialect", "field"), ALONE)
def test_one_spoiled_field_of_the_only_source_settles_nothing_wrong(
    dialect: str, field: str, ledger: Path
) -> None:
    """In six looks: whatever counts is on the chain with its true amount, and only what waits is sighted."""
    trial, names = trial_of(dialect, field), ways_to_spoil(dialect, field)
    with trial.server() as bad:
        for name in names:
            chain = bad.chain = begun(gifts_for(field))
            bad.faults = Faults(lies={field: mutation(name)})
            with running(ledger, trial.config(bad, None), chain) as ran, noted(name):
                sent = set(chain.transactions)
                for look in range(6):
                    if look == 3:
                        go_on(chain)
                        sent |= set(chain.transactions)
                    truth = ran.truth
                    ran.look()
                    assert ran.live.items() <= truth.items()
                    assert {one.txid for one in ran.waiting} <= sent
                if ran.live:
                    ran.audit(folded_again=name == names[-1])


@dataclass
class Heard(Faults):
    """An honest server that remembers which fields it told."""

    names: set[str] = field(default_factory=set)

    def told(self, name: str, truth: Any) -> Any:
        self.names.add(name)
        return truth


MODULES = [
    watchers.sources.bitcoin_core, watchers.sources.bitcoin_core_rest, watchers.sources.electrum,
    watchers.net.electrum, watchers.sources.esplora,
]  # fmt: skip
NAMES = {
    "address.chain_stats": "chain_stats",
    "address.chain_stats.tx_count": "chain_stats.tx_count",
    "getblockchaininfo.blocks": "info.blocks",
    "getblockchaininfo.bestblockhash": "info.bestblockhash",
    "history.tx_hash": "history.txid",
    "mempool.tx_hash": "mempool.txid",
}


def served_name(dialect: str, read: str) -> str:
    """The name under which a server tells what a source reads by this one."""
    if dialect in ("core rpc", "electrum"):
        for ending, name in (
            (".id", "id"),
            (".error.code", "error"),
            (".result", read.removesuffix(".result")),
        ):
            if read.endswith(ending):
                return name
    return NAMES.get(read, read)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("dialect", FIELDS)
def test_the_list_of_fields_is_what_is_told_and_read(
    dialect: str, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through whole lives of a chain: servers tell these fields and no others, and every member read is one."""
    told: set[str] = set()
    read: set[str] = set()

    def reading(value: Mapping[str, object], key: str, name: str) -> object:
        read.add(f"{name}.{key}")
        return item(value, key, name)

    with EsploraServer(FakeChain()) as honest, at_hand(honest):
        for name in DIALECTS[dialect]:
            trial = TRIALS[name]
            with trial.server() as server:
                chain = honest.chain = server.chain = begun(11)
                heard = server.faults = Heard()
                config = trial.config(server, honest if trial.helped else None)
                with running(ledger, config, chain) as ran, monkeypatch.context() as patched:
                    for module in MODULES:
                        patched.setattr(module, "item", reading)
                    settle(ran)
                    go_on(chain)
                    settle(ran)
            told |= heard.names
    if dialect == "esplora histories":
        told = {name for name in told if not name.startswith("blocks")}
        read = {name for name in read if not name.startswith("blocks")}  # spoiled as those of "esplora"
    assert told - UNREAD_TOLD == set(FIELDS[dialect])
    shown = read if dialect != "electrum" else {name for name in read if name.split(".")[0] in ELECTRUM}
    ours = {served_name(dialect, name) for name in shown}
    assert ours <= set(FIELDS[dialect])


UNREAD_TOLD = {"outspend.confirmed", "outspend.block_height"}
ELECTRUM = {"blockchain", "server", "tip", "headers", "history", "mempool", "merkle"}
"""What of the reads is the Electrum server's; the honest explorer beside it is read as well."""
