"""Records the demo's chain: drives a real node through the plan with its mock time and writes what it said.
Keeps public data only: blocks, mempool times, public descriptors; the wallets' keys die with the node."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import zlib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from service.demo import gifts
from service.demo.gifts import AddressKind, Gift, Outgoing, moment
from service.demo.node import RegtestNode

FOLDER = Path(__file__).parent / "chain"
DAY = 86_400
BLOCK_TIMES = ("02:11", "06:23", "10:31", "14:38", "18:42", "22:47")
BUSY_DAYS = frozenset({"06-04", "06-05", "06-06", "06-07", "06-09", "06-10", "07-06", "07-07"})
EARLY_BLOCKS = 112
EARLY_SPACING = 102 * 60
MINER, DONORS, CAMPAIGN = "miner", "donors", "campaign"
CORE_KINDS = {
    "pkh(": AddressKind.PKH,
    "sh(wpkh(": AddressKind.SH_WPKH,
    "wpkh(": AddressKind.WPKH,
    "tr(": AddressKind.TR,
    "wsh(": AddressKind.WSH,
}


def block_times() -> list[int]:
    """When blocks are mined: many early so that coins mature, six a day while it is busy, else one."""
    times = [gifts.FIRST_BLOCK + n * EARLY_SPACING for n in range(EARLY_BLOCKS)]
    day = moment("2020-05-18")
    while day <= gifts.LAST_BLOCK:
        name = dt.datetime.fromtimestamp(day, dt.UTC).strftime("%m-%d")
        busy = name <= "06-03" or name in BUSY_DAYS
        for hour in BLOCK_TIMES if busy else BLOCK_TIMES[4:5]:
            hours, minutes = hour.split(":")
            times.append(day + int(hours) * 3600 + int(minutes) * 60 + (day // DAY * 37) % 50)
        day += DAY
    return [time for time in times if time <= gifts.LAST_BLOCK + 3600]


@dataclass(slots=True)
class Recorder:
    """Plays the plan on a node and keeps what a watcher could have seen, and from when on."""

    node: RegtestNode
    tips: list[dict[str, Any]] = field(default_factory=list)
    mempool: list[dict[str, Any]] = field(default_factory=list)
    transactions: dict[str, str] = field(default_factory=dict)
    coins: list[dict[str, Any]] = field(default_factory=list)
    receive: dict[AddressKind, str] = field(default_factory=dict)
    change: dict[AddressKind, str] = field(default_factory=dict)
    changes_used: int = 0

    def play(self) -> None:
        """The whole story, in order of time."""
        self._prepare_wallets()
        by_tx: dict[str, list[Gift]] = {}
        for gift in (*gifts.GIFTS, gifts.DUST, gifts.WAITING):
            by_tx.setdefault(gift.tx, []).append(gift)
        events: list[tuple[int, int, str, object]] = [(t, 1, "block", None) for t in block_times()]
        events += [(group[0].at, 0, "gift", group) for group in by_tx.values()]
        events += [(out.at, 0, "out", out) for out in gifts.OUTGOING]
        events.append((gifts.RAISED_BEFORE_AT, 0, "before", by_tx[gifts.RAISED]))
        events.append((gifts.MOVED_SWITCH_AT, 1, "switch", None))
        for at, _, kind, subject in sorted(events, key=lambda event: event[:2]):
            self.node.set_time(at)
            if kind == "block":
                self._mine(at)
            elif kind == "switch":
                self._switch_tip(at)
            elif isinstance(subject, Outgoing):
                self._send_out(subject)
            elif isinstance(subject, list):
                self._give(subject, before=kind == "before")

    def _prepare_wallets(self) -> None:
        for name in (MINER, DONORS, CAMPAIGN, "key-1", "key-2", "key-3", "outsiders"):
            self.node.rpc("createwallet", name)
        keys = [self._master_key(f"key-{n}") for n in (1, 2, 3)]
        for branch in (0, 1):
            joint = ",".join(f"{key}/48h/1h/0h/2h/{branch}/*" for key in keys)
            text = f"wsh(sortedmulti(2,{joint}))"
            checksum = self.node.rpc("getdescriptorinfo", text)["checksum"]
            request = {"desc": f"{text}#{checksum}", "range": [0, 99], "timestamp": "now"}
            (done,) = self.node.rpc(
                "importdescriptors", [request | {"internal": branch == 1}], wallet=CAMPAIGN
            )
            if not done["success"]:
                raise RuntimeError(f"the node refused the joint wallet: {done}")
        for row in self.node.rpc("listdescriptors", wallet=CAMPAIGN)["descriptors"]:
            kind = next(kind for start, kind in CORE_KINDS.items() if row["desc"].startswith(start))
            (self.change if "/1/*" in row["desc"] else self.receive)[kind] = row["desc"]

    def _master_key(self, wallet: str) -> str:
        """The extended private key of a throwaway wallet; it stays inside this process and the node."""
        rows = self.node.rpc("listdescriptors", True, wallet=wallet)["descriptors"]
        text: str = next(row["desc"] for row in rows if row["desc"].startswith("pkh("))
        return text[len("pkh(") :].split("/")[0]

    def _address(self, kind: AddressKind, index: int, *, change: bool = False) -> str:
        branch = self.change if change else self.receive
        addresses: list[str] = self.node.rpc("deriveaddresses", branch[kind], [index, index])
        return addresses[0]

    def _mine(self, at: int) -> None:
        miner = DONORS if not self.tips or len(self.tips) < 12 else MINER
        self.node.rpc("generatetoaddress", 1, self.node.rpc("getnewaddress", wallet=miner))
        self._tip(at)

    def _tip(self, at: int) -> None:
        tip = self.node.rpc("getbestblockhash")
        self.tips.append({"at": at, "height": self.node.rpc("getblockcount"), "hash": tip})

    def _switch_tip(self, at: int) -> None:
        """A rival branch of two blocks overtakes the last one; the gift in it is in the second of them."""
        stale = self.node.rpc("getbestblockhash")
        pool = self.node.rpc("getblock", stale)["tx"][1:]
        if pool != [self._txid(gifts.MOVED)]:
            raise RuntimeError("the block to be reorganised away must hold the moved gift and nothing else")
        self.node.rpc("invalidateblock", stale)
        for time, txids in ((at - 40 * 60, []), (at, pool)):
            self.node.set_time(time)
            address = self.node.rpc("getnewaddress", wallet=MINER)
            self.node.rpc("generateblock", address, txids)
        self._tip(at)

    def _give(self, group: list[Gift], *, before: bool) -> None:
        outputs = [{self._address(g.kind, g.index): _bitcoins(g.sats)} for g in group]
        label, at = group[0].tx, self.node.mock_time
        if before:
            label = gifts.RAISED_BEFORE
        if label == gifts.TWICE:
            raw = self._pay_by_hand(outputs)
        elif label == gifts.RAISED:
            raised = self.node.rpc(
                "bumpfee", self._txid(gifts.RAISED_BEFORE), {"fee_rate": 74}, wallet=DONORS
            )["txid"]
            raw = self.node.rpc("getrawtransaction", raised)
        else:
            rate = 12 if before else 1 if label == gifts.WAITING.tx else 20 + len(self.mempool) * 7 % 50
            options = {"replaceable": True}
            sent = self.node.rpc("send", outputs, None, "unset", rate, options, wallet=DONORS)
            raw = self.node.rpc("getrawtransaction", sent["txid"])
        txid = self._seen(label, raw, replaces=gifts.RAISED_BEFORE if label == gifts.RAISED else None)
        decoded = self.node.rpc("decoderawtransaction", raw)
        used: set[int] = set()
        for gift in () if before else group:
            address = self._address(gift.kind, gift.index)
            vout = next(
                o["n"]
                for o in decoded["vout"]
                if o["scriptPubKey"].get("address") == address
                and o["n"] not in used
                and _sats(o) == gift.sats
            )
            used.add(vout)
            coin = {"label": gift.label, "txid": txid, "vout": vout, "sats": gift.sats, "address": address}
            self.coins.append(coin | {"kind": gift.kind.value, "index": gift.index, "at": at, "tx": gift.tx})

    def _pay_by_hand(self, outputs: list[dict[str, str]]) -> str:
        """The wallet refuses one address twice, the network does not: the outputs are added after funding."""
        sats = [int(Decimal(value).scaleb(8)) for row in outputs for value in row.values()]
        (address,) = {address for row in outputs for address in row}
        funded = self.node.rpc(
            "fundrawtransaction",
            self.node.rpc("createrawtransaction", [], [{address: _bitcoins(sum(sats))}]),
            {"fee_rate": 48},
            wallet=DONORS,
        )["hex"]
        draft = self.node.rpc("decoderawtransaction", funded)
        script = next(
            o["scriptPubKey"]["hex"] for o in draft["vout"] if o["scriptPubKey"]["address"] == address
        )
        whole = _output(sum(sats), script)
        count = len(draft["vout"])
        if funded.count(whole) != 1 or count != 2:
            raise RuntimeError("the funded transaction does not look as expected")
        head, tail = funded.split(whole)
        # The count of outputs precedes the first of them, whichever of the two it is.
        first = _output(_sats(draft["vout"][0]), draft["vout"][0]["scriptPubKey"]["hex"])
        start = funded.index(first) - 2
        parts = "".join(_output(n, script) for n in sats)
        split = head + parts + tail
        split = split[:start] + f"{count + 1:02x}" + split[start + 2 :]
        signed: str = self.node.rpc("signrawtransactionwithwallet", split, wallet=DONORS)["hex"]
        self.node.rpc("sendrawtransaction", signed)
        return signed

    def _send_out(self, out: Outgoing) -> None:
        """Spends the oldest settled coins (six blocks deep) by hand, so that fee and change are planned."""
        chosen: list[dict[str, Any]] = []
        total = 0
        for coin in self.coins:
            if total >= out.sats + out.fee:
                break
            row = self.node.rpc("gettxout", coin["txid"], coin["vout"])
            if row is not None and row["confirmations"] >= 6 and coin["label"] != gifts.DUST.label:
                chosen.append(coin)
                total += coin["sats"]
        change, index = total - out.sats - out.fee, self.changes_used
        if change <= gifts.DUST_LINE:
            raise RuntimeError(f"{out.label}: the settled coins do not cover it with change")
        self.changes_used += 1
        payee = self.node.rpc("getnewaddress", wallet="outsiders")
        back = self._address(AddressKind.WPKH, index, change=True)
        inputs = [{"txid": coin["txid"], "vout": coin["vout"]} for coin in chosen]
        outputs = [{payee: _bitcoins(out.sats)}, {back: _bitcoins(change)}]
        raw = self.node.rpc("createrawtransaction", inputs, outputs)
        signed = self.node.rpc("signrawtransactionwithwallet", raw, wallet=CAMPAIGN)
        if not signed["complete"]:
            raise RuntimeError(f"{out.label}: the campaign's wallet could not sign: {signed.get('errors')}")
        self.node.rpc("sendrawtransaction", signed["hex"])
        txid = self._seen(out.label, signed["hex"])
        self.coins.append(
            {
                "label": f"change of {out.label}",
                "txid": txid,
                "vout": 1,
                "sats": change,
                "address": back,
                "kind": AddressKind.WPKH.value,
                "index": index,
                "at": out.at,
                "tx": out.label,
                "spends": [coin["label"] for coin in chosen],
            }
        )

    def _seen(self, label: str, raw: str, *, replaces: str | None = None) -> str:
        txid: str = self.node.rpc("decoderawtransaction", raw)["txid"]
        if txid not in self.node.rpc("getrawmempool"):
            raise RuntimeError(f"{label}: the node's mempool does not hold it")
        self.transactions[label] = txid
        event: dict[str, Any] = {"at": self.node.mock_time, "label": label, "txid": txid, "raw": raw}
        if replaces is not None:
            event["replaces"] = self._txid(replaces)
        self.mempool.append(event)
        return txid

    def _txid(self, label: str) -> str:
        return self.transactions[label]

    def blocks(self) -> list[dict[str, Any]]:
        """Every block that ever was a tip or under one, stale ones too, by height and time."""
        hashes: dict[str, None] = {}
        for tip in self.tips:
            chain: list[str] = []
            cursor: str | None = tip["hash"]
            while cursor is not None and cursor not in hashes:
                chain.append(cursor)
                cursor = self.node.rpc("getblockheader", cursor).get("previousblockhash")
            hashes.update(dict.fromkeys(reversed(chain)))
        return [self.node.rpc("getblock", block, 2) for block in hashes]

    def write(self, folder: Path) -> None:
        """Writes `blocks.bin` (zlib over the raw blocks, end to end) and `recording.json` beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        rows, raws = [], []
        for block in self.blocks():
            raws.append(bytes.fromhex(self.node.rpc("getblock", block["hash"], 0)))
            row = {name: block[name] for name in ("hash", "height", "mediantime", "size", "weight")}
            rows.append(row | {"txs": [[tx["txid"], tx["size"]] for tx in block["tx"]]})
        recording = {
            "network": "regtest",
            "made_with": self.node.rpc("getnetworkinfo")["subversion"],
            "end": gifts.END,
            "blocks": rows,
            "tips": self.tips,
            "mempool": self.mempool,
            "descriptors": [
                {"kind": kind.value, "receive": self.receive[kind], "change": self.change[kind]}
                | {"both": self._both_branches(kind)}
                for kind in AddressKind
            ],
            "transactions": self.transactions,
            "coins": self.coins,
        }
        (folder / "blocks.bin").write_bytes(zlib.compress(b"".join(raws), 9))
        text = json.dumps(recording, indent=None, separators=(",", ":"))
        (folder / "recording.json").write_text(text.replace("},{", "},\n{") + "\n")

    def _both_branches(self, kind: AddressKind) -> str:
        text = self.receive[kind].split("#")[0].replace("/0/*", "/<0;1>/*")
        return f"{text}#{self.node.rpc('getdescriptorinfo', text)['checksum']}"


def _bitcoins(sats: int) -> str:
    return format(Decimal(sats).scaleb(-8), "f")


def _sats(output: dict[str, Any]) -> int:
    return int(output["value"].scaleb(8))


def _output(sats: int, script: str) -> str:
    return sats.to_bytes(8, "little").hex() + f"{len(script) // 2:02x}" + script


def main() -> int:
    """Records anew with the named bitcoind (default: the one on PATH)."""
    parser = argparse.ArgumentParser(prog="python -m service.demo.record", description=main.__doc__)
    parser.add_argument("--bitcoind", type=Path, help="the node's program")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the recording goes")
    options = parser.parse_args()
    binary = options.bitcoind or shutil.which("bitcoind")
    if binary is None:
        print("record: no bitcoind on PATH; name one with --bitcoind", file=sys.stderr)
        return 69
    with RegtestNode(Path(binary), mock_time=gifts.FIRST_BLOCK - 600) as node:
        recorder = Recorder(node)
        recorder.play()
        recorder.write(options.folder)
    files = sorted(options.folder.iterdir())
    print(", ".join(f"{path.name} {path.stat().st_size:,} bytes" for path in files))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
