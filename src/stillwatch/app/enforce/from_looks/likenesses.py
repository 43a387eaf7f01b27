"""How the campaigns of a look looked when they were judged: what is kept with an answer."""

from __future__ import annotations

from stillwatch.app.enforce.from_looks.looks import LookTables
from stillwatch.app.enforce.from_looks.naming import bounded_words
from stillwatch.store.ledger.nouns.likenesses import NewLikeness


def likenesses_of(look: LookTables) -> dict[str, NewLikeness]:
    """Give how the campaigns of a look looked when they were judged, by campaign.

    Nulls:   empty where the look knew of no ledger.
    Grain:   one a campaign; of two groups under one name the larger.
    """
    named = look.standings.drop_nulls("campaign_id").sort("accounts", "group_id")
    return {
        row["campaign_id"]: NewLikeness(
            campaign_id=row["campaign_id"],
            group_id=row["group_id"],
            null_version=row["null_version"],
            accounts=row["accounts"],
            exchanges=row["exchanges"],
            kinds=bounded_words(row["kinds"]),
            witnesses=bounded_words(row["witnesses"]),
            p_value=row["p_value"],
            probability=row["probability"],
            result=look.name,
            judged_at=look.at,
        )
        for row in named.iter_rows(named=True)
    }
