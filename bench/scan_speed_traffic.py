"""Traffic for `scan_speed.py`: `python scan_speed_traffic.py EXCHANGES DIR`.

Its own process, so that its memory counts for nobody else. No incident is simulated here (that is
the lab's): accounts have free text, a fifth of them a public template, and some a private one with
shared cards and subnets. What matters is that records have the size and the ties of real ones.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

EXCHANGES_PER_ACCOUNT: Final = 40
CHUNK_ROWS: Final = 20_000
WORDS: Final = 6_000
WORDS_OF_A_PROMPT: Final = 34
WORDS_OF_AN_ANSWER: Final = 28
"""Words: with the other fields a record comes to about 800 B."""
TEMPLATE_WORDS: Final = 22
PUBLIC_TEMPLATES: Final = 30
CAMPAIGNS: Final = 6
CAMPAIGN_SHARE: Final = 0.03
"""Share of accounts in campaigns."""
PUBLIC_SHARE: Final = 0.2
"""Share of accounts that use a public template."""
DAYS: Final = 7
START: Final = datetime(2026, 3, 2, tzinfo=UTC)
ONSETS: Final = ("b", "br", "d", "f", "g", "k", "kl", "l", "m", "n", "p", "r", "s", "t", "v", "z")
VOWELS: Final = ("a", "e", "i", "o", "u", "ai", "ou")
AGENTS: Final = tuple(f"client-{k}/{1 + k % 4}.{k % 7}" for k in range(14))

Names = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.int64]


def make_words(rng: np.random.Generator) -> Names:
    """Make up words of two or three syllables."""
    syllables = [onset + vowel for onset in ONSETS for vowel in VOWELS]
    picks = rng.integers(0, len(syllables), (WORDS, 3))
    lengths = rng.integers(2, 4, WORDS)
    made = ["".join(syllables[s] for s in row[:n]) for row, n in zip(picks, lengths, strict=True)]
    return np.array(made, dtype=object)


def assign_templates(rng: np.random.Generator, accounts: int) -> Numbers:
    """Give each account its template: -1 none, below `PUBLIC_TEMPLATES` public, above private."""
    chance = rng.random(accounts)
    template = np.full(accounts, -1, np.int64)
    public = chance < PUBLIC_SHARE
    template[public] = rng.integers(0, PUBLIC_TEMPLATES, public.sum())
    private = chance > 1 - CAMPAIGN_SHARE
    template[private] = PUBLIC_TEMPLATES + rng.integers(0, CAMPAIGNS, private.sum())
    return template


def write_accounts(path: Path, template: Numbers, *, rng: np.random.Generator) -> None:
    """Write the register: cards of a campaign are few, everybody else has an own one."""
    with path.open("w") as out:
        for k, used in enumerate(template.tolist()):
            shared = used >= PUBLIC_TEMPLATES
            created = START - timedelta(hours=int(rng.integers(1, 9_000)))
            card = f"card-{used}-{k % 12}" if shared else f"card-{k}"
            row = {
                "account_id": f"acct-{k:07d}",
                "created_at": created.isoformat(),
                "payment_fingerprint": card,
                "plan": "standard",
            }
            out.write(json.dumps(row) + "\n")


def lines(
    first: int, account: Numbers, template: Numbers, *, words: Names, rng: np.random.Generator
) -> Iterator[str]:
    """Write one chunk of exchanges, a line each."""
    count = len(account)
    prompts = words[rng.integers(0, WORDS, (count, WORDS_OF_A_PROMPT))]
    answers = words[rng.integers(0, WORDS, (count, WORDS_OF_AN_ANSWER))]
    fixed = np.random.default_rng(0).integers(
        0, WORDS, (PUBLIC_TEMPLATES + CAMPAIGNS, TEMPLATE_WORDS)
    )
    openings = [" ".join(words[row]) for row in fixed]
    seconds = np.sort(rng.integers(0, DAYS * 86_400, count))
    tokens = rng.integers(40, 900, count)
    for i in range(count):
        who, used = int(account[i]), int(template[account[i]])
        opening = f"{openings[used]} " if used >= 0 else ""
        shared = used >= PUBLIC_TEMPLATES
        subnet = f"{used}.{who % 3}" if shared else f"{who >> 8 & 255}.{who & 255}"
        agent = AGENTS[used % 14 if used >= 0 else who % 14]
        at = START + timedelta(seconds=int(seconds[i]))
        yield (
            f'{{"exchange_id":"ex-{first + i:09d}","time":"{at:%Y-%m-%dT%H:%M:%SZ}",'
            f'"account_id":"acct-{who:07d}","ip":"10.{subnet}.{who % 250}","user_agent":"{agent}",'
            f'"tls_fingerprint":"t13d-{used % 5}","model":"model-{who % 3}","endpoint":"messages",'
            f'"temperature":{(who % 5) / 4},"max_tokens":{256 << who % 4},"prompt":"{opening}'
            f'{" ".join(prompts[i])}","response":"{" ".join(answers[i])}","input_tokens":'
            f'{tokens[i] // 3},"output_tokens":{tokens[i]},"status":200,'
            f'"latency_ms":{tokens[i] * 9}}}\n'
        )


def main() -> None:
    """Write `exchanges.jsonl` and `accounts.jsonl`."""
    exchanges, folder = int(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    words = make_words(rng)
    accounts = max(exchanges // EXCHANGES_PER_ACCOUNT, 1)
    template = assign_templates(rng, accounts)
    write_accounts(folder / "accounts.jsonl", template, rng=rng)
    with (folder / "exchanges.jsonl").open("w") as out:
        for first in range(0, exchanges, CHUNK_ROWS):
            count = min(CHUNK_ROWS, exchanges - first)
            account = rng.integers(0, accounts, count)
            out.writelines(lines(first, account, template, words=words, rng=rng))


if __name__ == "__main__":
    main()
