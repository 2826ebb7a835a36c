"""axe-core, which finds faults of accessibility in a page: one pinned file of npm's registry, in the tests' cache.

Run as `python -m tests.browser.install_axe`; nothing is installed outside that folder.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

from tests.node.install import cache_folder

VERSION = "4.14.1"
URL = f"https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
HOW = "no axe-core found: run `python -m tests.browser.install_axe`"


_RUN = """
axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})
  .then(found => [found.passes.length, found.violations.map(v => v.id + ': ' + v.nodes[0].html.slice(0, 200))])
"""


def faults_in(tab: Page, axe: str) -> list[str]:
    """What axe finds wrong with the page of a tab, each with where; `axe`: the script."""
    tab.evaluate(axe)
    passes, faults = tab.evaluate(_RUN)
    assert passes > 10, "axe has looked at this page"
    return [str(fault) for fault in faults]


def axe_file() -> Path:
    """Where the script lies, or would lie."""
    return cache_folder() / f"axe-{VERSION}.min.js"


def install() -> Path:
    """Fetch it, once; raises ValueError where the bytes are others than the pinned ones."""
    path = axe_file()
    if path.exists():
        return path
    with urllib.request.urlopen(URL, timeout=60) as answer:
        data = answer.read()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ValueError(f"{URL} has other bytes than those that were pinned; do not use it")
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        script = packed.extractfile("package/axe.min.js")
        assert script is not None
        made = script.read()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(made)
    part.replace(path)
    return path


if __name__ == "__main__":
    print(install())
