"""How many stories told by chance a test tells: few in each run of the suite, many when somebody looks for faults.

Each run draws other stories; `AIDTRAIL_STORIES=20` tells twenty times as many.
"""

from __future__ import annotations

import os

TIMES = int(os.environ.get("AIDTRAIL_STORIES", "1"))


def stories(few: int) -> int:
    """Examples of a test whose every story records entries and audits the books: `few`, or as often as asked for."""
    return few * TIMES
