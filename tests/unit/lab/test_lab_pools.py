"""Real texts, where there are any: each account has its own, and few are sent as they stand.

The texts of these tests are the lab's own, set down as somebody's real ones would be; each begins
with its number, so that a prompt tells which text is in it.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from stillwatch.domain.errors import InputError
from stillwatch_lab.cohorts import applications, institutions
from stillwatch_lab.cohorts.people import Volume, draw_people
from stillwatch_lab.cohorts.rows import unite
from stillwatch_lab.cohorts.wording import adopt_systems
from stillwatch_lab.commands import register
from stillwatch_lab.scenarios import choose
from stillwatch_lab.scene import WEEK
from stillwatch_lab.simulate import Output, simulate
from stillwatch_lab.text import Order, grammar
from stillwatch_lab.text.pools import embed_texts, open_pools
from stillwatch_lab.text.pools.pieces import cut_passages
from stillwatch_lab.text.pools.read import read_texts
from stillwatch_lab.text.pools.similar import sort_into_buckets
from stillwatch_lab.text.templates import FRAMEWORKS
from stillwatch_lab.text.topics import TOPICS
from stillwatch_lab.traffic.arrivals import draw_arrivals
from stillwatch_lab.traffic.prompts import draft, write_prompts

CHATS, CUSTOMERS, CHINESE, QUIZ = 1_200, 900, 600, 500
TURNS = 5
STREETS = ["北门", "南桥", "东河", "西岭", "湖边", "山下", "老城", "新港"]
THINGS = ["饭店", "旅馆", "茶馆", "书店", "花园", "车站", "码头", "菜场"]


def write_texts(family: str, count: int, *, seed: int) -> list[str]:
    """Texts of the grammar, one sentence each, neighbours on one topic."""
    topic = np.arange(count) * len(TOPICS) // count
    rng = np.random.default_rng(seed)
    order = Order(
        np.arange(count),
        rng.choice(grammar().patterns(family), count),
        topic,
        np.arange(count) + seed,
        np.arange(count),
    )
    return grammar().write(rng, order).to_list()


def lay_down(folder: Path, source: str, rows: list[tuple[str, str]]) -> None:
    """One source as SOURCES.md describes it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"source": source, "id": name, "text": text, "kind": "x"}) for name, text in rows
    ]
    (folder / f"{source}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode() + b"\n"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pool: conversations, an application's customers, Chinese, a quiz, systems."""
    root = tmp_path_factory.mktemp("data")
    benign = root / "prompts" / "benign"
    chats = write_texts("ask", CHATS, seed=1)
    lay_down(
        benign,
        "sharegpt_v3",
        [(f"c{n // TURNS}_0:{n % TURNS * 2}", f"[A{n}] {t}") for n, t in enumerate(chats)],
    )
    customers = write_texts("detail", CUSTOMERS, seed=2)
    lay_down(benign, "banking77", [(f"b-{n}", f"[B{n}] {t}") for n, t in enumerate(customers)])
    places = [(a, b, n) for n in range(10) for a in STREETS for b in THINGS][:CHINESE]
    chinese = [f"[C{n}] 请问{a}附近有没有好的{b}。要{k}个人" for n, (a, b, k) in enumerate(places)]
    lay_down(benign, "crosswoz_zh", [(f"{n}:0", t) for n, t in enumerate(chinese)])
    quiz = write_texts("quiz", QUIZ, seed=3)
    lay_down(root / "prompts" / "extraction", "mmlu", [(f"q-{n}", t) for n, t in enumerate(quiz)])
    systems = [" ".join(write_texts("instruct", 12, seed=100 + n)) for n in range(40)]
    lay_down(root / "prompts" / "system", "own", [(str(n), t) for n, t in enumerate(systems)])
    return root


@pytest.fixture(scope="module")
def sent(data: Path) -> pl.DataFrame:
    """What individuals, applications and an evaluation send with that pool."""
    rng = np.random.default_rng(5)
    people = unite(
        [
            draw_people(rng, WEEK, count=400, role="benign-individual", volume=Volume(mean=40.0)),
            applications.draw_applications(rng, WEEK, count=60, volume=Volume(mean=60.0)),
            institutions.draw_evaluation(rng, WEEK, count=3, volume=Volume(mean=60.0)),
        ]
    )
    arrivals = draw_arrivals(rng, people, WEEK)
    prompts = write_prompts(rng, people, draft(rng, people, arrivals), data=data)
    habits = people.select("role", "job", "phone_country", "org_id")[arrivals["account"]]
    number = prompts.str.extract(r"\[([ABC]\d+)\]").alias("number")
    return pl.concat([arrivals, habits, pl.DataFrame([prompts, number])], how="horizontal")


def individuals(sent: pl.DataFrame) -> pl.DataFrame:
    """What individuals sent."""
    return sent.filter(pl.col("role") == "benign-individual")


def topics_of(sent: pl.DataFrame, data: Path) -> pl.DataFrame:
    """The rows whose text tells its number, with the topic of it; sources stand by name."""
    first = {"B": 0, "C": CUSTOMERS, "A": CUSTOMERS + CHINESE}
    told = sent.drop_nulls("number").with_columns(
        place=pl.col("number").str.slice(1).cast(pl.Int64)
        + pl.col("number").str.slice(0, 1).replace_strict(first)
    )
    bucket = pl.Series(open_pools(data).bucket)
    return told.with_columns(bucket.gather(told["place"]).alias("bucket"))


def test_an_account_keeps_to_a_few_topics_and_accounts_differ(
    sent: pl.DataFrame, data: Path
) -> None:
    """Three topics to begin with at the most; nobody draws from all pools alike."""
    spoken = topics_of(individuals(sent).filter(pl.col("turn") == 1), data)
    by_account = spoken.group_by("account").agg(
        pl.col("bucket").n_unique(), pl.col("bucket").mode().min().alias("first"), pl.len()
    )
    assert by_account["bucket"].max() <= 3
    assert by_account.filter(pl.col("len") > 20)["bucket"].mean() > 1
    assert by_account["first"].n_unique() >= 5


def test_an_application_has_one_job_that_its_accounts_share(sent: pl.DataFrame, data: Path) -> None:
    """Of an owner's requests nearly all are on one topic; owners have different ones."""
    chats = (pl.col("role") == "benign-app") & (pl.col("job") == "chat") & (pl.col("turn") == 1)
    asked = topics_of(sent.filter(chats), data)
    owners = asked.group_by("org_id").agg(
        (pl.col("bucket") == pl.col("bucket").mode().min()).mean().alias("share"),
        pl.col("bucket").mode().min(),
        pl.len(),
    ).filter(pl.col("len") >= 20)  # fmt: skip
    assert owners["share"].mean() > 0.9
    assert owners["bucket"].n_unique() > 2


def test_a_session_follows_one_real_conversation(sent: pl.DataFrame) -> None:
    """The second turn is the next text of the conversation, where that goes on."""
    told = individuals(sent).filter(pl.col("number").str.starts_with("A"))
    place = pl.col("number").str.slice(1).cast(pl.Int64)
    pairs = told.with_columns(place=place).sort("session", "turn").with_columns(
        next=pl.col("place").shift(-1).over("session"),
        then=pl.col("turn").shift(-1).over("session"),
    )  # fmt: skip
    goes_on = pairs.filter((pl.col("turn") == 1) & (pl.col("then") == 2) & (place % TURNS < 4))
    assert goes_on.height > 100
    assert goes_on.select((pl.col("next") == pl.col("place") + 1).mean()).item() == 1.0


def test_few_texts_are_sent_as_they_stand(sent: pl.DataFrame, data: Path) -> None:
    """About two in a hundred; the others carry words of the writer's own."""
    real = read_texts(data / "prompts" / "benign")["text"].str.to_lowercase()
    alone = individuals(sent).filter(pl.col("number").is_not_null())
    share = alone.select(pl.col("prompt").str.to_lowercase().is_in(real.implode()).mean()).item()
    assert 0.005 < share < 0.04
    assert alone["prompt"].n_unique() > 0.97 * alone.height


def test_a_benchmark_is_replayed_by_the_evaluation_alone(sent: pl.DataFrame, data: Path) -> None:
    """Its accounts send the items themselves; nobody else sends one word for word."""
    items = set(read_texts(data / "prompts" / "extraction")["text"])
    replays = sent.filter(pl.col("role") == "benign-evaluation")["prompt"].to_list()
    assert all(any(item in prompt for item in items) for prompt in replays[:100])
    assert not items & set(individuals(sent)["prompt"])


def test_a_language_belongs_to_accounts_of_its_own(sent: pl.DataFrame) -> None:
    """Whoever writes Chinese writes nothing else, and most people don't."""
    chinese = individuals(sent).drop_nulls("number").group_by("account").agg(
        pl.col("prompt").str.contains(r"\p{Han}").mean().alias("share")
    )  # fmt: skip
    assert set(chinese["share"]) == {0.0, 1.0}
    assert 0 < chinese["share"].mean() < 0.1


def test_owners_have_real_system_texts_of_their_own(data: Path) -> None:
    """No two share one by accident; an owner's accounts do, and a framework's stays as it is."""
    rng = np.random.default_rng(8)
    people = unite(
        [
            applications.draw_applications(rng, WEEK, count=300, volume=Volume(mean=20.0)),
            applications.draw_framework_users(rng, WEEK, count=30, volume=Volume(mean=20.0)),
        ]
    )
    laid = adopt_systems(np.random.default_rng(1), people, data)
    owners = laid.filter(pl.col("role") == "benign-app")
    before = people.filter(pl.col("role") == "benign-app")["system"]
    real = set(read_texts(data / "prompts" / "system")["text"])
    copied = owners["system"].is_in(list(real))
    assert not set(before) & set(owners["system"])
    assert owners.group_by("org_id").agg(pl.col("system").n_unique())["system"].max() == 1
    assert (
        owners.filter(~copied)["system"].n_unique() == owners.filter(~copied)["org_id"].n_unique()
    )
    assert 0 < copied.mean() < 0.15
    assert set(laid.filter(pl.col("role") == "benign-framework")["system"]) <= set(FRAMEWORKS)
    assert laid.drop("system").equals(people.drop("system"))


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_workers_writes_the_same_bytes_with_real_texts(
    tmp_path: Path, data: Path, workers: int
) -> None:
    """Every worker sorts the same texts into the same topics."""
    chosen = choose("honest-groups")
    chosen = replace(chosen, scene=replace(chosen.scene, data=data))
    for name, number in (("alone", 1), ("together", workers)):
        simulate(chosen, out=tmp_path / name, scale=0.05, seed=9, output=Output(workers=number))
    alone, together = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("alone", "together")
    )
    assert alone == together
    prompts = pl.read_parquet(tmp_path / "alone" / "exchanges-*.parquet")["prompt"]
    assert prompts.str.contains(r"(?i)\[[abc]\d+\]").mean() > 0.4


