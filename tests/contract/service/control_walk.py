"""A walk through the whole service: every operation once, with what its callers would send."""

from __future__ import annotations

import json
import re
from typing import Any

from control_service import BASE, CAMPAIGN, HEADS, World, key_of

from stillwatch.decide.policy.shipped import shipped_text

EXCHANGE = {"exchange_id": "e-1", "time": "2026-11-30T08:00:00Z", "account_id": "a-1"}


class Walk:
    """Calls, and which operations they met with success."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.met: set[str] = set()
        schema = world.client.get("/v1/openapi.json").json()
        self._known = [
            (method.upper(), path, re.compile(re.sub(r"\{[^}]+\}", "[^?]+", path) + r"(?:\?.*)?"))
            for path, of in schema["paths"].items()
            for method in of
        ]

    def call(self, who: str, path: str, body: Any = None, **more: Any) -> Any:  # noqa: ANN401
        """Call an operation, which has to succeed; give what it says."""
        found = self.world.ask(who, path, body, **more)
        self.note(found.request.method, path, found.status_code, found.text)
        is_json = "json" in found.headers.get("content-type", "")
        return found.json() if found.content and is_json else None

    def note(self, method: str, path: str, status: int, text: str) -> None:
        """Note which operation it was: the one with the fewest words left open."""
        assert 200 <= status < 300, f"{method} {path}: {status} {text}"
        fits = [
            known for verb, known, form in self._known if verb == method and form.fullmatch(path)
        ]
        assert fits, f"{method} {path} is no operation"
        self.met.add(f"{method} {min(fits, key=lambda one: (one.count('{'), -len(one)))}")


def walk(world: World) -> set[str]:
    """Go through the service; give the operations that were met with success."""
    steps = Walk(world)
    _read_findings(steps)
    _work_on_a_case(steps)
    _decide(steps)
    _appeal(steps)
    _administer(steps)
    _as_programs(steps)
    return steps.met


def _read_findings(steps: Walk) -> None:
    for path in ("campaigns", "findings", "cases", "interventions", "dispositions"):
        steps.call("vera", f"/v1/{path}")
    for path in ("permissions", "policies", "appeals", "appeals/overdue", "effects", "audit"):
        steps.call("vera", f"/v1/{path}")
    steps.call("vera", f"/v1/campaigns/{CAMPAIGN}")
    steps.call("vera", "/v1/findings/f-one")
    steps.call("vera", "/v1/audit/verify", {})


def _work_on_a_case(steps: Walk) -> None:
    case = steps.call("ann", "/v1/cases", {"title": "Six accounts", "campaign_id": CAMPAIGN})
    one = f"/v1/cases/{case['case_id']}"
    steps.call("vera", one)
    steps.call("ann", f"{one}/assign", {"assignee": "ann"})
    steps.call("ann", f"{one}/comments", {"text": "They share a card."})
    assert len(steps.call("vera", f"{one}/comments")["rows"]) == 1
    for verb, follows in (("unfollow", False), ("follow", True)):
        assert steps.call("ann", f"{one}/{verb}", {})["follows"] is follows
    (followed,) = steps.call("vera", f"/v1/followers?case_id={case['case_id']}")["rows"]
    assert (followed["user_id"], followed["follows"]) == ("ann", True)
    steps.call("vera", f"/v1/followers/{followed['follower_id']}")
    steps.call("ann", f"{one}/close", {"outcome": "A campaign."})
    answered = {
        "subject_kind": "campaign",
        "subject_id": CAMPAIGN,
        "answer": "distillation",
        "note": "One card, one queue.",
        "source_kind": "case",
        "source_id": case["case_id"],
    }
    noted = steps.call("ann", "/v1/dispositions", answered)
    steps.call("vera", f"/v1/dispositions/{noted['disposition_id']}")


def _decide(steps: Walk) -> None:
    world = steps.world
    asked = {
        "effect": "suspend",
        "expires_at": world.clock.later(days=30),
        "campaign_id": CAMPAIGN,
        "without_protected": True,
    }
    steps.call("ann", "/v1/interventions/dry-run", asked)
    first = steps.call("ann", "/v1/interventions", asked)["decision_id"]
    second = steps.call("ann", "/v1/interventions", asked)["decision_id"]
    one = f"/v1/interventions/{first}"
    steps.call("ben", f"{one}/dry-run", {})
    steps.call("ben", f"{one}/approve", {"note": "Seen."})
    steps.call("ben", f"/v1/interventions/{second}/reject", {"why": "The same again."})
    for part in ("", "/accounts", "/approvals", "/effects", "/progress", "/terms"):
        steps.call("vera", f"{one}{part}")
    steps.call("vera", f"/v1/accounts/{HEADS[0]}/interventions")
    steps.call("ann", f"{one}/release", {"account_id": HEADS[1], "why": "A typing error."})
    steps.call("ann", f"{one}/retry", {})
    steps.call("ann", f"{one}/revert", {"why": "Of the wrong policy."})


def _appeal(steps: Walk) -> None:
    world = steps.world
    link = f"/appeals/{world.reference(world.put_in_force())}"
    steps.call("nobody", link)
    steps.call("nobody", link, {"statement": "We are a school."})
    (appeal,) = steps.call("vera", "/v1/appeals?state=open")["rows"]
    one = f"/v1/appeals/{appeal['appeal_id']}"
    for part in ("", "/evidence"):
        steps.call("vera", f"{one}{part}")
    steps.call("dora", f"{one}/review", {})
    resolved = {"outcome": "overturned", "answer": "We were wrong.", "disposition": "innocent"}
    steps.call("dora", f"{one}/resolve", resolved)
    assert BASE in steps.call("nobody", link)["sentence"]


def _administer(steps: Walk) -> None:
    text = {"text": shipped_text()}
    steps.call("adam", "/v1/policies/validate", text)
    published = steps.call("adam", "/v1/policies", text)
    one = f"/v1/policies/{published['policy_id']}"
    steps.call("adam", one)
    steps.call("adam", f"{one}/activate", {})
    steps.call("adam", "/v1/policies/backtest", {"policy_id": published["policy_id"]})
    asked = {"scope": "evaluation", "org_id": "org-1", "granted_by": "adam"}
    granted = steps.call("adam", "/v1/permissions", asked)
    steps.call("adam", f"/v1/permissions/{granted['permission_id']}")
    steps.call("adam", f"/v1/permissions/{granted['permission_id']}/revoke", {})


def _as_programs(steps: Walk) -> None:
    steps.call("service:edge", "/v1/decisions", {"account_id": "acct-deny"})
    steps.call("service:edge", "/v1/decisions/changes")
    steps.call("service:edge", "/v1/usage", {"spent": []})
    steps.call("service:edge", "/v1/authz", headers={"x-account-id": "acct-allow"})
    steps.call("service:edge", "/beta/litellm_basic_guardrail_api", {"texts": []})
    steps.call("adam", "/metrics")
    for path in ("/healthz", "/readyz"):
        steps.call("nobody", path)
    for method, path, _ in steps._known:
        if path.startswith("/ingest/"):
            _send(steps, path, json.dumps(EXCHANGE).encode(), "application/x-ndjson")
        elif path in ("/v1/traces", "/v1/logs"):
            assert method == "POST"
            _send(steps, path, b"{}", "application/json")


def _send(steps: Walk, path: str, content: bytes, media: str) -> None:
    headers = {**key_of("service:collector"), "content-type": media}
    found = steps.world.client.post(path, content=content, headers=headers)
    steps.note("POST", path, found.status_code, found.text)
