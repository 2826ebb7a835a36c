"""The ticker: an in-memory APScheduler that asks every second what is due. The database says what that is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

TICK_SECONDS = 1


class Ticker:
    """Calls `run_due` once a second in a thread, never twice at a time, until stopped."""

    def __init__(self, run_due: Callable[[], None]) -> None:
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._scheduler.add_job(
            run_due, "interval", seconds=TICK_SECONDS, max_instances=1, coalesce=True, misfire_grace_time=None
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for what is running, then stop."""
        self._scheduler.shutdown(wait=True)
