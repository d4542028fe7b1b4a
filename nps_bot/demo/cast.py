"""The rest of Lumen Coffee: enough people, in enough places, for a workspace to feel inhabited.

Tests use the small company of :mod:`nps_bot.demo.people`; whoever tries the bot meets all of it.
Ids are made from handles and never change.
"""

from __future__ import annotations

from nps_bot.demo.people import HARBOR, LUMEN, lumen_coffee
from slack_sandbox.workspace import Channel, ChannelKind, Team, User, Workspace

FJORD = Team("T0FJORD01", "Fjord Cafes", "fjord-cafes")

_EMPLOYEES = (
    ("ines", "Inês Duarte", "Europe/Lisbon", "Roastery manager"),
    ("tariq", "Tariq Aziz", "Asia/Karachi", "Data analyst"),
    ("freya", "Freya Lund", "Europe/Copenhagen", "Barista trainer"),
    ("diego", "Diego Salas", "America/Bogota", "Origin scout"),
    ("amara", "Amara Eze", "Africa/Lagos", "Logistics"),
    ("hugo", "Hugo Laurent", "Europe/Paris", "Packaging designer"),
    ("yuki", "Yuki Arai", "Asia/Tokyo", "Sales, Japan"),
    ("nell", "Nell Byrne", "Europe/Dublin", "Support"),
    ("ravi", "Ravi Menon", "Asia/Kolkata", "Developer"),
    ("bea", "Bea Novak", "America/Chicago", "Finance"),
)
_GUESTS = (
    ("rosa", "Rosa Delgado", "Europe/Madrid", "Casa Delgado"),
    ("liam", "Liam Foster", "Europe/London", "Foster and Sons"),
    ("anika", "Anika Rao", "Asia/Kolkata", "Rao Tea Rooms"),
    ("pierre", "Pierre Blanc", "Europe/Paris", "Boulangerie Blanc"),
    ("sofia", "Sofia Conti", "Europe/Rome", "Conti Gelato"),
    ("ben", "Ben Adler", "America/New_York", "Adler Offices"),
    ("mara", "Mara Quinn", "America/Chicago", "Quinn Diner"),
    ("theo", "Theo Vale", "America/Los_Angeles", "Vale Cinemas"),
    ("hana", "Hana Sato", "Asia/Tokyo", "Sato Books"),
    ("jonas", "Jonas Weiss", "Europe/Berlin", "Weiss Coworking"),
)
_OUTSIDERS = (
    ("emil", "Emil Brandvold", FJORD, "Europe/Oslo"),
    ("sunniva", "Sunniva Moe", FJORD, "Europe/Oslo"),
    ("dieter", "Dieter Kraus", HARBOR, "Europe/Berlin"),
)


def all_of_lumen_coffee() -> Workspace:
    """Return a new Lumen Coffee with everybody: some thirty people in fifteen time zones."""
    workspace = lumen_coffee()
    employees = [
        _somebody(name, real_name, zone, title, f"{name}@lumen.example")
        for name, real_name, zone, title in _EMPLOYEES
    ]
    guests = [
        _somebody(name, real_name, zone, company, _address(name, company), guest=True)
        for name, real_name, zone, company in _GUESTS
    ]
    outsiders = [
        User(f"U0{name.upper():0<7}", name, real_name, team.id, zone, title=team.name)
        for name, real_name, team, zone in _OUTSIDERS
    ]
    for user in (*employees, *guests, *outsiders):
        workspace.put_user(user)
    for name in ("general", "nps-summary"):
        _join(workspace, name, employees)
    _join(workspace, "customers", guests)
    shared = [workspace.user(name) for name in ("nps", "priya", "mei", "freya", "helena")]
    _open_to_companies(workspace, [*shared, *outsiders])
    return workspace


def _somebody(
    name: str, real_name: str, zone: str, title: str, email: str, *, guest: bool = False
) -> User:
    user_id = f"U0{name.upper():0<7}"
    return User(user_id, name, real_name, LUMEN.id, zone, email, title, is_restricted=guest)


def _address(name: str, company: str) -> str:
    return f"{name}@{company.lower().replace(' ', '')}.example"


def _join(workspace: Workspace, channel: str, users: list[User]) -> None:
    joined = workspace.channel(channel)
    joined.members.extend(user.id for user in users)


def _open_to_companies(workspace: Workspace, members: list[User]) -> None:
    """Add the channel in which two customers' people sit together with ours."""
    workspace.put_channel(
        Channel(
            "C0TASTING",
            "ext-tasting-club",
            ChannelKind.PUBLIC,
            [member.id for member in members],
            "New lots, tasted together with Harbor Hotels and Fjord Cafes",
            is_ext_shared=True,
        )
    )
