"""The Bitcoin networks and the constants that tell them apart.

Data only: nothing here checks a header or an address, or asks anybody.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.wording import WrongValue

_GENESIS_MERKLE = "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
_GENESIS_MERKLE_TESTNET4 = "4e7b2b9128fe0291db0693af2ae418b767e657cd407e80cb1434221eaea7a07a"


def _genesis(time: int, bits: int, nonce: int, merkle: str = _GENESIS_MERKLE) -> bytes:
    return b"".join(
        (
            (1).to_bytes(4, "little"),
            bytes(32),
            bytes.fromhex(merkle),
            time.to_bytes(4, "little"),
            bits.to_bytes(4, "little"),
            nonce.to_bytes(4, "little"),
        )
    )


@dataclass(frozen=True, slots=True)
class Network:
    """Constants of one network. `pow_limit_bits` is the easiest target allowed, in compact form.

    `retargets` is False where difficulty never changes (regtest). `min_difficulty_rule` is the testnets'
    exception: a block more than 20 minutes after the one before may use the easiest target. `bip94` are
    testnet4's two changes to it. `trusted_rules` says that headers are not checked in full here: a signet
    block also needs a signature that only a full node checks.
    """

    name: str
    hrp: str
    p2pkh_version: int
    p2sh_version: int
    pow_limit_bits: int
    genesis_header: bytes
    retargets: bool = True
    min_difficulty_rule: bool = False
    bip94: bool = False
    trusted_rules: bool = False


MAINNET = Network("mainnet", "bc", 0, 5, 0x1D00FFFF, _genesis(1231006505, 0x1D00FFFF, 2083236893))
TESTNET3 = Network(
    "testnet3",
    "tb",
    111,
    196,
    0x1D00FFFF,
    _genesis(1296688602, 0x1D00FFFF, 414098458),
    min_difficulty_rule=True,
)
TESTNET4 = Network(
    "testnet4",
    "tb",
    111,
    196,
    0x1D00FFFF,
    _genesis(1714777860, 0x1D00FFFF, 393743547, _GENESIS_MERKLE_TESTNET4),
    min_difficulty_rule=True,
    bip94=True,
)
SIGNET = Network(
    "signet", "tb", 111, 196, 0x1E0377AE, _genesis(1598918400, 0x1E0377AE, 52613770), trusted_rules=True
)
REGTEST = Network(
    "regtest", "bcrt", 111, 196, 0x207FFFFF, _genesis(1296688602, 0x207FFFFF, 2), retargets=False
)

NETWORKS: tuple[Network, ...] = (MAINNET, TESTNET3, TESTNET4, SIGNET, REGTEST)


def network_named(name: str) -> Network:
    """The network of that name; ValueError names the choices."""
    for network in NETWORKS:
        if network.name == name:
            return network
    raise WrongValue("network: unknown name; choose one of {names}", names=[one.name for one in NETWORKS])
