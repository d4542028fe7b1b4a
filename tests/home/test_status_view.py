from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nps_bot.app.kinds import KINDS
from nps_bot.cases.store import OpenCase
from nps_bot.delivery.store.troubles import Trouble
from nps_bot.home.status import RunningWave, Status, SurveyStatus, Unclaimed
from nps_bot.home.views import status as view
from nps_bot.surveys.store import Pause
from tests.factories import CLOSES_TOKEN, NOON, NOON_TOKEN, wave_figures
from tests.helpers.reading import assert_slack_takes, lines

URL = "https://lumen.slack.com/"
CASE = OpenCase(
    "i1", "customer", 1, "UADA", "Ada <L>", "Harbor", 3, NOON, "C1", "1795521600.000200"
)


def survey(
    *waves: RunningWave, pause: Pause | None = None, zone: str | None = None
) -> SurveyStatus:
    next_nominal = datetime(2027, 1, 5, 10, 0)  # noqa: DTZ001 - nominal times have no zone
    return SurveyStatus("customer", "Customer survey", pause, waves, next_nominal, zone)


def status(
    *surveys: SurveyStatus,
    unclaimed: Unclaimed = Unclaimed((), 0),  # noqa: B008
    troubles: tuple[Trouble, ...] = (),
    troubles_total: int = 0,
) -> Status:
    return Status(surveys, unclaimed, troubles, troubles_total, NOON)


def trouble(
    kind: str,
    status: str,
    *,
    person_id: str | None = None,
    channel: str | None = None,
    reason: str | None = None,
    looked_for: bool = False,
) -> Trouble:
    message = "5f0c9b1e" + "0" * 24
    return Trouble(message, kind, status, "customer", person_id, channel, reason, NOON, looked_for)


def shown(overview: Status, url: str = URL) -> list[str]:
    message = view.status(overview, url, KINDS.labels())
    assert_slack_takes(message)
    return lines(message)


def test_a_running_wave_says_how_far_it_is() -> None:
    running = RunningWave(wave_figures(1, {}, 0).wave, 1_200, 40, 3, NOON + timedelta(days=7))
    message = view.status(status(survey(running)), URL, {})
    assert message.text == "1 open wave, 0 unclaimed alerts, 0 undelivered messages."
    assert shown(status(survey(running))) == [
        "How your surveys stand",
        "*Customer survey* (`customer`)",
        (
            f"Wave of 24 Nov 2026: 1,200 asked, 40 answered, 3 still to ask, about 7 days left"
            f" (until {CLOSES_TOKEN}); closes {CLOSES_TOKEN}"
        ),
        "Next wave: 5 Jan 2027 at 10:00, everybody's own time",
        "*Unclaimed alerts:* none. Somebody takes care of everybody.",
        f"As of {NOON_TOKEN}",
    ]


def test_a_stopped_wave_says_so() -> None:
    head = replace(wave_figures(1, {}, 0).wave, stopped_at=NOON, stopped_by="UTOM")
    running = RunningWave(head, 3, 1, 0, None, unasked=7)
    assert shown(status(survey(running)))[2] == (
        f"Wave of 24 Nov 2026: stopped by <@UTOM>, {NOON_TOKEN}; 3 asked, 1 answered, 7 not asked;"
        f" answers count until {CLOSES_TOKEN}"
    )


def test_a_survey_at_rest() -> None:
    paused = survey(pause=Pause(NOON, "UPRIYA"), zone="Europe/London")
    rows = shown(status(paused))
    assert rows[2:5] == [
        f"Paused by <@UPRIYA>, {NOON_TOKEN}: nobody is asked until it is resumed",
        "No open wave",
        "Next wave: 5 Jan 2027 at 10:00, Europe/London time",
    ]


def test_an_unclaimed_alert_is_linked() -> None:
    rows = shown(status(unclaimed=Unclaimed((CASE,), 3)))
    assert rows[1:4] == [
        "*3 unclaimed alerts*, the longest waiting first:",
        (
            f"• <@UADA> (Harbor) answered 3, {NOON_TOKEN}:"
            " <https://lumen.slack.com/archives/C1/p1795521600000200|open the alert>"
        ),
        "and 2 more",
    ]


def test_without_the_workspaces_address_its_channel_is_named() -> None:
    rows = shown(status(unclaimed=Unclaimed((CASE,), 1)), url="")
    assert rows[1] == "*1 unclaimed alert*, the longest waiting first:"
    assert rows[2].endswith(f"{NOON_TOKEN}, in <#C1>")


def test_undelivered_messages_say_why() -> None:
    failed = trouble("prompt", "failed", person_id="UADA", reason="the person is <gone>")
    parked = trouble("summary", "unknown", channel="C1", reason="no scope")
    lost = trouble("summary", "unknown", channel="C1", looked_for=True)
    rows = shown(status(troubles=(parked, failed, lost), troubles_total=3))
    assert rows[2:6] == [
        "*3 undelivered messages*:",
        (
            "• A running summary in <#C1> may have arrived, nobody knows, so it is not sent again."
            " Please look there: if it has, `python bot.py outbox sent 5f0c9b1e`; if not,"
            " `python bot.py outbox again 5f0c9b1e` (no scope)"
        ),
        "• The question to <@UADA> was not sent (the person is &lt;gone&gt;)",
        "• A running summary in <#C1> may have arrived; the bot is looking for it",
    ]


@pytest.mark.parametrize("kind", [kind.type.name for kind in KINDS])
def test_every_kind_of_message_has_a_name(kind: str) -> None:
    failed = trouble(kind, "failed", person_id="UADA")
    assert shown(status(troubles=(failed,), troubles_total=1))[3].endswith("was not sent")
