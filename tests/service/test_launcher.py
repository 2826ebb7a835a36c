"""The launcher `./aidtrail`: its sentences, what it builds and when, what it passes on. Nothing is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNAVAILABLE = 69

PYTHON = """#!/bin/sh
# Stands in for Python: notes each call, and makes an environment whose python is this file again.
printf '%s\\n' "$*" >>"$CALLS"
case "$*" in
    --version) echo "Python 3.13.0" ;;
    *sys.version_info*) exit "${FAKE_OLD:-0}" ;;
    *ensurepip*) exit "${FAKE_NO_VENV:-0}" ;;
    "-I -m venv "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
    "-I -m pip "*) [ -z "${FAKE_OFFLINE:-}" ] || { echo "ERROR: name resolution failed" >&2; exit 1; } ;;
    *) exit "${FAKE_EXIT:-0}" ;;
esac
"""


@dataclass
class Checkout:
    """A copy of what the launcher reads, with a Python that only notes how it was called."""

    folder: Path
    programs: Path
    calls_file: Path

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "CALLS": str(self.calls_file),
            "AIDTRAIL_PYTHON": str(self.programs / "python3.13"),
            **more,
        }
        self.calls_file.write_text("")
        command = [str(self.folder / "aidtrail"), *arguments]
        return subprocess.run(
            command, env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False
        )

    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines()

    def installed_from(self) -> list[str]:
        """Names of the lock files that pip was handed in the last run."""
        return [Path(call.rsplit(" ", 1)[1]).name for call in self.calls() if call.startswith("-I -m pip ")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder, programs = tmp_path / "a check out", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    for name in ("aidtrail", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, folder / name)
    python = programs / "python3.13"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return Checkout(folder, programs, tmp_path / "calls")


def one_sentence(run: subprocess.CompletedProcess[str]) -> str:
    """The last line on stderr, when it is the launcher's own."""
    last = run.stderr.splitlines()[-1]
    assert last.startswith("aidtrail: ")
    assert run.stdout == ""
    return last


def test_without_any_python_one_sentence_says_which_and_how(checkout: Checkout) -> None:
    run = checkout.run("demo", AIDTRAIL_PYTHON="no-such-python")
    assert run.returncode == UNAVAILABLE
    assert "3.11, 3.12 or 3.13" in one_sentence(run)
    assert "apt-get install python3 python3-venv" in run.stderr


def test_a_python_too_old_or_too_new_is_not_taken(checkout: Checkout) -> None:
    run = checkout.run("demo", FAKE_OLD="1")
    assert run.returncode == UNAVAILABLE
    assert "needs Python 3.11, 3.12 or 3.13" in one_sentence(run)
    assert not (checkout.folder / ".venv").exists()


def test_without_the_venv_module_one_sentence_names_the_package(checkout: Checkout) -> None:
    run = checkout.run("demo", FAKE_NO_VENV="1")
    assert run.returncode == UNAVAILABLE
    assert "apt-get install python3-venv" in one_sentence(run)


def test_without_a_network_one_sentence_says_so_and_the_next_run_builds_again(checkout: Checkout) -> None:
    run = checkout.run("demo", FAKE_OFFLINE="1")
    assert run.returncode == UNAVAILABLE
    assert "is there a network?" in one_sentence(run)
    assert len(run.stderr.splitlines()) == 2  # what it begins, and the sentence
    log = Path(run.stderr.strip().rsplit("What pip said: ", 1)[1])
    assert "name resolution failed" in log.read_text()
    assert checkout.run("demo").returncode == 0
    assert checkout.installed_from() == ["requirements.lock"]


def test_an_environment_is_built_once_with_hashes_required(checkout: Checkout) -> None:
    assert checkout.run("scan").returncode == 0
    assert checkout.installed_from() == ["requirements.lock"]
    assert all("--require-hashes" in call for call in checkout.calls() if call.startswith("-I -m pip "))
    assert checkout.run("scan").returncode == 0
    assert checkout.calls() == ["-P -m service.cli scan"]


