"""The scheduler: every job of the program is an APScheduler job of its own, coalesced, one run at a time.

When a job is due, the database says: it is asked after each run, and the next run is set to that moment. So a process
that was restarted, or another one on the same database, neither forgets a job nor does it twice.

APScheduler waits for moments of the system's clock. When that is set otherwise, a thread that waits by the monotonic
clock notices, and every job is planned again.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_SUBMITTED, JobExecutionEvent, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from ledger.core.errors import LedgerError
from service.clock import Clock, utc_in, wall_ahead_of_monotonic
from service.logs import warn

_JUMP = 2.0
"""Seconds by which the system's clock may drift from the monotonic one between two comparisons, and none is a jump."""
_COMPARE_EACH = 5.0
"""Seconds between two comparisons of the clocks."""
_PATIENCE = 1.0
"""Seconds for which a stop waits for what is running: all that sources are asked was cut off by then."""
_THREADS = 3
"""Jobs that do not ask the sources of the chain may run so many at once."""


@dataclass(frozen=True, slots=True)
class Job:
    """`run` does it once, and returns True where more of it waits to be done at once.

    `due` tells from the database the Unix seconds at which it is next to run; `pause` is how many seconds lie between
    two runs at least, also after one that failed. `chain`: it asks the sources of the chain, which is done by one
    thread.
    """

    name: str
    run: Callable[[], object]
    due: Callable[[], int]
    pause: int
    chain: bool = False


class Scheduler:
    """Runs jobs in threads of its own until it is stopped; a job that fails is logged and tried again."""

    def __init__(
        self, jobs: Sequence[Job], clock: Clock, wall_ahead: Callable[[], float] = wall_ahead_of_monotonic
    ) -> None:
        """`wall_ahead` says by how many seconds the system's clock is ahead of the monotonic one."""
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._jobs = tuple(jobs)
        self._clock = clock
        self._wall_ahead = wall_ahead
        self._ahead = wall_ahead()
        self._stops = threading.Event()
        self._idle = threading.Condition()
        self._running: set[str] = set()
        self._stopped = False
        self._planned: dict[str, dt.datetime] = {}
        """By job: the moment of the next run, after one."""
        self._over: dict[str, dt.datetime] = {}
        """By job: for when the run was set that ended last."""
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            executors={"default": ThreadPoolExecutor(_THREADS), "chain": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._ended, EVENT_JOB_EXECUTED)
        self._scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)

    def start(self) -> None:
        """Set each job to the moment at which the database says that it is due."""
        for job in self._jobs:
            self._scheduler.add_job(
                self._run,
                IntervalTrigger(seconds=job.pause),
                (job,),
                id=job.name,
                executor="chain" if job.chain else "default",
                next_run_time=utc_in(self._seconds_until_due(job, 0)),
            )
        self._scheduler.start()
        threading.Thread(target=self._compare_clocks, name="clocks", daemon=True).start()

    def _compare_clocks(self) -> None:
        while not self._stops.wait(_COMPARE_EACH):
            self.plan_again_after_jump()

    def plan_again_after_jump(self) -> None:
        """Plan every job anew where the system's clock was set otherwise since this was asked last."""
        ahead = self._wall_ahead()
        jumped, self._ahead = ahead - self._ahead, ahead
        if abs(jumped) <= _JUMP:
            return
        warn("the system's clock was set otherwise", seconds=round(jumped))
        for job in self._jobs:
            self._planned[job.name] = utc_in(self._seconds_until_due(job, 0))
            self._set_next(job.name)

    def stop(self, seconds: float = _PATIENCE) -> list[str]:
        """Start no more, and wait so long for what is running; the names of the jobs that run all the same."""
        self._stops.set()
        self._scheduler.shutdown(wait=False)
        with self._idle:
            self._stopped = True
            self._idle.wait_for(lambda: not self._running, seconds)
            return sorted(self._running)

    def _run(self, job: Job) -> None:
        """One run, and the plan for the next."""
        with self._idle:
            if self._stopped:
                return
            self._running.add(job.name)
        try:
            again = job.run() is True
            seconds = 0 if again else self._seconds_until_due(job, job.pause)
        except Exception as failure:
            warn("job failed", job=job.name, why=f"{type(failure).__name__}: {failure}")
            seconds = job.pause
        finally:
            with self._idle:
                self._running.discard(job.name)
                self._idle.notify_all()
        self._planned[job.name] = utc_in(seconds)

    def _ended(self, event: JobExecutionEvent) -> None:
        self._over[event.job_id] = event.scheduled_run_time
        self._set_next(event.job_id)

    def _submitted(self, event: JobSubmissionEvent) -> None:
        """A short run may have ended before APScheduler noted that it began, and then set the next run itself."""
        if self._over.get(event.job_id) in event.scheduled_run_times:
            self._set_next(event.job_id)

    def _set_next(self, name: str) -> None:
        if name in self._planned and not self._stopped:
            with suppress(JobLookupError):  # it was stopped in this moment
                self._scheduler.modify_job(name, next_run_time=self._planned[name])

    def _seconds_until_due(self, job: Job, least: int) -> int:
        """A database that cannot be read now is asked again after a pause."""
        try:
            return max(least, job.due() - self._clock())
        except LedgerError as failure:
            warn("job not planned", job=job.name, why=str(failure))
            return job.pause
