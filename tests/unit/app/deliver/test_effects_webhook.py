"""Effects to a webhook: a real receiver on loopback that fails, hangs up, redirects and refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from deliveries_by_hand import (
    OLD_SECRET,
    SECRET,
    Clock,
    Follower,
    effect_states,
    enforce,
    in_force,
    read_message,
)
from loopback_receiver import Receiver

from stillwatch.act.effect_messages import idempotency_key
from stillwatch.act.signing import make_signer
from stillwatch.app.deliver.effects_webhook import EffectsWebhook
from stillwatch.app.deliver.posting import Poster
from stillwatch.app.deliver.targets import HttpTarget
from stillwatch.domain.service_limits import DELIVERY_CLAIM_S, EFFECT_ATTEMPTS_MAX
from stillwatch.gateway import verify_webhook
from stillwatch.store.ledger import Ledger

Receive = Callable[..., Receiver]


def courier(
    ledger: Ledger, receiver: Receiver, clock: Clock, name: str = "one", *, timeout_s: float = 20.0
) -> EffectsWebhook:
    """Give what brings effects to a receiver."""
    target = HttpTarget(receiver.url, make_signer([SECRET, OLD_SECRET]), None, timeout_s)
    return EffectsWebhook(ledger, Poster(target), clock.means(name))


def test_effects_arrive_signed_and_say_what_is_in_force(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """One request a batch; either secret verifies it; the outbox is delivered."""
    receiver = receive()
    enforce(either)
    work = courier(either, receiver, clock)
    assert work.round()
    assert not work.round()
    ((path, headers, body),) = receiver.requests
    assert path == "/effects?from=stillwatch"
    for secret in (SECRET, OLD_SECRET):
        verify_webhook(body, headers=headers, secrets=[secret], now=clock.now.timestamp())
    message = read_message(body)
    assert message["schema"] == "stillwatch.effects/1"
    assert [one["account_id"] for one in message["effects"]] == ["acct-1", "acct-2"]
    assert message["effects"][0]["in_force"][0]["decision_id"] == "d-1"
    assert effect_states(either) == {("webhook", "delivered"): 2}


@pytest.mark.parametrize(
    "step", [500, 503, 408, 409, 425, 429, "hang up", "noise", "drip"], ids=str
)
def test_what_passes_is_tried_again_under_the_same_key(
    step: object, ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """Errors, hang-ups, noise and a dripping answer leave the rows queued, with time in between."""
    receiver = receive(script=(step,))
    enforce(ledger)
    work = courier(ledger, receiver, clock, timeout_s=1.0 if step == "drip" else 20.0)
    assert not work.round()
    assert effect_states(ledger) == {("webhook", "queued"): 2}
    assert not work.round()
    assert len(receiver.requests) == 1
    clock.move(seconds=6)
    work.round()
    first, second = map(read_message, receiver.bodies)
    keys = [[one["idempotency_key"] for one in m["effects"]] for m in (first, second)]
    assert keys[0] == keys[1]
    assert first["message_id"] == second["message_id"]
    assert effect_states(ledger) == {("webhook", "delivered"): 2}


@pytest.mark.parametrize("step", [401, 403, 404, 410, 301, 307], ids=str)
def test_what_will_not_pass_fails_at_once_and_says_so(
    step: int, ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """Other refusals and redirects are final; nothing is asked where a redirect points."""
    elsewhere = receive()
    receiver = receive(script=((step, {"location": elsewhere.url}),))
    enforce(ledger)
    courier(ledger, receiver, clock).round()
    assert effect_states(ledger) == {("webhook", "failed"): 2}
    with ledger.read() as view:
        (failed,) = view.list_failed_effects(since=clock.began)
    assert str(step) in (failed.last_error or "")
    assert elsewhere.requests == []


def test_retry_after_is_kept_within_a_bound(ledger: Ledger, clock: Clock, receive: Receive) -> None:
    """A receiver that asks for ten minutes gets them; one that asks for a year, an hour."""
    receiver = receive(script=((429, {"retry-after": "600"}), (503, {"retry-after": "31536000"})))
    enforce(ledger)
    work = courier(ledger, receiver, clock)
    work.round()
    clock.move(seconds=599)
    work.round()
    assert len(receiver.requests) == 1
    clock.move(seconds=2)
    work.round()
    clock.move(seconds=3601)
    work.round()
    assert len(receiver.requests) == 3
    assert effect_states(ledger) == {("webhook", "delivered"): 2}


def test_one_account_that_is_refused_holds_nobody_up(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """A batch that is refused for its content is halved until the bad one stands alone."""
    accounts = tuple(f"acct-{n:02d}" for n in range(20))

    def unknown(body: bytes) -> int:
        ids = {one["account_id"] for one in read_message(body)["effects"]}
        return 422 if "acct-13" in ids else 204

    receiver = receive(script=(unknown,) * 40)
    enforce(ledger, accounts=accounts)
    work = courier(ledger, receiver, clock)
    while work.round():
        pass
    assert effect_states(ledger) == {("webhook", "delivered"): 19, ("webhook", "failed"): 1}
    assert len(receiver.requests) <= 11


def test_a_receiver_that_is_down_is_probed_and_not_hammered(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """After three failures a single delivery asks once a minute at most; the rest spend no try."""
    receiver = receive(script=(503,) * 500)
    enforce(ledger, accounts=tuple(f"acct-{n:02d}" for n in range(30)))
    work = courier(ledger, receiver, clock)
    for _ in range(900):
        work.round()
        clock.move(seconds=1)
    assert len(receiver.requests) <= 25
    sizes = [len(read_message(body)["effects"]) for body in receiver.bodies]
    assert sizes[:3] == [30, 30, 30]
    assert set(sizes[3:]) == {1}
    receiver.script.clear()
    clock.move(seconds=3600)
    while work.round():
        clock.move(seconds=1)
    assert effect_states(ledger) == {("webhook", "delivered"): 30}


def test_after_the_last_try_somebody_has_to_look(
    ledger: Ledger, clock: Clock, receive: Receive
) -> None:
    """EFFECT_ATTEMPTS_MAX tries, over most of a day, and then it has failed; retried, it goes."""
    receiver = receive(script=(500,) * EFFECT_ATTEMPTS_MAX)
    enforce(ledger, accounts=("acct-1",))
    work = courier(ledger, receiver, clock)
    while effect_states(ledger) == {("webhook", "queued"): 1}:
        work.round()
        clock.move(minutes=10)
    assert len(receiver.requests) == EFFECT_ATTEMPTS_MAX
    assert (clock.now - clock.began).total_seconds() > 8 * 3600
    with ledger.write(actor="ann", now=clock.now) as change:
        change.retry_effects("d-1")
    work.round()
    assert effect_states(ledger) == {("webhook", "delivered"): 1}


def test_a_deliverer_that_is_killed_loses_nothing(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """Killed between the request and the ledger: another sends it again, under the same key."""
    receiver = receive()
    enforce(either, accounts=("acct-1",))
    killed = courier(either, receiver, clock)
    killed._settle = lambda *_: None  # type: ignore[method-assign]  # it never gets there
    killed.round()
    other = courier(either, receiver, clock, "two")
    assert not other.round()
    clock.move(seconds=DELIVERY_CLAIM_S)
    assert other.round()
    keys = [read_message(body)["effects"][0]["idempotency_key"] for body in receiver.bodies]
    assert keys == [idempotency_key("d-1", "acct-1", operation="apply")] * 2
    assert effect_states(either) == {("webhook", "delivered"): 1}


def test_two_deliverers_never_bring_one_row_at_once(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """While one waits for its answer the other finds nothing to do."""
    receiver = receive(script=("wait",))
    enforce(either, accounts=("acct-1",))
    slow, other = courier(either, receiver, clock), courier(either, receiver, clock, "two")
    thread = threading.Thread(target=slow.round)
    thread.start()
    assert receiver.entered.wait(60)
    assert not other.round()
    receiver.release.set()
    thread.join()
    assert len(receiver.requests) == 1
    assert effect_states(either) == {("webhook", "delivered"): 1}


def test_a_revert_never_overtakes_what_it_takes_back(
    either: Ledger, clock: Clock, receive: Receive
) -> None:
    """Reverted while its request is under way: the revert waits for the claim's end, then goes."""
    receiver, follower = receive(), Follower()
    enforce(either, accounts=("acct-1",))
    work, other = courier(either, receiver, clock), courier(either, receiver, clock, "two")
    send = work._poster.post

    def reverted_meanwhile(body: bytes, **how: object) -> object:
        with either.write(actor="cora", now=clock.now) as change:
            change.revert_decision("d-1", why="a school")
        assert not other.round()
        return send(body, **how)  # type: ignore[arg-type]

    work._poster.post = reverted_meanwhile  # type: ignore[method-assign,assignment]
    work.round()
    assert not other.round()
    clock.move(seconds=DELIVERY_CLAIM_S)
    assert other.round()
    operations = []
    for body in receiver.bodies:
        follower.take(read_message(body))
        operations += [one["operation"] for one in read_message(body)["effects"]]
    assert operations == ["apply", "revert"]
    assert follower.states == (set(), set())
    assert in_force(either, clock.now) == set()


def test_nothing_is_sent_late_in_a_claim(ledger: Ledger, clock: Clock, receive: Receive) -> None:
    """A deliverer that was held up puts back what it hasn't sent, and spends no try."""
    receiver = receive()
    enforce(ledger)
    work = courier(ledger, receiver, clock)
    claim = work._claim

    def held_up(claim_id: str, **how: object) -> object:
        taken = claim(claim_id, **how)  # type: ignore[arg-type]
        clock.move(seconds=DELIVERY_CLAIM_S - 1)
        return taken

    work._claim = held_up  # type: ignore[method-assign,assignment]
    assert not work.round()
    assert receiver.requests == []
    work._claim = claim  # type: ignore[method-assign]
    assert work.round()
    assert effect_states(ledger) == {("webhook", "delivered"): 2}
