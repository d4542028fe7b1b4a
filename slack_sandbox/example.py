"""A small company to begin with, for whoever brings no workspace of their own.

Ids never change, so that what an app stored about these people stays true after a restart.
"""

from __future__ import annotations

from slack_sandbox.workspace import (
    SLACKBOT_ID,
    Channel,
    ChannelKind,
    Team,
    User,
    UserGroup,
    Workspace,
)

ACME = Team("T0ACME001", "Acme", "acme")
HARBOR = Team("T0HARBOR1", "Harbor Hotels", "harbor-hotels")

_STAFF = (
    ("priya", "Priya Raman", "Europe/London", "Head of support"),
    ("tom", "Tom Brandt", "Europe/Berlin", "Support"),
    ("mei", "Mei Tan", "Asia/Singapore", "Support"),
    ("sam", "Sam Okafor", "Europe/London", "Developer"),
    ("noor", "Noor Sheikh", "Asia/Kolkata", "Quality lead"),
    ("lucia", "Lucía Prado", "America/Sao_Paulo", "Buyer"),
    ("jack", "Jack Whitfield", "America/Los_Angeles", "Sales"),
)
_GUESTS = (
    ("ada", "Ada Marsh", "Europe/London", "Marsh Bakery"),
    ("kenji", "Kenji Mori", "Asia/Tokyo", "Mori Hotels"),
    ("grace", "Grace Lee", "America/New_York", "Lee Street Books"),
    ("oscar", "Oscar Nunn", "Australia/Sydney", "Bondi Boards"),
)
_STAFF_NAMES = "priya tom mei sam noor lucia jack"
_CHANNELS = (
    ("C0GENERAL", "general", "Company-wide news", f"app polly {_STAFF_NAMES}"),
    ("C0CUSTOM1", "customers", "Everybody who buys", "app priya tom mei ada kenji grace oscar"),
    ("C0SUMMARY", "summary", "How it goes", f"app {_STAFF_NAMES}"),
    ("C0ALERTS1", "alerts", "Somebody to call", "app priya tom mei"),
    ("C0LEADERS", "leadership", "Plans and figures", "priya jack"),
    ("C0HARBOR1", "ext-harbor", "Harbor Hotels and Acme", "app priya tom helena"),
)


def example_workspace() -> Workspace:
    """Return a new Acme: seven employees, four guests, one outsider, six channels, the app."""
    zone = "America/Los_Angeles"
    app = User("U0APPBOT1", "app", "App", ACME.id, tz=zone, is_bot=True, title="App")
    workspace = Workspace(ACME, app, bot_id="B0APPBOT1", app_id="A0APPBOT1")
    for user in (*map(_employee, _STAFF), *map(_guest, _GUESTS), *_others()):
        workspace.put_user(user)
    for channel_id, name, topic, members in _CHANNELS:
        ids = [workspace.user(member).id for member in members.split()]
        workspace.put_channel(Channel(channel_id, name, ChannelKind.PUBLIC, ids, topic))
    workspace.first_person = "ada"
    workspace.channel("general").is_general = True
    workspace.channel("leadership").kind = ChannelKind.PRIVATE
    workspace.channel("ext-harbor").is_ext_shared = True
    support = tuple(workspace.user(name).id for name in ("tom", "mei"))
    workspace.put_group(UserGroup("S0SUPPORT", "support", "Support", support))
    return workspace


def _employee(row: tuple[str, str, str, str]) -> User:
    name, real_name, zone, title = row
    email, is_admin = f"{name}@acme.example", name == "priya"
    return User(_id(name), name, real_name, ACME.id, zone, email, title, is_admin=is_admin)


def _guest(row: tuple[str, str, str, str]) -> User:
    name, real_name, zone, company = row
    email = f"{name}@{company.lower().replace(' ', '')}.example"
    return User(_id(name), name, real_name, ACME.id, zone, email, company, is_restricted=True)


def _id(name: str) -> str:
    return f"U0{name.upper():0<7}"


def _others() -> list[User]:
    """Return those whom an app had better leave alone, and one outsider."""
    zone, email = "Europe/London", "wendy@acme.example"
    return [
        User(SLACKBOT_ID, "slackbot", "Slackbot", ACME.id),
        User("U0POLLY01", "polly", "Polly", ACME.id, is_bot=True),
        User("U0ROWAN01", "rowan", "Rowan Hale", ACME.id, tz=None, deleted=True),
        User("U0WENDY01", "wendy", "Wendy Cho", ACME.id, zone, email, is_invited_user=True),
        User("U0HELENA1", "helena", "Helena Voss", HARBOR.id, "Europe/Berlin", title=HARBOR.name),
    ]
