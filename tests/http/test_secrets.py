"""References to secrets: resolved late, never shown."""

import logging
import pickle
import sys
import types
from pathlib import Path

import pytest

from zoomauto.errors import ConfigurationError, InvalidOptions
from zoomauto.logs import log_to_file
from zoomauto.masking import MaskingFilter, mask
from zoomauto.ports.secrets import Secret
from zoomauto.secrets import (
    StoredSecrets,
    check_reference,
    resolve_reference,
)

TEXT = "s3cr3t of the house"


@pytest.fixture(autouse=True)
def no_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget afterwards what was masked."""
    monkeypatch.setattr(MaskingFilter, "values", set())


def secret_file(tmp_path: Path, content: bytes = TEXT.encode(), mode: int = 0o600) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_an_environment_variable_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ZOOM_SECRET", TEXT)
    assert resolve_reference("env:ZOOM_SECRET").reveal() == TEXT


def test_a_file_loses_one_line_end_and_nothing_else(tmp_path: Path):
    path = secret_file(tmp_path, b" two \n\n")
    assert resolve_reference(f"file:{path}").reveal() == " two \n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_reach_is_refused(tmp_path: Path, mode: int):
    path = secret_file(tmp_path, mode=mode)
    with pytest.raises(ConfigurationError) as caught:
        resolve_reference(f"file:{path}")
    assert caught.value.hint == f"chmod 600 {path}"


def test_a_credential_lies_in_systemds_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "zoom").write_text(f"{TEXT}\n")
    assert resolve_reference("credential:zoom").reveal() == TEXT


def test_a_keyring_is_asked_for_service_and_user(monkeypatch: pytest.MonkeyPatch):
    keyring = types.ModuleType("keyring")
    monkeypatch.setattr(keyring, "get_password", lambda *names: "/".join(names), raising=False)
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert resolve_reference("keyring:zoom.us/app").reveal() == "zoom.us/app"


def test_a_keyring_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError) as caught:
        resolve_reference("keyring:zoom/app")
    assert caught.value.hint == "pip install 'zoomauto[keyring]'"


def test_a_command_is_split_without_a_shell():
    assert resolve_reference("command:printf '%s' '$HOME; a b'").reveal() == "$HOME; a b"


def test_a_failing_command_shows_what_it_said_and_not_what_it_gave():
    with pytest.raises(ConfigurationError) as caught:
        resolve_reference("command:sh -c 'echo visible >&2; echo hidden; exit 3'")
    assert caught.value.message == "the secret command sh ended with 3: visible"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("reference", ["env:NO_SUCH_VARIABLE", "file:/no/such/file"])
def test_what_is_not_there_is_a_configuration_error(reference: str):
    with pytest.raises(ConfigurationError):
        resolve_reference(reference)


def test_an_empty_secret_is_none(tmp_path: Path):
    with pytest.raises(ConfigurationError):
        resolve_reference(f"file:{secret_file(tmp_path, b'')}")


@pytest.mark.parametrize(
    "reference",
    ["", "hunter2", "env:", "file:relative", "credential:a/b", "keyring:a", "command:'open"],
)
def test_a_bad_form_is_refused_without_repeating_it(reference: str):
    with pytest.raises(InvalidOptions) as caught:
        check_reference(reference)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_nothing_is_resolved_before_it_is_asked_for_and_then_once(tmp_path: Path):
    count = tmp_path / "count"
    command = f"command:sh -c 'echo x >> {count}; echo secret'"
    secrets = StoredSecrets({"client_secret": command})
    assert not count.exists()
    assert [secrets.get("client_secret").reveal() for _ in range(2)] == ["secret", "secret"]
    assert count.read_text() == "x\n"


def test_a_secret_that_nobody_stored_is_named():
    with pytest.raises(ConfigurationError) as caught:
        StoredSecrets({}, place="source 'work'").get("client_secret")
    assert caught.value.message == "source 'work' has no secret 'client_secret'"
    # A reference that schedulers can read, too.
    assert str(caught.value.hint).endswith("--secret client_secret=file:/path/of/it")


def test_a_secret_does_not_show_itself():
    secret = Secret(TEXT)
    assert [repr(secret), str(secret), f"{secret}"] == ["Secret(***)", "***", "***"]
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_logs_show_stars_in_place_of_secrets(tmp_path: Path):
    handler = logging.FileHandler(tmp_path / "log")
    logger = logging.getLogger("zoomauto")
    logger.addHandler(handler)
    try:
        mask(TEXT)
        mask(TEXT[:6])
        logger.warning("it is %s", TEXT)
        try:
            _fail_with(TEXT)
        except ValueError:
            logging.getLogger("zoomauto.sources.zoom").exception("so")
    finally:
        logger.removeHandler(handler)
        handler.close()
    text = (tmp_path / "log").read_text()
    assert TEXT not in text
    assert (text.splitlines()[0], text.splitlines()[-1]) == ("it is ***", "ValueError: not ***")


def test_a_log_that_is_set_up_later_shows_stars_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    logger = logging.getLogger("zoomauto")
    for name in ("handlers", "level", "propagate"):
        before = getattr(logger, name)
        monkeypatch.setattr(logger, name, list(before) if name == "handlers" else before)
    mask(TEXT)
    log_to_file(tmp_path / "log")
    logger.warning("it is %s", TEXT)
    for handler in list(logger.handlers):
        handler.close()
    assert (tmp_path / "log").read_text().endswith("it is ***\n")


def _fail_with(text: str) -> None:
    raise ValueError(f"not {text}")
