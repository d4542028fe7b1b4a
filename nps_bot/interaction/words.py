"""The words of ``/nps``: one object says all of a word, one listener answers all of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from nps_bot.base.errors import NpsBotError, StorageUnavailableError, nearest
from nps_bot.interaction.command_args import CommandArgs, CommandError, not_an_owner
from nps_bot.interaction.context import BotContext
from nps_bot.interaction.replies import NOT_NOW, WENT_WRONG
from nps_bot.slack import block_kit as blocks
from nps_bot.slack import notices, payloads
from nps_bot.slack.block_kit import listed
from nps_bot.slack.calls import Refused
from nps_bot.slack.errors import SlackCallError
from nps_bot.slack.message import Message

log = logging.getLogger(__name__)

Handler = Callable[[BotContext, CommandArgs], Awaitable[Sequence[Message]]]
"""Returns the answer, followed by what to answer where Slack refuses its blocks."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of ``/nps``.

    Attributes:
        name: what people type after ``/nps``.
        help: what it does, in one line of mrkdwn.
        handler: answers it.
        arguments: what follows the name; optional ones in square brackets.
        for_everybody: whether people who own no survey may use it, too.
        details: what the README says instead of ``help``, in Markdown.
    """

    name: str
    help: str
    handler: Handler
    arguments: str = ""
    for_everybody: bool = False
    details: str | None = None

    @property
    def usage(self) -> str:
        """The name with its arguments."""
        return f"{self.name} {self.arguments}".rstrip()


def with_help(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words, followed by ``help``, which lists them all."""

    async def answer(_context: BotContext, _args: CommandArgs) -> Sequence[Message]:
        return [help_message(every)]

    every = (*words, Word("help", "this list", answer, for_everybody=True))
    return every


def help_message(words: Sequence[Word]) -> Message:
    """Return what ``/nps help`` answers."""
    lines = [f"• `/nps {word.usage}`: {word.help}" for word in words]
    return Message(
        f"/nps knows {', '.join(word.name for word in words)}.",
        [
            blocks.header("What /nps can do"),
            blocks.section("\n".join(lines)),
            blocks.context(
                "Only you see the answers, unless you share them. Leave the survey out where you"
                " own just one."
            ),
        ],
    )


class SlashCommand:
    """The listener of ``/nps``. Slack is answered at once; what was asked for follows."""

    def __init__(self, context: BotContext, words: Sequence[Word]) -> None:
        self._context = context
        self._words: Mapping[str, Word] = {word.name: word for word in words}

    def register(self, app: AsyncApp) -> None:
        """Register the slash command."""
        app.command("/nps")(self.answer)

    async def answer(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Answer ``/nps``, to the person who asked and nobody else."""
        await ack()
        origin, typed = payloads.origin(body), payloads.command_words(body)
        answering = self._answer(origin.person_id, origin.response_url or "", typed)
        self._context.background.spawn(answering, "Answering /nps", person=origin.person_id)

    async def _answer(self, person_id: str, response_url: str, typed: list[str]) -> None:
        try:
            answers = await self._dispatch(person_id, typed)
        except StorageUnavailableError as error:
            log.warning("/nps was not answered: %s", error, extra={"person": person_id})
            answers = [notices.sentence(NOT_NOW)]
        except NpsBotError as error:
            answers = [notices.sentence(str(error))]
        except Exception:  # nobody foresaw it, and who asked must not wait for nothing
            log.exception("/nps failed", extra={"person": person_id})
            answers = [notices.sentence(WENT_WRONG)]
        await self._respond(response_url, answers)

    async def _dispatch(self, person_id: str, typed: Sequence[str]) -> Sequence[Message]:
        name, arguments = (typed[0].lower(), typed[1:]) if typed else ("help", ())
        word = self._words.get(name)
        if word is None:
            raise CommandError(
                f"/nps knows no '{name}'.{nearest(name, self._words)} "
                f"It knows {listed(self._words)}; /nps help says more."
            )
        managed = [] if word.for_everybody else await self._context.access.managed(person_id)
        if not (managed or word.for_everybody):
            raise not_an_owner()
        return await word.handler(self._context, CommandArgs(person_id, arguments, managed))

    async def _respond(self, response_url: str, answers: Sequence[Message]) -> None:
        """Send the first answer whose blocks the workspace accepts."""
        first, *others = answers
        try:
            await self._context.messenger.respond(response_url, first)
        except SlackCallError as error:
            if not others or not isinstance(error.failure, Refused):
                raise
            await self._respond(response_url, others)
            await self._context.charts.refused()
