"""What the second opinion of `bit` promises: it is asked for or it is not there, and it leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from decimal import getcontext
from types import SimpleNamespace
from typing import Any

import pytest

from watchers.net.errors import SourceDown, SourceError, SourceLied, SourceMissing, SourceRefused
from watchers.proof.networks import MAINNET, REGTEST, TESTNET3
from watchers.sources.bit_network import library, second_opinion

TXID = "ab" * 32


def listing(answer: Callable[[str], object]) -> Callable[[], Any]:
    """A library whose main network answers so."""
    return lambda: SimpleNamespace(get_transactions=answer, get_transactions_testnet=lambda _: ["cd" * 32])


def test_what_the_services_list_is_told_once_each() -> None:
    """Of the network that was asked about."""
    assert second_opinion("an address", MAINNET, listing(lambda _: [TXID, TXID])).txids == (TXID,)
    assert second_opinion("an address", TESTNET3, listing(lambda _: [TXID])).txids == ("cd" * 32,)


def test_the_decimal_context_is_left_alone() -> None:
    """The library sets the process's precision, when it is loaded and when it is asked."""
    before = getcontext().prec

    def answer(_: str) -> object:
        getcontext().prec = 9
        return [TXID]

    second_opinion("an address", MAINNET, listing(answer))
    assert getcontext().prec == before
    assert hasattr(library(), "get_transactions")
    assert getcontext().prec == before


def fails(_: str) -> object:
    raise ConnectionError


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda _: [], SourceMissing),
        (lambda _: None, SourceLied),
        (lambda _: [TXID.upper()], SourceLied),
        (lambda _: [1], SourceLied),
        (lambda _: [TXID] * 10_001, SourceLied),
        (fails, SourceDown),
        (lambda address: address[99], SourceRefused),
    ],
)
def test_trouble_and_emptiness_are_no_answer(
    answer: Callable[[str], object], error: type[SourceError]
) -> None:
    """Its services' errors look like an empty list, so that is none either."""
    with pytest.raises(error):
        second_opinion("an address", MAINNET, listing(answer))


def test_a_network_that_it_does_not_know_is_refused_before_it_is_loaded() -> None:
    with pytest.raises(ValueError, match="regtest"):
        second_opinion("an address", REGTEST, lambda: pytest.fail("was loaded"))


def test_nobody_loads_the_library_who_does_not_ask_for_it() -> None:
    """Neither the watchers nor the command that may ask: it takes a quarter of a second and sets the precision."""
    program = (
        "import importlib, pkgutil, sys, watchers, service.commands.look\n"
        "for one in pkgutil.walk_packages(watchers.__path__, 'watchers.'): importlib.import_module(one.name)\n"
        "raise SystemExit('bit' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
