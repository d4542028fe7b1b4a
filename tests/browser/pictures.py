"""The README's pictures, from a real run of the sandbox's page: `make pictures`.

The people, their answers and words come from the sandbox's seed; only the dates are today's.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from tests.browser.conftest import ROOT, Running

PICTURES = ROOT / "docs" / "pictures"
PATIENCE = 120
"""Seconds for one request: the clock may go on for a week meanwhile."""
LONG = 30_000
"""Milliseconds within which what was owed must be seen."""
DM = "dm"
"""The direct messages with the bot, where a place is named."""
SIZE: ViewportSize = {"width": 1440, "height": 900}
TALL = 2_400
"""Pixels: the height of a page on which every message is seen as a whole."""
SHARP = 2
"""Pixels of a picture for each pixel of the page."""
REASON = "Two deliveries came a day late, and nobody told us. Our first guests got instant coffee."


class Story:
    """What happens in the sandbox, told to it as its page does."""

    def __init__(self, address: str) -> None:
        self.address = address

    def sees(self, who: str) -> dict[str, Any]:
        """Return what somebody sees."""
        state = Request(f"{self.address}/page/state?as={who}")  # noqa: S310  # our own server
        with urlopen(state, timeout=PATIENCE) as answer:  # noqa: S310  # likewise
            seen: dict[str, Any] = json.load(answer)
        return seen

    def newest(self, who: str, place: str) -> dict[str, Any]:
        """Return the newest message of a channel, or of the direct messages with the bot."""
        for channel in self.sees(who)["channels"]:
            if place == (DM if channel["kind"] == DM else channel["name"]):
                message: dict[str, Any] = channel["messages"][-1]
                return {**message, "channel": channel["id"]}
        raise LookupError(place)

    def press(self, who: str, message: dict[str, Any], action_id: str) -> None:
        """Press a button in a message."""
        (block,) = [
            block["block_id"]
            for block in message["blocks"]
            if any(one.get("action_id") == action_id for one in block.get("elements", ()))
        ]
        where = {"channel": message["channel"], "ts": message["ts"]}
        self.do(who, "block_action", **where, block_id=block, action_id=action_id)

    def do(self, who: str, what: str, **more: Any) -> None:
        """Do something as somebody."""
        self.ask("act", {"as": who, "do": what, **more})

    def move(self, how: str) -> None:
        """Move time on."""
        self.ask("clock", {"move": how})

    def ask(self, path: str, wish: dict[str, Any]) -> None:
        """Ask the page's server for something."""
        request = Request(  # noqa: S310  # our own server
            f"{self.address}/page/{path}",
            json.dumps(wish).encode(),
            {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310  # likewise
            told = json.load(answer)
        if not told["ok"]:
            raise RuntimeError(f"{path} {wish}: {told['error']}")


def show(page: Page, story: Story, who: str, place: str) -> Locator:
    """Open a place as somebody; return its newest message."""
    address = {"as": story.sees(who)["me"]["id"]}
    if place != DM:
        address["c"] = place
    page.goto(f"{story.address}/?{urlencode(address)}")
    newest = page.get_by_test_id("message").or_(page.get_by_test_id("ephemeral")).last
    expect(newest).to_be_visible(timeout=LONG)
    return newest


def take(page: Page, what: Locator | None, name: str) -> None:
    """Take a picture of a part of the page, whole however tall it is; or of the page itself."""
    if what is None:
        page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    else:
        page.set_viewport_size({**SIZE, "height": TALL})
        what.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
        page.set_viewport_size(SIZE)
    print(f"docs/pictures/{name}.png")  # said to whoever runs it


def tell(page: Page, story: Story) -> None:
    """Live through a wave, and take pictures on the way."""
    prompt = show(page, story, "ada", DM)
    expect(prompt).to_contain_text("How likely", timeout=LONG)
    take(page, prompt, "prompt")

    story.press("ada", story.newest("ada", DM), "score_3")
    modal = page.get_by_test_id("modal")
    modal.get_by_role("textbox").first.fill(REASON)
    page.get_by_test_id("modal-submit").click()
    expect(modal).to_be_hidden()
    alert = show(page, story, "priya", "nps-alerts")
    expect(alert).to_contain_text(REASON, timeout=LONG)
    story.press("priya", story.newest("priya", "nps-alerts"), "claim_case")
    expect(alert).to_contain_text("Claimed by", timeout=LONG)
    take(page, alert, "alert")

    story.move("day")
    story.move("close_wave")
    closing = show(page, story, "priya", "nps-summary")
    expect(closing).to_contain_text("Customer survey, closed", timeout=LONG)
    closing.evaluate("message => message.scrollIntoView({block: 'end'})")  # it opens at what is new
    take(page, None, "sandbox")
    channel = story.newest("priya", "nps-summary")["channel"]
    story.do("priya", "command", command="/nps", text="report customer", channel=channel)
    report = page.get_by_test_id("ephemeral").last
    expect(report).to_contain_text("Latest comments", timeout=LONG)
    take(page, report, "report")


def make(browser: Browser) -> None:
    """Make all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        running = Running(Path(folder))
        page = browser.new_page(
            viewport=SIZE,
            device_scale_factor=SHARP,
            locale="en-GB",
            timezone_id="Europe/London",
            color_scheme="light",
            reduced_motion="reduce",
        )
        try:
            tell(page, Story(running.start()))
        finally:
            page.close()
            running.stop()


def main() -> None:
    """Make all pictures with Debian's chromium."""
    path = shutil.which("chromium")
    if path is None:
        sys.exit("The pictures need chromium: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        make(browser)
        browser.close()


if __name__ == "__main__":
    main()
