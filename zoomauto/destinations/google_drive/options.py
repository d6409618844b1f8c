"""The options of a Google Drive destination, checked when it is saved."""

import re
from dataclasses import dataclass

from zoomauto.address import require_secure
from zoomauto.errors import InvalidOptions
from zoomauto.google.options import GoogleOptions

#: Files and folders that this application made.
OWN_FILES = "https://www.googleapis.com/auth/drive.file"
#: Everything: the only scope that reaches a folder which a person made.
ALL_FILES = "https://www.googleapis.com/auth/drive"
_ID = re.compile(r"[A-Za-z0-9_-]{5,128}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DriveOptions(GoogleOptions):
    """Where in Drive results go, and who asks."""

    #: Id of a folder, or of a shared drive: the end of its address. Empty: the top of My Drive.
    folder: str = ""
    #: Where the API answers; likewise.
    api_base: str = "https://www.googleapis.com/drive/v3"
    #: Where uploads go; likewise.
    upload_base: str = "https://www.googleapis.com/upload/drive/v3"

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can never work."""
        # Not super(): a dataclass with slots is another class than the one it was made from.
        GoogleOptions.__post_init__(self)
        if self.folder and not _ID.fullmatch(self.folder):
            raise InvalidOptions(
                f"folder is the id at the end of a folder's address, not {self.folder!r}"
            )
        for name in ("api_base", "upload_base"):
            require_secure(name, getattr(self, name))

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a login must grant; as little as will do."""
        return (ALL_FILES,) if self.folder else (OWN_FILES,)
