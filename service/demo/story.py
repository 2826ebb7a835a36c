"""Plays the story: moves the recorded chain and the clock together, looks, and posts what people record.

It goes through the same API and the same looks as anybody; it writes nothing to the ledger itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from ledger.core.facts import facts_json
from ledger.core.roles import Role
from ledger.core.wording import WrongValue
from ledger.recording.desk import NOUNS
from ledger.rules.confirmations import Confirmation
from service.clock import MovableClock
from service.demo import plan
from service.demo.act import Act
from service.demo.replay import Replay
from watchers.net.http import HttpAnswer, HttpClient

DEADLINE = 30.0
"""Seconds for one call of the API on this machine."""

_MOST = 4_000_000
_CONFLICT = 409


class StoryFailed(WrongValue):
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
        if isinstance(act.facts, Confirmation):
            self._confirm(act, act.facts)
            return
        if act.paper is not None:
            self._send("PUT", f"papers/{hashlib.sha256(act.paper).hexdigest()}", act, data=act.paper)
        noun = NOUNS[act.noun]
        path = f"campaigns/{plan.SLUG}/{noun.plural}/{act.verb}"
        self._send("POST", path, act, json=facts_json(act.facts))

    def _confirm(self, act: Act, confirmation: Confirmation) -> None:
        """The other side counts by a link that the desk makes; a delivery that is confirmed already stays so."""
        wanted = {"about": confirmation.about, "paper": confirmation.paper}
        made = self._call(
            "POST", f"api/v1/campaigns/{plan.SLUG}/confirmations/link", Role.RECORDER, json=wanted
        )
        if made.status == _CONFLICT:
            return
        self._require(act, made)
        counts = {f"good.{i}": str(lot.good) for i, lot in enumerate(confirmation.lots)}
        counts |= {f"damaged.{i}": str(lot.damaged) for i, lot in enumerate(confirmation.lots)}
        form = urlencode(counts | {"step": "record"}).encode()
        self._require(act, self._call("POST", f"confirm/{json.loads(made.body)['code']}", None, data=form))

    def _send(self, method: str, path: str, act: Act, **body: Any) -> None:
        self._require(act, self._call(method, f"api/v1/{path}", act.by, **body))

    def _call(self, method: str, path: str, role: Role | None, **body: Any) -> HttpAnswer:
        headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
        if "data" in body:
            plain, form = "text/plain; charset=utf-8", "application/x-www-form-urlencoded"
            headers["Content-Type"] = form if role is None else plain
        return self.http.request(
            method,
            f"{self.base}/{path}",
            headers=headers,
            max_bytes=_MOST,
            deadline=DEADLINE,
            source="the desk",
            **body,
        )

    @staticmethod
    def _require(act: Act, answer: HttpAnswer) -> None:
        if answer.status not in {200, 201, 202}:
            body = answer.body[:600].decode("utf-8", "replace")
            raise StoryFailed(
                "{noun} {verb} at {at}: {status} {told}",
                noun=act.noun,
                verb=act.verb,
                at=act.at,
                status=answer.status,
                told=body,
            )


@dataclass(frozen=True, slots=True)
class StoryPlayer:
    """`look` is one look of the service."""

    replay: Replay
    clock: MovableClock
    look: Callable[[], object]
    desk: Desk

    def play(self, done: int, progress: Callable[[int], None]) -> int:
        """Play the acts after the first `done` and the chain between them; `progress` is called with the count.

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
                    self.look()
                progress(done)
        self._move(max(self.replay.end, self.clock()))
        self.look()
        progress(done)
        return len(acts)

    def _move(self, at: int) -> None:
        if at > self.replay.now:
            self.replay.advance(at)
        self.clock.move_to(max(at, self.clock()))
