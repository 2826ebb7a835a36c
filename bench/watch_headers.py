"""Headers a second: our tree with every rule checked, beside another library's parse, hash and proof of work.

The headers are made in memory with real proof of work under regtest's easy target, with retargets switched on.
"""

from __future__ import annotations

from dataclasses import replace

from bitcoin import SelectParams
from bitcoin.core import CBlockHeader, CheckProofOfWork

from bench.measuring import Line, cpu_seconds
from ledger.core.chain import Header
from watchers.proof.headers import HeaderChain
from watchers.proof.networks import REGTEST
from watchers.proof.work import target_of

RETARGETING = replace(REGTEST, name="regtest with retargets", retargets=True)
SPACING = 601
"""Just above ten minutes: every retarget is computed, and comes out at the easiest target again."""

CHUNK = 2_016
"""As many are added at once as a look adds."""

ROUNDS = 9
AIM = 3.0


def made_headers(count: int) -> list[bytes]:
    """That many valid headers after the first block, 80 bytes each."""
    bits = RETARGETING.pow_limit_bits
    target = target_of(bits)
    last = Header(RETARGETING.genesis_header)
    raws: list[bytes] = []
    for height in range(1, count + 1):
        time = last.time + SPACING
        start = b"\x00\x00\x00\x20" + bytes.fromhex(last.hash)[::-1] + height.to_bytes(32, "little")
        start += time.to_bytes(4, "little") + bits.to_bytes(4, "little")
        nonce = 0
        while int((last := Header(start + nonce.to_bytes(4, "little"))).hash, 16) > target:
            nonce += 1
        raws.append(last.raw)
    return raws


def ours(raws: list[bytes]) -> None:
    """Proof of work, links, retargets, time rules and most work, in chunks as a look adds them."""
    chain = HeaderChain(RETARGETING, (0, Header(RETARGETING.genesis_header)), table=None)
    now = Header(raws[-1]).time
    for start in range(0, len(raws), CHUNK):
        chain.add([Header(raw) for raw in raws[start : start + CHUNK]], now=now)
    if chain.best().height != len(raws):
        raise AssertionError("the headers were not all added")


def theirs(raws: list[bytes]) -> None:
    """Parse, hash and proof of work against the header's own target: no retargets, no times, no tree."""
    for raw in raws:
        header = CBlockHeader.deserialize(raw)
        CheckProofOfWork(header.GetHash(), header.nBits)


def lines(count: int) -> list[Line]:
    SelectParams("regtest")
    try:
        raws = made_headers(count)
        both = [
            (cpu_seconds(lambda: ours(raws), 1), cpu_seconds(lambda: theirs(raws), 1)) for _ in range(ROUNDS)
        ]
        mine, library = count / min(one for one, _ in both), count / min(other for _, other in both)
    finally:
        SelectParams("mainnet")
    return [
        Line(
            f"headers a CPU second, all rules ({count:,})",
            f"{mine:,.0f}",
            f"{library:,.0f}",
            f"{mine / library:.1f}",
            f">= {AIM:.0f} x python-bitcoinlib",
        )
    ]
