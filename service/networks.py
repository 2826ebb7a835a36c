"""Which Bitcoin network some addresses belong to. Never judges an address itself."""

from __future__ import annotations

from collections.abc import Sequence

from service.command import BadUse
from watchers.proof.networks import MAINNET, NETWORKS, Network
from watchers.proof.scripts import AddressRefused, script_of


def network_of(addresses: Sequence[str]) -> Network:
    """The first network under which every address reads; mainnet where there are none.

    Test networks share their address forms, so testnet3 stands for them all unless one is named.
    """
    if not addresses:
        return MAINNET
    first: AddressRefused | None = None
    for network in NETWORKS:
        try:
            for address in addresses:
                script_of(address, network)
        except AddressRefused as refusal:
            first = first or refusal
        else:
            return network
    for address in addresses:
        if not any(_reads(address, network) for network in NETWORKS):
            try:
                script_of(address, MAINNET)
            except AddressRefused as refusal:
                raise BadUse("--address: {refusal}", refusal=refusal.wording) from None
    raise BadUse("--address: these are addresses of different networks; give those of one.")


def _reads(address: str, network: Network) -> bool:
    try:
        script_of(address, network)
    except AddressRefused:
        return False
    return True
