"""What keeps people out of the page, looked for by axe in its main states, light and dark."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Running, opened_page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
_SERIOUS = {"serious", "critical"}


def barriers(page: Page) -> list[str]:
    """Return what axe finds serious, and where."""
    page.evaluate(_AXE)
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
        if violation["impact"] in _SERIOUS
    ]


def test_axe_finds_a_barrier_where_there_is_one(page: Page) -> None:
    page.set_content('<html lang="en"><title>A</title><main><button></button></main>')
    assert [found.split(":")[0] for found in barriers(page)] == ["button-name"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_serious_keeps_people_out(
    bot: Running, browser: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    address = bot.start()
    with opened_page(browser, width=width, scheme=scheme) as page:
        page.goto(address)
        score = page.locator("[data-action-id=score_3]")
        expect(score).to_be_visible()
        assert barriers(page) == [], "the question"

        page.get_by_test_id("settings-open").click()
        expect(page.get_by_test_id("settings")).to_be_visible()
        assert barriers(page) == [], "the settings"
        page.keyboard.press("Escape")

        page.locator("#act-as:visible, #place-me:visible").click()
        expect(page.get_by_test_id("act-as-search")).to_be_focused()
        assert barriers(page) == [], "the people"
        page.keyboard.press("Escape")

        score.click()
        expect(page.get_by_test_id("modal")).to_contain_text("You answered 3")
        assert barriers(page) == [], "a modal"
        page.get_by_test_id("modal-close").last.click()

        page.get_by_test_id("home-tab").click()
        delete = page.locator("[data-action-id=home_delete]")
        expect(delete).to_be_visible()
        assert barriers(page) == [], "Home"
        delete.click()
        expect(page.get_by_test_id("confirm")).to_be_visible()
        assert barriers(page) == [], "a question back"
        page.get_by_test_id("confirm-no").click()

        page.goto(f"{address}?as=priya&c=nps-alerts")
        page.get_by_test_id("message").last.focus()
        page.get_by_role("button", name="Reply in thread").last.click()
        page.get_by_test_id("thread-composer").fill("I'll call her")
        page.get_by_test_id("thread-composer").press("Enter")
        expect(page.get_by_test_id("thread")).to_contain_text("1 reply")
        assert barriers(page) == [], "a thread"

        page.goto(f"{address}?as=priya&c=leadership")
        composer = page.get_by_test_id("composer")
        composer.press_sequentially("/nps re")
        expect(page.get_by_role("option")).not_to_have_count(0)
        assert barriers(page) == [], "an empty channel, and commands to choose from"
        composer.fill("/nps report customer")
        composer.press("Enter")
        expect(page.get_by_test_id("ephemeral").locator("svg.drawing")).to_be_visible()
        assert barriers(page) == [], "a report"
        composer.fill("/unheard")
        composer.press("Enter")
        expect(page.get_by_test_id("toast")).to_be_visible()
        assert barriers(page) == [], "an error"

        page.goto(f"{address}?as=priya&c=ext-harbor")
        expect(page.get_by_test_id("shared")).to_contain_text("Shared with Harbor Hotels")
        assert barriers(page) == [], "a channel shared with others"
