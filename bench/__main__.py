"""All measurements, one after the other: `python -m bench`, or those named: `python -m bench watch`.

Ratios matter; milliseconds are this machine's.
"""

from __future__ import annotations

import sys

from bench import ledger, page, scan, trail, watch

MEASUREMENTS = {
    "scan": ("Block scan", scan.main),
    "watch": ("Watching", watch.main),
    "ledger": ("Ledger", ledger.main),
    "trail": ("Trail", trail.main),
    "page": ("Page", page.main),
}


def main() -> None:
    named = sys.argv[1:] or list(MEASUREMENTS)
    unknown = [name for name in named if name not in MEASUREMENTS]
    if unknown:
        sys.exit(f"bench: no measurement {unknown[0]}; name some of {', '.join(MEASUREMENTS)}")
    sys.argv[1:] = []
    for title, measure in (MEASUREMENTS[name] for name in named):
        print(f"\n{title}\n{'-' * len(title)}", flush=True)
        measure()


if __name__ == "__main__":
    main()
