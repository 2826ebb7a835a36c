"""The real node as the tests use it: the installed bitcoind, wrapped by the code that also records the demo.
Never a stand-in: what it says about blocks and payments is what Bitcoin says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from service.demo.node import NodeFailed, RegtestNode, RpcRefused
from tests.node.install import HOW, find_bitcoind

__all__ = ["Node", "NodeFailed", "RpcRefused"]

WALLET = "miner"


class Node(RegtestNode):
    """A regtest node with a miner's wallet; free ports, a temporary data folder, gone after `close`."""

    def __init__(
        self, binary: Path | None = None, *, mock_time: int | None = None, extra: tuple[str, ...] = ()
    ) -> None:
        found = binary or find_bitcoind()
        if found is None:
            raise NodeFailed(HOW)
        super().__init__(found, mock_time=mock_time, extra=extra)

    def mine(self, blocks: int = 1, address: str | None = None) -> list[str]:
        """Mines that many blocks to the address (default: one of the miner's) and returns their hashes."""
        hashes: list[str] = self.rpc("generatetoaddress", blocks, address or self.miner_address())
        return hashes

    def miner_address(self) -> str:
        """A fresh address of the miner's wallet, which is made on first use."""
        if WALLET not in self.rpc("listwallets"):
            self.rpc("createwallet", WALLET)
        address: str = self.rpc("getnewaddress", wallet=WALLET)
        return address

    def fund(self) -> None:
        """Mines until the miner has coins to spend (101 blocks), once."""
        if self.rpc("getblockcount") < 101:
            self.mine(101 - self.rpc("getblockcount"))

    def pay(self, payments: dict[str, int], *, fee_rate: int = 20, replaceable: bool = True) -> str:
        """Pays sats to addresses in one transaction from the miner's wallet; returns its txid."""
        outputs = [{address: format(Decimal(sats).scaleb(-8), "f")} for address, sats in payments.items()]
        answer = self.rpc(
            "send", outputs, None, "unset", fee_rate, {"replaceable": replaceable}, wallet=WALLET
        )
        txid: str = answer["txid"]
        return txid
