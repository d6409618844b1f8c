"""What an upload must remember, so that another process goes on where this one ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoomauto.google.private_file import read_private, write_private
from zoomauto.masking import mask
from zoomauto.ports.destination import Parcel


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadMemory:
    """The newest facts of one upload; written down before what they are about happens."""

    #: None: nothing outlives this process.
    path: Path | None
    #: What the facts belong to; those of anything else count for nothing.
    about: Mapping[str, Any]
    facts: dict[str, Any]

    @classmethod
    def of(cls, parcel: Parcel, *, login_id: str, place: str) -> "UploadMemory":
        """Recall what is known of this parcel on its way to that place under that login."""
        about = {
            "size_bytes": parcel.size_bytes,
            "sha256": parcel.sha256,
            "login": login_id,
            "place": place,
        }
        path = None if parcel.state is None else Path(parcel.state)
        document = (read_private(path) if path else None) or {}
        facts = document.get("facts")
        is_ours = document.get("about") == about and isinstance(facts, dict)
        memory = cls(path=path, about=about, facts=dict(facts or {}) if is_ours else {})
        if memory.session:
            mask(memory.session)
        return memory

    @property
    def session(self) -> str | None:
        """The address that the bytes go to. Whoever knows it may send: it is a secret."""
        found = self.facts.get("session")
        return found if isinstance(found, str) and found else None

    @property
    def object_id(self) -> str | None:
        """Google's name for the object."""
        found = self.facts.get("object")
        return found if isinstance(found, str) and found else None

    def keep(self, **facts: Any) -> None:
        """Remember, on disk, before going on; None forgets."""
        if facts.get("session"):
            mask(facts["session"])
        self.facts.update(facts)
        for name in [name for name, value in self.facts.items() if value is None]:
            del self.facts[name]
        if self.path is not None:
            write_private(self.path, {"about": dict(self.about), "facts": self.facts})
