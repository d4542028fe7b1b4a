"""Settings: what the environment means, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from nps_bot.base.errors import SettingsError
from nps_bot.base.logs import LogFormat, LogLevel
from nps_bot.base.settings import VARIABLES, Mode, Settings, load_settings

BOT = "xoxb-1-2-abc"
APP = "xapp-1-A1-2-abc"
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SOCKET = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}
HTTP = {"SLACK_BOT_TOKEN": BOT, "SLACK_SIGNING_SECRET": SECRET}
ROOT = Path(__file__).parents[2]


def problem(environ: dict[str, str], dotenv: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, dotenv)
    return str(caught.value)


def test_nothing_set_is_the_sandbox() -> None:
    assert load_settings({"HOME": "/root"}) == Settings(
        slack_bot_token=None,
        slack_app_token=None,
        slack_signing_secret=None,
        slack_api_url="https://slack.com/api/",
        database_url="sqlite:///var/nps.sqlite3",
        surveys=Path("config/surveys"),
        port=3000,
        log_level=LogLevel.INFO,
        log_format=LogFormat.TEXT,
    )
    assert load_settings({}).mode is Mode.SANDBOX


def test_everything_can_be_set() -> None:
    settings = load_settings(
        {
            **SOCKET,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": "http://localhost:3000/api",
            "DATABASE_URL": "sqlite:////srv/nps.sqlite3",
            "NPS_SURVEYS": "elsewhere",
            "PORT": " 0 ",
            "LOG_LEVEL": "DEBUG",
            "LOG_FORMAT": "json",
        }
    )
    assert settings == Settings(
        slack_bot_token=BOT,
        slack_app_token=APP,
        slack_signing_secret=SECRET,
        slack_api_url="http://localhost:3000/api/",
        database_url="sqlite:////srv/nps.sqlite3",
        surveys=Path("elsewhere"),
        port=0,
        log_level=LogLevel.DEBUG,
        log_format=LogFormat.JSON,
        port_given=True,
    )
    assert settings.secrets == (BOT, APP, SECRET)


@pytest.mark.parametrize(
    ("environ", "mode"),
    [(SOCKET, Mode.SOCKET), (HTTP, Mode.HTTP), (SOCKET | HTTP, Mode.SOCKET)],
)
def test_the_credentials_choose_the_mode(environ: dict[str, str], mode: Mode) -> None:
    assert load_settings(environ).mode is mode


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"SLACK_BOT_TOKEN": BOT},
            (
                "SLACK_BOT_TOKEN is not enough: set also SLACK_APP_TOKEN for Socket Mode, or"
                " SLACK_SIGNING_SECRET to serve HTTP."
            ),
        ),
        (
            {"SLACK_APP_TOKEN": APP, "SLACK_SIGNING_SECRET": SECRET},
            "SLACK_BOT_TOKEN is missing; SLACK_APP_TOKEN is set and does nothing without it.",
        ),
        (
            {"SLACK_SIGNING_SECRET": SECRET},
            "SLACK_BOT_TOKEN is missing; SLACK_SIGNING_SECRET is set and does nothing without it.",
        ),
        (
            {"SLACK_API_URL": "http://localhost:1/api/"},
            "SLACK_BOT_TOKEN is missing; SLACK_API_URL is set and does nothing without it.",
        ),
        (
            {**SOCKET, "SLACK_BOT_TOKEN": APP},
            "SLACK_BOT_TOKEN must begin with xoxb-; what is set is another kind of token.",
        ),
        (
            {**SOCKET, "SLACK_APP_TOKEN": SECRET},
            "SLACK_APP_TOKEN must begin with xapp-; what is set is another kind of token.",
        ),
        (
            {**HTTP, "SLACK_SIGNING_SECRET": BOT},
            (
                "SLACK_SIGNING_SECRET holds a token; the signing secret stands under Basic"
                " Information."
            ),
        ),
        (
            {**HTTP, "SLACK_SIGNING_SECRET": f"{SECRET}\nX-Header: 1"},
            (
                "SLACK_SIGNING_SECRET holds a space or a character no credential has; copy it once"
                " more."
            ),
        ),
        (
            {"NPS_SURVEY": "x"},
            "NPS_SURVEY is no setting of this bot. Did you mean NPS_SURVEYS?",
        ),
        (
            {"PORT": "65536"},
            "PORT must be a whole number from 0 to 65535, not '65536'.",
        ),
        (
            {"PORT": "-1"},
            "PORT must be a whole number from 0 to 65535, not '-1'.",
        ),
        (
            {"LOG_LEVEL": "warn"},
            (
                "LOG_LEVEL must be one of debug, info, warning, error, not 'warn'. Did you mean"
                " 'warning'?"
            ),
        ),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT must be one of text, json, not 'xml'."),
    ],
)
def test_one_sentence_names_what_is_wrong(environ: dict[str, str], sentence: str) -> None:
    assert problem(environ) == sentence


@pytest.mark.parametrize(
    "url", ["slack.com/api", "ftp://slack.com", "https://", "http://[x", "http://h:x", "http://h?a"]
)
def test_an_api_address_must_be_one(url: str) -> None:
    assert problem({**SOCKET, "SLACK_API_URL": url}) == (
        "SLACK_API_URL must be an http:// or https:// address such as https://slack.com/api/."
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_form_of_a_postgresql_address_is_understood(scheme: str) -> None:
    settings = load_settings({"DATABASE_URL": f"{scheme}://me:p%40ss@db:5433/nps?sslmode=require"})
    assert settings.database_url == "postgresql+psycopg://me:p%40ss@db:5433/nps?sslmode=require"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://me:pässword@db/nps", ("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST"
         "/NAME, not mysql://.")),
        ("postgresql://me:pässword@db:x/nps", ("must be sqlite:///FILE or postgresql://USER:PASSWORD"
         "@HOST/NAME.")),
        ("pässword", "must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."),
        ("sqlite://", "must name a file: sqlite:///var/nps.sqlite3."),
        ("sqlite:///:memory:", "must name a file: sqlite:///var/nps.sqlite3."),
    ],
)  # fmt: skip
def test_other_databases_are_refused(url: str, sentence: str) -> None:
    assert problem({"DATABASE_URL": url}) == f"DATABASE_URL {sentence}"


def test_all_problems_are_told_together() -> None:
    told = problem({"PORT": "x", "LOG_LEVEL": "x", "NPS_X": "x", "SLACK_APP_TOKEN": "x"})
    assert [line.split()[0] for line in told.splitlines()] == [
        "NPS_X",
        "SLACK_APP_TOKEN",
        "PORT",
        "LOG_LEVEL",
    ]


def test_other_variables_of_the_environment_are_left_alone() -> None:
    environ = {
        "SLACK_CLI_XOXB": "xoxb-1",
        "SLACK_HOOKS": "x",
        "NPS_TEST_DATABASE_URL": "postgresql://x",
    }
    assert load_settings(environ) == load_settings({})


def test_no_secret_is_ever_shown() -> None:
    settings = load_settings(
        {**SOCKET, "SLACK_SIGNING_SECRET": SECRET, "DATABASE_URL": "postgresql://me:pass@db/nps"}
    )
    for secret in (BOT, APP, SECRET, "pass@"):
        assert secret not in repr(settings)
        assert secret not in str(settings)

    told = problem({"SLACK_BOT_TOKEN": "xoxp-hidden", "SLACK_APP_TOKEN": "hidden", "PORT": ""})
    assert "hidden" not in told


def test_dotenv_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# a comment\n"
        f'SLACK_BOT_TOKEN="{BOT}"\n'
        f"export SLACK_APP_TOKEN={APP} # mine\n"
        "PORT=4000\n"
        "NPS_SURVEYS=${HOME}\n"
        "LOG_LEVEL=\n"
        "NPS_TEST_DATABASE_URL=postgresql://x\n",
        encoding="utf-8",
    )

    settings = load_settings({"PORT": "5000", "SLACK_APP_TOKEN": APP + "2"}, dotenv)
    assert settings.slack_bot_token == BOT
    assert settings.slack_app_token == APP + "2"
    assert settings.port == 5000
    assert settings.surveys == Path("${HOME}")
    assert settings.log_level is LogLevel.INFO

    nothing = {"SLACK_BOT_TOKEN": "", "SLACK_APP_TOKEN": ""}
    assert load_settings(nothing, dotenv).mode is Mode.SANDBOX


def test_dotenv_need_not_exist(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / ".env") == load_settings({})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "\n\nNPS_SURVEY=x",
            "line 3: NPS_SURVEY is no setting of this bot. Did you mean NPS_SURVEYS?",
        ),
        ("WEB=1", "line 1: WEB is no setting of this bot."),
        ("PORT=1\nPORT=2", "line 2: PORT was set before; keep one of them."),
        ("PORT=1\nPORT", "line 2: not of the form NAME=value."),
        ("PORT='1\nX", "line 1: not of the form NAME=value."),
    ],
)
def test_a_wrong_line_of_dotenv_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(text, encoding="utf-8")
    assert problem({}, dotenv).splitlines()[0] == f"{dotenv}, {sentence}"


def test_dotenv_must_be_readable(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_bytes(b"PORT=\xff")
    assert problem({}, dotenv).startswith(f"{dotenv} cannot be read: ")
    assert problem({}, tmp_path).startswith(f"{tmp_path} cannot be read: ")


def test_the_example_sets_every_variable_to_its_default() -> None:
    """PORT is left empty: set, it would have Socket Mode serve there."""
    example = ROOT / ".env.example"
    assert load_settings({}, example) == load_settings({})
    lines = [line for line in example.read_text(encoding="utf-8").splitlines() if line]
    assert [line for line in lines if not line.startswith("#")] == [
        f"{name}={'' if name == 'PORT' else default}" for name, default in VARIABLES.items()
    ]
