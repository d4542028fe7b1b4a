"""A person in the workspace: what they see, and what they can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sandbox import payloads
from slack_sandbox.api.chat import content
from slack_sandbox.api.method import Arguments
from slack_sandbox.api.views import checked_view
from slack_sandbox.blocks import Blocks, interactive
from slack_sandbox.blocks.state import Given, entered, form_errors
from slack_sandbox.delivery import Delivery, Kind, Reply
from slack_sandbox.errors import ApiError, FormError, NotAcknowledgedError, NotThereError
from slack_sandbox.modals import clear_modals, close_modal, enter, push_modal, update_view
from slack_sandbox.platform import Platform
from slack_sandbox.respond import say
from slack_sandbox.workspace import HOME, Channel, ChannelKind, Message, User, View, dm_id

Target = Message | Mapping[str, Any]
"""What somebody presses in: a message, or a view as Slack sends it."""
Entries = Mapping[str, Given | Mapping[str, Given]]
"""What somebody enters in a view, by block_id (and by action_id within it)."""


class Person:
    """Acts as one person. Only what is on their screen can be pressed.

    Arguments:
        platform: the workspace and the app in it.
        delivery: how the app learns of it.
        user: who acts.
    """

    def __init__(self, platform: Platform, delivery: Delivery, user: User) -> None:
        self._platform = platform
        self._delivery = delivery
        self.user = user

    @property
    def id(self) -> str:
        """The person's user id."""
        return self.user.id

    # Seeing

    @property
    def modal(self) -> dict[str, Any] | None:
        """The modal on top, as Slack sends views; None where none is open."""
        stack = self._platform.workspace.modals.get(self.id)
        return stack[-1].body if stack else None

    @property
    def home(self) -> dict[str, Any] | None:
        """The Home the app published for this person; None where it has not."""
        home = self._platform.workspace.homes.get(self.id)
        return home.body if home is not None else None

    @property
    def inbox(self) -> list[Message]:
        """The direct messages with the bot, oldest first."""
        return list(self._platform.workspace.posted(dm_id(self.id)).values())

    def ephemerals(self, channel: str | Channel) -> list[Message]:
        """Return what only this person sees in a channel (id or name), oldest first."""
        workspace = self._platform.workspace
        return list(workspace.ephemerals(self.id, workspace.channel(channel).id).values())

    # Acting

    async def click(self, target: Target, action_id: str, *, block_id: str | None = None) -> Reply:
        """Press a button, and say yes where it asks for confirmation.

        Raises:
            NotThereError: the message or view is gone, or has no such button.
            NotAcknowledgedError: the bot did not answer within three seconds.
        """
        return await self.act(target, action_id, block_id=block_id)

    def decline(self, target: Target, action_id: str) -> dict[str, Any]:
        """Press a button that asks for confirmation, and say no: the bot hears nothing of it.

        Returns:
            The dialog.

        Raises:
            NotThereError: there is no such button, or it asks for nothing.
        """
        _, element = _element(_blocks(self._on_screen(target)), action_id, None)
        if "confirm" not in element:
            raise NotThereError(f"'{action_id}' asks for no confirmation.")
        dialog: dict[str, Any] = element["confirm"]
        return dialog

    async def act(
        self, target: Target, action_id: str, given: Given = None, *, block_id: str | None = None
    ) -> Reply:
        """Press, choose or type into something; the bot is told. Raises what ``click`` raises."""
        payload = self.action(target, action_id, given, block_id=block_id)
        return await self._delivery.send(Kind.INTERACTIVE, payload)

    def action(
        self, target: Target, action_id: str, given: Given = None, *, block_id: str | None = None
    ) -> dict[str, Any]:
        """Return the payload of ``act`` without delivering it, for those who want to forge it.

        Raises:
            NotThereError: the message or view is gone, or has no such element or option.
        """
        on_screen = self._on_screen(target)
        block, element = _element(_blocks(on_screen), action_id, block_id)
        entry = None
        if element["type"] != "button":
            if element["type"] == "overflow" and not given:
                raise NotThereError(f"'{action_id}' is a menu: say which option.")
            entry = entered(element, given)
        action = payloads.action_of(self._platform, block, element, entry)
        if isinstance(on_screen, Message):
            return payloads.message_action(self._platform, self.user, on_screen, action)
        if entry is not None and element["type"] != "overflow":
            enter(on_screen, block["block_id"], element["action_id"], entry)
        return payloads.view_action(self._platform, self.user, on_screen, action)

    async def choose(self, target: Target, values: Mapping[str, Given]) -> Reply | None:
        """Choose options or type texts, by block_id, without sending the form.

        The bot hears of it only where Slack tells it: in blocks that are no ``input``, and in
        inputs with ``dispatch_action``. The last of those replies is returned.
        """
        reply = None
        for block_id, given in values.items():
            on_screen = self._on_screen(target)
            block, element = _element(_blocks(on_screen), None, block_id)
            if block["type"] != "input" or block.get("dispatch_action"):
                reply = await self.act(target, element["action_id"], given, block_id=block_id)
            elif isinstance(on_screen, View):
                self.fill_in(on_screen.body, {block_id: given})
        return reply

    def fill_in(self, view: Mapping[str, Any], values: Entries) -> None:
        """Enter texts and choices in a view without telling the bot."""
        on_screen = self._on_screen(view)
        if isinstance(on_screen, Message):
            raise NotThereError("This is no view.")
        for block_id, entry in values.items():
            entries = entry if isinstance(entry, Mapping) else {None: entry}
            for action_id, given in entries.items():
                _, element = _element(on_screen.body["blocks"], action_id, block_id)
                enter(on_screen, block_id, element["action_id"], entered(element, given))

    async def submit(
        self, view: Mapping[str, Any] | None = None, values: Entries | None = None
    ) -> dict[str, Any]:
        """Fill in a modal (the one on top unless another is given) and send it.

        Arguments:
            view: the modal, as Slack sends views.
            values: block_id -> text, option value, or list of option values (or action_id -> one
                of these, where a block has several elements).

        Returns:
            What the bot answered: ``{}`` closes the modal, else its ``response_action``.

        Raises:
            FormError: Slack would not send it; the modal stays.
            NotThereError: there is no such modal, block or option.
            NotAcknowledgedError: the bot did not answer in time or with nonsense; the modal stays.
        """
        modal = self._open_modal(view)
        self.fill_in(modal.body, values or {})
        errors = form_errors(modal.body["blocks"], modal.body["state"]["values"])
        if errors:
            raise FormError(errors)
        payload = payloads.view_submission(self._platform, self.user, modal)
        reply = await self._delivery.send(Kind.INTERACTIVE, payload)
        self._follow(modal, reply.body)
        return reply.body

    async def close_modal(self, view: Mapping[str, Any] | None = None) -> Reply | None:
        """Close a modal (the one on top unless another is given) without sending it."""
        modal = self._open_modal(view)
        cleared = modal.body["clear_on_close"]
        if cleared:
            clear_modals(self._platform.workspace, self.id)
        else:
            close_modal(self._platform.workspace, modal)
        if not modal.body["notify_on_close"]:
            return None
        payload = payloads.view_closed(self._platform, self.user, modal, cleared=cleared)
        return await self._delivery.send(Kind.INTERACTIVE, payload)

    async def command(self, command: str, text: str = "", *, channel: str | None = None) -> Reply:
        """Send a slash command; what the bot says with its acknowledgement is shown to the person.

        Arguments:
            command: such as ``/app``.
            text: what follows it.
            channel: id or name of where it is typed; the direct messages with the bot by default
                (the bot's user id stands for them, too).

        Raises:
            NotThereError: no such command or channel, or the person cannot use commands.
            NotAcknowledgedError: the bot did not answer within three seconds.
        """
        workspace = self._platform.workspace
        if self.user.team_id != workspace.team.id:
            raise NotThereError("People of other workspaces cannot use slash commands here.")
        if command not in {known.command for known in self._platform.manifest.commands}:
            raise NotThereError(f"'{command}' is not a valid command.")
        where = workspace.dm(self.id) if channel is None else self._inside(channel)
        payload = payloads.slash_command(self._platform, self.user, where, command, text)
        reply = await self._delivery.send(Kind.COMMAND, payload)
        if reply.body:
            self._show(where, command, reply.body)
        return reply

    async def open_home(self) -> Reply | None:
        """Open the app's Home; the bot hears of it where the manifest asks for that event."""
        workspace = self._platform.workspace
        if not self._platform.manifest.has_home:
            raise NotThereError("This app has no Home.")
        if self.user.team_id != workspace.team.id:
            raise NotThereError("People of other workspaces do not see this app's Home.")
        workspace.put_read(self.id, HOME, workspace.next_ts())
        if "app_home_opened" not in self._platform.manifest.events:
            return None
        opened: dict[str, Any] = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": workspace.dm(self.id).id,
            "tab": "home",
        }
        if self.home is not None:
            opened["view"] = self.home
        return await self._delivery.send(Kind.EVENT, payloads.event(self._platform, opened))

    def say(self, channel: str | Channel, text: str, *, thread_ts: str | None = None) -> Message:
        """Write a message in a channel, or a reply to the one at ``thread_ts``.

        Raises:
            NotThereError: the person cannot write there, or there is nothing to reply to.
        """
        workspace = self._platform.workspace
        where = self._inside(channel)
        if where.kind is ChannelKind.DM and not self._platform.manifest.takes_messages:
            raise NotThereError(f"{workspace.bot.real_name} does not take messages.")
        if thread_ts is not None and thread_ts not in workspace.posted(where.id):
            raise NotThereError("This message is not there (any more).")
        message = Message(where.id, workspace.next_ts(), self.id, text, thread_ts=thread_ts)
        workspace.put_message(message)
        return message

    def read(self, channel: str | Channel) -> None:
        """Mark a channel as read up to its last message."""
        where = self._inside(channel)
        seen = [*self._platform.workspace.messages(where), *self.ephemerals(where)]
        if seen:
            last = max(message.ts for message in seen)
            self._platform.workspace.put_read(self.id, where.id, last)

    # What stands behind it

    def _inside(self, channel: str | Channel) -> Channel:
        workspace = self._platform.workspace
        found = workspace.dm(self.id) if channel == workspace.bot.id else workspace.channel(channel)
        if self.id not in found.members:
            raise NotThereError(f"{self.user.real_name} is not in #{found.name}.")
        return found

    def _on_screen(self, target: Target) -> Message | View:
        """Return what the target is by now; raise NotThereError where it is gone."""
        workspace = self._platform.workspace
        if isinstance(target, Message):
            channel = workspace.channels.get(target.channel)
            found = workspace.message(target.channel, target.ts, self.id)
            if channel is None or self.id not in channel.members or found is None:
                raise NotThereError("This message is not there (any more).")
            return found
        view = workspace.views.get(target["id"])
        if view is None or view.user != self.id:
            raise NotThereError("This view is not on the screen (any more).")
        return view

    def _open_modal(self, view: Mapping[str, Any] | None) -> View:
        target = view if view is not None else self.modal
        if target is None:
            raise NotThereError(f"{self.user.real_name} has no modal open.")
        modal = self._on_screen(target)
        if isinstance(modal, Message) or modal.body["type"] != "modal":
            raise NotThereError("This is no modal.")
        return modal

    def _follow(self, modal: View, answer: dict[str, Any]) -> None:
        """Do to the screen what the bot's answer to a submission says."""
        workspace = self._platform.workspace
        action = answer.get("response_action")
        try:
            if action is None:
                close_modal(workspace, modal)
            elif action == "clear":
                clear_modals(workspace, self.id)
            elif action == "update":
                update_view(workspace, modal, checked_view(answer.get("view"), "modal"))
            elif action == "push":
                push_modal(workspace, self.id, checked_view(answer.get("view"), "modal"))
            elif action != "errors":
                raise NotAcknowledgedError(f"The bot answered with response_action '{action}'.")
            elif not _errors_fit(modal, answer.get("errors")):
                raise NotAcknowledgedError("The bot's errors name no input of this modal.")
        except ApiError as refused:
            raise NotAcknowledgedError(
                f"The bot answered with a view Slack refuses: {refused.code} {refused.details}"
            ) from refused

    def _show(self, channel: Channel, command: str, answer: dict[str, Any]) -> None:
        try:
            text, blocks = content(self._platform, Arguments(answer))
        except ApiError as refused:
            raise NotAcknowledgedError(
                f"{command} answered with what Slack refuses: {refused.code} {refused.details}"
            ) from refused
        in_channel = answer.get("response_type") == "in_channel"
        say(self._platform, self.id, channel.id, text, blocks, in_channel=in_channel)


def _element(
    blocks: Blocks, action_id: str | None, block_id: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    for block, element in interactive(blocks):
        if action_id in {None, element["action_id"]} and block_id in {None, block["block_id"]}:
            return block, element
    there = ", ".join(
        f"{block['block_id']}/{element['action_id']}" for block, element in interactive(blocks)
    )
    raise NotThereError(
        f"There is nothing called {block_id or '*'}/{action_id or '*'} here, only: {there or '-'}."
    )


def _blocks(on_screen: Message | View) -> Blocks:
    if isinstance(on_screen, Message):
        return on_screen.blocks
    blocks: Blocks = on_screen.body["blocks"]
    return blocks


def _errors_fit(modal: View, errors: object) -> bool:
    inputs = {b["block_id"] for b in modal.body["blocks"] if b["type"] == "input"}
    return isinstance(errors, dict) and bool(errors) and errors.keys() <= inputs
