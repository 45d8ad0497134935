"""The settings: where each value comes from, and what is refused before anything starts."""

import json
import pickle
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mock_server.refusals import ConfigurationError
from mock_server.settings import Settings

ENV = "VATPORTAL_MOCK_"


def refusal(environ: dict[str, str] | None = None, **flags: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.from_environment(environ or {}, **flags)
    return str(refused.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.file"
    path.write_text("{}", encoding="utf-8")
    return path


def readings_file(folder: Path, content: object) -> Path:
    path = folder / "readings.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_nothing_given_is_the_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert (settings.host, settings.port, settings.database) == ("127.0.0.1", 8080, "memory:")
    assert (settings.edition, settings.pace, settings.workers) == ("2025-08", "fast", 1)


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV + "PORT", "8123")
    assert Settings.from_environment().port == 8123


def test_every_flag_has_a_twin(file: Path) -> None:
    given = {
        "host": "0.0.0.0",
        "port": "0",
        "database": "sqlite:///portal.db",
        "edition": "2025-12",
        "readings": str(file),
        "pace": "manual",
        "world": str(file),
        "seed": "-7",
        "workers": "3",
        "tls_cert": str(file),
        "tls_key": str(file),
        "admin_token": "open sesame",
        "no_admin": "no",
        "strict_documented": "yes",
        "drop_idle_worlds": "2h",
        "log_format": "json",
        "reading": "R-02b=body-only",
    }
    by_flag = Settings.from_environment({}, **given)
    by_twin = Settings.from_environment({ENV + name.upper(): text for name, text in given.items()})
    assert by_flag == by_twin
    assert by_flag == Settings(
        host="0.0.0.0",
        port=0,
        database="sqlite:///portal.db",
        edition="2025-12",
        readings={"R-02b": "body-only"},
        pace="manual",
        world=file,
        seed=-7,
        workers=3,
        tls_cert=file,
        tls_key=file,
        admin_token="open sesame",
        no_admin=False,
        strict_documented=True,
        drop_idle_worlds=2 * 3600 * 1_000_000,
        log_format="json",
    )
    assert {one.name for one in fields(Settings)} | {"reading"} == set(given)


def test_a_flag_beats_its_twin_even_a_wrong_one() -> None:
    environ = {ENV + "PORT": "many", ENV + "PACE": "instant", ENV + "STRICT_DOCUMENTED": "1"}
    settings = Settings.from_environment(environ, port=9000, pace=None, strict_documented=False)
    assert (settings.port, settings.pace, settings.strict_documented) == (9000, "instant", False)


def test_an_empty_variable_is_not_given() -> None:
    assert Settings.from_environment({ENV + "PORT": "", ENV + "WORLD": ""}) == Settings()


def test_single_readings_flag_before_environment_before_file(tmp_path: Path) -> None:
    file = readings_file(tmp_path, {"R-01": "mapped", "R-16": "page", "R-15": "20"})
    settings = Settings.from_environment(
        {ENV + "READING": " R-16=all, R-31=manual,R-23=null,"},
        readings=file,
        reading=("R-23=omitted", "R-31=reject", "R-31=timeout"),
    )
    assert settings.readings == {
        "R-01": "mapped",
        "R-16": "all",
        "R-15": "20",
        "R-31": "timeout",
        "R-23": "omitted",
    }


def test_edition_flag_before_environment_before_file(tmp_path: Path) -> None:
    file = readings_file(tmp_path, {"edition": "2025-12", "readings": {"R-16": "page"}})
    in_file = {ENV + "READINGS": str(file)}
    assert Settings.from_environment(in_file).edition == "2025-12"
    assert Settings.from_environment(in_file).readings == {"R-16": "page"}
    assert Settings.from_environment(in_file | {ENV + "EDITION": "2025-08"}).edition == "2025-08"
    assert Settings.from_environment(in_file | {ENV + "EDITION": "x"}, edition="2025-12").edition == "2025-12"


@pytest.mark.parametrize("content", [{}, {"readings": {}}, {"edition": "2025-08"}])
def test_a_readings_file_may_choose_nothing(tmp_path: Path, content: object) -> None:
    assert Settings.from_environment({}, readings=readings_file(tmp_path, content)) == Settings()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"R-16": "pages"}, 'key "R-16": unknown answer of R-16'),
        ({"readings": {"R-160": "all"}}, 'key "R-160": unknown reading "R-160". Did you mean "R-16'),
        ({"R-16": 5}, 'key "R-16": text is needed, not 5'),
        ({"R-05": "outside"}, 'key "R-05": R-05 is fixed'),
        ({"edition": "2025"}, 'key "edition": unknown edition "2025"'),
        ({"edition": 2025}, 'key "edition": text is needed, not 2025'),
        ({"readings": ["R-16"]}, 'key "readings": an object'),
        ({"readings": {}, "editon": "2025-08"}, 'unknown key "editon". Did you mean "edition"?'),
        (["R-16"], "an object such as"),
    ],
)
def test_an_error_in_a_readings_file_names_file_and_key(tmp_path: Path, content: object, said: str) -> None:
    file = readings_file(tmp_path, content)
    text = refusal(readings=file)
    assert str(file) in text
    assert said in text