def test_simulate_takes_the_directory_and_says_where_it_holds_nothing(
    tmp_path: Path, data: Path
) -> None:
    """`--data` is a directory with pools; another is bad input, and nothing is written."""
    app = typer.Typer()
    register(app)
    asked = ["simulate", "demo", "--scale", "0.01", "--out", str(tmp_path / "x"), "--data"]
    assert CliRunner().invoke(app, [*asked, str(data)]).exit_code == 0
    empty = choose("demo")
    empty = replace(empty, scene=replace(empty.scene, data=tmp_path))
    with pytest.raises(InputError, match="holds no"):
        simulate(empty, out=tmp_path / "y", scale=0.01)
    assert not (tmp_path / "y").exists()


def test_a_stretch_of_a_long_text_is_a_run_of_it() -> None:
    """Passages follow one another as in the text; short texts stay whole; nothing gets lost."""
    long = " ".join(write_texts("detail", 40, seed=4))
    passages = cut_passages(pl.Series([long, "short", long[::-1]]), stretch=4.0)
    text = np.tile([0, 1, 2], 50)
    some = passages.take(np.random.default_rng(0), text, whole=np.zeros(150, bool))
    whole = passages.take(np.random.default_rng(0), text, whole=np.ones(150, bool))
    assert whole.to_list()[:3] == [long, "short", long[::-1].strip()]
    assert all(part in long for part in some.to_list()[::3])
    assert set(some.to_list()[1::3]) == {"short"}
    assert some.gather_every(3).n_unique() > 20


