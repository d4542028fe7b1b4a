"""What Prometheus scrapes from a running bot, over HTTP: true figures, and nobody's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from nps_bot.delivery.rules import FIRST_RATE
from nps_bot.storage.tables import Outbox
from slack_sandbox import Fault
from tests.delivery.test_dispatcher import LOST
from tests.helpers.attack_helpers import eventually, read
from tests.helpers.messages import ON_POSTGRES, ON_SQLITE, nps, outage, settled
from tests.helpers.world import World

Samples = Mapping[tuple[str, ...], float]


async def fetched(world: World, path: str) -> tuple[int, str]:
    """Ask the bot's own port."""
    url = f"http://127.0.0.1:{world.bot.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def scraped(world: World) -> Samples:
    """Return all samples: by name and the values of their labels."""
    status, text = await fetched(world, "/metrics")
    assert status == 200
    for secret in ("Ada", "Kenji", "U0ADA", "beans", world.sandbox.bot_token):
        assert secret not in text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def grown(before: Samples, after: Samples, *key: str) -> float:
    """Return by how much a counter grew: tests share one process."""
    return after.get(key, 0) - before.get(key, 0)


@pytest.mark.parametrize(
    ("database_url", "transport"),
    [("sqlite", "http"), ("postgresql", "http")],
    indirect=["database_url"],
)
async def test_a_scrape_tells_how_the_bot_is(world: World) -> None:
    before = await scraped(world)
    assert before["nps_database_up",] == 1
    assert before["nps_waves_open", "customer"] == before["nps_people_asked", "employee"] == 0
    assert before["nps_outbox_overdue_seconds",] == 0
    assert before["nps_pace_messages_per_second",] == FIRST_RATE
    assert not {name for name, *_ in before if not name.startswith("nps_")}

    await world.ask()
    await settled(world)
    ada, prompt = world.sandbox.person("ada"), await world.prompt_of("ada")
    await ada.click(prompt, "score_3")
    modal = await world.modal_of(ada, "followup")
    await ada.submit(modal, {"reason": "The beans were stale"})
    await world.alert()
    await nps(world, "priya", "status")
    await settled(world)
    after = await scraped(world)
    assert (after["nps_waves_open", "customer"], after["nps_waves_open", "employee"]) == (1, 0)
    assert after["nps_people_asked", "customer"] == 4
    assert after["nps_people_left", "customer"] == 0
    bands = {band: after["nps_responses", band, "customer"] for band in ("detractor", "promoter")}
    assert bands == {"detractor": 1, "promoter": 0}
    assert after["nps_cases_unclaimed", "customer"] == 1
    for kind in ("click", "modal", "command"):
        assert grown(before, after, "nps_requests_total", kind, "ok") == 1, kind
    assert grown(before, after, "nps_slack_calls_total", "chat.postMessage", "ok") >= 5
    assert grown(before, after, "nps_slack_calls_total", "views.open", "ok") == 1


@ON_POSTGRES
async def test_a_scrape_shows_what_is_not_as_it_should_be(
    world: World, request: pytest.FixtureRequest
) -> None:
    before = await scraped(world)
    faults = world.sandbox.faults
    faults.add("conversations.history", Fault(error="missing_scope"), times=None)
    faults.add("chat.postMessage", LOST)
    faults.add("chat.postMessage", Fault(error="restricted_action"))
    faults.add("chat.postMessage", Fault(error="ratelimited", retry_after=30))
    await world.ask()
    # Before the clock runs on: what is in hand would outlive its lease.
    await world.sandbox.until(lambda: any(call.status == 429 for call in world.sandbox.ledger))
    parked = select(Outbox.id).where(Outbox.status == "unknown", Outbox.lease_until.is_(None))

    async def is_parked() -> bool:
        world.clock.ahead += timedelta(seconds=1)
        world.bot.context.wake_dispatcher()
        return bool(await read(world.bot.context.database, parked))

    await eventually(world.sandbox, is_parked)
    world.clock.ahead += timedelta(seconds=300)
    seen = await scraped(world)
    assert seen["nps_outbox_parked",] == 1
    statuses = {status: seen["nps_outbox_messages", status] for status in ("unknown", "failed")}
    assert statuses == {"unknown": 1, "failed": 1}
    for outcome in ("unknown", "refused", "ratelimited"):
        assert grown(before, seen, "nps_slack_calls_total", "chat.postMessage", outcome) == 1
    with outage(world, request):
        away = await scraped(world)
        assert away["nps_database_up",] == 0
        assert ("nps_outbox_parked",) not in away
        assert away["nps_slack_calls_total", "chat.postMessage", "refused"]


@ON_SQLITE
async def test_over_the_socket_it_is_served_where_a_port_is_set(quiet_world: World) -> None:
    world = quiet_world
    async with world.running() as bot:
        assert bot.port is None
    world.settings = replace(world.settings, port=0, port_given=True)
    async with world.running():
        assert await fetched(world, "/healthz") == (200, "alive")
        assert await fetched(world, "/readyz") == (200, "ready")
        assert await fetched(world, "/slack/events") == (404, "Nothing is served here.")
        assert (await scraped(world))["nps_database_up",] == 1
