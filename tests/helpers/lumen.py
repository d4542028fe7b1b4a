"""The demo's company in a sandbox of the test's own, with what the bot's manifest allows."""

from __future__ import annotations

from nps_bot.demo.people import MANIFEST, lumen_coffee
from slack_sandbox import Limits, Manifest, Sandbox, Workspace


async def start_lumen(
    workspace: Workspace | None = None,
    manifest: Manifest | None = None,
    limits: Limits | None = None,
) -> Sandbox:
    """Start a sandbox with Lumen Coffee in it; without rate limits by default."""
    return await Sandbox.start(
        workspace=workspace or lumen_coffee(),
        manifest=manifest or Manifest.load(MANIFEST),
        limits=limits or Limits.none(),
    )
