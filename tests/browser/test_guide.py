"""A newcomer follows the guide from its first step to its last, without leaving the page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser.conftest import Running


def begin(page: Page, key: str) -> None:
    """Wait until a step is the one at hand, and go where it says."""
    step = page.get_by_test_id(f"checklist-step-{key}")
    expect(step).to_have_attribute("aria-current", "step")
    there = step.locator(".checklist-here")
    go = page.get_by_test_id(f"checklist-go-{key}")
    expect(there.or_(go)).to_be_visible()
    if go.is_visible():
        go.click()
        expect(go).to_be_hidden()  # one is there, or it was all there was to do


def turn(page: Page, fault: str) -> None:
    page.get_by_test_id("settings-open").click()
    switch = page.get_by_test_id(f"fault-{fault}")
    before = switch.get_attribute("aria-checked")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false" if before == "true" else "true")
    page.keyboard.press("Escape")


def test_a_newcomer_follows_the_guide_to_its_end(bot: Running, page: Page) -> None:
    page.goto(bot.start())
    modal = page.get_by_test_id("modal")
    last = page.get_by_test_id("message").last

    begin(page, "answer")
    page.locator("[data-action-id=score_3]").click()
    expect(modal).to_contain_text("You answered 3")
    modal.locator("textarea").first.fill("The bread was late, twice")
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_be_hidden()

    begin(page, "alert")
    expect(last).to_contain_text("The bread was late, twice")
    begin(page, "claim")
    last.get_by_role("button", name="Claim").click()
    expect(last).to_contain_text("Claimed by")

    begin(page, "change")
    page.locator("[data-action-id=change_score]").click()
    modal.locator("[data-action-id=score_9]").click()
    expect(modal).to_contain_text("You answered 9")
    page.get_by_test_id("modal-close").first.click()

    begin(page, "report")
    composer = page.get_by_test_id("composer")
    composer.fill("/nps report customer")
    composer.press("Enter")
    expect(page.get_by_test_id("ephemeral").last).to_contain_text("Customer survey")

    begin(page, "break")
    turn(page, "wait")
    expect(page.get_by_test_id("settings-open")).to_contain_text("1 fault on")
    page.locator("[data-action-id=score_2]").click()
    expect(modal).to_contain_text("You answered 2")
    page.get_by_test_id("modal-close").first.click()
    begin(page, "mend")
    turn(page, "wait")
    expect(last).to_contain_text("Kenji Mori answered 2")

    begin(page, "day")
    page.get_by_test_id("move-day").click()
    begin(page, "close")
    page.get_by_test_id("move-close_wave").click()
    begin(page, "home")
    expect(page.locator("#home")).to_contain_text("Your answers")

    expect(page.get_by_test_id("checklist-end")).to_be_visible()
    expect(page.locator("[data-done=false]")).to_have_count(0)


def test_the_guide_stays_closed_until_it_is_opened_again(bot: Running, page: Page) -> None:
    page.goto(bot.start())
    guide, opener = page.get_by_test_id("checklist"), page.get_by_test_id("checklist-open")
    expect(guide).to_be_visible()
    page.get_by_test_id("checklist-close").click()
    expect(guide).to_be_hidden()
    expect(opener).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", name="NPS").first).to_be_visible()
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(guide).to_be_hidden()
    opener.click()
    expect(guide).to_be_visible()


def test_the_clock_moves_for_bot_and_page(bot: Running, page: Page) -> None:
    page.goto(bot.start())
    now = page.get_by_test_id("clock-now")
    before = datetime.fromisoformat(now.get_attribute("datetime") or "")
    tomorrow = (before + timedelta(days=1)).date().isoformat()
    page.get_by_test_id("move-day").click()
    expect(now).to_have_attribute("datetime", re.compile(tomorrow))
    expect(page.locator(".day").first).to_contain_text("Yesterday")
