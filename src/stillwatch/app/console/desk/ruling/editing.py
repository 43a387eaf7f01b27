"""Writing a policy: a text area, problems at their lines, then a new version.

The form is taken by validating, by publishing and by the backtest alike; nothing that was typed is
lost when something is wrong with it.
"""

from __future__ import annotations

from typing import Final

from stillwatch.app.console.desk.changing import act_page, change_ledger, find_row, new_id
from stillwatch.app.console.desk.parts import control_of, may
from stillwatch.app.console.desk.ruling.texts import read_lines
from stillwatch.app.console.frame.asked import Asked, address
from stillwatch.app.console.frame.page import Answer, Moved, Page, Shown
from stillwatch.app.service.control.rules.policies import PolicyRead, read_policy
from stillwatch.decide.policy.shipped import shipped_policy, shipped_text
from stillwatch.domain.service_limits import LEDGER_POLICY_CHARS_MAX
from stillwatch.store.ledger.nouns.policies import Policy

_BACK: Final = address("/policies")
_TOO_LONG: Final = f"It is too long: {LEDGER_POLICY_CHARS_MAX:,} characters fit."


def view(asked: Asked) -> Shown:
    """Show the editor with a version's text, or with the shipped policy's."""
    if asked.text("id"):
        return show_editor(asked, find_row(asked, Policy, "id", of="policy").text)
    named = f"policy: {shipped_policy().name}\n"
    house = f"policy: {control_of(asked).places.policy_name}\n"
    return show_editor(asked, shipped_text().replace(named, house, 1))


def validate(asked: Asked) -> Shown:
    """Read what was typed, and say what is wrong with it or how it was understood."""
    text = said_text(asked)
    if len(text) > LEDGER_POLICY_CHARS_MAX:
        return show_editor(asked, text, problem=_TOO_LONG)
    return show_editor(asked, text, found=read_policy(text))


def publish(asked: Asked) -> Answer:
    """Keep it as the next version; the same text again is the version that there is."""
    text = said_text(asked)
    if not text or len(text) > LEDGER_POLICY_CHARS_MAX:
        return show_editor(asked, text, problem=_TOO_LONG if text else "Write something.")
    found = read_policy(text)
    if not found.is_valid:
        return show_editor(asked, text, found=found, problem="It has problems; mend them first.")
    name = str(found.name)
    published = change_ledger(asked, lambda change: change.publish_policy(name, text=text))
    return Moved(address("/policy", id=published.policy_id, told="published"))


def said_text(asked: Asked) -> str:
    """Give the text of the form, with line ends of one kind."""
    return (asked.form.get("text") or [""])[0].replace("\r\n", "\n")


def show_editor(
    asked: Asked, text: str, *, found: PolicyRead | None = None, problem: str = ""
) -> Shown:
    """Show the editor, and what was found in its text."""
    told = {
        "text": text,
        "read": found,
        "lines": read_lines(text, found.problems) if found and found.problems else [],
        "problem": problem,
        "chars": LEDGER_POLICY_CHARS_MAX,
        "own_id": new_id("backtest"),
        "house": control_of(asked).places.policy_name,
        "may_administer": may(asked, "administer"),
    }
    has_faults = bool(problem or (found and not found.is_valid))
    return Shown("desk/policy_editor.html", told, status=422 if has_faults else 200)


PAGES: Final = (
    Page("/policies/edit", "Write a policy", view, needs=("ledger",), example={"id": "{policy}"}),
    act_page("/policies/validate", "Write a policy", validate, scope="read", back=_BACK),
    act_page("/policies/publish", "Write a policy", publish, scope="administer", back=_BACK),
)
