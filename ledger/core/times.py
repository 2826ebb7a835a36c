"""Moments as the ledger tells them: whole Unix seconds inside, RFC 3339 in UTC wherever they are written."""

from __future__ import annotations

import datetime as dt


def rfc3339(seconds: int) -> str:
    """Unix seconds as RFC 3339 UTC with `Z`."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_seconds(text: str) -> int:
    """The reverse of `rfc3339`."""
    return int(dt.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC).timestamp())
