"""The lock files: everything pinned with hashes, everything that the project asks for in them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pinned(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes by package; fails on a line of any other shape."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    packages: dict[str, tuple[str, frozenset[str]]] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)( ;[^-]*(?:-[^-][^-]*)*)?\s+(--hash=.*)$", line)
        assert match, f"{name}: not a pinned package with hashes: {line[:80]}"
        packages[canonicalize_name(match[1])] = (match[2], frozenset(HASH.findall(match[4])))
    return packages


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_is_pinned_with_a_hash(name: str) -> None:
    packages = pinned(name)
    assert len(packages) > 30
    assert [package for package, (_, hashes) in packages.items() if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_every_dependency_in_a_version_that_is_asked_for(name: str) -> None:
    told = project()
    wanted = list(told["dependencies"])
    if name == "requirements-dev.lock":
        wanted += told["optional-dependencies"]["dev"] + told["optional-dependencies"]["bench"]
    packages = pinned(name)
    for text in wanted:
        requirement = Requirement(text)
        version, _ = packages[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{name}: {text}, and the lock has {version}"


def test_the_development_lock_holds_all_of_the_other_alike() -> None:
    """The launcher installs the one over the other."""
    development = pinned("requirements-dev.lock")
    for package, pin in pinned("requirements.lock").items():
        assert development[package] == pin


def test_the_launcher_tries_exactly_the_pythons_that_the_project_names() -> None:
    launcher = (ROOT / "aidtrail").read_text()
    tried = re.findall(r"python(3\.\d+)", launcher.split("for name in", 1)[1].split("; do", 1)[0])
    named = [c.rsplit(" ", 1)[1] for c in project()["classifiers"] if "Python :: 3." in c]
    assert sorted(tried) == sorted(named)
    assert project()["requires-python"] == ">=3.11,<3.14"
