"""What survives a restart, and ``kill -9``."""

from __future__ import annotations

import signal
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import aiohttp

from slack_sandbox import Limits, Sandbox
from tests.slack_sandbox.conftest import Caller
from tests.slack_sandbox.kit import home, section


async def test_a_restart_brings_everything_back(tmp_path: Path) -> None:
    state = tmp_path / "var" / "sandbox.db"
    first = await Sandbox.start(limits=Limits.none(), state=state)
    async with aiohttp.ClientSession() as session:
        call = Caller(first, session)
        metadata = {"event_type": "app", "event_payload": {"id": "1"}}
        hello = {"channel": "U0ADA0000", "text": "Hello", "metadata": metadata}
        kept = await call("chat.postMessage", **hello)
        gone = await call("chat.postMessage", channel="U0ADA0000", text="Gone")
        await call("chat.update", channel="D0ADA0000", ts=kept["ts"], blocks=[section("New")])
        await call("chat.delete", channel="D0ADA0000", ts=gone["ts"])
        await call("chat.postEphemeral", channel="C0GENERAL", user="U0TOM0000", text="Psst")
        await call("views.publish", user_id="U0ADA0000", view=home(section("Home")))
    first.person("ada").read("D0ADA0000")
    first.workspace.user("jack").deleted = True
    first.workspace.put_user(first.workspace.user("jack"))
    message, ada_home = first.person("ada").inbox[0], first.person("ada").home
    await first.stop()

    second = await Sandbox.start(limits=Limits.none(), state=state)
    ada = second.person("ada")
    assert ada.inbox == [message]
    assert ada.home == ada_home
    assert [m.text for m in second.person("tom").ephemerals("general")] == ["Psst"]
    assert second.workspace.last_read(ada.id, "D0ADA0000") == message.ts
    assert second.workspace.user("jack").deleted is True
    assert (second.bot_token, second.app_token) == (first.bot_token, first.app_token)
    assert second.signing_secret == first.signing_secret
    async with aiohttp.ClientSession() as session:
        call = Caller(second, session)
        new = await call("chat.postMessage", channel="D0ADA0000", text="After")
        again = {"channel": "D0ADA0000", "ts": message.ts, "text": "Still ours"}
        assert (await call("chat.update", **again))["ok"] is True
    assert new["ts"] > message.ts
    await second.stop()


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from slack_sandbox import Limits, Sandbox

async def main():
    sandbox = await Sandbox.start(limits=Limits.none(), state=Path(sys.argv[1]))
    print(sandbox.person("priya").say("general", "Last words").ts, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_a_killed_sandbox_has_lost_nothing(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    process = await create_subprocess_exec(sys.executable, "-c", DIES, str(state), stdout=PIPE)
    said, _ = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    sandbox = await Sandbox.start(state=state)
    (message,) = sandbox.workspace.messages("general")
    assert (message.ts, message.text) == (said.decode().strip(), "Last words")
    await sandbox.stop()


async def test_without_a_file_nothing_is_kept() -> None:
    first = await Sandbox.start()
    first.person("priya").say("general", "Hello")
    await first.stop()
    second = await Sandbox.start()
    assert second.workspace.messages("general") == []
    assert second.bot_token != first.bot_token
    await second.stop()
