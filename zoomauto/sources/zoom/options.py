"""The options of a Zoom source, checked when it is saved."""

from dataclasses import dataclass
from enum import StrEnum

from zoomauto.address import require_secure
from zoomauto.errors import InvalidOptions

ALL_USERS = "all"
WHOLE_ACCOUNT = "account"

#: The best first: with the speaker beside the screen, then without one of them.
USUAL_VIEWS = (
    "shared_screen_with_speaker_view(CC)",
    "shared_screen_with_speaker_view",
    "shared_screen_with_gallery_view",
    "active_speaker",
    "gallery_view",
    "shared_screen",
    "host_video",
)


class Plan(StrEnum):
    """The Zoom plan, which sets how fast an account may be asked."""

    FREE = "free"
    PRO = "pro"
    BUSINESS = "business"


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoomOptions:
    """The options of a Zoom source (contract, section 3)."""

    #: Of the Server-to-Server OAuth app, as is ``client_id``.
    account_id: str
    client_id: str
    api_base: str = "https://api.zoom.us/v2"
    token_url: str = "https://zoom.us/oauth/token"  # noqa: S105 - an address, not a token
    #: ``all``, ``account`` (one listing for everybody, where Zoom allows it), or ids and e-mails
    #: with commas in between.
    users: str = ALL_USERS
    #: Cloud recordings need at least ``pro``.
    plan: Plan = Plan.PRO
    #: Views to prefer, the best first, with commas in between; the usual order follows.
    views: str = ""

    def __post_init__(self) -> None:
        """Raise InvalidOptions for what can never work."""
        for name in ("account_id", "client_id"):
            if not getattr(self, name).strip():
                raise InvalidOptions(f"the {name} of a Zoom source is empty")
        for name in ("api_base", "token_url"):
            require_secure(name, getattr(self, name))
        if not self.chosen_users:
            raise InvalidOptions("users names nobody", hint="--option users=all")

    @property
    def chosen_users(self) -> tuple[str, ...]:
        """The users that are named, or ``all`` or ``account`` alone."""
        return _parts(self.users)

    @property
    def preferred_views(self) -> tuple[str, ...]:
        """Every known view, the best first."""
        return tuple(dict.fromkeys((*_parts(self.views), *USUAL_VIEWS)))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