@pytest.mark.parametrize("first", ["scan", "test"])
def test_a_changed_lock_builds_it_again_and_keeps_the_tools_for_tests(checkout: Checkout, first: str) -> None:
    checkout.run(first)
    for name in ("requirements.lock", "requirements-dev.lock"):
        with (checkout.folder / name).open("a") as file:
            file.write("# changed\n")
    old = checkout.folder / ".venv" / "of-the-old-lock"
    old.touch()
    checkout.run("scan")
    assert checkout.installed_from() == ["requirements.lock" if first == "scan" else "requirements-dev.lock"]
    assert not old.exists()
    checkout.run("scan")
    assert checkout.installed_from() == []


def test_test_packages_are_added_to_a_current_environment_that_a_server_may_be_using(
    checkout: Checkout,
) -> None:
    checkout.run("serve")
    mark = checkout.folder / ".venv" / "in-use"
    mark.touch()
    assert checkout.run("test").returncode == 0
    assert checkout.installed_from() == ["requirements-dev.lock"]
    assert mark.exists()


def test_after_the_tests_an_ordinary_command_builds_nothing(checkout: Checkout) -> None:
    checkout.run("test")
    checkout.run("demo", "--once")
    assert checkout.calls() == ["-P -m service.cli demo --once"]


def test_arguments_and_exit_code_are_passed_on(checkout: Checkout) -> None:
    run = checkout.run("test", "-k", "law and order", FAKE_EXIT="5")
    assert run.returncode == 5
    assert checkout.calls()[-1] == "-P -m pytest -k law and order"
    run = checkout.run("trail", "x", FAKE_EXIT="2")
    assert (run.returncode, checkout.calls()) == (2, ["-P -m service.cli trail x"])


def test_a_lock_left_behind_is_named_after_the_wait(checkout: Checkout) -> None:
    (checkout.folder / ".venv.lock").mkdir()
    sleep = checkout.programs / "sleep"
    sleep.write_text("#!/bin/sh\n")
    sleep.chmod(0o755)
    run = checkout.run("demo")
    assert run.returncode == UNAVAILABLE
    assert f"remove {checkout.folder}/.venv.lock and try again" in one_sentence(run)


def test_a_failed_build_leaves_no_lock_behind(checkout: Checkout) -> None:
    checkout.run("demo", FAKE_OFFLINE="1")
    assert not (checkout.folder / ".venv.lock").exists()


EVIL = ("requests", "sqlalchemy", "sqlmodel", "pydantic", "rich", "json", "argparse", "venv", "sitecustomize")
OURS = ("ledger", "watchers", "api", "service")


@pytest.fixture
def strange_folder(tmp_path: Path) -> Path:
    """A folder whose files are named like modules that the program imports; each stops it."""
    folder = tmp_path / "strange"
    for name in OURS:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text('raise SystemExit("imported from the current folder")')
    for name in EVIL:
        (folder / f"{name}.py").write_text('raise SystemExit("imported from the current folder")')
    return folder


def in_folder(folder: Path, *command: str, **more: str) -> None:
    """Run the words that make a ledger and read it; each must succeed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **more}
    for words in (
        ["--help"],
        ["init", "--address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
        ["user", "add", "ana", "--role", "admin"],
        ["check"],
    ):
        ran = subprocess.run(
            [*command, *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, "current folder" in ran.stderr) == (0, False), ran.stderr


def test_the_launcher_imports_nothing_from_the_current_folder(tmp_path: Path, strange_folder: Path) -> None:
    """Not even where PYTHONPATH points there."""
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    with (ROOT / "requirements.lock").open("rb") as lock:
        stamp = subprocess.run(["cksum"], stdin=lock, capture_output=True, check=True).stdout
    (venv / ".aidtrail-requirements.lock").write_bytes(stamp)
    in_folder(
        strange_folder, str(ROOT / "aidtrail"), AIDTRAIL_VENV=str(venv), PYTHONPATH=f":{strange_folder}"
    )


def test_the_installed_command_imports_nothing_from_the_current_folder(
    tmp_path: Path, strange_folder: Path
) -> None:
    """The script as pip writes it for `project.scripts`, in a folder of programs."""
    script = tmp_path / "bin" / "aidtrail"
    script.parent.mkdir()
    lines = [f"#!{sys.executable}", "import sys", "from service.cli import main", "sys.exit(main())"]
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    in_folder(strange_folder, str(script), PYTHONPATH=str(ROOT))
