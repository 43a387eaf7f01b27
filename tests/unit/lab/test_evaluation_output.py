"""What an evaluation is turned into: JSON and back, a page, a documented form."""

from __future__ import annotations

import dataclasses
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cases_by_hand import called, frame, heads, honest, incident

from stillwatch.domain.errors import InputError
from stillwatch_lab.evaluate import combine, evaluate_case
from stillwatch_lab.evaluation import estimates, record
from stillwatch_lab.evaluation.json_form import read_json
from stillwatch_lab.evaluation.record import Evaluation, Study
from stillwatch_lab.show.charts import place_on_odds
from stillwatch_lab.show.figures import NOTHING, percent, q_value, score
from stillwatch_lab.show.page import render_page

LOADS = re.compile(r"""(?:src|href|srcset|action)\s*=|url\(\s*['"]?(?!#)|@import""", re.IGNORECASE)
TIMES = "\N{MULTIPLICATION SIGN}"
HOSTILE = "<script>alert('x')</script>"


def evaluation(name: str = "monday", campaign: str = "alpha") -> Evaluation:
    """Evaluate an incident that has some of everything."""
    guilty, class_ = heads(campaign, 6), honest(5, role="benign-class", group="class")
    said = [
        *called(guilty[:3], "fraudulent", "c1", probability=0.99),
        *called(guilty[3:4], "suspect", "c1", probability=0.7),
        *called(guilty[4:], "clear", probability=0.2),
        *called(class_[:1], "fraudulent", "c1", probability=0.6),
        *called(class_[1:], "clear", probability=0.0),
    ]
    case = incident(
        [*guilty, *class_],
        said,
        harvest=[("x", campaign), ("y", campaign)],
        found=[("x", f"{campaign}0", "c1", 0.9), ("z", "benign-class0", "c1", 0.9)],
        name=name,
    )
    pivots = frame("campaign_id pivot_q_value", [("c1", 1e-6)])
    return evaluate_case(dataclasses.replace(case, found=pivots, turned={campaign: False}))


class Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        """Note text, spaces as one."""
        self.text += " ".join(data.split()) + " "


@pytest.mark.parametrize("value", [evaluation(), combine([evaluation(), evaluation("tuesday")])])
def test_json_is_read_back_as_what_it_was(value: Evaluation | Study) -> None:
    """Every field, with its type: tuples, nulls and nested values too."""
    assert read_json(type(value), value.to_json()) == value


@pytest.mark.parametrize(
    "wrong", ["no json", "[]", "{}", '{"form": 3}', '{"incident": null, "form": "x"}']
)
def test_json_of_another_form_is_refused(wrong: str) -> None:
    """What lacks a field or has another type is no evaluation."""
    with pytest.raises(InputError, match="no Evaluation"):
        read_json(Evaluation, wrong)


def test_a_number_that_is_text_is_refused() -> None:
    """A figure of the wrong type is not guessed at."""
    text = evaluation().to_json().replace('"called_fraudulent": 4', '"called_fraudulent": "4"')
    with pytest.raises(InputError, match="'4' is no int"):
        read_json(Evaluation, text)


def test_every_field_of_the_json_is_documented(repository: Path) -> None:
    """`docs/evaluation.md` names every field of every value, and its forms."""
    page = (repository / "docs/evaluation.md").read_text()
    known = {**vars(record), **vars(estimates)}
    kinds = [kind for kind in known.values() if dataclasses.is_dataclass(kind)]
    names = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    assert len(names) > 60
    assert sorted(name for name in names if f"`{name}`" not in page) == []
    assert f"`{record.EVALUATION_FORM}`" in page
    assert f"`{record.STUDY_FORM}`" in page


def test_fields_of_the_first_form_are_there() -> None:
    """What programs read since the first version keeps its name."""
    found = json.loads(evaluation().to_json())
    assert set(found) >= {
        "fraud_accounts", "account_recall", "account_recall_at_suspect", "called_fraudulent",
        "false_accounts", "false_share", "false_by_role", "exchange_recall", "exchange_precision",
        "campaigns", "verdicts_by_role",
    }  # fmt: skip
    assert set(found["campaigns"][0]) >= {
        "campaign", "heads", "found", "recall", "recall_at_suspect", "purity", "in_one_piece",
        "pieces", "exchange_recall",
    }  # fmt: skip


@pytest.mark.parametrize("incidents", [1, 3])
def test_the_page_loads_nothing_and_has_no_script(incidents: int) -> None:
    """One file: no address, no script, and a policy that would refuse them."""
    page = render_page(combine([evaluation(str(n)) for n in range(incidents)]))
    assert LOADS.search(page.decode()) is None
    assert "script" not in Reader(page).tags
    assert "default-src 'none'" in unescape(page.decode())
    assert Reader(page).tags.count("svg") == 3


def test_the_page_says_the_chief_figures() -> None:
    """Heads, false accounts and their role, precision, pivots: as the JSON has them."""
    text = Reader(render_page(combine([evaluation()]))).text
    for said in (
        "3 of 6 heads found, 1 falsely called",
        "1 benign-class",
        "75.0%",
        f"1.0 {TIMES} 10⁻⁶",
    ):
        assert said in text, said


def test_names_from_a_truth_are_text_on_the_page() -> None:
    """A campaign that is called like a tag is shown, not run, in tables and in drawings."""
    page = render_page(combine([evaluation(HOSTILE, HOSTILE), evaluation("b", HOSTILE)]))
    assert b"<script" not in page
    assert "script" not in Reader(page).tags
    assert HOSTILE in Reader(page).text


def test_a_page_of_nothing_is_a_page() -> None:
    """No campaign, nobody called, no probability, no exchange."""
    people = honest(2)
    nothing = evaluate_case(incident(people, [(p[0], "clear", None, None, None) for p in people]))
    text = Reader(render_page(combine([nothing]))).text
    assert "No campaign in the truth, nobody falsely called" in text
    assert "has no probability" in text
    assert "No found campaign was tested" in text


def test_a_share_never_rounds_to_nought_or_to_all() -> None:
    """One false in a million is not 0.0 %."""
    shares = [percent(value) for value in (None, 0.0, 1e-6, 0.5, 1 - 1e-6, 1.0)]
    assert shares == [NOTHING, "0.0%", "< 0.1%", "50.0%", "> 99.9%", "100.0%"]
    assert [q_value(value) for value in (0.0, 0.05, 3.2e-12)] == ["0", "0.05", f"3.2 {TIMES} 10⁻¹²"]
    scores = [score(value) for value in (None, 0.0, 5.6e-5, 0.25)]
    assert scores == [NOTHING, "0.0000", "0.000056", "0.2500"]


def test_odds_axes_are_symmetric_and_bounded() -> None:
    """Half is in the middle; certainty is at the edge, not at infinity."""
    assert place_on_odds(0.5) == 0.0
    assert place_on_odds(0.99) == pytest.approx(-place_on_odds(0.01))
    assert [place_on_odds(share) for share in (0.0, 1e-9, 1.0)] == [-4.0, -4.0, 4.0]
