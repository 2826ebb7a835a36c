"""Files that wallets export, read for `init`: the public descriptors of the wallet, one a kind of script.

Bitcoin Core (`listdescriptors`, `importdescriptors`), Sparrow, Specter, Coldcard, BlueWallet and Electrum. Private keys
of every form are refused before anything is read, and never repeated. Nothing here derives or watches anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ledger.core.secret import Secret, secret_in
from ledger.core.strict_json import Json, JsonRefused, strict_json
from service.command import BadUse
from watchers.proof.descriptors import Descriptor, DescriptorRefused, branches_joined
from watchers.proof.networks import Network

FIELD = "--wallet-file"
_MOST_BYTES = 1_000_000
_IMPORT = re.compile(r"\[\s*\{.*\}\s*\]", re.DOTALL)
"""The list that Coldcard writes as a command for Bitcoin Core's console."""
_DESCRIPTOR = re.compile(r"(?:(?:pkh|wpkh|sh|wsh|tr)\(|\[[0-9a-fA-F]{8}[/\]]|[xyztuv]pub[0-9A-Za-z]).*")
_SETTING = re.compile(r"\s*([A-Za-z0-9 ]+?)\s*:\s*(.+?)\s*")
_POLICY = re.compile(r"(\d+) ?(?:of|/) ?(\d+)", re.IGNORECASE)
_FINGERPRINT = re.compile(r"[0-9A-Fa-f]{8}")
_ACCOUNTS = {"bip44": "pkh({})", "bip49": "sh(wpkh({}))", "bip84": "wpkh({})", "bip86": "tr({})"}
"""Coldcard's names of the accounts of one signer; others are parts of wallets of several."""
_OF_SIGNERS = {"p2wsh": "wsh({})", "p2sh-p2wsh": "sh(wsh({}))", "p2wsh-p2sh": "sh(wsh({}))", "p2sh": "sh({})"}


def descriptor_in(path: Path, network: Network, form: str | None) -> Descriptor:
    """The wallet that a file is an export of; `form` chooses one of several, like "wpkh".

    Raises BadUse where the file cannot be read, holds a private key, is no known export, or holds several wallets of
    which none was chosen.
    """
    text = _text_of(path)
    try:
        descriptors = list(
            dict.fromkeys(Descriptor.parse(one, network) for one in branches_joined(_told(text)))
        )
    except DescriptorRefused as refusal:
        raise BadUse(
            "{field}: {path}: {refusal}", field=FIELD, path=path.name, refusal=refusal.wording
        ) from None
    if not descriptors:
        raise BadUse(
            "{field}: {path} holds no descriptor and no extended public key; export the wallet's descriptor from "
            "Bitcoin Core, Sparrow, Specter, Coldcard, BlueWallet or Electrum.",
            field=FIELD,
            path=path.name,
        )
    chosen = [wallet for wallet in descriptors if form in {None, wallet.form}]
    if len(chosen) > 1 and len({wallet.form for wallet in chosen}) == 1:
        raise BadUse(
            "{field}: {path} holds {n} wallet of the kind {form}; give the descriptor of the one that "
            "donors pay to with --descriptor.",
            many="{field}: {path} holds {n} wallets of the kind {form}; give the descriptor of the one that "
            "donors pay to with --descriptor.",
            field=FIELD,
            path=path.name,
            n=len(chosen),
            form=chosen[0].form,
        )
    if len(chosen) != 1:
        raise BadUse(
            "{field}: {path} holds wallets of the kinds {forms}; name the one that donors pay to with --script, like "
            "--script {example}.",
            field=FIELD,
            path=path.name,
            forms=[wallet.form for wallet in descriptors],
            example=descriptors[0].form,
        )
    return chosen[0]


