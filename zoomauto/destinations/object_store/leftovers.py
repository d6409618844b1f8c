"""Parts of an upload whose process was killed: S3 keeps them, and bills them, for ever.

obstore has no call for them. Azure forgets them by itself after a week; Google wants a rule.
"""

import logging
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from zoomauto.errors import ZoomautoError
from zoomauto.http import Http

if TYPE_CHECKING:
    from zoomauto.destinations.object_store.bucket import Bucket  # obstore may be absent

_OK = 200
_log = logging.getLogger(__name__)


def remember(state: PurePath | None, key: str) -> None:
    """Write down which key an upload begins for."""
    if state is not None:
        Path(state).write_text(key, encoding="utf-8")


def forget(state: PurePath | None) -> None:
    """Forget about an upload that came to its end."""
    if state is not None:
        Path(state).unlink(missing_ok=True)


def remembered(state: PurePath | None) -> str | None:
    """Give the key that a broken upload was for; None when there was none."""
    try:
        return Path(state).read_text(encoding="utf-8") if state is not None else None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def drop_parts(bucket: "Bucket", key: str) -> bool:
    """Drop the parts of every unfinished upload to a key. False when nobody could be asked.

    Never a reason not to publish: some servers cannot, and some users may not.
    """
    http = Http(connections=1)
    try:
        for upload in _unfinished(http, bucket, key):
            http.send("DELETE", bucket.signed_query("DELETE", key, {"uploadId": upload}))
    except (ZoomautoError, ET.ParseError) as error:
        _log.warning("unfinished uploads to %s stay at %s: %s", key, bucket.name, error)
        return False
    finally:
        http.close()
    return True


def _unfinished(http: Http, bucket: "Bucket", key: str) -> list[str]:
    answer = http.send("GET", bucket.signed_query("GET", "", {"uploads": "", "prefix": key}))
    if answer.status != _OK:
        _log.info("%s does not list unfinished uploads: %s", bucket.name, answer.status)
        return []
    # Of a server whose user chose it; expat bounds what entities may grow to.
    uploads = ET.fromstring(answer.body).findall("{*}Upload")  # noqa: S314
    return [u.findtext("{*}UploadId", "") for u in uploads if u.findtext("{*}Key") == key]
