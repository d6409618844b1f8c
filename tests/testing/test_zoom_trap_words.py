"""Traps as they are typed for a rehearsal."""

from datetime import timedelta

import pytest

from zoomauto.errors import InvalidOptions
from zoomauto.testing.zoom.trap_words import read_traps
from zoomauto.testing.zoom.traps import ApiFault, DownloadFault, RetryAfter, Traps, UserError


def test_traps_of_every_kind_are_read():
    words = {
        "download_faults": "html, forbidden json",
        "api_faults": "qps",
        "user_errors": "ann@example.com:scopes,u2:unknown",
        "withheld_scopes": "user:read:list_users:admin",
        "retry_after": "http date",
        "token_ttl": "90",
        "calls_per_day": "5",
        "looping_user_pages": "yes",
    }

    assert read_traps(words) == Traps(
        download_faults=(DownloadFault.HTML, DownloadFault.FORBIDDEN_JSON),
        api_faults=(ApiFault.QPS,),
        user_errors={"ann@example.com": UserError.SCOPES, "u2": UserError.UNKNOWN},
        withheld_scopes=frozenset({"user:read:list_users:admin"}),
        retry_after=RetryAfter.HTTP_DATE,
        token_ttl=timedelta(seconds=90),
        calls_per_day=5,
        looping_user_pages=True,
    )


def test_all_is_what_a_careful_client_survives():
    assert read_traps({"all": ""}) == Traps.all()
    assert read_traps({}) == Traps()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"nix": "1"}, "there is no option 'nix'"),
        ({"download_faults": "htm"}, "input should be 'none', 'html'"),
        ({"token_ttl": "soon"}, "'token_ttl' cannot be 'soon'"),
        ({"all": "1"}, "there is no option 'all'"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(words: dict[str, str], said: str):
    with pytest.raises(InvalidOptions, match=said) as raised:
        read_traps(words)
    assert raised.value.hint is not None
    assert "download_faults" in raised.value.hint
