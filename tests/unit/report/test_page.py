"""The page as a whole: complete, safe, self-contained, bounded."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import polars as pl
import pytest
from findings_by_hand import RUN, campaign_rows, gather, honest_rows, nobody_called
from page_parts import Page, read_page

from stillwatch.domain.limits import REPORT_CAMPAIGNS_MAX, REPORT_GROUPS_MAX
from stillwatch.report import Findings, render_html
from stillwatch.report.figures import bits, chance, count, figure

HOSTILE = "<script>alert('x')</script>\"'><img src=http://evil.example/x onerror=alert(1)>"


def test_every_figure_of_a_campaign_is_on_the_page(findings: Findings, page: Page) -> None:
    """Size, harvest, q-value and summary of each campaign row appear as the formats write them."""
    for row in findings.campaigns.iter_rows(named=True):
        for wanted in (
            row["campaign_id"],
            count(row["accounts"]),
            count(row["exchanges"]),
            count(row["output_tokens"]),
            chance(row["q_value"]),
            row["summary"],
        ):
            assert wanted in page.text, wanted


def test_every_tie_and_witness_is_in_a_table_with_its_figures(
    findings: Findings, page: Page
) -> None:
    """Observed, expected and bits of all group evidence of campaigns stand beside one another."""
    groups = findings.groups.filter(pl.col("campaign_id").is_not_null())["group_id"].to_list()
    rows = findings.evidence.filter(pl.col("subject_id").is_in(groups))
    assert rows.height == 4 * 10
    for row in rows.iter_rows(named=True):
        cells = [figure(row["observed"]), figure(row["expected"])]
        pattern = r"\s*".join(map(re.escape, cells)) + r".*?" + re.escape(bits(row["weight_bits"]))
        assert re.search(pattern, page.text), row["channel"]


def test_every_day_of_the_harvest_is_in_the_table(findings: Findings, page: Page) -> None:
    """Exchanges and tokens of each day, and of each model, are under the drawing."""
    keys = (["campaign_id", "day"], ["campaign_id", "model"])
    for by in keys:
        summed = findings.harvest.group_by(by).agg(pl.col("exchanges", "output_tokens").sum())
        for row in summed.iter_rows(named=True):
            assert f"{count(row['exchanges'])}{count(row['output_tokens'])}" in page.text


def test_every_customer_sentence_of_a_listed_account_is_there_verbatim(
    findings: Findings, page: Page
) -> None:
    """What the gateway tells a customer can be read on the page, word for word."""
    listed = {text.strip() for text in page.texts}
    shown = findings.decisions.filter(pl.col("account_id").is_in(list(listed)))
    assert shown.height == 200 + 95 + 60
    for sentence in shown["reason"]:
        assert sentence in listed


def test_accounts_beyond_the_bound_are_counted_and_located(page: Page) -> None:
    """A campaign of 612 lists 200 and says where the other 412 are."""
    assert "412 more are in accounts.parquet." in page.text


def test_templates_show_fingerprints_and_counts(findings: Findings, page: Page) -> None:
    """Each template is named by its fingerprint, with its reach inside and outside."""
    for row in findings.templates.iter_rows(named=True):
        assert row["template_id"] in page.text
        assert count(row["exchanges"]) in page.text


def test_prompts_appear_only_where_exemplars_are_given(findings: Findings) -> None:
    """Without retained text no preformatted prompt is on the page, and the page says why."""
    bare = replace(
        findings,
        templates=findings.templates.with_columns(
            pl.lit(None, dtype=pl.List(pl.String)).alias("exemplars")
        ),
    )
    kept, dropped = read_page(render_html(findings)), read_page(render_html(bare))
    assert "Think step by step, then grade <b>item</b> 17." in kept.text
    assert "Think step by step" not in dropped.text
    assert not [tag for tag, _ in dropped.elements if tag == "pre"]
    assert "No text was retained" in dropped.text


def test_honest_groups_are_shown_with_their_explanation(findings: Findings, page: Page) -> None:
    """Groups let be carry what ties them, the explanation, p and both q-values."""
    for row in findings.groups_let_be().iter_rows(named=True):
        assert row["group_id"] in page.text
        assert chance(row["explanation_p_value"]) in page.text
        assert chance(row["q_value"]) in page.text
    assert "Shared cloud" in page.text
    assert "network addresses, the day of sign-up" in page.text


def test_the_run_is_accounted_for(page: Page) -> None:
    """Inputs with hashes, counts, stages, what stood aside, what could show: all of run.json."""
    for file in RUN["inputs"]:
        assert file["sha256"] in page.text
        assert count(file["records"]) in page.text
    for number in RUN["counts"].values():
        assert count(number) in page.text
    for wanted in ("7.3 s", "1 min 11 s", "40 ms", "1.2 GB", "no releases file was given"):
        assert wanted in page.text, wanted
    assert "template, payment47" in page.text
    assert "something in 4 evidence families53" in page.text
    assert "none could" in page.text


def test_a_permitted_campaign_is_no_part_of_the_headline(findings: Findings, page: Page) -> None:
    """Two campaigns are announced; a suspect group and the partner's are counted apart."""
    assert page.text.count("2 campaigns found, 1 more group to look at, 1 more permitted") == 2
    assert "7 accounts do what a campaign does" in page.text
    live = findings.campaigns.filter(pl.col("kind") == "distillation").filter(
        pl.col("campaign_id") != "cmp-004-hazel"
    )
    assert re.search(
        rf"{count(live['exchanges'].sum())} exchanges, [\d.]+ % of all, and", page.text
    )
    assert "1 more group acts together, though not to harvest." in page.text


