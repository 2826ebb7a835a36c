"""The Bitcoin node that the tests drive: found on PATH, or Debian sid's Bitcoin Knots in one cache folder.
Never touches the machine's package state: own lists, own archives, nothing installed outside the folder."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "bitcoin-knots"
SUITE = "sid"
MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
HOW = (
    "no bitcoind found: run `python -m tests.node.install` (Debian and Ubuntu), or put any bitcoind on PATH, "
    "or name one in AIDTRAIL_BITCOIND"
)


class InstallFailed(Exception):
    """The node could not be installed; the message says at which step and where the log lies."""


def cache_folder() -> Path:
    """The folder that holds the node: AIDTRAIL_NODE_CACHE, else `.cache` beside this file."""
    named = os.environ.get("AIDTRAIL_NODE_CACHE")
    return Path(named).resolve() if named else Path(__file__).resolve().parent / ".cache"


def find_bitcoind() -> Path | None:
    """A bitcoind that runs: AIDTRAIL_BITCOIND's, else PATH's, else the cached one; None without any."""
    for candidate in (
        os.environ.get("AIDTRAIL_BITCOIND"),
        shutil.which("bitcoind"),
        cache_folder() / "bin/bitcoind",
    ):
        if candidate and _runs(Path(candidate)):
            return Path(candidate)
    return None


def install() -> Path:
    """Unpacks the node and its libraries into the cache folder, once; two at a time wait for each other.

    Raises InstallFailed with the failing step.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = find_bitcoind()
        if found is not None:
            return found
        with tempfile.TemporaryDirectory(dir=folder) as scratch, _apt(Path(scratch)) as environment:
            _unpack(Path(scratch), folder, environment)
    installed = folder / "bin/bitcoind"
    if not _runs(installed):
        raise InstallFailed(f"{installed} was unpacked but does not run; remove {folder} and try again")
    return installed


def _runs(binary: Path) -> bool:
    if not os.access(binary, os.X_OK):
        return False
    try:
        return subprocess.run([binary, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


@contextmanager
def _apt(scratch: Path) -> Iterator[dict[str, str]]:
    """An environment in which apt reads one source, of one suite, and writes under `scratch` only."""
    for name in ("state", "lists/partial", "cache/archives/partial", "none", "debs", "root"):
        (scratch / name).mkdir(parents=True)
    (scratch / "status").touch()
    mirror, key = _machine_mirror()
    signed = f"Signed-By: {key}\n" if key else ""
    (scratch / "node.sources").write_text(
        f"Types: deb\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\n{signed}"
    )
    settings = {
        "Dir::Etc::sourcelist": scratch / "node.sources",
        "Dir::Etc::sourceparts": scratch / "none",
        "Dir::Etc::preferences": scratch / "none/preferences",
        "Dir::Etc::preferencesparts": scratch / "none",
        "Dir::State": scratch / "state",
        "Dir::State::lists": scratch / "lists",
        "Dir::State::status": scratch / "status",
        "Dir::Cache": scratch / "cache",
        "APT::Default-Release": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        # A mirror or a clock that is days off serves a test's node as well; signatures are checked all the same.
        "Acquire::Check-Valid-Until": "false",
    }
    if os.geteuid() == 0:
        settings["APT::Sandbox::User"] = "root"
    (scratch / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    yield os.environ | {"APT_CONFIG": str(scratch / "apt.conf"), "LC_ALL": "C"}


def _machine_mirror() -> tuple[str, str | None]:
    """The Debian mirror (and key) that this machine already uses, else the public one."""
    for path in sorted(Path("/etc/apt/sources.list.d").glob("*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text(errors="replace")):
            field = dict(re.findall(r"(?m)^([A-Za-z-]+):[ \t]*(.+)$", stanza))
            debian = "debian" in (field.get("Signed-By") or field.get("URIs", ""))
            if debian and "main" in field.get("Components", "") and "security" not in field.get("Suites", ""):
                key = field.get("Signed-By")
                return field["URIs"].split()[0], key if key and Path(key).exists() else _keyring()
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*.list"))]
    for path in lists:
        for line in path.read_text(errors="replace").splitlines() if path.exists() else ():
            match = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+debian/?)\s+(\S+)\s+.*\bmain\b", line)
            if match and "security" not in match[2]:
                return match[1], _keyring()
    return MIRROR, _keyring()


def _keyring() -> str | None:
    return str(KEYRING) if KEYRING.exists() else None


def _unpack(scratch: Path, folder: Path, environment: dict[str, str]) -> None:
    log = folder / "install.log"
    _run(["apt-get", "-qq", "update"], scratch, environment, log)
    packages = _libraries_of(PACKAGE, scratch, environment, log)
    _run(["apt-get", "-qq", "download", *packages], scratch / "debs", environment, log)
    for archive in sorted((scratch / "debs").glob("*.deb")):
        _run(["dpkg-deb", "-x", str(archive), str(scratch / "root")], scratch, environment, log)
    (folder / "packages.txt").write_text(
        "".join(f"{p.name}\n" for p in sorted((scratch / "debs").glob("*.deb")))
    )
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    (scratch / "root").rename(root)
    loaders = sorted(p for p in root.rglob("ld-linux*.so.*") if p.is_file())
    runtime = sorted(root.rglob("libstdc++.so.6"))
    if not loaders or not runtime:
        raise InstallFailed(f"the unpacked packages hold no loader or no libstdc++; see {log}")
    script = folder / "bin/bitcoind"
    script.parent.mkdir(exist_ok=True)
    # The suite's own loader and libraries: the machine's C library may be older than the node wants.
    loader, libraries = loaders[-1].relative_to(root), runtime[0].parent.relative_to(root)
    script.write_text(
        '#!/bin/sh\nhere=$(CDPATH="" cd -- "$(dirname -- "$0")/../root" && pwd -P)\n'
        f'exec "$here/{loader}" --library-path "$here/{libraries}" '
        '"$here/usr/bin/bitcoind" "$@"\n'
    )
    script.chmod(0o755)


def _libraries_of(package: str, scratch: Path, environment: dict[str, str], log: Path) -> list[str]:
    """The package and, from library to library, all that it links to; daemons and set-up helpers stay out."""
    wanted = [package]
    for name in wanted:
        shown = _run(["apt-cache", "show", "--no-all-versions", name], scratch, environment, log)
        depends = ",".join(re.findall(r"(?m)^(?:Pre-)?Depends: (.+)$", shown))
        for clause in depends.split(","):
            first = clause.split("|")[0].split("(")[0].split(":")[0].strip()
            if re.match(r"lib[a-z0-9]|zlib1g", first) and first not in wanted:
                wanted.append(first)
    return wanted


def _run(command: list[str], where: Path, environment: dict[str, str], log: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=where, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise InstallFailed(f"{command[0]} could not run ({error}); {HOW}") from error
    with log.open("a") as out:
        out.write(f"$ {' '.join(command)}\n{done.stderr}")
    if done.returncode != 0:
        raise InstallFailed(f"`{' '.join(command[:3])}` failed; see {log}")
    return done.stdout


def main() -> int:
    """Installs the node where there is none and prints its path; 1 with a sentence when it cannot."""
    try:
        print(install())
    except InstallFailed as error:
        print(f"tests.node.install: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
