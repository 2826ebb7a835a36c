"""What has to be ended with a test run, before it says that it is over.

The processes of pytest-xdist are not waited for once their last test ran: what `atexit` did could be cut off.
"""

from __future__ import annotations

from collections.abc import Callable

AT_END: list[Callable[[], None]] = []
"""Called once, last first, when the tests of this process are over."""


def end_all() -> None:
    while AT_END:
        AT_END.pop()()