def test_where_nobody_is_called_the_page_finds_no_campaign_and_no_harvest() -> None:
    """Title, headline, tiles and sections say what may be, and none says what is."""
    findings = nobody_called()
    page = read_page(render_html(findings))
    assert page.text.count("No campaign found, 2 groups to look at, 1 more permitted") == 2
    assert "No account among 88 seen is called fraudulent; 41 are suspect." in page.text
    assert "2 groups may be harvesting: " in page.text
    assert page.text.count("Exchanges perhaps harvested") == 2
    assert page.text.count("Exchanges harvested") == 1
    assert "Groups to look at" in page.text
    for claim in ("campaigns found2", "campaigns found3", "tokens were harvested"):
        assert claim not in page.text


def test_nothing_found_is_said_with_what_it_means(empty_page: Page) -> None:
    """An empty result names the smallest campaign that could have shown."""
    assert "Nothing found" in empty_page.text
    assert "A campaign of 47 accounts or more could have shown" in empty_page.text
    assert "12 groups of" in empty_page.text


def test_nothing_found_without_power_claims_little() -> None:
    """Where no power was computed the page says that nothing follows."""
    page = read_page(render_html(gather(run={})))
    assert "How small a campaign could have shown was not computed" in page.text


@pytest.mark.parametrize("table", ["accounts", "groups", "campaigns", "templates", "run"])
def test_hostile_text_stays_text(table: str) -> None:
    """Markup in an id, a sentence, a prompt or a file name adds no element to the page."""

    def poison(frame: pl.DataFrame) -> pl.DataFrame:
        free = [
            name
            for name, kind in frame.schema.items()
            if kind == pl.String and name not in {"verdict", "kind", "judgement", "place"}
        ]
        joins = {"group_id", "campaign_id"}
        return frame.with_columns(
            pl.when(pl.col(name).is_not_null()).then(pl.lit(HOSTILE)).alias(name)
            for name in free
            if name not in joins or (table, name) == ("campaigns", "campaign_id")
        )

    clean = gather(campaign_rows(1, heads=6, days=2, exemplars=["plain"]), honest_rows(3))
    if table == "run":
        bad = replace(clean, run={**RUN, "stood_aside": [{"check": HOSTILE, "reason": HOSTILE}]})
    else:
        bad = replace(clean, **{table: poison(getattr(clean, table))})
    page = read_page(render_html(bad))
    assert HOSTILE in "".join(page.texts)
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not page.faults


