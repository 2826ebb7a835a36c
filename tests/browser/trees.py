"""What a reader who does not see a page is told of it: the accessibility tree of its main part, kept as text.

`AIDTRAIL_KEEP_TREES=1` writes the files anew, to be read before they are committed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page

KEPT = Path(__file__).parent / "trees"
_DRAWN = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "SITE"),
    (re.compile(r"bcrt1[0-9a-z]{20,}"), "ADDRESS"),
    (re.compile(r"(?<=/d/)[0-9A-Za-z_-]{22}(?![0-9A-Za-z_-])"), "CODE"),
    (re.compile(r"(?<=code: )[0-9A-Za-z_-]{22}(?=\.)"), "CODE"),
    (re.compile(r"RF[0-9]{2}[0-9A-Z]{16}"), "REFERENCE"),
)
"""What is drawn anew each time."""


def tree_is_kept(page: Page, name: str) -> None:
    """The tree of the page's main part is the one that was kept under this name."""
    told = page.get_by_role("main").aria_snapshot()
    for drawn, word in _DRAWN:
        told = drawn.sub(word, told)
    path = KEPT / f"{name}.txt"
    if os.environ.get("AIDTRAIL_KEEP_TREES"):
        KEPT.mkdir(exist_ok=True)
        path.write_text(f"{told}\n", encoding="utf-8")
    assert told == path.read_text(encoding="utf-8").rstrip("\n"), name


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control or link of that name has the focus; fails after a hundred."""
    for _ in range(100):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const e = document.activeElement; "
            "return [e.innerText, e.getAttribute('aria-label'), ...[...(e.labels || [])].map(l => l.innerText)] }"
        )
        if any(word and name in word for word in focused):
            return
    raise AssertionError(f"no Tab leads to {name!r}")