def given_in(path: Path) -> int:
    """How many receiving addresses a wallet gave out before, as an export of Bitcoin Core says; of others 0."""
    value = _json(path.read_text(encoding="utf-8-sig"))
    rows = value.get("descriptors") if isinstance(value, dict) else value
    next_ones = [0]
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("active", True) is True and row.get("internal") is not True:
            next_ones += [value for value in (row.get("next_index"), row.get("next")) if type(value) is int]
    return max(next_ones)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadUse(
                "{field}: {path} is larger than {most} bytes; it is no export of a wallet's public keys.",
                field=FIELD,
                path=path.name,
                most=_MOST_BYTES,
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise BadUse(
            "{field}: {path} cannot be read ({reason}).",
            field=FIELD,
            path=path.name,
            reason=str(failure.strerror),
        ) from None
    except UnicodeDecodeError:
        raise BadUse(
            "{field}: {path} is no text; a wallet file that is encrypted cannot be read: export its public keys.",
            field=FIELD,
            path=path.name,
        ) from None


def _told(text: str) -> list[str]:
    """The descriptors of an export, as they are written or as its parts say."""
    parsed = _json(text)
    if parsed is None and (listed := _IMPORT.search(text)) is not None:
        parsed = _json(listed.group())
    if parsed is not None:
        for value in _strings(parsed):
            _require_public(value)
        return list(_of_json(parsed))
    for line in text.splitlines():
        _require_public(line)
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return _of_settings(lines) or [line for line in lines if _DESCRIPTOR.fullmatch(line)]


def _require_public(text: str) -> None:
    secret: Secret | None = secret_in(text)
    if secret is not None:
        raise BadUse(
            "{field}: it holds a private key ({secret}); aidtrail never takes one. Export the public descriptor, and "
            "treat that key as seen.",
            field=FIELD,
            secret=secret.wording,
        )


def _json(text: str) -> Json | None:
    try:
        return strict_json(text.encode())
    except JsonRefused:
        return None


def _strings(parsed: Json) -> Iterator[str]:
    if isinstance(parsed, str):
        yield parsed
    elif isinstance(parsed, list):
        for value in parsed:
            yield from _strings(value)
    elif isinstance(parsed, dict):
        for value in parsed.values():
            yield from _strings(value)


def _of_json(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        yield from _of_core(value)
    elif isinstance(value, dict):
        listed = value.get("descriptors")
        if isinstance(listed, list):
            yield from _of_core(listed)
        elif "wallet_type" in value:
            yield from _of_electrum(value)
        elif value.keys() & _ACCOUNTS:
            yield from _of_coldcard(value)
        else:
            written = (value.get(name) for name in ("descriptor", "recv_descriptor", "change_descriptor"))
            yield from (one for one in written if isinstance(one, str))


def _of_core(rows: list[Json]) -> Iterator[str]:
    """Bitcoin Core's rows; of a listing only those from which it gives addresses now."""
    for row in rows:
        if isinstance(row, dict) and row.get("active", True) is True:
            written = row.get("desc")
            if isinstance(written, str):
                yield written


def _of_coldcard(fields: Mapping[str, Json]) -> Iterator[str]:
    master = fields.get("xfp")
    for name, form in _ACCOUNTS.items():
        account = fields.get(name)
        if not isinstance(account, dict):
            continue
        written, key, path = account.get("desc"), account.get("xpub"), account.get("deriv")
        if isinstance(written, str):
            yield written
        elif isinstance(key, str):
            yield form.format(_origin(master, path) + key + "/<0;1>/*")


def _of_electrum(fields: Mapping[str, Json]) -> Iterator[str]:
    """Electrum's wallet file: one key store, or one a signer (`x1/`, `x2/` …)."""
    kind = str(fields["wallet_type"])
    stores = [store for name, store in fields.items() if re.fullmatch(r"keystore|x\d+/", name)]
    keys: list[tuple[str, str]] = []
    for store in stores:
        key = store.get("xpub") if isinstance(store, dict) else None
        if isinstance(store, dict) and isinstance(key, str) and key:
            origin = _origin(store.get("root_fingerprint"), store.get("derivation"))
            keys.append((origin, key))
    needed = _POLICY.fullmatch(kind)
    if kind == "standard" and len(keys) == 1:
        origin, key = keys[0]
        form = {"x": "pkh({})", "t": "pkh({})", "y": "sh(wpkh({}))", "u": "sh(wpkh({}))"}.get(
            key[0], "wpkh({})"
        )
        yield form.format(origin + key + "/<0;1>/*")
    elif needed is not None and len(keys) == int(needed.group(2)):
        form = {"Z": "wsh({})", "V": "wsh({})", "Y": "sh(wsh({}))", "U": "sh(wsh({}))"}.get(
            keys[0][1][0], "sh({})"
        )
        yield _of_signers(form, needed.group(1), keys)


def _of_settings(lines: list[str]) -> list[str]:
    """The file in which several signers agree on a wallet, as Coldcard and BlueWallet write it; else nothing."""
    needed: str | None = None
    form, path = "wsh({})", ""
    keys: list[tuple[str, str]] = []
    for line in lines:
        setting = _SETTING.fullmatch(line)
        if setting is None:
            continue
        name, value = setting.group(1).lower(), setting.group(2)
        if name == "policy" and (policy := _POLICY.search(value)) is not None:
            needed = policy.group(1)
        elif name == "format":
            form = _OF_SIGNERS.get(value.lower(), form)
        elif name == "derivation":
            path = value
        elif _FINGERPRINT.fullmatch(setting.group(1)):
            keys.append((_origin(setting.group(1), path), value))
    return [_of_signers(form, needed, keys)] if needed is not None and keys else []


def _of_signers(form: str, needed: str, keys: list[tuple[str, str]]) -> str:
    """Wallets of several signers sort their keys by BIP 67."""
    written = ",".join(f"{origin}{key}/<0;1>/*" for origin, key in keys)
    return form.format(f"sortedmulti({needed},{written})")


def _origin(fingerprint: Json, path: Json) -> str:
    """`[fingerprint/path]` where both are told, else nothing: it says only where a key comes from."""
    if (
        not isinstance(fingerprint, str)
        or not _FINGERPRINT.fullmatch(fingerprint)
        or not isinstance(path, str)
    ):
        return ""
    steps = path.strip().lower().removeprefix("m").replace("'", "h").rstrip("/")
    return f"[{fingerprint.lower()}{steps}]" if re.fullmatch(r"(?:/\d+h?)*", steps) else ""
