"""The end of a run, whatever it looked at: tables, decisions, effects and the report.

The rim's part of *decide*, *act* and *report*, shared by `scan` and `watch`: reads what was
detected, fills a draft of a result. Whether the draft becomes the result is for the pipeline.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Final

import polars as pl

from stillwatch.act.outbox import deliver_effects, enqueue_effects
from stillwatch.app import late
from stillwatch.app.arrive import TEXTS, Arrived
from stillwatch.app.settings import utc_now
from stillwatch.app.steps.collect import spell_value
from stillwatch.app.steps.run import Run
from stillwatch.decide.decide import decide_under
from stillwatch.decide.policy.ruling import BUDGET, RULING, budget_campaigns
from stillwatch.decide.policy.subjects import Known
from stillwatch.domain import limits
from stillwatch.domain.channels.families import CHANNEL_OF, CONTENT, QUEUE
from stillwatch.domain.results import (
    ACCOUNTS_OUT,
    CAMPAIGNS_OUT,
    EVIDENCE,
    EXCHANGES_OUT,
    GROUPS_OUT,
    HARVEST,
    QUARANTINE,
    TEMPLATES_OUT,
)
from stillwatch.store.results import REPORT_FILE, ResultDraft

TICKET_FILE: Final = "report.md"
_NOTHING_REFUSED: Final = "no exchange has the status of a refused request"
_NO_TEXT: Final = "no exchange has a text: all that a campaign's accounts send counts as harvest"


def note_silence(silent: Collection[str], run: Run, *, refused: bool) -> None:
    """Write down what the data say nothing of, channel by channel.

    Grain:   one entry of `run.json` per silent channel; one more where there is no text at all.
    """
    for name in silent:
        reason = f"no exchange or account says anything of {CHANNEL_OF[name].phrase}"
        run.ledger.stand_aside(f"channel {name}", reason=reason)
    if not refused:
        run.ledger.stand_aside(f"channel {QUEUE.name}", reason=_NOTHING_REFUSED)
    if all(c.name in silent for c in CHANNEL_OF.values() if c.family == CONTENT):
        run.ledger.stand_aside("unmixing", reason=_NO_TEXT)


def note_power(linked: late.Linked, run: Run) -> None:
    """Write down how small a campaign these data could have shown.

    Grain:   one entry of `run.json` per number of families that its accounts would share.
    """
    aside = {entry["check"] for entry in run.ledger.stood_aside}
    heard = {c.family for c in CHANNEL_OF.values() if f"channel {c.name}" not in aside}
    for entry in late.smallest_groups(
        linked.actors,
        seeds_tested=linked.seeds_tested,
        families=len(heard),
        settings=run.settings.link,
        q_max=run.settings.detect.link_q_max,
    ):
        run.ledger.power.append({"shares": entry.shares, "heads": entry.heads})


def show_exemplars(arrived: Arrived, tied: late.Tied, detected: late.Detected) -> pl.DataFrame:
    """Give the campaigns' templates with a few prompts of each, which were retained.

    Grain:   TEMPLATES_OUT, as detected. Nulls: a template without a prompt of the harvest has none.
    """
    templates = detected.found.templates
    if not len(templates):
        return templates
    chosen = (
        tied.passages.spell_out()
        .with_columns(
            template_id=pl.col("template").map_elements(spell_value, return_dtype=pl.String)
        )
        .join(templates.select("template_id", "place"), on=["template_id", "place"])
    )
    members = detected.found.exchanges.filter(pl.col("membership") >= 0.5).select("exchange_id")  # noqa: PLR2004  CONTRACT.md, section 4
    ids = arrived.observed().select("row", "exchange_id").collect()
    shown = (
        chosen.join(ids, on="row")
        .join(members, on="exchange_id")
        .join(arrived.lake.scan(TEXTS).collect(), on="exchange_id")
        .sort("exchange_id")
        .unique(["template_id", "place", "prompt"], keep="first", maintain_order=True)
        .group_by("template_id", "place", maintain_order=True)
        .agg(pl.col("prompt").head(limits.EXEMPLARS_PER_TEMPLATE).alias("exemplars"))
    )
    return TEMPLATES_OUT.conform(
        templates.drop("exemplars").join(shown, on=["template_id", "place"], how="left")
    )


def write_tables(
    draft: ResultDraft, arrived: Arrived, detected: late.Detected, templates: pl.DataFrame, run: Run
) -> None:
    """Write the tables of a result.

    Grain:   as in domain/results.py; quarantine and duplicates as they arrived.
    """
    found = detected.found
    for table, frame in (
        (ACCOUNTS_OUT, detected.accounts),
        (GROUPS_OUT, detected.groups),
        (CAMPAIGNS_OUT, found.campaigns),
        (EXCHANGES_OUT, found.exchanges),
        (EVIDENCE, detected.evidence),
        (HARVEST, found.harvest),
        (TEMPLATES_OUT, templates),
        (QUARANTINE, arrived.quarantine),
    ):
        draft.write_table(table, frame)
        run.ledger.files[table.name] = len(frame)
    arrived.duplicates.write_parquet(draft.place / "duplicates.parquet")


def conclude(
    draft: ResultDraft,
    detected: late.Detected,
    templates: pl.DataFrame,
    register: pl.DataFrame,
    run: Run,
) -> None:
    """Decide, act and report, and close the run's ledger.

    Raises:
        CountsDisagree: some record was lost, or counted twice.
    """
    with run.ledger.stage("decide", rows_in=len(detected.accounts)) as stage:
        known = Known(detected.accounts, detected.found.campaigns, register)
        decisions = _rule(draft, known, run)
        enqueue_effects(draft.place, decisions)
        deliver_effects(draft.place)
        stage.rows_out = len(decisions)
    with run.ledger.stage("report") as stage, run.progress.stage("report"):
        findings = late.Findings(
            accounts=detected.accounts,
            groups=detected.groups,
            campaigns=detected.found.campaigns,
            evidence=detected.evidence,
            harvest=detected.found.harvest,
            templates=templates,
            decisions=decisions,
            run=run.ledger.content(finished_at=utc_now()),
        )
        draft.write_bytes(REPORT_FILE, late.render_html(findings))
        draft.write_bytes(TICKET_FILE, late.render_markdown(findings))
        stage.rows_out = len(findings.campaigns)
    draft.write_json("run.json", run.ledger.content(finished_at=utc_now()))


def _rule(draft: ResultDraft, known: Known, run: Run) -> pl.DataFrame:
    """Apply the run's policy, and write down what it said."""
    policy, now = run.rules(), run.ledger.started_at
    decided = decide_under(policy, known, settings=run.settings, now=now)
    rulings = decided.ruled.rulings
    budgets = budget_campaigns(known.campaigns, policy=policy, now=now)
    draft.write_table(RULING, rulings)
    draft.write_table(BUDGET, budgets)
    run.ledger.files.update({RULING.name: len(rulings), BUDGET.name: len(budgets)})
    met = dict(rulings.group_by("rule").len().iter_rows())
    run.ledger.policy = {
        **run.tell_policy(),
        "rules": {rule.name: met.get(rule.name, 0) for rule in policy.rules},
        "stopped": [asdict(refusal) for refusal in decided.ruled.refusals],
    }
    return decided.decisions
