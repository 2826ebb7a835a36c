"""Memory and seconds of a service that watches very many scripts and outpoints, loaded from its own store.

What loads them is a process of its own, so that the largest memory is that of loading: `python -m bench.watch_memory
FOLDER COUNT`. The memory is all of the process's, the web framework's modules included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path

import service.wiring
from bench.measuring import Line, times
from ledger.core.observation import ObservedBlock, ObservedTx, WatchedOutput, observation_bytes
from ledger.rules.observing import Observed
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.store.observations import Observation
from ledger.store.transaction import Writing
from service.watch_set import WatchSets
from watchers.proof.scan import scan_block

BLOCK = Path(__file__).parent.parent / "tests" / "data" / "mainnet-block.raw"
AIM_MB = 400
BATCH = 20_000
FLOOR_BYTES = 22 + 36
"""The bare bytes of a P2WPKH script and an outpoint."""


def store_in(folder: str) -> str:
    return f"sqlite:///{folder}/aidtrail.db"


def rows_of(count: int) -> Iterator[tuple[Address, str]]:
    """Addresses, and the transactions that pay them, in the order of the store's keys."""
    for number in range(count):
        digest = sha256(b"%d" % number).digest()
        script = b"\x00\x14" + number.to_bytes(4, "big") + digest[:16]
        txid = f"{number:08x}{digest[:28].hex()}"
        yield Address(script, f"address {number}", "bench", "receive", number, "list"), txid


def fill(folder: str, count: int) -> None:
    """A store that watches so many scripts and holds so many unspent outputs."""
    store = Store.create(store_in(folder))
    rows = rows_of(count)
    for height in range(0, count, BATCH):
        batch = list(islice(rows, BATCH))
        with store.write() as tx:
            tx.addresses.add([address for address, _ in batch])
            observe(tx, block_of(height, batch))
    store.close()


def load(folder: str, count: int) -> dict[str, float]:
    """What the service does before a look, twice with a block between, and one scan; megabytes and seconds."""
    bare = megabytes()
    store = Store.open(store_in(folder))
    sets = WatchSets()
    seconds = []
    for height in range(2):
        with store.write() as tx:
            observe(tx, block_of(count + height, []))
        began = time.process_time()
        with store.read() as tx:
            watch = sets.load(tx)
        seconds.append(time.process_time() - began)
    if len(watch.scripts) < count or len(watch.outpoints) < count:
        raise AssertionError("the store does not hold what was put there")
    scan_block(BLOCK.read_bytes(), watch)
    store.close()
    return {"bare": bare, "most": megabytes(), "first": seconds[0], "again": seconds[1]}


def block_of(height: int, paid: list[tuple[Address, str]]) -> Observation:
    """A block of the chain that pays some addresses, each by a transaction of its own, and no more of us."""
    txs = tuple(
        ObservedTx(
            txid=txid,
            position=position,
            coinbase=False,
            inputs=(),
            outputs=(WatchedOutput(0, address.script.hex(), 1_000, "bench", "receive", address.address),),
            others=0,
        )
        for position, (address, txid) in enumerate(paid, start=1)
    )
    body = observation_bytes(ObservedBlock(height, 1_600_000_000, txs))
    return Observation("2023-11-15T00:00:00Z", "bench", "block.joined", f"{height:064x}", body)


def observe(tx: Writing, seen: Observation) -> None:
    """Keep an observation and what it says."""
    tx.observations.append([seen])
    Observed(tx.session).fold(seen.at, seen.source, seen.kind, seen.subject, seen.data)


def megabytes() -> float:
    """The most memory that this process has had, in units of 10^6 bytes.

    Linux's own count, which starts anew with the program; `ru_maxrss` remembers the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def lines(count: int = 1_000_000) -> list[Line]:
    with tempfile.TemporaryDirectory(prefix="aidtrail-bench-") as folder:
        fill(folder, count)
        told = loaded(folder, count)
    what = f"{count:,} scripts + {count:,} outpoints"
    floor = told["bare"] + count * FLOOR_BYTES / 1e6
    return [
        Line(
            f"MB at most, {what}",
            f"{told['most']:,.0f}",
            f"{floor:,.0f}",
            times(floor / told["most"]),
            f"< {AIM_MB} MB; limit: idle + bare bytes",
        ),
        Line(
            "CPU seconds to load them, first look and after an empty block",
            f"{told['first']:.2f}",
            f"{told['again']:.4f}",
            "",
        ),
    ]


def loaded(folder: str, count: int) -> dict[str, float]:
    """What `load` told in a process of its own."""
    command = [sys.executable, "-m", "bench.watch_memory", folder, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def main() -> None:
    folder, count = sys.argv[1:]
    if not callable(service.wiring.build):
        raise AssertionError("the service is not here")
    print(json.dumps(load(folder, int(count))))


if __name__ == "__main__":
    main()
