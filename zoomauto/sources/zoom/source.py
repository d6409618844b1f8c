"""Recordings in Zoom's cloud."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any, ClassVar, cast

from zoomauto.domain.recording import ListedRecording, RecordingFile
from zoomauto.domain.source import Check, Window
from zoomauto.errors import (
    PermanentError,
    TemporaryError,
    Unreachable,
    ZoomautoError,
)
from zoomauto.http import BrokenTransfer, Origin
from zoomauto.media.tools import Tools
from zoomauto.ports.progress import Progress
from zoomauto.ports.source import Fetched, IsKnown
from zoomauto.sources.zoom.check import checks, trash_checks
from zoomauto.sources.zoom.client import Token, ZoomClient, meeting_path
from zoomauto.sources.zoom.download import Download, Refused, StartOver, Trust, is_text
from zoomauto.sources.zoom.faults import GONE
from zoomauto.sources.zoom.listing import Listing
from zoomauto.sources.zoom.options import ZoomOptions
from zoomauto.sources.zoom.pace import Label
from zoomauto.sources.zoom.pages import meeting_in
from zoomauto.sources.zoom.rows import address_of, mark_of, parted_key, recording_of
from zoomauto.sources.zoom.trash import recover, trash

logger = logging.getLogger(__name__)

#: Attempts in one fetch; each goes on where the one before stopped.
_ATTEMPTS = 4
_PAUSE = timedelta(seconds=2)
_DOWNLOAD_TOKEN = {"include_fields": "download_access_token", "ttl": "7200"}


class ZoomSource:
    """Cloud recordings of an account, through a Server-to-Server OAuth app.

    Reads only, but for a recording that a template or a person asks to put in the trash, or to
    recover from there.
    """

    Options: ClassVar[type] = ZoomOptions
    secret_names: ClassVar[frozenset[str]] = frozenset({"client_secret"})
    #: A session appears once it has ended and Zoom has taken it up; the longest last a day.
    late_by: ClassVar[timedelta] = timedelta(days=2)
    #: Zoom writes them minutes to days after the picture; then nobody waits (contract, section 6).
    texts_late_by: ClassVar[timedelta] = timedelta(days=7)

    def __init__(self, options: ZoomOptions, tools: Tools) -> None:
        self._options = options
        self._clock = tools.clock
        self._client = ZoomClient(options, tools)
        origins = frozenset({Origin.of(options.api_base), Origin.of(options.token_url)})
        self._trust = Trust(origins=origins)
        #: Listed by this object: what Zoom denies to know is then not ready, rather than gone.
        self._listed: set[str] = set()

    def list_recordings(self, window: Window) -> Iterator[ListedRecording]:
        """Give every recording that started within ``window``, each once, user by user.

        Raise IncompleteListing at the end when something could not be read, and name the users;
        RateLimited when the account's daily limit is used up; AuthenticationError or Unreachable
        when nothing can be read. Memory grows with the recordings of three users.
        """
        # Nothing is known, so that nothing is given by its key.
        return cast("Iterator[ListedRecording]", self._listing(window, None))

    def list_changed(self, window: Window, is_known: IsKnown) -> Iterator[ListedRecording | str]:
        """List likewise, but give only the key of what is known; the others have their marks."""
        return self._listing(window, is_known)

    def find(self, key: str) -> ListedRecording | None:
        """Ask for one recording by its uuid. None when Zoom says that it is gone.

        Raise TemporaryError when that cannot be told, as for one that was listed just now.
        """
        row = self._meeting(key)
        if row is None:
            return None
        meeting, views = meeting_in({**row, "uuid": key}), self._options.preferred_views
        found = recording_of(meeting, views, mark=mark_of(meeting, views))
        if found is None:
            raise TemporaryError(f"Zoom does not say when recording {key} started")
        return found

    def measure(self, recording: ListedRecording) -> timedelta | None:
        """Give None: the listing says all that Zoom knows of a recording's length."""
        return None

    def fetch(self, file: RecordingFile, target: PurePath, progress: Progress) -> Fetched:
        """Download one file from a fresh address, going on where an earlier attempt stopped.

        What came so far stays in a ``.part`` file beside ``target``, across processes too. Raise
        PermanentError when Zoom no longer has the file, DiskFull when there is no room for it,
        TemporaryError for the rest.
        """
        token = self._client.tokens.current()
        refused = 0
        for attempt in range(1, _ATTEMPTS + 1):
            download = self._download(file, token, progress, is_second=refused > 0)
            try:
                fetched = replace(download, is_repeated=attempt > 1).to(Path(target))
            except (BrokenTransfer, Unreachable, StartOver, Refused) as error:
                refused += isinstance(error, StartOver | Refused)
                if refused > 1 or attempt == _ATTEMPTS:
                    raise
                logger.debug("%s: %s; trying again", file.name, error)
                if isinstance(error, Refused):
                    self._client.tokens.renew(token)
                self._clock.sleep(_PAUSE * attempt)
                token = self._client.tokens.current()
            else:
                _warn_of_other_size(file, fetched)
                return fetched
        raise AssertionError("the last attempt returns or raises")

    def check(self) -> tuple[Check, ...]:
        """Prove credentials, scopes and each endpoint; show one page of what would be listed."""
        return checks(self._client, self._options, self._clock.now())

    def check_trash(self) -> tuple[Check, ...]:
        """Say whether the app may put recordings into the trash and take them back."""
        return trash_checks(self._client)

    def trash(self, key: str) -> bool:
        """Put all files of a recording into Zoom's trash, which keeps them for 30 days."""
        return trash(self._client, key)

    def recover(self, key: str) -> None:
        """Take a recording out of Zoom's trash."""
        recover(self._client, key)

    def _listing(self, window: Window, is_known: IsKnown | None) -> Iterator[ListedRecording | str]:
        listing = Listing(
            client=self._client,
            options=self._options,
            window=window,
            now=self._clock.now(),
            is_known=is_known,
        )
        for found in listing.recordings():
            self._listed.add(found if isinstance(found, str) else found.key)
            yield found

    def _download(
        self, file: RecordingFile, token: Token, progress: Progress, *, is_second: bool
    ) -> Download:
        uuid, file_id = parted_key(file.key)
        # Some files were seen to open only with a token of their own, which needs more rights.
        row = self._meeting(uuid, params=_DOWNLOAD_TOKEN if is_second else None)
        url = None if row is None else address_of(row, file_id)
        if row is None or url is None:
            raise PermanentError(f"Zoom no longer has {file.name} of recording {uuid}")
        own = row.get("download_access_token") if is_second else None
        shown = {"Authorization": f"Bearer {own}"} if own else token.header
        return Download(
            http=self._client.http,
            trust=self._trust,
            file=file,
            url=url,
            authorization=shown,
            progress=progress,
        )

    def _meeting(
        self, uuid: str, params: Mapping[str, str] | None = None
    ) -> Mapping[str, Any] | None:
        """Ask for a meeting's recordings; None when Zoom says that there are none."""
        try:
            return self._client.get(
                meeting_path(uuid), label=Label.LIGHT, expect="uuid", params=params
            )
        except ZoomautoError as error:
            if error.data.get("zoom_code") not in GONE:
                raise
            if uuid in self._listed:
                raise TemporaryError(
                    f"Zoom has listed recording {uuid} and does not give it yet"
                ) from error
            return None


def _warn_of_other_size(file: RecordingFile, fetched: Fetched) -> None:
    if is_text(file) and file.size_bytes not in {None, fetched.size_bytes}:
        logger.info("%s: %s bytes listed, %s came", file.name, file.size_bytes, fetched.size_bytes)
