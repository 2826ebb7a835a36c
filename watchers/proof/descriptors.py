"""Output descriptors and bare extended public keys: the scripts and addresses that they stand for, by index.

Never holds or derives from a private key: text with one in it is refused before it is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import wallycore as wally

from ledger.core.chain import Script
from ledger.core.secret import secret_in
from ledger.core.wording import WrongValue
from watchers.proof.networks import MAINNET, Network
from watchers.proof.scripts import ScriptKind, address_of, kind_of

_LONGEST = 20_000
_LAST_INDEX = (1 << 31) - 1
_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_KEY = re.compile(f"(?<![0-9A-Za-z])([xyztuvYZUV])pub{_BASE58}{{90,120}}(?![0-9A-Za-z])")
_BARE = re.compile(r"(\[[0-9a-fA-F]{8}(?:/[0-9]+['hH]?)*\])?([xyztuvYZUV]pub[0-9A-Za-z]+)((?:/[^()]*)?)")
_HARDENED = re.compile(r"(/[0-9]+)['H]")
_BY_PURPOSE = re.compile(
    rf"(?P<form>pkh|sh\(wpkh|wpkh|tr)\(\[[0-9a-f]{{8}}/(?P<purpose>44|49|84|86)h(?P<above>[^\]]*)\]"
    rf"[xyztuvYZUV]pub{_BASE58}+(?P<below>(?:/[^/)]+)*)\)+"
)
"""A wallet of one signer, whose key's origin says of which kind it is."""
_FAR_BRANCH = re.compile(f"[xyztuvYZUV]pub{_BASE58}+/([2-9]|[1-9][0-9]+)/\\*")
_PURPOSE = re.compile(r"\[[0-9a-f]{8}/([0-9]+)h(?:/|\])")
_CHANGE_ONLY = re.compile(r"/1/\*h?(?![0-9])")
_ONE_BRANCH = re.compile(r"/[01]/\*(?![0-9h'H])")
_FUNCTIONS = re.compile(r"(?:[a-z]+\()+")
_BRANCHES = re.compile(r"<([^<>]*)>")
_CHECKSUM = re.compile(r"[02-9ac-hj-np-z]{8}")

_XPUB, _TPUB = bytes.fromhex("0488b21e"), bytes.fromhex("043587cf")
_BARE_FORMS = {
    "x": "pkh({})",
    "t": "pkh({})",
    "y": "sh(wpkh({}))",
    "u": "sh(wpkh({}))",
    "z": "wpkh({})",
    "v": "wpkh({})",
}
_PLACES = {
    "y": "sh(wpkh(",
    "u": "sh(wpkh(",
    "z": "wpkh(",
    "v": "wpkh(",
    "Y": "sh(wsh(",
    "U": "sh(wsh(",
    "Z": "wsh(",
    "V": "wsh(",
}
_MAINNET_LETTERS = frozenset("xyzYZ")
_OF_PURPOSE = {"44": "pkh({})", "49": "sh(wpkh({}))", "84": "wpkh({})", "86": "tr({})"}
"""The script that an account's purpose stands for: BIPs 44, 49, 84 and 86."""
_STEPS_BELOW_PURPOSE = 4
"""Coin, account, branch, index."""
_ACCOUNT_DEPTH = 3
"""How far below its seed an account's key lies at most: purpose, coin, account (BIP 44)."""


