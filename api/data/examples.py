"""Examples of answers, for the OpenAPI document and the documentation page; invented, and never served.

One of each shape, so that an integrator sees the names before the first request.
"""
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

_AMOUNT = {"asset": "BTC", "minor": 1000000, "decimal": "0.01000000"}
_OUTPOINT = "3f9a" + "0" * 56 + "c21e:1"
_PAPER = {
    "sha256": "9b" * 32, "title": "Purchase order PO-3", "kind": "purchase order", "date": "2020-06-05",
    "shows": "72,000 pieces, 184,320.00 USD", "access": "public", "entry": 140, "href": "/papers/" + "9b" * 32,
}  # fmt: skip
_DONATION = {
    "outpoint": _OUTPOINT, "campaign": "first-call", "amount": _AMOUNT, "status": "settled",
    "confirmations": 212, "needed": 6, "settled_at": "2020-05-29T14:02:00Z",
    "value": {"asset": "USD", "minor": 9512, "decimal": "95.12"},
    "places": [{"kind": "distributed", "amount": {"asset": "kit", "minor": 30, "decimal": "30"},
                "unit": "kit", "place": "Ghana", "since": "2020-09-21", "service": False}],
}  # fmt: skip

_USD = {"asset": "USD", "minor": 9512, "decimal": "95.12"}
_PERIOD = {
    "number": "2020-05",
    "first": "2020-05-01",
    "last": "2020-05-31",
    "closed_on": "2020-06-10",
    "seq": 151,
    "through": 150,
    "reopened": None,
}

EXAMPLES: dict[str, Any] = {
    "campaigns": {"items": [{"slug": "first-call", "title": "First call", "received": _AMOUNT, "donations": 1}], "next": None},
    "campaign": {"slug": "first-call", "title": "First call", "received": _AMOUNT, "donations": 1,
                 "books": {"reconciled": True, "block": 650412, "difference": {**_AMOUNT, "minor": 0, "decimal": "0.00000000"}},
                 "periods": [{"number": "2020-05", "first": "2020-05-01", "last": "2020-05-31", "closed_on": "2020-06-10", "seq": 151,
                              "reopened": None, "href": "/api/v1/campaigns/first-call/periods/2020-05"}],
                 "limits": [{"role": "approver", "most": _USD, "date": "2020-05-14"}, {"role": "admin", "most": None, "date": None}]},
    "donations": {"items": [{"at": "2020-05-29T14:02:00Z", "outpoint": _OUTPOINT, "amount": _AMOUNT, "status": "settled"}],
                  "next": "opaque"},
    "trail": {"unit": "kit", "nodes": [{"key": "btc", "label": "Donations", "stage": 0, "matter": "coin", "amount": _AMOUNT}],
              "links": [{"source": "btc", "from": [0, 1000000], "target": "C-1", "to": [0, 9500]}], "exits": []},
    "entries": {"items": [{"v": 1, "seq": 1, "kind": "donation", "transfers": [["wallet", "gifts", "BTC", 1000000]]}], "next": None},
    "evidence": {"items": [_PAPER], "next": None},
    "donation": {"key": _OUTPOINT, "donations": [_DONATION]},
    "donation_trail": {**_DONATION, "steps": [], "changes": [{
        "kind": "reversed", "entry": 41, "at": "2020-09-22T09:00:00Z", "date": "2020-09-22", "of": 38,
        "why": "another lot was meant", "said": [], "says": [], "detail": {"undone": "handover H-1"}}],
        "shares": [{"line": "BTC", "asset": "BTC", "start": 0, "end": 1000000}]},
    "chain": {"network": "main", "tip": 650417, "best": 650417, "behind": 0, "agreed": True,
              "sources": [{"name": "node", "ok": True, "tip_height": 650417}]},
    "intention": {"address": "bc1q…", "bip21": "bitcoin:bc1q…?label=First%20call", "claim_code": "secret link", "fresh": True,
                  "need": None, "note": None},
    "lookup": {"txid": "3f9a" + "0" * 56 + "c21e", "state": "waiting", "sentence": "It waits for the next look, which asks for it alone.",
               "asked_at": "2020-05-29T14:02:00Z", "answered_at": None, "sources": [], "height": None,
               "page": "/d/3f9a" + "0" * 56 + "c21e"},
    "reconciliation": {"books": {"reconciled": True, "block": 650412}, "open": 0,
                       "conservation": {"block": 650412, "seq": 140, "now": True, "holds": True, "tables": [
                           {"asset": "BTC", "rows": [{"side": "came", "key": "gifts", "amount": _AMOUNT}], "came": _AMOUNT,
                            "went": _AMOUNT, "difference": {**_AMOUNT, "minor": 0, "decimal": "0.00000000"}}], "ties": []}},
    "decisions": {"items": [{"matter": "unexplained_spend", "subject": "3f9a" + "0" * 56 + "c21e", "count": 1,
                             "since": "2020-05-29T14:02:00Z", "amount": _AMOUNT,
                             "what_to_do": "record the conversion or payment that these coins went into"}],
                  "next": None},
    "periods": {"items": [_PERIOD], "next": None},
    "period": {**_PERIOD, "rows": [{"account": "bank/first-call/First Bank", "opening": _USD, "change": _USD, "closing": _USD}]},
    "stock": {"items": [{"place": "Depot", "product": "KIT", "lot": "A1", "pieces": 40, "expiry": "2022-06-30", "usable": True,
                         "recall": None, "expired": False}], "next": None},
    "stock_card": {"items": [{"date": "2020-06-18", "document": "receipt:first-call:GRN-1", "seq": 21, "came": 40, "went": 0,
                              "balance": 40}], "next": None},
    "lots": {"items": [{"product": "KIT", "lot": "A1", "receipt": "GRN-1", "order": "PO-1", "supplier": "Maker", "noted": 40,
                        "recall": None, "holders": [{"kind": "stock", "place": "Depot", "pieces": 40}],
                        "gifts": [{"gift": _OUTPOINT, "amount": _USD, "pieces": 40}]}], "next": None},
    "losses": {"items": [{"date": "2020-08-02", "document": "arrival AR-1", "place": "Port", "product": "KIT", "lot": "A1", "pieces": 6,
                          "cause": "damage", "report": "SR-1", "reason": "stood in the rain", "happened": None, "found": 0}], "next": None},
    "recorded": {"seq": 12, "key": "purchase:PO-3", "already": False, "waiting_for": None},
    "paper": {"sha256": "9b" * 32, "bytes": 48213},
    "problem": {"type": "/docs#refused", "title": "Refused", "status": 422, "detail": "limit: write a whole number from 1 to 100",
                "errors": [{"field": "limit", "reason": "write a whole number from 1 to 100"}]},
}  # fmt: skip
