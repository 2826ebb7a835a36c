"""Scans one real block for 1 to 1,000,000 addresses, beside another library's parse and the bare hashing of it.

Run it with `python -m bench.scan`; it asks no network and writes nothing.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path

from bitcoin.core import CBlock

from watchers.proof.scan import WatchSet, scan_block

BLOCK = Path(__file__).parent.parent / "tests" / "data" / "mainnet-block.raw"
COUNTS = (1, 1_000, 100_000, 1_000_000)
ROUNDS = 15


def cpu_milliseconds(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU time of the best of several runs of `act`, after one to warm up: what the machine disturbed least."""
    act()
    times = []
    for _ in range(rounds):
        start = time.process_time_ns()
        act()
        times.append(time.process_time_ns() - start)
    return min(times) / 1e6


def watch_set(count: int) -> WatchSet:
    """That many P2WPKH scripts and as many outpoints, none of them in the block, from a fixed seed."""
    draw = random.Random(count)
    scripts = {b"\x00\x14" + draw.randbytes(20) for _ in range(count)}
    return WatchSet(scripts, {draw.randbytes(36) for _ in range(count)})


def double_hash(raw: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(raw).digest()).digest()


def library_same_work(raw: bytes) -> bool:
    """What the other library needs for part of what a scan does: parse, txids, Merkle root."""
    block = CBlock.deserialize(raw)
    return bool(block.calc_merkle_root() == block.hashMerkleRoot)


def main(short: bool = False) -> None:
    counts, rounds = (COUNTS[:2], 1) if short else (COUNTS, ROUNDS)
    raw = BLOCK.read_bytes()
    floor = cpu_milliseconds(lambda: double_hash(raw), rounds)
    library = cpu_milliseconds(lambda: CBlock.deserialize(raw), rounds)
    print(f"mainnet block 702,861: {len(raw):,} bytes, 2,500 transactions; CPU, best of {rounds} runs")
    print(f"{'double SHA-256 of its bytes (the floor)':<48} {floor:8.1f} ms")
    print(f"{'python-bitcoinlib CBlock parse, nothing checked':<48} {library:8.1f} ms")
    same_work = cpu_milliseconds(lambda: library_same_work(raw), min(rounds, 5))
    print(f"{'python-bitcoinlib parse, txids, Merkle root':<48} {same_work:8.1f} ms")
    for count in counts:
        watch = watch_set(count)
        ours = cpu_milliseconds(lambda watch=watch: scan_block(raw, watch), rounds)  # type: ignore[misc]
        what = f"scan_block, {count:,} addresses, all checks"
        print(
            f"{what:<48} {ours:8.1f} ms   parse / ours {library / ours:4.1f}   "
            f"same work / ours {same_work / ours:4.1f}   ours / floor {ours / floor:4.1f}"
        )


if __name__ == "__main__":
    main()