class DescriptorRefused(WrongValue):
    """Text that is no usable descriptor; one sentence, which never repeats a secret."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A descriptor of public keys. `text` is its canonical form, with `h` for hardened steps and a checksum.

    `ranged` ones have an address for every index from 0 to 2^31 - 1, others only for 0. `branches` is 2 where
    the descriptor names an external and a change branch (`<0;1>`), otherwise 1.
    """

    text: str
    network: Network
    ranged: bool
    branches: int
    _parsed: object = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, network: Network) -> Descriptor:
        """Read a descriptor, or a bare xpub, ypub, zpub, tpub, upub or vpub of the script that it implies.

        A bare key is of the kind that its origin's purpose or its own version says, and without a path of its own it
        gets `/<0;1>/*`. What no wallet would list is refused: one address of a whole account, change addresses for
        donors, branches in another order than external and change. DescriptorRefused says what is wrong.
        """
        secret = secret_in(text)
        if secret is not None:
            raise DescriptorRefused(
                "descriptor: this looks like {secret}; whoever has it can spend the coins, so never enter it "
                "anywhere: export the public descriptor or the xpub instead",
                secret=secret.wording,
            )
        body = text.strip()
        if "…" in body or "..." in body:
            raise DescriptorRefused("descriptor: is shortened, as the dots in it say; copy the key whole")
        if not body or len(body) > _LONGEST or not body.isascii() or not body.isprintable():
            raise DescriptorRefused(
                "descriptor: {n} character; give one line of ASCII, like wpkh(xpub.../<0;1>/*)",
                many="descriptor: {n} characters; give one line of ASCII, like wpkh(xpub.../<0;1>/*)",
                n=len(body),
            )
        body = _without_checksum(body)
        body = _HARDENED.sub(r"\1h", body)
        bare = _BARE.fullmatch(body)
        if bare is not None:
            body = _around(bare.group(1) or "", bare.group(2), bare.group(3))
        body = _reversioned(body, network)
        parsed = _parsed(body, network)
        _require_receiving(body)
        _require_purpose(body)
        features = wally.descriptor_get_features(parsed)
        if features & wally.WALLY_MS_IS_PRIVATE:
            raise DescriptorRefused("descriptor: holds a private key; export the public descriptor instead")
        branches = wally.descriptor_get_num_paths(parsed)
        if branches > 2:
            raise DescriptorRefused(
                "descriptor: names {n} branch; two are known, <external;change>",
                many="descriptor: names {n} branches; two are known, <external;change>",
                n=branches,
            )
        canonical = str(wally.descriptor_canonicalize(parsed, 0))
        ranged = bool(features & wally.WALLY_MS_IS_RANGED)
        if not ranged and _KEY.search(body):
            raise DescriptorRefused(
                "descriptor: names one address of a whole account; end its key with /<0;1>/*, as the wallet counts them"
            )
        descriptor = cls(canonical, network, ranged, branches, parsed)
        try:
            kind = kind_of(descriptor.script(0))
        except ValueError:
            raise DescriptorRefused(
                "descriptor: nothing can be derived; hardened steps stand only before the xpub"
            ) from None
        if kind is ScriptKind.OTHER:
            raise DescriptorRefused("descriptor: its scripts have no address; use pkh, sh, wpkh, wsh or tr")
        return descriptor

    @property
    def form(self) -> str:
        """The functions around its keys, like "wpkh" or "sh(wpkh)"."""
        functions = _FUNCTIONS.match(self.text)
        names = [] if functions is None else functions.group().rstrip("(").split("(")
        return "(".join(names) + ")" * (len(names) - 1)

    def script(self, index: int) -> Script:
        """The script at that index of the external branch. WrongValue outside of the descriptor's range."""
        return self._script(index, 0)

    def address(self, index: int) -> str:
        """The address at that index of the external branch. WrongValue outside of the descriptor's range."""
        address = address_of(self.script(index), self.network)
        if address is None:
            raise WrongValue("descriptor: its scripts have no address")
        return address

    def scripts(self, first: int, count: int) -> list[Script]:
        """`count` scripts of the external branch from index `first` on."""
        return [self._script(index, 0) for index in range(first, first + count)]

    def change_scripts(self, first: int, count: int) -> list[Script]:
        """`count` scripts of the change branch from index `first` on; none where no change branch is named."""
        if self.branches < 2:
            return []
        return [self._script(index, 1) for index in range(first, first + count)]

    def _script(self, index: int, branch: int) -> Script:
        last = _LAST_INDEX if self.ranged else 0
        if not 0 <= index <= last:
            raise WrongValue("descriptor index: {index} is outside 0 to {last}", index=index, last=last)
        try:
            return Script(bytes(wally.descriptor_to_script(self._parsed, 0, 0, 0, branch, index, 0)))
        except ValueError:
            raise WrongValue("descriptor index: nothing can be derived at {index}", index=index) from None


