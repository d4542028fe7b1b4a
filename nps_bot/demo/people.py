"""Lumen Coffee: the workspace the demo starts with.

Ids never change, so that what a bot stored about these people stays true after a restart.
"""

from __future__ import annotations

from pathlib import Path

from slack_sandbox.workspace import (
    SLACKBOT_ID,
    Channel,
    ChannelKind,
    Team,
    User,
    UserGroup,
    Workspace,
)

MANIFEST = Path(__file__).parents[2] / "manifest.json"
"""What the bot may do in Slack."""
LUMEN = Team("T0LUMEN01", "Lumen Coffee", "lumen-coffee")
HARBOR = Team("T0HARBOR1", "Harbor Hotels", "harbor-hotels")


def lumen_coffee() -> Workspace:
    """Return a new Lumen Coffee: seven employees, four guests, one outsider, six channels."""
    bot = User(
        "U0NPSBOT1", "nps", "NPS", LUMEN.id, tz="America/Los_Angeles", is_bot=True, title="App"
    )
    workspace = Workspace(LUMEN, bot, bot_id="B0NPSBOT1", app_id="A0NPSBOT1")
    workspace.first_person = "ada"
    for user in (*_employees(), *_guests(), *_others()):
        workspace.put_user(user)
    for channel in _channels(workspace):
        workspace.put_channel(channel)
    success = tuple(workspace.user(name).id for name in ("tom", "mei"))
    workspace.put_group(UserGroup("S0SUCCESS", "success", "Customer success", success))
    return workspace


def _lumen(name: str, real_name: str, zone: str, title: str, *, admin: bool = False) -> User:
    user_id = f"U0{name.upper():0<7}"
    email = f"{name}@lumen.example"
    return User(user_id, name, real_name, LUMEN.id, zone, email, title, is_admin=admin)


def _guest(name: str, real_name: str, zone: str, company: str) -> User:
    user_id = f"U0{name.upper():0<7}"
    email = f"{name}@{company.lower().replace(' ', '')}.example"
    return User(user_id, name, real_name, LUMEN.id, zone, email, company, is_restricted=True)


def _employees() -> list[User]:
    return [
        _lumen("priya", "Priya Raman", "Europe/London", "Head of customer success", admin=True),
        _lumen("tom", "Tom Brandt", "Europe/Berlin", "Success manager"),
        _lumen("mei", "Mei Tan", "Asia/Singapore", "Success manager"),
        _lumen("sam", "Sam Okafor", "Europe/London", "Roaster"),
        _lumen("noor", "Noor Sheikh", "Asia/Kolkata", "Quality lead"),
        _lumen("lucia", "Lucía Prado", "America/Sao_Paulo", "Buyer"),
        _lumen("jack", "Jack Whitfield", "America/Los_Angeles", "Sales"),
    ]


def _guests() -> list[User]:
    return [
        _guest("ada", "Ada Marsh", "Europe/London", "Marsh Bakery"),
        _guest("kenji", "Kenji Mori", "Asia/Tokyo", "Mori Hotels"),
        _guest("grace", "Grace Lee", "America/New_York", "Lee Street Cafe"),
        _guest("oscar", "Oscar Nunn", "Australia/Sydney", "Bondi Beans"),
    ]


def _others() -> list[User]:
    """People and bots whom nobody must ask, and one outsider."""
    return [
        User(SLACKBOT_ID, "slackbot", "Slackbot", LUMEN.id, tz="America/Los_Angeles"),
        User("U0POLLY01", "polly", "Polly", LUMEN.id, tz="America/Los_Angeles", is_bot=True),
        User("U0ROWAN01", "rowan", "Rowan Hale", LUMEN.id, tz=None, deleted=True),
        User(
            "U0WENDY01",
            "wendy",
            "Wendy Cho",
            LUMEN.id,
            tz="Europe/London",
            email="wendy@lumen.example",
            is_invited_user=True,
        ),
        User(
            "U0HELENA1",
            "helena",
            "Helena Voss",
            HARBOR.id,
            tz="Europe/Berlin",
            title="Harbor Hotels",
        ),
    ]


def _channels(workspace: Workspace) -> list[Channel]:
    def channel(channel_id: str, name: str, topic: str, members: str) -> Channel:
        ids = [workspace.user(member).id for member in members.split()]
        return Channel(channel_id, name, ChannelKind.PUBLIC, ids, topic)

    staff = "priya tom mei sam noor lucia jack"
    customers = "nps priya tom mei ada kenji grace oscar"
    general = channel("C0GENERAL", "general", "Company-wide news", f"nps polly {staff}")
    general.is_general = True
    leadership = channel("C0LEADERS", "leadership", "Plans and figures", "priya jack")
    leadership.kind = ChannelKind.PRIVATE
    harbor = channel(
        "C0HARBOR1", "ext-harbor", "Harbor Hotels and Lumen Coffee", "nps priya tom helena"
    )
    harbor.is_ext_shared = True
    return [
        general,
        channel("C0CUSTOM1", "customers", "Everybody who buys our coffee", customers),
        channel("C0SUMMARY", "nps-summary", "The running score", f"nps {staff}"),
        channel("C0ALERTS1", "nps-alerts", "Somebody to call", "nps priya tom mei"),
        leadership,
        harbor,
    ]
