"""What was acknowledged is there after kill -9, and two writers at once lose nothing of each other's."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ledger.store.database import Store
from tests.tools.store_places import BOTH, entry, fresh_url

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from ledger.store.database import Store
from tests.tools.store_places import entry, seen
store, name, most = Store.open(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for turn in range(most):
    with store.write() as tx:
        seq = tx.journal.count() + 1
        tx.progress.save(f"key{seq}", str(seq))
        tx.observations.append([seen(f"s{seq}")])
        tx.journal.append(entry(seq, key=f"{name}:{turn}"))
    print(f"{name}:{turn}", flush=True)
store.close()
"""


def _writer(url: str, name: str, most: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, name, str(most)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def _audit(url: str, acknowledged: list[str]) -> int:
    """Every acknowledged key is there, numbers have no gap, and each transaction is whole."""
    store = Store.open(url)
    with store.read() as tx:
        rows = list(tx.journal.rows())
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert set(acknowledged) <= {row.key for row in rows}
        assert tx.observations.head() == len(rows)
        assert [tx.progress.load(f"key{row.seq}") for row in rows] == [str(row.seq) for row in rows]
        assert tx.progress.load(f"key{len(rows) + 1}") is None
        moved = sum(1 for _ in tx.journal.transfers())
        assert moved == 2 * len(rows)
    store.close()
    return len(rows)


@pytest.mark.parametrize("kind", BOTH)
def test_kill_9_loses_no_acknowledged_entry(kind: str, tmp_path: Path) -> None:
    """Killed at any moment, the database holds all that was said to be written, and nothing by halves."""
    url = fresh_url(kind, tmp_path)
    Store.create(url).close()
    chance = random.Random(7)
    acknowledged: list[str] = []
    for turn in range(4):
        writer = _writer(url, f"run{turn}", 1_000_000)
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(chance.randrange(1, 120))]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
        writer.wait()
        writer.stdout.close()
        assert _audit(url, acknowledged) >= len(acknowledged)


@pytest.mark.parametrize("kind", BOTH)
def test_two_processes_that_write_at_once_lose_nothing(kind: str, tmp_path: Path) -> None:
    """Each entry of both is there, under numbers without a gap."""
    url = fresh_url(kind, tmp_path)
    Store.create(url).close()
    writers = [_writer(url, name, 60) for name in ("left", "right")]
    acknowledged = [line.strip() for writer in writers for line in writer.communicate()[0].splitlines()]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(acknowledged) == 120
    assert _audit(url, acknowledged) == 120


@pytest.mark.parametrize("kind", BOTH)
def test_threads_that_write_and_read_at_once_agree(kind: str, tmp_path: Path) -> None:
    """A reader never sees a transaction by halves, while four threads write."""
    url = fresh_url(kind, tmp_path)
    store = Store.create(url)
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(15):
                with store.write() as tx:
                    seq = tx.journal.count() + 1
                    tx.journal.append(entry(seq))
                    tx.progress.save("count", str(seq))
                with store.read() as seen_tx:
                    count = seen_tx.journal.count()
                    assert seen_tx.progress.load("count") == str(count)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store.read() as tx:
        assert tx.journal.count() == 60
    store.close()
