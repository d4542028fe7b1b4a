"""Lumen Coffee: the workspace the sandbox starts with.

Ids never change, so that what a bot stored about these people stays true after a restart.
"""

from __future__ import annotations

from nps_bot.sandbox.workspace import (
    SLACKBOT_ID,
    Channel,
    ChannelKind,
    Team,
    User,
    UserGroup,
    Workspace,
)

LUMEN = Team("T0LUMEN01", "Lumen Coffee", "lumen-coffee")
HARBOR = Team("T0HARBOR1", "Harbor Hotels", "harbor-hotels")


def lumen_coffee() -> Workspace:
    """Return a new Lumen Coffee: seven employees, four guests, one outsider, six channels."""
    bot = User(
        "U0NPSBOT1", "nps", "NPS", LUMEN.id, tz="America/Los_Angeles", is_bot=True, title="App"
    )
    workspace = Workspace(LUMEN, bot, bot_id="B0NPSBOT1", app_id="A0NPSBOT1")
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
    def ids(names: str) -> list[str]:
        return [workspace.user(name).id for name in names.split()]

    staff = "priya tom mei sam noor lucia jack"
    customers = "nps priya tom mei ada kenji grace oscar"
    return [
        Channel(
            "C0GENERAL",
            "general",
            ChannelKind.PUBLIC,
            ids(f"nps polly {staff}"),
            topic="Company-wide news",
            is_general=True,
        ),
        Channel(
            "C0CUSTOM1",
            "customers",
            ChannelKind.PUBLIC,
            ids(customers),
            topic="Everybody who buys our coffee",
        ),
        Channel(
            "C0SUMMARY",
            "nps-summary",
            ChannelKind.PUBLIC,
            ids(f"nps {staff}"),
            topic="The running score",
        ),
        Channel(
            "C0ALERTS1",
            "nps-alerts",
            ChannelKind.PUBLIC,
            ids("nps priya tom mei"),
            topic="Somebody to call",
        ),
        Channel(
            "C0LEADERS",
            "leadership",
            ChannelKind.PRIVATE,
            ids("priya jack"),
            topic="Plans and figures",
        ),
        Channel(
            "C0HARBOR1",
            "ext-harbor",
            ChannelKind.PUBLIC,
            ids("nps priya tom helena"),
            topic="Harbor Hotels and Lumen Coffee",
            is_ext_shared=True,
        ),
    ]
