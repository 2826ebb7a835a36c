"""The shipped table of difficulty periods: each one's last block hash, and the target of the one after it.

Public facts that pin history by hash; read from package data, never from the network.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files

from ledger.core.chain import is_txid
from ledger.core.wording import WrongValue
from watchers.proof.networks import Network
from watchers.proof.work import BadBits, bits_of, target_of

PERIOD = 2016
"""Blocks between two retargets, on every network."""


_BITS = re.compile("[0-9A-Fa-f]{8}")


class TableRefused(WrongValue):
    """The shipped table is damaged: install the package again."""


@dataclass(frozen=True, slots=True)
class PeriodTable:
    """Period p covers the heights from 2,016p to 2,016p + 2,015.

    `hashes[p]` is the hash (display order) of its last block, `following_bits[p]` the compact target of
    period p + 1, `first_bits` that of period 0.
    """

    network: str
    first_bits: int
    hashes: tuple[str, ...]
    following_bits: tuple[int, ...]

    @classmethod
    def load(cls, network: Network) -> PeriodTable | None:
        """The table of that network, or None where none is shipped (only mainnet's history is pinned)."""
        resource = files("watchers").joinpath("data", f"{network.name}-periods.txt")
        if not resource.is_file():
            return None
        return cls.parse(network, resource.read_text(encoding="ascii"))

    @classmethod
    def parse(cls, network: Network, text: str) -> PeriodTable:
        """Read lines of `HASH BITS` (hexadecimal; `#` starts a comment line).

        TableRefused unless every hash meets the target of its period and no target is more than four times
        easier or harder than the one before (with the rounding of the compact form).
        """
        hashes: list[str] = []
        bits: list[int] = []
        before, limit = target_of(network.pow_limit_bits), target_of(network.pow_limit_bits)
        for number, line in enumerate(text.splitlines(), 1):
            if line.startswith("#") or not line.strip():
                continue
            words = line.split()
            if len(words) != 2 or not is_txid(words[0]) or not _BITS.fullmatch(words[1]):
                raise TableRefused(
                    "table of periods, line {number}: not a hash and eight digits of bits", number=number
                )
            following = int(words[1], 16)
            try:
                target = target_of(following)
            except BadBits as bad:
                raise TableRefused(
                    "table of periods, line {number}: {bad}", number=number, bad=bad.wording
                ) from bad
            if int(words[0], 16) > before:
                raise TableRefused(
                    "table of periods, line {number}: the hash does not meet its period's target",
                    number=number,
                )
            if not target_of(bits_of(before // 4)) <= target <= min(before * 4, limit):
                raise TableRefused(
                    "table of periods, line {number}: the target jumps more than fourfold", number=number
                )
            hashes.append(words[0])
            bits.append(following)
            before = target
        return cls(network.name, network.pow_limit_bits, tuple(hashes), tuple(bits))

    @property
    def last_height(self) -> int:
        """The highest height whose hash the table names; -1 when it is empty."""
        return len(self.hashes) * PERIOD - 1

    def target(self, height: int) -> int | None:
        """The target that every block at that height has, or None above the table (and below zero)."""
        period = height // PERIOD
        if not 0 <= period <= len(self.following_bits):
            return None
        return target_of(self.following_bits[period - 1] if period else self.first_bits)

    def hash_at(self, height: int) -> str | None:
        """The hash of the block at that height, when it is the last one of a period in the table."""
        period, rest = divmod(height + 1, PERIOD)
        if rest or not 1 <= period <= len(self.hashes):
            return None
        return self.hashes[period - 1]

    def height_of(self, hash: str) -> int | None:  # noqa: A002 - the word of the domain
        """The height of a hash that the table names, or None."""
        try:
            return (self.hashes.index(hash) + 1) * PERIOD - 1
        except ValueError:
            return None
