"""`web`, `worker` and `sandbox`: the commands that serve until a signal ends them."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import click

from nps_bot.cli import serving
from nps_bot.interaction.terminal import Terminal, run


def serve_everything(terminal: Terminal, *, empty: bool) -> None:
    """Run the whole bot; ``empty`` has its sandbox begin without a past."""
    _serve(serving.everything(terminal.settings, empty=empty))


@click.command(short_help="Take clicks and commands over HTTP.")
@click.pass_obj
def web(terminal: Terminal) -> None:
    """Take clicks and commands over HTTP, on PORT.

    Needs PostgreSQL and a worker process beside it. There may be several of each.
    """
    _serve(serving.web(terminal.settings))


@click.command(short_help="Open waves and deliver messages.")
@click.option("--port", type=click.IntRange(0, 65535), help="Serve /healthz, /readyz, /metrics.")
@click.pass_obj
def worker(terminal: Terminal, port: int | None) -> None:
    """Open waves when they are due and deliver messages.

    Needs PostgreSQL and a web process beside it. There may be several of each.
    """
    _serve(serving.worker(terminal.settings, port))


@click.command(short_help="Only the sandbox Slack, for a bot in another terminal.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="METHOD=KIND[:SHARE[:SECONDS]]",
    help="Let calls go wrong, such as chat.postMessage=429:5%:30. May be given several times.",
)
@click.option("--seed", type=int, help="Which calls those are: the same seed, the same choice.")
@click.pass_obj
def sandbox(terminal: Terminal, faults: tuple[str, ...], seed: int | None) -> None:
    """Start only the sandbox Slack, for a bot in another terminal; print the settings it needs.

    With --fault a share of the calls of a METHOD goes wrong. KIND is 429 (Slack asks to wait
    SECONDS), 500, delay (the answer takes SECONDS), lost (done, but the connection breaks before
    the answer), cut (it breaks before anything is done), invalid_blocks or unknown_method (Slack
    refuses it so).
    """
    from nps_bot.demo import run  # noqa: PLC0415  # as in cli.serving

    _serve(run.only_sandbox(terminal.settings, faults, seed))


def _serve(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` until a signal ends it."""
    run(serving.until_told(work))