def test_texts_of_one_vocabulary_fall_into_one_bucket() -> None:
    """Buckets are nearer to topics than chance is, and the same each time."""
    sentences = write_texts("ask", 8_000, seed=6)
    texts = pl.Series([" ".join(sentences[n : n + 4]) for n in range(0, 8_000, 4)])
    vectors = embed_texts(texts)
    bucket = sort_into_buckets(vectors, size=50)
    assert np.array_equal(bucket, sort_into_buckets(embed_texts(texts), size=50))
    topic = np.arange(2_000) * len(TOPICS) // 2_000
    same = topic[:, None] == topic[None, :]
    together = (bucket[:, None] == bucket[None, :]) & ~np.eye(2_000, dtype=bool)
    assert same[together].mean() > 2 * same[~np.eye(2_000, dtype=bool)].mean()
    assert np.bincount(bucket).min() >= 24


def test_texts_without_words_have_no_direction() -> None:
    """Nothing to compare is no vector, and no failure."""
    assert not embed_texts(pl.Series(["", "!?", "…"])).any()


def test_what_is_read_of_a_source_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows and letters behind the bounds are left out."""
    lay_down(tmp_path, "many", [(str(n), "word " * 2_000) for n in range(50)])
    monkeypatch.setattr("stillwatch_lab.text.pools.read.ROWS_MAX", 20)
    read = read_texts(tmp_path)
    assert read.height == 20
    assert read["text"].str.len_chars().max() == 2_500


@pytest.mark.shared
def test_the_real_pools_open_and_hold_what_their_page_says(shared: Path) -> None:
    """A hundred thousand texts of honest people, Chinese and Korean ones among them."""
    pools = open_pools(shared / "data")
    assert len(pools.prompts) > 110_000
    assert pools.languages == ("en", "ko", "zh")
    assert len(pools.start) > 500
    assert len(pools.systems) > 1_000
    assert [len(items) > 4_096 for items in pools.benchmarks] == [True, True]
