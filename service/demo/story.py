"""Plays the story: moves the recorded chain and the clock together, looks, and posts what people record.

It goes through the same API and the same looks as anybody; it writes nothing to the ledger itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.desk import NOUNS
from ledger.facts import facts_json
from ledger.kinds.spec import Role
from service.clock import MovableClock
from service.demo import plan
from service.demo.act import Act
from service.demo.replay import Replay
from watchers.http import HttpClient

DEADLINE = 30.0
"""Seconds for one call of the API on this machine."""

_MOST = 4_000_000


class StoryFailed(Exception):
    """The API refused something that the story tells: the program and its story do not fit."""


class Desk(Protocol):
    """Posts facts as a person's program would."""

    def post(self, act: Act) -> None: ...


@dataclass(frozen=True, slots=True)
class ApiDesk:
    """The desk of a running service, over HTTP, with a token for each role."""

    base: str
    tokens: Mapping[Role, str]
    http: HttpClient

    def post(self, act: Act) -> None:
        """Record one act; raises StoryFailed with what the API said."""
        if act.paper is not None:
            self._send("PUT", f"papers/{hashlib.sha256(act.paper).hexdigest()}", act, data=act.paper)
        noun = NOUNS[act.noun]
        path = f"campaigns/{plan.SLUG}/{noun.plural}/{act.verb}"
        self._send("POST", path, act, json=facts_json(act.facts))

    def _send(self, method: str, path: str, act: Act, **body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.tokens[act.by]}"}
        if "data" in body:
            headers["Content-Type"] = "text/plain; charset=utf-8"
        answer = self.http.request(
            method,
            f"{self.base}/api/v1/{path}",
            headers=headers,
            max_bytes=_MOST,
            deadline=DEADLINE,
            source="the desk",
            **body,
        )
        if answer.status not in {200, 201, 202}:
            told = answer.body[:600].decode("utf-8", "replace")
            raise StoryFailed(f"{act.noun} {act.verb} at {act.at}: {answer.status} {told}")


@dataclass(frozen=True, slots=True)
class StoryPlayer:
    """`look` is one look of the service; `opened` registers the campaign's addresses once it exists."""

    replay: Replay
    clock: MovableClock
    look: Callable[[], object]
    opened: Callable[[], None]
    desk: Desk

    def play(self, done: int, told: Callable[[int], None]) -> int:
        """Play the acts after the first `done` and the chain between them; `told` is called with the count.

        Returns how many acts the story has. Playing an act again changes nothing, so a story that was cut off
        goes on where it was.
        """
        acts = plan.acts(self.replay.transactions)
        chain = {at for at, _ in self.replay.events()}
        moments = sorted(chain | {act.at for act in acts})
        first = acts[0].at
        waiting = list(enumerate(acts, start=1))[done:]
        for at in moments:
            if at < max(first, self.clock()):
                continue
            self._move(at)
            if at in chain and (done or first < at):
                self.look()
            while waiting and waiting[0][1].at <= at:
                count, act = waiting.pop(0)
                self.desk.post(act)
                done = count
                if act.noun == "campaign":
                    self.opened()
                    self.look()
                told(done)
        self._move(max(self.replay.end, self.clock()))
        self.look()
        return len(acts)

    def _move(self, at: int) -> None:
        if at > self.replay.now:
            self.replay.advance(at)
        self.clock.move_to(max(at, self.clock()))