def test_a_hostile_channel_stays_text_inside_a_drawing() -> None:
    """Names that reach the drawings are escaped there too."""
    rows = campaign_rows(1, heads=6, days=2)
    for row in rows["evidence"]:
        row["channel"] = HOSTILE if row["channel"] == "tactics" else row["channel"]
    page = read_page(render_html(gather(rows)))
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not page.faults


def test_the_page_is_well_formed_with_unique_ids(page: Page, empty_page: Page) -> None:
    """Elements nest, nothing stays open, no id stands twice, and every inner link has a target."""
    for parsed in (page, empty_page):
        assert not parsed.faults
        assert not parsed.open
        assert len(parsed.ids()) == len(set(parsed.ids()))
        anchors = [attrs["href"] for tag, attrs in parsed.elements if tag == "a"]
        assert {f"#{name}" for name in parsed.ids()} >= set(anchors)


def test_drawings_are_named_for_those_who_cannot_see_them(page: Page) -> None:
    """Each drawing is an image with a title and a description that exist."""
    drawn = [attrs for tag, attrs in page.elements if tag == "svg" and "role" in attrs]
    assert len(drawn) == 4 * 4
    for attrs in drawn:
        assert set((attrs["aria-labelledby"] or "").split()) <= set(page.ids())


def test_nothing_is_loaded_from_anywhere(raw_page: bytes, page: Page) -> None:
    """No element points outside the page, no style sheet reaches out, no address stands in it."""
    assert b"://" not in raw_page
    assert b"url(" not in raw_page
    assert b"@import" not in raw_page
    for tag, attrs in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert "src" not in attrs
        assert (attrs.get("href") or "#").startswith("#")
        assert not [name for name in attrs if name.startswith("on") or name == "style"]


def test_the_policy_admits_the_pages_own_style_and_script_alone(raw_page: bytes) -> None:
    """The hashes in the policy are those of the two inline elements."""
    text = raw_page.decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    for tag in ("style", "script"):
        inline = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inline is not None
        digest = base64.b64encode(hashlib.sha256(inline[1].encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]


def test_colours_follow_the_page(raw_page: bytes) -> None:
    """No drawing keeps a colour of its own: all are variables that light and dark set."""
    for drawing in re.findall(r"<svg viewBox.*?</svg>", raw_page.decode(), re.DOTALL):
        colours = set(re.findall(r'(?:fill|stroke)="([^"]*)"', drawing))
        assert all(colour in {"none", "transparent"} or "var(--" in colour for colour in colours)


def test_every_colour_variable_is_defined_for_light_dark_and_print(raw_page: bytes) -> None:
    """A variable that a drawing uses is in all three palettes."""
    text = raw_page.decode()
    for name in set(re.findall(r"var\(--([a-z_]+)\)", text)):
        assert text.count(f"--{name}:") == 3, name


def test_the_page_is_bounded_whatever_was_found() -> None:
    """300 campaigns and 300 honest groups make a page below 2 MB that says what it left out."""
    many = [campaign_rows(number, heads=6, days=14) for number in range(1, 301)]
    raw = render_html(gather(*many, honest_rows(300)))
    page = read_page(raw)
    assert len(raw) < 2_000_000
    assert f"The first {REPORT_CAMPAIGNS_MAX} have a section of their own" in page.text
    assert f"{300 - REPORT_GROUPS_MAX} more are in groups.parquet." in page.text
    assert "100 more are in campaigns.parquet." in page.text


def test_a_campaign_of_25000_accounts_stays_readable() -> None:
    """Size and length of one huge campaign: below 1.5 MB, by week beyond a quarter."""
    huge = campaign_rows(1, heads=25_000, days=120)
    raw = render_html(gather(huge))
    page = read_page(raw)
    assert len(raw) < 1_500_000
    assert "24,800 more are in accounts.parquet." in page.text
    assert "Exchanges by week" in page.text
    assert count(sum(row["output_tokens"] for row in huge["harvest"])) not in {"0", ""}
