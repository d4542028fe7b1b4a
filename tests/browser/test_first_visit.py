"""What the README promises a newcomer, played in a browser."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import Running


def test_answer_explain_change_and_see_the_team_learn_it(
    bot: Running, page: Page, act_as: Callable[[str], None]
) -> None:
    page.goto(bot.start())
    page.locator("[data-action-id=score_3]").click()
    modal = page.get_by_test_id("modal")
    expect(modal).to_contain_text("You answered 3")
    modal.locator("textarea").first.fill("Late <b>twice</b> & nobody told us")
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_be_hidden()
    expect(page.get_by_test_id("message").last).to_contain_text("You answered 3.")

    act_as("Priya")
    page.get_by_test_id("channel-nps-alerts").click()
    alert = page.get_by_test_id("message").last
    expect(alert).to_contain_text("Ada Marsh answered 3")
    expect(alert).to_contain_text("Marsh Bakery, looked after by @Tom Brandt")
    expect(alert).to_contain_text("Late <b>twice</b> & nobody told us")
    page.get_by_test_id("channel-nps-summary").click()
    summary = page.get_by_test_id("message").filter(has_text="Customer survey")
    expect(summary).to_contain_text("NPS −100")

    act_as("Ada")
    page.locator("[data-action-id=change_score]").click()
    modal.locator("[data-action-id=score_9]").click()
    expect(modal).to_contain_text("You answered 9")
    page.get_by_test_id("modal-close").first.click()
    expect(page.get_by_test_id("message").last).to_contain_text("You answered 9.")

    act_as("Priya")
    page.get_by_test_id("channel-nps-alerts").click()
    expect(alert).to_contain_text("9, corrected from 3")
    page.get_by_test_id("channel-nps-summary").click()
    expect(summary).to_contain_text("NPS +100")
    composer = page.get_by_test_id("composer")
    composer.fill("/nps report customer")
    composer.press("Enter")
    report = page.get_by_test_id("ephemeral").last
    expect(report).to_contain_text("NPS +100")
    expect(report).to_contain_text("1 of 14 people answered (7%)")
    expect(report).to_contain_text("Late <b>twice</b> & nobody told us")


def test_one_acts_as_who_is_there_and_sees_who_is_from_elsewhere(
    bot: Running, page: Page, act_as: Callable[[str], None]
) -> None:
    page.goto(bot.start())
    page.get_by_test_id("act-as").click()
    options = page.locator("#people [role=option]")
    expect(options.filter(has_text="Helena Voss")).to_have_count(1)
    expect(options.filter(has_text="Wendy Cho")).to_have_count(0)  # invited, not here yet
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("message").last).to_contain_text("App")
    card = page.get_by_test_id("acting-card")
    for name, tag in (("Ada", "Guest"), ("Helena", "Harbor Hotels")):
        act_as(name)
        expect(card.locator(".tag")).to_have_text(tag)
    act_as("Priya")
    expect(card).to_contain_text("Priya")
    expect(card.locator(".tag")).to_have_count(0)


def test_nothing_is_lost_when_the_bot_is_killed_and_started_again(
    bot: Running, page: Page, act_as: Callable[[str], None]
) -> None:
    page.goto(bot.start())
    page.locator("[data-action-id=score_4]").click()
    expect(page.get_by_test_id("modal")).to_contain_text("You answered 4")
    page.get_by_test_id("modal-close").first.click()
    act_as("Priya")
    page.get_by_test_id("channel-nps-alerts").click()
    # A call in flight would be looked up first, minutes later: test_kills waits for that.
    expect(page.get_by_test_id("message")).to_have_count(1)
    bot.kill()

    page.goto(bot.start())
    act_as("Ada")
    expect(page.get_by_test_id("message").last).to_contain_text("You answered 4.")
    expect(page.get_by_test_id("message")).to_have_count(1)
    act_as("Priya")
    page.get_by_test_id("channel-nps-alerts").click()
    expect(page.get_by_test_id("message")).to_have_count(1)
    expect(page.get_by_test_id("message")).to_contain_text("Ada Marsh answered 4")
