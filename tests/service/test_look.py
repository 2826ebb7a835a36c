"""`look` against the recorded chain as an explorer: each hit is proven, and what rests on the source is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from service.demo import gifts
from service.demo.replay import Replay
from tests.tools.demo_data import Ran, run_command
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_server import NOT_FOUND, Reply
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of


@pytest.fixture(scope="module")
def explorer() -> Iterator[tuple[Replay, str]]:
    replay = Replay.load()
    replay.advance(replay.end)
    base = replay.serve()
    yield replay, base
    replay.stop()


def look(tmp_path: Path, base: str, *arguments: str) -> Ran:
    return run_command(["look", *arguments, "--source", base, "--network", "regtest", "--json"], tmp_path)


def test_a_transactions_outputs_are_told_from_its_own_bytes(
    tmp_path: Path, explorer: tuple[Replay, str]
) -> None:
    replay, base = explorer
    ran = look(tmp_path, base, replay.transactions[gifts.THREE])
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    paid = {coin.vout: coin.sats for coin in replay.coins if coin.tx == gifts.THREE}
    assert {o["vout"]: o["sats"] for o in told["outputs"] if o["vout"] in paid} == paid
    assert told["proven"] is True
    assert "place in the chain not shown" in told["place"]


def test_every_payment_of_an_address_is_found_and_proven(
    tmp_path: Path, explorer: tuple[Replay, str]
) -> None:
    replay, base = explorer
    coins = [coin for coin in replay.coins if coin.tx == gifts.TWICE]
    ran = look(tmp_path, base, coins[0].address)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert {(p["txid"], p["vout"]) for p in told["payments"]} >= {(c.txid, c.vout) for c in coins}
    assert all(p["proven"] for p in told["payments"])


def test_an_unconfirmed_payment_is_not_called_proven(tmp_path: Path, explorer: tuple[Replay, str]) -> None:
    replay, base = explorer
    ran = look(tmp_path, base, replay.transactions[gifts.WAITING.tx])
    assert json.loads(ran.out)["proven"] is False


def test_a_transaction_that_the_source_does_not_have_proves_nothing(
    tmp_path: Path, explorer: tuple[Replay, str]
) -> None:
    ran = look(tmp_path, explorer[1], "ab" * 32)
    assert ran.code == 69
    assert "proves nothing" in ran.err


def test_a_server_of_another_network_is_named_before_its_silence_is_taken_for_an_answer(
    tmp_path: Path, explorer: tuple[Replay, str]
) -> None:
    for key in ("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "https://mempool.space/tx/" + "ab" * 32):
        ran = run_command(["look", key, "--source", explorer[1], "--network", "mainnet"], tmp_path)
        assert ran.code == 2
        assert "a server of regtest, and this is mainnet" in ran.err


def test_a_list_that_shows_some_of_what_waits_is_not_called_complete(tmp_path: Path) -> None:
    """Servers show fifty at most. One that does not show the first block of its chain is asked for nothing."""

    class Mute(EsploraServer):
        def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
            return NOT_FOUND if "/block-height/" in path else super().answer(handler, path, body)

    chain, asked = FakeChain(), address_of(script_no(0), REGTEST) or ""
    for number in range(51):
        chain.send(transaction([(script_no(0), 1)], [outpoint_no(number)]))
    with EsploraServer(chain) as server:
        assert json.loads(look(tmp_path, server.url, asked).out)["cut_short"] is True
    with Mute(chain) as server:
        server.pages = False
        ran = look(tmp_path, server.url, asked)
    assert ran.code == 69
    assert "does not show the first block" in ran.err


@pytest.mark.parametrize("key", ["", "x", "1" * 500, "ab" * 31, "\u202e", "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"])  # fmt: skip  # noqa: E501
def test_a_key_of_another_shape_is_refused_in_one_sentence(
    tmp_path: Path, explorer: tuple[Replay, str], key: str
) -> None:
    ran = look(tmp_path, explorer[1], key)
    assert ran.code == 2
    assert ran.err.strip().count("\n") == 0
    assert "xprv9s21" not in ran.err


def test_the_plan_says_who_learns_what(tmp_path: Path) -> None:
    ran = run_command(["look", "--plan"], tmp_path)
    assert ran.code == 0
    assert "it learns" in ran.out
