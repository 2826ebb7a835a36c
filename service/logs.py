"""Logs: one line an event on stderr, plain or JSON. Never an address of a visitor, a name, or a secret."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any, TextIO

from service.config import Logs

_LOGGER = logging.getLogger("aidtrail")


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{key}={value}" for key, value in _facts(record).items())
        return f"{record.levelname.lower():7} {record.getMessage()} {facts}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "event": record.getMessage(), **_facts(record)}
        return json.dumps(line, ensure_ascii=False, default=str)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    facts: dict[str, Any] = getattr(record, "facts", {})
    return facts


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at that moment: above a progress bar while one is shown."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: TextIO) -> None:
        """Ignored: the stream is always stderr."""


def set_up(logs: Logs) -> None:
    """Send this program's events to stderr in the configured form."""
    handler = _Stderr()
    handler.setFormatter(_Json() if logs.format == "json" else _Plain())
    _LOGGER.handlers[:] = [handler]
    _LOGGER.setLevel(logs.level.upper())
    _LOGGER.propagate = False


def note(event: str, **facts: Any) -> None:
    """Something ordinary that happened."""
    _LOGGER.info(event, extra={"facts": facts})


def warn(event: str, **facts: Any) -> None:
    """Something that a person should see."""
    _LOGGER.warning(event, extra={"facts": facts})
