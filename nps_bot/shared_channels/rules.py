"""What becomes of a question to a shared channel, and whose click on it counts."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum


class PostState(StrEnum):
    """Where the question of a wave to one channel stands."""

    ASKED = "asked"
    """Whoever looks after the account was asked whether to post it."""
    APPROVED = "approved"
    DECLINED = "declined"
    """Not in this wave; the next one asks again."""
    NEVER = "never"
    """Not in this channel, until somebody takes it back."""
    SKIPPED = "skipped"
    """Nobody was asked: it cannot, or should not, be posted there."""


class Choice(StrEnum):
    """What the owner of an account can press."""

    POST = "post"
    NOT_THIS_TIME = "not_this_time"
    NOT_THIS_ONE = "not_this_one"
    ASK_AGAIN = "ask_again"
    """Takes *Never in this channel* back, from the next wave on."""


def decided(state: PostState, choice: Choice) -> PostState:
    """Return where a question stands after a choice: the first word counts.

    Only *Never in this channel*, which holds for all waves to come, can be taken back.
    """
    match state, choice:
        case PostState.ASKED, Choice.POST:
            return PostState.APPROVED
        case PostState.ASKED, Choice.NOT_THIS_TIME:
            return PostState.DECLINED
        case PostState.ASKED, Choice.NOT_THIS_ONE:
            return PostState.NEVER
        case PostState.NEVER, Choice.ASK_AGAIN:
            return PostState.DECLINED
        case _:
            return state


def is_theirs(homes: Collection[str], teams: Collection[str]) -> bool:
    """Return whether somebody belongs to an account.

    Args:
        homes: the workspace they belong to and its organisation, as far as Slack tells; nobody
            whose home is not known belongs to anybody.
        teams: the workspaces or organisations of the account.
    """
    return not set(homes).isdisjoint(teams)


def teams_of(named: Collection[str], sharing: Collection[str]) -> tuple[str, ...] | None:
    """Return whose answers count in a channel; None where nobody can tell.

    Args:
        named: the home workspaces that somebody wrote down for its account.
        sharing: the other companies that share the channel, as Slack tells.
    """
    if named:
        return tuple(named)
    return tuple(sharing) if len(sharing) == 1 else None
