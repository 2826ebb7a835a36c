"""What watching the chain costs: requests, bytes, headers, catching up and memory, each beside a peer or a limit.

Run it with `python -m bench.watch`; it asks servers on this machine only. CPU time unless a line says otherwise;
the CPU per block beside python-bitcoinlib's parse is measured by `bench.scan`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bench import watch_catchup, watch_electrum, watch_headers, watch_memory, watch_requests
from bench.measuring import HEAD, Line, printed

HEADERS = 20_160

PARTS: tuple[tuple[str, Callable[[], list[Line]]], ...] = (
    ("one look with one new block, beside bit 0.8 polling each address", watch_requests.lines),
    (
        "headers, beside python-bitcoinlib's parse, hash and proof of work",
        lambda: watch_headers.lines(HEADERS),
    ),
    ("catching up from a real node, beside bare getblock by the same HTTP client", watch_catchup.lines),
    ("histories from a real Electrum server, beside its own answers, pipelined", watch_electrum.lines),
    ("memory", watch_memory.lines),
)

SHORT: tuple[tuple[str, Callable[[], list[Line]]], ...] = (
    ("one look", lambda: watch_requests.lines((1, 40), 20, 10_000)),
    ("headers", lambda: watch_headers.lines(2_100)),
    ("catching up", lambda: watch_catchup.lines(60, 1)),
    ("histories", lambda: watch_electrum.lines(40, 1)),
    ("memory", lambda: watch_memory.lines(200)),
)

NOTES = (
    "* on the straight line through what was measured: bit from 1 and 20 addresses, ours from up to 1,000",
    "bytes are those of bodies, for addresses that were never paid; ratio = theirs / ours for requests and bytes,",
    "ours / theirs for speeds and seconds, limit / ours for memory: above 1 is better than the peer, but for seconds",
    "CPU per block, beside python-bitcoinlib's parse: python -m bench.scan",
)


def report(parts: Sequence[tuple[str, Callable[[], list[Line]]]] = PARTS) -> None:
    """Measure and print each part as soon as it is known; what takes long is said with it."""
    print(printed([HEAD]), flush=True)
    for title, lines in parts:
        began = time.monotonic()
        found = lines()
        print(f"# {title} ({time.monotonic() - began:.0f} s)\n{printed(found)}", flush=True)
    print("\n".join(NOTES))


def main(short: bool = False) -> None:
    report(SHORT if short else PARTS)


if __name__ == "__main__":
    main()
