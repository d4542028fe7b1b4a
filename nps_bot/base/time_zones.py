"""People's time zones, as Slack or a file names them."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FALLBACK_ZONE = "UTC"
"""The zone of people whose own is missing or unknown: the middle of the world's clocks."""


@lru_cache(maxsize=1024)
def zone_of(time_zone: str | None) -> ZoneInfo:
    """Return the zone of that IANA name, or :data:`FALLBACK_ZONE` where it is missing or unknown.

    Cached, since zoneinfo itself keeps only the eight zones used last.
    """
    try:
        return ZoneInfo(time_zone or FALLBACK_ZONE)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "America", tzdata's folder
        return ZoneInfo(FALLBACK_ZONE)
