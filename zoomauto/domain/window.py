"""Which span of time a sync lists, and what is known to be listed after it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from zoomauto.domain.instant import as_utc
from zoomauto.domain.source import SourceConfig, Window


def sync_window(
    now: datetime,
    *,
    timezone: str,
    sync_days: int,
    source: SourceConfig | None = None,
    since: date | None = None,
) -> Window:
    """Give the last ``sync_days`` local calendar days, today included (contract, section 6).

    The window reaches back to the newest complete listing of ``source`` when that is older: after
    an outage nothing is left out. For parts that were complete since then it begins later.
    ``since`` sets the first day by hand.
    It ends a day from now, so that a source whose clock is ahead of ours loses nothing.
    """
    zone = ZoneInfo(timezone)
    today = as_utc(now).astimezone(zone).date()
    first_day = since or today - timedelta(days=sync_days - 1)
    start_at = as_utc(datetime.combine(first_day, time(), tzinfo=zone))
    end_at = as_utc(now) + timedelta(days=1)
    if source is None or since is not None:
        return Window(start_at=start_at, end_at=end_at)
    starts = {part: min(start_at, at) for part, at in source.parts_listed_until.items()}
    oldest = min([start_at, *starts.values(), *_known(source.listed_until)])
    return Window(start_at=oldest, end_at=end_at, part_starts=starts)


def leaves_no_gap(window: Window, source: SourceConfig) -> bool:
    """Whether a listing of ``window`` joins what was listed before: one opened by hand may not."""
    known = (*_known(source.listed_until), *source.parts_listed_until.values())
    return all(window.start_at <= at for at in known)


def parts_listed(
    source: SourceConfig, window: Window, *, missing: Collection[str], until: datetime
) -> Mapping[str, datetime]:
    """Give up to when each part is listed, once all of ``window`` is but the ``missing`` parts.

    ``source`` is as it is now: parts that another run found missing since the window was made
    stay behind.
    """
    known = source.parts_listed_until
    others = known.get("", source.listed_until) or window.start_at
    behind = {part: at for part, at in known.items() if part and part not in window.part_starts}
    behind |= {part: known.get(part, others) for part in missing}
    return {"": max(until, others), **behind} if behind else {}


def _known(at: datetime | None) -> tuple[datetime, ...]:
    return () if at is None else (at,)
