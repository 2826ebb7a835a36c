"""Writing over JSON: a donor's intention, and every noun and verb of the desk, each one transaction.

It knows no noun by name; shapes, roles and rules are the ledger's, and a refusal leaves the ledger as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from fastapi import APIRouter
from pydantic import ConfigDict, JsonValue, TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import actor_of, read_body, require_kind, require_token
from api.buckets import client_of
from api.data.answers import GivenAddress, PublishedEntry, Recorded
from api.data.documented import JSON, Slug, answer, needs, problems, secured
from api.pages.sentences.address_requests import shared as shared_address
from api.ports import Ports
from api.problems import Problem
from ledger.core.entry import OutOfOrder
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Text, facts_from
from ledger.core.frozen import Frozen
from ledger.core.roles import Scope, scope_of
from ledger.core.strict_json import JsonRefused, strict_json
from ledger.recording.dating import HAPPENED, OUT_OF_ORDER
from ledger.recording.desk import Wish
from ledger.views.preview import Preview, preview

BODY_LIMIT = 1_000_000
"""Bytes of a body; a fact is far smaller."""
_PLAIN = ("add", "record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An act that is tried and not recorded: its noun and verb, and the facts that it takes."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    noun: Text
    verb: Text
    facts: dict[str, JsonValue]


def acts_routes(router: APIRouter, ports: Ports) -> None:

    @router.post(
        "/campaigns/{slug}/intentions",
        tags=["Donors"],
        status_code=201,
        response_model=GivenAddress,
        responses={
            **answer("intention", "An address of the donor's own.", status=201),
            **problems(404, 409, 413, 422, 507),
        },
        openapi_extra={"requestBody": {"required": False, "content": {JSON: {"schema": schema_of(Wish)}}}},
    )
    async def intention(request: Request, slug: Slug) -> Response:
        """An address, a BIP 21 URI and a claim code. Nothing expires, and nothing is asked of the donor.

        With a `need` all that comes to the address is spent on that need only.
        """
        wish = await body_of(request, empty={})
        return await run_in_threadpool(_intend, ports, slug, wish, client_of(request))

    @router.post(
        "/campaigns/{slug}/previews",
        tags=["Desk"],
        response_model=Preview,
        responses={
            **answer("preview", "What it would change for whom."),
            **problems(401, 403, 404, 409, 413, 422),
        },
        openapi_extra={
            "security": secured(Scope.RECORD, Scope.APPROVE, Scope.ADMINISTER),
            "requestBody": {"required": True, "content": {JSON: {"schema": schema_of(Tried)}}},
        },
    )
    async def previewed(request: Request, slug: Slug) -> Response:
        """Whose gifts an act would touch, and what their trails would say then. Nothing is recorded.

        Of what waits for another person, the approval is tried with it.
        """
        token = await require_token(request, ports)
        return await run_in_threadpool(_preview, ports, token, slug, await body_of(request))

    for name, noun in ports.desk.NOUNS.items():
        usual = default_verb(noun.actions)
        for verb, action in noun.actions.items():
            paths = [f"/campaigns/{{slug}}/{noun.plural}/{verb}"]
            if verb == usual:
                paths.insert(0, f"/campaigns/{{slug}}/{noun.plural}")
            for path in paths:
                _add(router, ports, path, name, verb, action, shown=path == paths[0])


def default_verb(actions: Any) -> str | None:
    """The verb of `POST …/{noun}s` alone: the only one, or the plain one of several."""
    if len(actions) == 1:
        return str(next(iter(actions)))
    return next((verb for verb in _PLAIN if verb in actions), None)


def _add(
    router: APIRouter, ports: Ports, path: str, noun: str, verb: str, action: Any, *, shown: bool
) -> None:
    async def endpoint(request: Request, slug: Slug) -> Response:
        token = await require_token(request, ports)
        body = await body_of(request)
        return await run_in_threadpool(_act, ports, token, slug, noun, verb, body)

    if not shown:
        # The verb may be written where it goes without saying; the document has each act once.
        router.add_api_route(
            path, endpoint, methods=["POST"], status_code=201, response_model=None, include_in_schema=False
        )
        return
    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        tags=["Desk"],
        name=f"{noun} {verb}",
        operation_id=f"{noun}_{verb}",
        description=f"{action.doc} {needs(action.roles)}",
        status_code=201,
        response_model=Recorded,
        responses=_OUTCOMES,
        openapi_extra={
            "security": secured(scope_of(action.roles)),
            "requestBody": {"required": True, "content": {JSON: {"schema": _act_schema(action.facts)}}},
        },
    )


@cache
def schema_of(body: type) -> dict[str, Any]:
    """The JSON schema of a body, with nothing to be resolved elsewhere."""
    schema = TypeAdapter(body).json_schema(ref_template="#/$defs/{model}")
    resolved: dict[str, Any] = _resolved(schema, schema.pop("$defs", {}), 0)
    return resolved


@cache
def _act_schema(facts: type) -> dict[str, Any]:
    """That of an action's facts, with what every fact may carry beside them."""
    own = schema_of(facts)
    late = "The day on the paper, where it is booked on a later one."
    early = "Why that day is before the day of what the fact rests on; all but the last want an approver."
    beside = {
        HAPPENED: {"type": "string", "format": "date", "description": late},
        OUT_OF_ORDER: {"type": "string", "enum": [*OutOfOrder], "description": early},
    }
    return own | {"properties": own.get("properties", {}) | beside}