def branches_joined(texts: Iterable[str]) -> list[str]:
    """The wallets of some descriptors, each once: one of receiving (/0/*) or change addresses (/1/*) stands for both.

    So wallets count them that export one alone, or each by itself. DescriptorRefused where a checksum does not fit.
    """
    bodies = (_without_checksum(text.strip()) for text in texts)
    return list(dict.fromkeys(_ONE_BRANCH.sub("/<0;1>/*", body) for body in bodies))


def _without_checksum(text: str) -> str:
    """The descriptor without `#checksum`, which is checked if it is there."""
    body, mark, checksum = text.partition("#")
    if not mark:
        return body
    if not _CHECKSUM.fullmatch(checksum):
        raise DescriptorRefused("descriptor: what follows # is no checksum of eight characters")
    # The checksum covers the text as it was given, with its own key versions and hardened marks.
    if _checksum(body) != checksum:
        raise DescriptorRefused("descriptor: its checksum does not fit; copy it again in full")
    return body


_INPUT_CHARSET = (
    "0123456789()[],'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
)
_CHECKSUM_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0xF5DEE51989, 0xA9FDCA3312, 0x1BAB10E32D, 0x3706B1677A, 0x644D626FFD)


def _checksum(body: str) -> str:
    """The checksum of BIP 380 over a descriptor's text."""
    symbols: list[int] = []
    groups: list[int] = []
    for character in body:
        value = _INPUT_CHARSET.find(character)
        if value < 0:
            raise DescriptorRefused("descriptor: holds a character that no descriptor has")
        symbols.append(value & 31)
        groups.append(value >> 5)
        if len(groups) == 3:
            symbols.append(groups[0] * 9 + groups[1] * 3 + groups[2])
            groups.clear()
    if groups:
        symbols.append(groups[0] * 3 + groups[1] if len(groups) == 2 else groups[0])
    check = 1
    for value in (*symbols, 0, 0, 0, 0, 0, 0, 0, 0):
        top = check >> 35
        check = (check & 0x7FFFFFFFF) << 5 ^ value
        for bit, term in enumerate(_GENERATOR):
            if top >> bit & 1:
                check ^= term
    check ^= 1
    return "".join(_CHECKSUM_CHARSET[check >> 5 * (7 - i) & 31] for i in range(8))


def _around(origin: str, key: str, path: str) -> str:
    """The descriptor that a bare extended public key implies, by its origin's purpose and its version."""
    form = _BARE_FORMS.get(key[0])
    if form is None:
        raise DescriptorRefused(
            "descriptor: a {key} is one of several signers' keys; give the whole wsh(sortedmulti(...))",
            key=key[:4],
        )
    purpose = _PURPOSE.match(origin)
    if purpose is not None:
        meant = _OF_PURPOSE.get(purpose.group(1))
        if meant is None or (form != meant and key[0] not in "xt"):
            raise DescriptorRefused(
                "descriptor: purpose {purpose}h and a {key} do not tell together which addresses the wallet has; "
                "write the script around the key, like wpkh(...)",
                purpose=purpose.group(1),
                key=key[:4],
            )
        form = meant
    if not path and _depth(key) > _ACCOUNT_DEPTH:
        raise DescriptorRefused(
            "descriptor: this {key} lies below an account, so its addresses cannot be told; export the "
            "account's key, or write the whole descriptor with its path",
            key=key[:4],
        )
    return form.format(origin + key + (path or "/<0;1>/*"))


def _depth(key: str) -> int:
    """How many steps below its seed a key lies (BIP 32); 0 where its checksum is wrong, which is refused elsewhere."""
    try:
        return bytes(wally.base58check_to_bytes(key))[4]
    except ValueError:
        return 0