def test_a_readings_file_that_cannot_be_read(tmp_path: Path, file: Path) -> None:
    assert "No such file" in refusal(readings=tmp_path / "none.json")
    file.write_bytes(b"{R-16}")
    assert f"readings file {file} is no JSON" in refusal({ENV + "READINGS": str(file)})


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"PORTT": "1"}, f'unknown variable of the environment "{ENV}PORTT". Did you mean "{ENV}PORT"?'),
        ({"PORT": "http"}, f'{ENV}PORT: "http" is not a whole number'),
        ({"PORT": "8_0"}, "is not a whole number"),
        ({"SEED": "9" * 5000}, "of 18 digits at most"),
        ({"PORT": "65536"}, "port 65536 is not between 0 and 65535"),
        ({"STRICT_DOCUMENTED": "perhaps"}, f'{ENV}STRICT_DOCUMENTED: "perhaps" is neither yes'),
        ({"READING": "R-16"}, f'{ENV}READING: "R-16" is not of the form ID=ANSWER'),
        ({"READING": "R-16=pgae"}, f"{ENV}READING: unknown answer of R-16"),
        ({"EDITION": "2025-09"}, 'unknown edition "2025-09". Did you mean "2025-08"?'),
        ({"PACE": "realistc"}, 'unknown pace "realistc". Did you mean "realistic"?'),
        ({"LOG_FORMAT": "xml"}, 'unknown log format "xml". Allowed: text, json.'),
        ({"WORLD": "/no/such.json"}, "world: there is no file /no/such.json"),
        ({"WORKERS": "2"}, "2 workers cannot share the database memory:"),
        ({"WORKERS": "0"}, "at least 1"),
        ({"DATABASE": "postgresql://localhost"}, "a port or the database's name is wrong; the form is postgresql://"),
        ({"DATABASE": "postgresql://u:s3cret@localhost:x/p"}, "postgresql://u:***@localhost:x/p"),
        ({"DATABASE": "postgres://localhost/portal"}, "is written postgresql://"),
        ({"DATABASE": "mysql://x"}, 'unknown database "mysql://x". Allowed: memory:, sqlite:///FILE'),
        ({"DATABASE": "sqlite:///"}, "unknown database"),
        ({"DATABASE": "sqlite:///:memory:"}, "unknown database"),
        ({"DATABASE": "sqlite:////no/such/folder/x.db"}, "there is no folder /no/such/folder"),
        ({"DATABASE": "sqlite:////tmp"}, "it is a folder"),
        ({"TLS_CERT": "/no/cert"}, "tls-key is missing"),
        ({"TLS_KEY": "/no/key"}, "tls-cert is missing"),
        ({"TLS_CERT": "/no/cert", "TLS_KEY": "/no/key"}, "tls-cert: there is no file /no/cert"),
    ],
)
def test_a_wrong_value_is_refused(environ: dict[str, str], said: str) -> None:
    assert said in refusal({ENV + name: text for name, text in environ.items()})


def test_other_variables_are_none_of_our_business() -> None:
    assert Settings.from_environment({"PORT": "x", "VATPORTAL_URL": "y"}) == Settings()


def test_a_flag_names_itself_in_the_complaint() -> None:
    assert refusal(port="x").startswith('--port: "x"')
    assert refusal(strict_documented="x").startswith("--strict-documented: ")
    assert refusal(reading=["R-16=x"]).startswith("--reading: ")
    assert 'unknown flag "prot". Did you mean "port"?' in refusal(prot=1)
    assert "the host is empty" in refusal(host="")


@pytest.mark.parametrize(
    "wrong", [{"port": -1}, {"pace": "slow"}, {"readings": {"R-16": "x"}}, {"edition": "x"}, {"workers": 2}]
)
def test_settings_made_by_hand_are_checked_too(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Settings(**wrong)


def test_strict_documented_names_each_guess_and_what_to_choose_instead() -> None:
    text = refusal(strict_documented=True, reading=("R-42=coerce", "R-16=page"))
    assert "R-02b=accepted" in text
    assert "supported: body-only" in text
    assert "R-42=coerce" in text
    assert "supported: refused" in text
    assert "R-16=page" in text
    assert "no answer is supported; leave it unset" in text
    assert "R-31" not in text  # auto: a guess as well, but nothing could be chosen instead
    Settings.from_environment({}, strict_documented=True, reading="R-02b=body-only")


def test_settings_travel_to_other_processes() -> None:
    settings = Settings(readings={"R-16": "page"})
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(("given", "says"), [("59s", "at least 1m"), ("soon", "write it like")])
def test_worlds_are_not_dropped_between_two_calls_of_a_client(given: str, says: str) -> None:
    assert says in refusal(drop_idle_worlds=given)
