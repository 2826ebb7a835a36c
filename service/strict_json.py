"""JSON from a person's file, read strictly: no duplicate keys, no NaN, no number that would lose digits."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from service.command import BadUse


def load_json(raw: bytes, name: str) -> Any:
    """The parsed document; BadUse names the file and the place that is wrong."""
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=lambda pairs: _once(pairs, name),
            parse_constant=lambda word: _refuse(name, word),
            parse_float=lambda word: _refuse(name, word),
        )
    except UnicodeDecodeError:
        raise BadUse(f"{name}: is not UTF-8 text; write JSON in UTF-8.") from None
    except json.JSONDecodeError as failure:
        raise BadUse(f"{name}: is not JSON at line {failure.lineno}, column {failure.colno}.") from None
    except (RecursionError, ValueError):
        raise BadUse(f"{name}: is nested too deeply, or has a number with too many digits.") from None


def _once(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise BadUse(f"{name}: a field stands twice in one object; write it once.")
    return body


def _refuse(name: str, word: str) -> NoReturn:
    raise BadUse(f"{name}: {word[:20]} is no whole number; amounts are whole minor units.")
