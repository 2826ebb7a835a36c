"""The demo's chain can be recorded again by the command that is documented, with the plan's figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from service.demo import gifts
from service.demo.recording import Recording
from service.demo.replay import Replay

pytestmark = pytest.mark.node

ROOT = Path(__file__).resolve().parents[2]


def test_recording_again_gives_the_same_coins_on_new_keys(bitcoind: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "service.demo.record",
        "--bitcoind",
        str(bitcoind),
        "--folder",
        str(tmp_path),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    shipped, again = Recording.load(), Recording.load(tmp_path)
    figures = [
        [(coin.label, coin.sats, coin.kind, coin.index, coin.at, coin.spends) for coin in recording.coins]
        for recording in (shipped, again)
    ]
    assert figures[0] == figures[1]
    assert [(tip.at, tip.height) for tip in shipped.tips] == [(tip.at, tip.height) for tip in again.tips]
    assert shipped.transactions != again.transactions
    replay = Replay(again)
    replay.advance(gifts.END)
    assert list(replay.view.mempool) == [again.transactions["waiting"]]