def _require_receiving(body: str) -> None:
    """Refused where donors would be given change addresses, or change were not watched though it is named."""
    if _CHANGE_ONLY.search(body):
        raise DescriptorRefused(
            "descriptor: /1/* are the wallet's change addresses; write /<0;1>/*, so that donors get the receiving ones"
        )
    far = _FAR_BRANCH.search(body)
    if far is not None:
        raise DescriptorRefused(
            "descriptor: no wallet gives addresses of /{number}/*; write /<0;1>/*, the receiving ones and the change",
            number=far.group(1),
        )
    for branches in _BRANCHES.findall(body):
        if branches.count(";") == 1 and branches != "0;1":
            raise DescriptorRefused(
                "descriptor: branches <{branches}>; write <0;1>, the receiving addresses and then the change",
                branches=branches,
            )


def _require_purpose(body: str) -> None:
    """Refused where a wallet that goes by its origin's purpose lists other addresses (BIPs 44, 49, 84 and 86)."""
    wallet = _BY_PURPOSE.fullmatch(body)
    if wallet is None:
        return
    meant = _OF_PURPOSE[wallet["purpose"]]
    if wallet["form"] != meant.partition("({}")[0]:
        raise DescriptorRefused(
            "descriptor: purpose {purpose}h is of {meant}, but here its key is in {form}, whose "
            "addresses that wallet does not list; export the descriptor again",
            purpose=wallet["purpose"],
            meant=meant.format("..."),
            form=f"{wallet['form']}(...{')' * (wallet['form'].count('(') + 1)}",
        )
    steps = [step for step in (wallet["above"] + wallet["below"]).split("/") if step]
    if steps[-1:] == ["*"] and (len(steps) != _STEPS_BELOW_PURPOSE or steps[2] not in ("0", "<0;1>")):
        raise DescriptorRefused(
            "descriptor: purpose {purpose}h has its receiving addresses at COIN/ACCOUNT/0, and here at {derivation}; "
            "end the account's key with /<0;1>/*",
            purpose=wallet["purpose"],
            derivation="/".join(steps[:-1]),
        )


def _reversioned(body: str, network: Network) -> str:
    """Every key as xpub or tpub, after checking that its letter fits the network and where it stands."""

    def plain(match: re.Match[str]) -> str:
        letter = match.group(1)
        if (letter in _MAINNET_LETTERS) != (network == MAINNET):
            if letter in _MAINNET_LETTERS:
                raise DescriptorRefused(
                    "descriptor: a {letter}pub is of mainnet, but this is {network}",
                    letter=letter,
                    network=network.name,
                )
            raise DescriptorRefused(
                "descriptor: a {letter}pub is of a test network, but this is {network}",
                letter=letter,
                network=network.name,
            )
        place = _PLACES.get(letter)
        if place is not None and not body.startswith(place):
            raise DescriptorRefused(
                "descriptor: a {letter}pub belongs into {place}...); write the key as an xpub",
                letter=letter,
                place=place,
            )
        try:
            raw = bytes(wally.base58check_to_bytes(match.group()))
        except ValueError:
            raise DescriptorRefused(
                "descriptor: the checksum of a {letter}pub does not fit; copy it again", letter=letter
            ) from None
        version = _XPUB if network == MAINNET else _TPUB
        return str(wally.base58check_from_bytes(version + raw[4:]))

    return _KEY.sub(plain, body)


def _parsed(body: str, network: Network) -> object:
    if body.startswith("tr(") and "," in body:
        raise DescriptorRefused("descriptor: tr() with a script tree is not supported; only tr(KEY) is")
    wally_network = {
        "mainnet": wally.WALLY_NETWORK_BITCOIN_MAINNET,
        "regtest": wally.WALLY_NETWORK_BITCOIN_REGTEST,
    }
    try:
        number = wally_network.get(network.name, wally.WALLY_NETWORK_BITCOIN_TESTNET)
        return wally.descriptor_parse(body, None, number, 0)
    except ValueError:
        raise DescriptorRefused(
            "descriptor: cannot be read; expected pkh, wpkh, sh, wsh or tr around public keys (hardened steps only "
            "before the xpub), or a bare xpub, ypub or zpub"
        ) from None
