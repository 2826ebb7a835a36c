"""All measurements, one after the other: `python -m bench`. Ratios matter; milliseconds are this machine's."""

from __future__ import annotations

from bench import ledger, page, scan


def main() -> None:
    for title, measurement in (("Block scan", scan), ("Ledger", ledger), ("Page", page)):
        print(f"\n{title}\n{'-' * len(title)}", flush=True)
        measurement.main()


if __name__ == "__main__":
    main()
