"""Time zones by their IANA names."""

import re
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from zoomauto.errors import InvalidSchedule

#: Names in zone folders whose meaning depends on the host, or that count leap seconds.
_NO_ZONES = ("localtime", "posixrules", "right/")
_FIXED_OFFSET = re.compile(r"(?:UTC|GMT)?(?P<sign>[+-])0?(?P<hours>1[0-2]|[1-9])(?::?00)?")


def zone_named(name: str) -> ZoneInfo:
    """Load a zone: the system's data, else the tzdata package's (contract, section 5).

    Raise InvalidSchedule with the closest names when there is no such zone.
    """
    if name.startswith(_NO_ZONES):
        raise _no_zone(name)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _no_zone(name) from error


def _no_zone(name: str) -> InvalidSchedule:
    if not name:
        return InvalidSchedule("the time zone is empty", hint="--timezone Europe/Berlin, or UTC")
    return InvalidSchedule(f"there is no time zone {name!r}", hint=_suggestion(name))


def _suggestion(name: str) -> str:
    if found := _FIXED_OFFSET.fullmatch(name.strip().upper()):
        # POSIX counts to the west.
        sign = "-" if found["sign"] == "+" else "+"
        fixed = f"Etc/GMT{sign}{found['hours']}"
        return f"{fixed} is {name}; a place, as in Europe/Berlin, follows its clock changes too"
    known = {zone.lower(): zone for zone in available_timezones() if "/" in zone or zone == "UTC"}
    cities = {zone.rsplit("/", 1)[-1]: zone for zone in known}
    word = name.strip().replace(" ", "_").lower()
    close = [word] if word in known else get_close_matches(word, known, n=3, cutoff=0.75)
    close = close or [cities[city] for city in get_close_matches(word, cities, n=3, cutoff=0.75)]
    if not close:
        return "IANA names such as Europe/Berlin, America/New_York or UTC"
    return f"did you mean {' or '.join(known[zone] for zone in close)}?"
