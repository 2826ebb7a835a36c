"""The Electrum server that the tests drive: e-x from PyPI in an environment of its own in the node's cache folder.
Never touches the project's environment: its libraries are pinned in a lock of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.node.install import InstallFailed, cache_folder

LOCK = Path(__file__).with_name("electrum.lock")
PYTHONS = ("python3.12", "python3.11")
"""Its database's library comes ready-made for these, and not for later ones."""
HOW = "no Electrum server found: run `python -m tests.node.install_electrum` (needs Python 3.11 or 3.12)"


def electrum_program() -> Path | None:
    """The server's program, where this lock was installed; None without."""
    folder = cache_folder() / "electrum"
    stamp, program = folder / "installed.lock", folder / "bin/electrumx_server"
    if program.exists() and stamp.exists() and stamp.read_bytes() == LOCK.read_bytes():
        return program
    return None


def install() -> Path:
    """Builds the environment once, or again when the lock has changed; two at a time wait for each other.

    Raises InstallFailed with the failing step.
    """
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "electrum.install").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (found := electrum_program()) is not None:
            return found
        made = folder / "electrum"
        shutil.rmtree(made, ignore_errors=True)
        _run([_python(), "-m", "venv", str(made)])
        pip = [str(made / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "--require-hashes", "--only-binary", ":all:", "--no-binary", "e-x", "-r", str(LOCK)])
        shutil.copyfile(LOCK, made / "installed.lock")
    found = electrum_program()
    if found is None:
        raise InstallFailed(f"{made} was built but holds no electrumx_server; remove it and try again")
    return found


def _python() -> str:
    if sys.version_info[:2] in ((3, 11), (3, 12)):
        return sys.executable
    for name in PYTHONS:
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    raise InstallFailed(f"e-x needs one of {' and '.join(PYTHONS)} on PATH")


def _run(command: list[str]) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise InstallFailed(f"{command[0]} could not run ({error})") from error
    if done.returncode != 0:
        raise InstallFailed(f"`{' '.join(command[:4])}` failed: {done.stderr.strip()[-400:]}")


def main() -> int:
    """Installs the server where there is none and prints its path; 1 with a sentence when it cannot."""
    try:
        print(install())
    except InstallFailed as error:
        print(f"tests.node.install_electrum: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
