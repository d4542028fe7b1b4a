"""How the people of the sandbox take a question: when they answer, how, and in which words.

Everything follows from a seed, the person and how often they were asked before, so that the same
sandbox lives the same life again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from nps_bot.demo.replies import replies
from slack_sandbox.workspace import User

SEED = 2034


@dataclass(frozen=True, slots=True)
class Temper:
    """What somebody is like.

    Attributes:
        hours: between which and which number of hours they answer.
        mood: the score they mostly give.
        silent: the share of questions they leave unanswered.
        wordy: the share of answers to which they write something.
        second_thoughts: by how much they change their score some hours later, if they do.
        snoozes: whether they put the question off at first.
        leaves_at: the number of questions after which they want no more; None never.
    """

    hours: tuple[float, float]
    mood: float
    silent: float = 0.1
    wordy: float = 0.5
    second_thoughts: int = 0
    snoozes: bool = False
    leaves_at: int | None = None


PROMPT = Temper((0.1, 3), 8.6)
DELIGHTED = Temper((0.5, 8), 9.6, wordy=0.7)
SLOW = Temper((30, 110), 8.0, silent=0.2)
SILENT = Temper((20, 90), 7.5, silent=0.75, wordy=0.2)
CHATTY = Temper((1, 20), 8.8, silent=0.0, wordy=1.0)
UNHAPPY = Temper((0.5, 12), 4.4, silent=0.05, wordy=0.9)
WAVERING = Temper((2, 16), 6.6, silent=0.0, wordy=0.8, second_thoughts=2)
LATER = Temper((1, 9), 7.8, snoozes=True)
LEAVING = Temper((2, 12), 6.8, wordy=0.3, leaves_at=2)

TEMPERS = {
    "tom": PROMPT,
    "mei": DELIGHTED,
    "sam": SLOW,
    "noor": CHATTY,
    "lucia": PROMPT,
    "jack": UNHAPPY,
    "ines": DELIGHTED,
    "tariq": SLOW,
    "freya": CHATTY,
    "diego": SILENT,
    "amara": WAVERING,
    "hugo": UNHAPPY,
    "yuki": PROMPT,
    "nell": LATER,
    "ravi": SLOW,
    "bea": LEAVING,
    "kenji": PROMPT,
    "grace": WAVERING,
    "oscar": UNHAPPY,
    "rosa": DELIGHTED,
    "liam": SILENT,
    "anika": CHATTY,
    "pierre": UNHAPPY,
    "sofia": DELIGHTED,
    "ben": SLOW,
    "mara": PROMPT,
    "theo": LATER,
    "hana": CHATTY,
    "jonas": LEAVING,
}
"""Everybody who lives by themselves. Ada and Priya do not: they are whom a visitor begins as."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody is going to do about one question.

    Attributes:
        after: how long after it came.
        score: what they answer; None where they never do.
        words: what they write, one text for each field they fill in.
        changed_to: what they change the score to, two hours later; None where they leave it.
        snoozes: whether they put it off instead, this once.
        leaves: whether they want no more such questions, after this one.
    """

    after: timedelta
    score: int | None
    words: tuple[str, ...] = ()
    changed_to: int | None = None
    snoozes: bool = False
    leaves: bool = False


SECOND_THOUGHTS = timedelta(hours=2)
"""How long after the answer somebody changes it."""


def intent(user: User, number: int, seed: int = SEED) -> Intent | None:
    """Return what somebody does about the question of this number (from 1); None for visitors."""
    temper = TEMPERS.get(user.name)
    if temper is None:
        return None
    chance = Random(f"{seed} {user.name} {number}")  # noqa: S311  # chance, not secrecy
    after = timedelta(hours=chance.uniform(*temper.hours))
    if chance.random() < temper.silent:
        return Intent(after, None)
    # It has been getting better at Lumen Coffee, a little with every quarter.
    score = min(10, max(0, round(chance.gauss(temper.mood + 0.25 * (number - 2), 1.1))))
    wordy = chance.random() < temper.wordy
    changed = score + temper.second_thoughts
    return Intent(
        after,
        score,
        _words(user, temper, score, number) if wordy else (),
        changed if temper.second_thoughts and changed <= 10 else None,
        snoozes=temper.snoozes,
        leaves=temper.leaves_at == number,
    )


def _words(user: User, temper: Temper, score: int, number: int) -> tuple[str, ...]:
    place = list(TEMPERS).index(user.name)
    return replies(user, place, score, number, most=2 if temper is CHATTY else 1)
