"""Every measurement that `python -m bench` knows runs in its short form and says what it is said to say."""

from __future__ import annotations

import pytest

from bench import __main__ as bench
from tests.tools.postgresql_server import is_installed

LEDGER = (
    "1 client, one a commit",
    "64 clients; bare ones commit each",
    "1 client; bare rows of the journal, guarded",
)
SAID = {
    "scan": ("the floor", "python-bitcoinlib parse, txids, Merkle root", "scan_block, 1,000 addresses"),
    "watch": ("requests: ", "bytes: ", "headers a CPU second, all rules (2,100)", "catch-up", "# memory"),
    "ledger": (
        *(f"sqlite: {line}" for line in LEDGER),
        "beancount loads 20",
        "hledger",
        "rebuild",
        "balance",
    ),
    "trail": ("median trail", "trail of half the fund"),
    "serving": (
        "a ready page, plain, beside a bare application",
        "a ready page, gzip, beside a bare application",
        "a ready page, 304, beside a bare application",
        "32 readers of a page",
        "a page beside",
        "a fact beside",
    ),
    "growth": (
        "an entry",
        "home",
        "a campaign page",
        "the donation list, last page",
        "inbox",
        "reconcile",
        "a look",
        "bytes of database",
    ),
    "page": ("3 blocks that bring payments", "rendered and fetched over HTTP", "the pause between looks"),
}


@pytest.mark.parametrize("name", bench.MEASUREMENTS)
def test_a_measurement_prints_its_lines(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["--short", name])
    said = capsys.readouterr().out
    assert said.strip().splitlines()[0] == bench.MEASUREMENTS[name][0]
    also = tuple(f"postgresql: {line}" for line in LEDGER) if name == "ledger" and is_installed() else ()
    assert [words for words in (*SAID[name], *also) if words not in said] == []


def test_a_name_that_is_none_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["nothing"])
    said = capsys.readouterr().err
    assert all(name in said for name in bench.MEASUREMENTS)
