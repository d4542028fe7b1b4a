"""The page as the Slack people know: what it does without any bot beside it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import opened_page

SCRIPT = "<img src=x onerror=alert(1)> & *bold*"


def say(page: Page, text: str, *, to: str = "composer") -> None:
    page.get_by_test_id(to).fill(text)
    page.get_by_test_id(to).press("Enter")


def test_a_thread_opens_beside_its_message_and_shows_words_as_words(slack: str, page: Page) -> None:
    page.goto(f"{slack}?as=priya&c=general")
    say(page, SCRIPT)
    message = page.locator("#messages").get_by_test_id("message")
    expect(message).to_contain_text("<img src=x onerror=alert(1)> & bold")
    message.hover()
    message.get_by_role("button", name="Reply in thread").click()
    expect(page.get_by_test_id("thread-composer")).to_be_focused()
    say(page, "First", to="thread-composer")
    say(page, SCRIPT, to="thread-composer")
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("2 replies")
    expect(thread.get_by_test_id("message").last).to_contain_text("<img src=x")
    expect(page.locator("img")).to_have_count(0)
    expect(message).to_have_count(1)  # replies stand in the thread, not in the channel

    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()
    expect(page.get_by_test_id("replies")).to_be_focused()
    page.keyboard.press("Enter")
    expect(thread).to_be_visible()
    page.reload()
    expect(thread).to_contain_text("2 replies")


def test_what_is_new_is_marked_until_one_has_been_there(
    slack: str, page: Page, act_as: Callable[[str], None]
) -> None:
    page.goto(f"{slack}?as=tom&c=general")
    say(page, "Seen by all")
    act_as("Priya")
    say(page, "One")
    say(page, "Two")
    say(page, "Come, <@U0TOM0000>!")
    expect(page.locator(".row.grouped")).to_have_count(2)
    act_as("Jack")
    page.get_by_test_id("channel-leadership").click()
    act_as("Tom")
    general = page.get_by_test_id("channel-general")
    expect(general).to_have_class("place-link has-unread")
    expect(general.locator(".unread")).to_have_text("1 unread")  # only what names him is counted
    expect(page).to_have_title("(1) NPS · Lumen Coffee sandbox")
    general.click()
    line = page.locator(".day.new")
    expect(line).to_have_text("New")
    expect(line.locator("xpath=following-sibling::*[1]")).to_contain_text("One")
    expect(page.locator(".mention-me")).to_have_text("@Tom Brandt")
    expect(general).to_have_class("place-link ")
    page.get_by_test_id("channel-nps-alerts").click()
    general.click()
    expect(page.get_by_test_id("message")).to_have_count(4)
    expect(line).to_have_count(0)


def test_whoever_writes_sees_what_they_wrote(slack: str, page: Page) -> None:
    page.goto(f"{slack}?as=priya&c=general")
    for number in range(3):
        say(page, "\n".join(f"Line {line} of {number}" for line in range(30)))
    last = page.get_by_test_id("message").last
    expect(last).to_contain_text("Line 0 of 2")
    expect(last.get_by_text("Line 0 of 2")).to_be_in_viewport()  # a long one from its beginning
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0; }")
    expect(last).not_to_be_in_viewport()
    say(page, "Short")
    expect(last.get_by_text("Short")).to_be_in_viewport()


def test_a_command_is_completed_with_the_keyboard(slack: str, page: Page) -> None:
    page.goto(f"{slack}?as=priya&c=general")
    composer = page.get_by_test_id("composer")
    options = page.get_by_role("option")
    chosen = page.locator("#composer [aria-selected=true]")
    composer.press_sequentially("/n")
    composer.press("Enter")
    expect(composer).to_have_value("/nps ")
    expect(options.filter(has_text="/nps report")).to_be_visible()
    expect(chosen).to_have_count(0)  # Enter would send
    composer.press("ArrowDown")
    composer.press("ArrowDown")
    expect(chosen).to_contain_text("/nps status")
    composer.press("Escape")
    expect(options).to_have_count(0)
    composer.press_sequentially("wh")
    composer.press("Enter")
    expect(composer).to_have_value("/nps why @")
    composer.press_sequentially("Hel")
    expect(options).to_have_count(1)
    composer.press("Tab")
    expect(composer).to_have_value("/nps why @helena")


def test_everything_is_in_reach_of_the_keyboard(slack: str, page: Page) -> None:
    page.goto(f"{slack}?as=priya&c=general")
    say(page, "First")
    say(page, "Second")
    expect(page.get_by_test_id("message")).to_have_count(2)
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the messages")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("message").last).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_test_id("message").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Reply in thread").first).to_be_focused()

    page.get_by_test_id("channel-general").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("channel-customers")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="customers").first).to_be_visible()
    page.get_by_test_id("act-as").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("lucía")
    page.keyboard.press("Enter")
    expect(page.get_by_label("You are Lucía Prado").first).to_be_visible()


def test_colours_are_chosen_and_remembered(slack: str, page: Page) -> None:
    def ground() -> str:
        found: str = page.evaluate("getComputedStyle(document.querySelector('main')).colorScheme")
        return found

    page.goto(f"{slack}?as=priya")
    assert ground() == "light dark"  # as the system has it
    page.get_by_test_id("settings-open").click()
    page.get_by_label("Dark", exact=True).check()
    assert ground() == "dark"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_test_id("settings-open").click()
    expect(page.get_by_label("Dark", exact=True)).to_be_checked()


def test_on_a_phone_the_places_are_in_a_drawer(slack: str, browser: Browser) -> None:
    with opened_page(browser, width=390) as page:
        page.goto(f"{slack}?as=priya&c=general")
        menu, channel = page.locator("#menu"), page.get_by_test_id("channel-nps-alerts")
        expect(channel).to_be_hidden()
        menu.click()
        expect(page.get_by_test_id("channel-general")).to_be_focused()
        page.keyboard.press("Escape")
        expect(channel).to_be_hidden()
        expect(menu).to_be_focused()
        menu.click()
        channel.click()
        expect(page.get_by_role("heading", name="nps-alerts").first).to_be_visible()
        expect(channel).to_be_hidden()
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide == page.evaluate("innerWidth")


def test_without_a_bot_there_is_nothing_to_control(slack: str, page: Page) -> None:
    page.goto(slack)
    expect(page.get_by_role("heading", name="NPS").first).to_be_visible()
    expect(page.locator(".intro")).to_contain_text("NPS has not written to you yet")
    for hidden in ("clock-now", "checklist", "checklist-open"):
        expect(page.get_by_test_id(hidden)).to_be_hidden()
    page.get_by_test_id("settings-open").click()
    expect(page.get_by_label("Dark", exact=True)).to_be_visible()
    expect(page.get_by_role("switch")).to_have_count(0)


def test_nothing_is_written_before_there_is_a_place_for_it(slack: str, page: Page) -> None:
    held: list[Route] = []
    page.route("**/page/state*", lambda lookup: held.append(lookup))  # noqa: PLW0108  # takes no builtin
    page.goto(f"{slack}?as=priya&c=general")
    expect(page.get_by_test_id("composer")).to_be_disabled()
    for lookup in held:
        lookup.continue_()
    say(page, "Good morning")
    expect(page.get_by_test_id("message")).to_contain_text("Good morning")


def test_people_of_another_organisation_are_marked(
    slack: str, page: Page, act_as: Callable[[str], None]
) -> None:
    page.goto(f"{slack}?as=helena&c=ext-harbor")
    say(page, "Hello from Harbor")
    act_as("Priya")
    expect(page.get_by_test_id("shared")).to_contain_text("Shared with Harbor Hotels")
    expect(page.get_by_test_id("message").locator(".tag.outside")).to_have_text("Harbor Hotels")
    expect(page.get_by_test_id("channel-ext-harbor")).to_contain_text("shared")
    page.get_by_test_id("channel-general").click()
    expect(page.get_by_test_id("shared")).to_be_hidden()
