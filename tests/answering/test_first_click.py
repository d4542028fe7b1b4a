from __future__ import annotations

from slack_sandbox import Fault
from tests.app.test_outages import SCORES
from tests.helpers.attack_helpers import BOTH, ask_one, quiet, read
from tests.helpers.world import World


@BOTH
async def test_the_first_click_after_a_start_does_not_wait_for_slack(world: World) -> None:
    ada, prompt = await ask_one(world, "ada")
    await quiet(world)
    calls = len(world.sandbox.ledger)
    world.sandbox.faults.add("auth.test", Fault(status=503), times=None)
    await ada.click(prompt, "score_3")
    assert await read(world.bot.context.database, SCORES) == [(3,)]
    await world.modal_of(ada, "followup")
    assert "auth.test" not in [call.method for call in world.sandbox.ledger[calls:]]
