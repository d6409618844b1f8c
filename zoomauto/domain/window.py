"""Which span of time a sync lists."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from zoomauto.domain.instant import as_utc
from zoomauto.domain.source import Window


def sync_window(
    now: datetime,
    *,
    timezone: str,
    sync_days: int,
    listed_until: datetime | None,
    since: date | None = None,
) -> Window:
    """Give the last ``sync_days`` local calendar days, today included (contract, section 6).

    The window reaches back to ``listed_until``, the start of the newest complete listing, when
    that is older: after an outage nothing is left out. ``since`` sets the first day by hand.
    It ends a day from now, so that a source whose clock is ahead of ours loses nothing.
    """
    zone = ZoneInfo(timezone)
    today = as_utc(now).astimezone(zone).date()
    first_day = since or today - timedelta(days=sync_days - 1)
    start_at = as_utc(datetime.combine(first_day, time(), tzinfo=zone))
    if since is None and listed_until is not None:
        start_at = min(start_at, as_utc(listed_until))
    return Window(start_at=start_at, end_at=as_utc(now) + timedelta(days=1))
