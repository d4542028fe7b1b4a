"""Shares of calls that go wrong on purpose, in words and while they pass by."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from slack_sandbox import Chance, Fault, FaultError, Passing, Stage, parse_chance
from slack_sandbox.api import NAMES
from slack_sandbox.faults import KINDS, Faults
from tests.slack_sandbox.conftest import Caller

POST = "chat.postMessage"
DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"


@pytest.mark.parametrize(
    ("text", "chance"),
    [
        (f"{POST}=500", Chance(POST, Fault(status=500), 1.0)),
        (f"{POST}=cut:100%", Chance(POST, Fault(drop=True), 1.0)),
        (f"{POST}=lost:2%", Chance(POST, Fault(acted=True, drop=True), 0.02)),
        (f"{POST}=429:5%:30", Chance(POST, Fault(error="ratelimited", retry_after=30), 0.05)),
        ("response_url=delay:0.5%:2.5s", Chance("response_url", Fault(delay=2.5), 0.005)),
    ],
)
def test_a_fault_in_words(text: str, chance: Chance) -> None:
    assert parse_chance(text, NAMES) == chance


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("chat.postMesage=429", "there is no method 'chat.postMesage'. Did you mean 'chat.post"),
        ("chat.update=4290", "there is no fault '4290'. Did you mean '429'? There are: 429, 500, "),
        ("chat.update", "there is no fault ''"),
        ("chat.update=429:5", "the share must be a percentage such as 5%"),
        ("chat.update=429:101%", "the share must be a percentage such as 5%"),
        ("chat.update=429:nan%", "the share must be a percentage such as 5%"),
        ("chat.update=429:5%:1:2", "the share must be a percentage such as 5%"),
        ("chat.update=429:5%:soon", "the seconds must be a number such as 30"),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest_word(text: str, problem: str) -> None:
    with pytest.raises(FaultError, match=problem.replace("?", r"\?").replace(".", r"\.")):
        parse_chance(text, NAMES)


@given(st.text())
def test_any_text_is_a_fault_or_refused(text: str) -> None:
    with suppress(FaultError):
        chance = parse_chance(f"chat.update={text}", NAMES)
        assert 0 <= chance.share <= 1


def test_every_kind_is_documented() -> None:
    section = DOCUMENT.read_text(encoding="utf-8").partition("## A Slack that fails")[2]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("| `")]
    assert rows == [f"`{kind}`" for kind in KINDS]


def test_the_same_seed_chooses_the_same_calls_and_the_shares_are_kept() -> None:
    def taken(seed: int) -> list[Fault | None]:
        faults = Faults(seed)
        faults.share([Chance(POST, Fault(status=500), 0.1), Chance(POST, Fault(drop=True), 0.2)])
        return [faults.take(POST) for _ in range(10_000)]

    assert taken(7) == taken(7)
    assert taken(7) != taken(8)
    assert taken(7).count(Fault(status=500)) == pytest.approx(1_000, rel=0.15)
    assert taken(7).count(Fault(drop=True)) == pytest.approx(2_000, rel=0.15)


def test_shares_are_of_one_method_and_at_most_all_its_calls() -> None:
    faults = Faults()
    faults.share([Chance(POST, Fault(status=500))])
    assert faults.take(POST) == Fault(status=500)
    assert faults.take("chat.update") is None
    with pytest.raises(FaultError, match=r"The shares of chat\.postMessage are more than 100%\."):
        faults.share([Chance(POST, Fault(), 0.6), Chance(POST, Fault(), 0.6)])


async def test_faults_are_set_while_it_runs(call: Caller) -> None:
    address = f"{call.sandbox.url}/page/faults"

    async def put(body: object) -> dict[str, object]:
        async with call.session.put(address, json=body) as answer:
            told: dict[str, object] = await answer.json()
            return told

    assert await put([f"{POST}=500"]) == {"ok": True}
    async with call.session.post(call.sandbox.api_url + POST) as answer:
        assert answer.status == 500
    assert (await put(["chat.pst=500"]))["ok"] is False
    assert (await put({"chat.update": 1})) == {"ok": False, "error": "Faults are a list of texts."}
    assert await put([]) == {"ok": True}
    assert (await call(POST, channel="C0GENERAL", text="Hello"))["ok"] is True


async def test_only_json_sets_faults(call: Caller) -> None:
    async with call.session.put(f"{call.sandbox.url}/page/faults", data="[]") as answer:
        assert answer.status == 415


async def test_who_watches_sees_every_stage_and_at_which_port(call: Caller) -> None:
    seen: list[Passing] = []

    async def watch(passing: Passing) -> None:
        seen.append(passing)

    other = await call.sandbox.another_api_url()
    call.sandbox.watch(watch)
    headers = {"Authorization": f"Bearer {call.sandbox.bot_token}"}
    async with call.session.post(other + "auth.test", headers=headers) as answer:
        assert answer.status == 200
    port = URL(other).port
    assert port not in {None, URL(call.sandbox.api_url).port}
    assert seen == [
        Passing("auth.test", Stage.BEGUN, port or 0),
        Passing("auth.test", Stage.DONE, port or 0),
        Passing("auth.test", Stage.ANSWERED, port or 0, 200),
    ]


async def test_a_lost_answer_was_done_and_a_cut_call_was_not(call: Caller) -> None:
    stages: list[Stage] = []

    async def watch(passing: Passing) -> None:
        stages.append(passing.stage)

    call.sandbox.watch(watch)
    for kind in ("lost", "cut"):
        call.sandbox.faults.share([parse_chance(f"{POST}={kind}", NAMES)])
        with pytest.raises(aiohttp.ClientError):
            await call(POST, channel="C0GENERAL", text=kind)
    assert stages == [Stage.BEGUN, Stage.DONE, Stage.ANSWERED, Stage.BEGUN, Stage.ANSWERED]
    assert [one.done for one in call.sandbox.ledger] == [True, False]
    assert [one.text for one in call.sandbox.workspace.messages("general")] == ["lost"]