def _resolved(node: Any, defs: dict[str, Any], depth: int) -> Any:
    if isinstance(node, dict):
        ref = node.get("$ref", "")
        if isinstance(ref, str) and ref.startswith("#/$defs/") and depth < 12:
            return _resolved(defs[ref.removeprefix("#/$defs/")], defs, depth + 1)
        return {key: _resolved(value, defs, depth + 1) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(item, defs, depth + 1) for item in node]
    return node


async def body_of(request: Request, *, empty: Any = None) -> Any:
    """Parsed JSON within the byte limit; raises Problem or Refused with what is wrong. `empty`: for no body."""
    require_kind(request, JSON)
    too_long = Problem(413, "A body ends at {most} bytes.", most=BODY_LIMIT)
    data = await read_body(request, BODY_LIMIT, too_long)
    if empty is not None and not data:
        return empty
    try:
        return strict_json(data, most_bytes=BODY_LIMIT)
    except JsonRefused as refused:
        if refused.twice is not None:
            raise Refused.field(refused.twice[:60], "stands twice in one object; write it once") from None
        raise Refused.field(
            "body", "is not JSON in UTF-8; send one object with the fields of the fact"
        ) from None


def _intend(ports: Ports, slug: str, wish: Any, client: str) -> Response:
    now, shared = ports.clock(), not ports.may_take(client)
    with ports.store.write() as tx:
        made = ports.desk.request_intention(tx, slug, wish, now=now, shared=shared)
    wished = wish.get("need") if isinstance(wish, dict) else None
    note = None if made.fresh else shared_address(wished or "", past_is_read=made.past_is_read)
    return unkept(
        GivenAddress(
            address=made.address,
            bip21=made.bip21,
            claim_code=made.claim_code or None,
            fresh=made.fresh,
            need=made.need,
            note=note,
        ),
        201,
    )


def _preview(ports: Ports, token: str, slug: str, body: Any) -> Response:
    tried = facts_from(Tried, body)
    with ports.store.write() as tx:
        actor = actor_of(ports, tx, token)
        previewed = preview(tx, actor, slug, tried.noun, tried.verb, dict(tried.facts), now=ports.clock())
    return unkept(previewed, 200)


def _act(ports: Ports, token: str, slug: str, noun: str, verb: str, body: Any) -> Response:
    now = ports.clock()

    with ports.store.write() as tx:
        outcome = ports.desk.act(tx, actor_of(ports, tx, token), slug, noun, verb, body, now=now)
    recorded = Recorded(
        seq=outcome.seq,
        key=outcome.key,
        already=outcome.already,
        waiting_for=outcome.waiting_for,
        entry=PublishedEntry.model_validate_json(outcome.data) if outcome.data else None,
    )
    if outcome.waiting_for and not outcome.already:
        return unkept(recorded, 202)
    return unkept(recorded, 200 if outcome.already or outcome.seq is None else 201)


def unkept(made: Frozen, status: int) -> Response:
    """An answer that nobody keeps: it may hold a secret, or says what just happened."""
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    # An entry is told as it was published: without the fields that its bytes do not have.
    body = made.model_dump_json(by_alias=True, exclude_unset=isinstance(made, Recorded)).encode(
        "utf-8", "replace"
    )
    return Response(body, status_code=status, media_type=JSON, headers=headers)


_OUTCOMES = {
    **answer("recorded", "It is recorded.", status=201),
    **answer(
        "recorded",
        "It was recorded already, and nothing changed, or a draft was taken back.",
        status=200,
        shape="Recorded",
        already=True,
    ),
    **answer(
        "recorded",
        "It is a draft, recorded when the transaction that it explains settles.",
        status=202,
        shape="Recorded",
        seq=None,
        key="conversion:first-call:C-2",
        waiting_for="3f" * 32,
        entry=None,
    ),
    **problems(401, 403, 404, 409, 413, 422, 507),
}
"""What a writing route answers."""
