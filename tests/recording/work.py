"""Two waves of each kind of survey, and all that people and operators do about them."""

from __future__ import annotations

from pathlib import Path

from tests.recording import anonymous, named, shared, trouble
from tests.recording.desk import Desk


async def live_through_waves(desk: Desk, folder: Path) -> None:
    """Live through some weeks at Lumen Coffee."""
    await named.type_every_word(desk, folder)
    await named.start_with_approval(desk)
    await named.answer(desk)
    await shared.first_wave(desk)
    await named.look_at_the_figures(desk)
    await anonymous.first_wave(desk)
    await named.answer_reminders(desk)
    await trouble.be_in_trouble(desk)
    await named.close(desk)
    await anonymous.look_at_the_figures(desk)
    await shared.look_at_the_figures(desk)
    await named.second_wave(desk)
    await shared.second_wave(desk)
    await anonymous.second_wave(desk)
