"""What the success team reads about one unhappy person."""

from __future__ import annotations

from nps_bot.cases.alert import Alert
from nps_bot.nps.bands import Band, band_of
from nps_bot.slack.block_kit import (
    TEXT,
    Block,
    actions,
    button,
    context,
    day,
    escape,
    header,
    mention,
    quote,
    section,
    shorten,
    when,
)
from nps_bot.slack.message import Message

_NAME = 80
_QUESTION = 300
_WORDS = 9_000
"""Characters of all replies together: Slack refuses messages that are too long as a whole."""
_REPLIES = 40


def alert(alert: Alert) -> Message:
    """Return the alert as it should stand now."""
    name = _name(alert)
    said = f"answered {alert.latest_score}"
    blocks = [header(f"{name} {said}"), section("\n".join(_facts(alert)))]
    if alert.no_contact:
        blocks.append(section("*Please don't contact them:* they asked us not to."))
    blocks += _replies(alert)
    blocks += _care(alert)
    account = f" ({escape(alert.account, _NAME)})" if alert.account else ""
    title = escape(alert.title, _NAME)
    return Message(f"{escape(name)}{account} {said} in “{title}”.", blocks)


def deleted() -> Message:
    """Return what an alert becomes once the person deleted the answer."""
    text = "This answer was deleted by the person who gave it."
    return Message(text, [section(text)])


def _name(alert: Alert) -> str:
    if alert.person_id is None:
        return "Someone who asked to be forgotten"
    return shorten(alert.person_name or "Somebody", _NAME)


def _facts(alert: Alert) -> list[str]:
    facts = []
    if alert.person_id is not None:
        facts.append(f"*Who:* {mention(alert.person_id)}")
    if alert.account:
        owner = f", looked after by {mention(alert.account_owner)}" if alert.account_owner else ""
        facts.append(f"*Account:* {escape(alert.account, _NAME)}{owner}")
    facts.append(f"*Score:* {_score(alert)}")
    facts.append(f"*Survey:* {escape(alert.title, _NAME)}, answered {when(alert.answered_at)}")
    earlier = ", ".join(f"{one.score} ({day(one.answered_at)})" for one in alert.earlier)
    if alert.person_id is not None:
        facts.append(f"*Earlier scores:* {earlier or 'none'}")
    return facts


def _score(alert: Alert) -> str:
    """Say what counts, and what it was corrected from."""
    words = f"{alert.score}"
    if alert.first_score != alert.score:
        words += f", corrected from {alert.first_score}"
    if alert.latest_score != alert.score:
        words += f"; later changed to {alert.latest_score}, after the time for corrections"
    return words


def _recovered(alert: Alert) -> bool:
    """Return whether somebody unhappy later was not, after the time for corrections."""
    bands = band_of(alert.score), band_of(alert.latest_score)
    return bands[0] is Band.DETRACTOR and bands[1] is not Band.DETRACTOR


def _replies(alert: Alert) -> list[Block]:
    if alert.person_id is None:
        return []
    if not alert.replies:
        return [context("No words yet. Just answered, the reason may follow: allow ten minutes.")]
    shown = alert.replies[:_REPLIES]
    room = min(TEXT, _WORDS // len(shown))
    blocks = []
    for reply in shown:
        question = f"*{escape(reply.question, min(_QUESTION, room // 3))}*\n"
        blocks.append(section(question + quote(reply.text, room - len(question))))
    return blocks


def _care(alert: Alert) -> list[Block]:
    """Return who takes care of it, and the buttons to say so."""
    case = alert.case
    if case is None or alert.person_id is None:
        return []
    lines = []
    if case.claimed_by is not None and case.claimed_at is not None:
        lines.append(f"Claimed by {mention(case.claimed_by)}, {when(case.claimed_at)}")
    if case.contacted_by is not None and case.contacted_at is not None:
        lines.append(f"Contacted by {mention(case.contacted_by)}, {when(case.contacted_at)}")
    buttons = []
    if case.withdrawn_at is not None and band_of(alert.latest_score) is not Band.DETRACTOR:
        lines.append("Corrected since: this is no detractor any more, nothing is left to do.")
    elif case.contacted_by is None:
        if _recovered(alert):
            lines.append(
                f"Changed since: a recovery, not a correction. The {alert.score} counts, and there"
                " is still somebody to talk to."
            )
        if case.claimed_by is None:
            buttons.append(button("Claim", "claim_case", alert.invitation_id, style="primary"))
        if not alert.no_contact:
            buttons.append(button("Contacted", "contacted_case", alert.invitation_id))
    blocks = [context(*lines)] if lines else []
    return [*blocks, actions("case", buttons)] if buttons else blocks
