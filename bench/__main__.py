"""All measurements, one after the other: `python -m bench`, or those named: `python -m bench watch`.

Ratios matter; milliseconds are this machine's. With `--short` each runs in a small size, whose figures mean nothing:
that shows in seconds whether all of them still run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

from bench import growth, ledger, page, scan, serving, trail, watch

MEASUREMENTS: Mapping[str, tuple[str, Callable[[bool], None]]] = {
    "scan": ("Block scan", scan.main),
    "watch": ("Watching", watch.main),
    "ledger": ("Ledger", ledger.main),
    "trail": ("Trail", trail.main),
    "page": ("Page", page.main),
    "serving": ("Serving", serving.main),
    "growth": ("Growth", growth.main),
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Measures this program beside its peers.")
    parser.add_argument("--short", action="store_true", help="in a small size: does it still run?")
    parser.add_argument("name", nargs="*", help=f"some of {', '.join(MEASUREMENTS)} (else all)")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.name if name not in MEASUREMENTS]
    if unknown:
        parser.error(f"no measurement {unknown[0]}; name some of {', '.join(MEASUREMENTS)}")
    for title, measure in (MEASUREMENTS[name] for name in options.name or MEASUREMENTS):
        print(f"\n{title}\n{'-' * len(title)}", flush=True)
        measure(options.short)


if __name__ == "__main__":
    main()
