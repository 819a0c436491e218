"""Nothing that is secret shows in a fault or a repr."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config import ConfigurationError, Secret, Settings, masked_url
from runtime.config.load import settings_from
from runtime.config.secrets import masked_written_url

SECRET = "hunter2hunter2"
SIGNING = "whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg=="
ENVIRON = {"SECRET": SECRET, "PLAIN": "plain"}
PLANTED: dict[str, Any] = {
    "kafka": {
        "bootstrap.servers": "127.0.0.1:9092",
        "sasl.password": SECRET,
        "sasl.oauthbearer.client.secret": SECRET,
        "sasl.oauthbearer.config": SECRET,
        "ssl.key.pem": SECRET,
        "ssl.keystore.password": SECRET,
        "sasl.username": SECRET,
        "https.ca.pem": SECRET,
        "client.rack": "${SECRET}",
    },
    "topics": {"events": "e", "partitions": 3},
    "schema_registry": {"url": f"http://u:{SECRET}@127.0.0.1:8081/"},
    "intake": {"listen": "127.0.0.1:0", "authorization": [f"Bearer {SECRET}", "Basic ${SECRET}"]},
    "worker": {"drain": "10s"},
    "endpoints": [
        {
            "name": "a",
            "url": f"https://u:{SECRET}@host/path?token={SECRET}#{SECRET}",
            "headers": {"Authorization": [f"Bearer {SECRET}"], "X-Token": "${SECRET}"},
            "signing": {"secrets": [SIGNING, SIGNING]},
            "proxy": f"http://u:{SECRET}@127.0.0.1:3128",
            "timeout": "1s",
        },
        {"name": "b", "url": "https://host/${SECRET}", "start": "-24h", "threshold": 3},
        {"name": "c", "url": "https://${SECRET}:x@host/", "ignore": {"actions": ["pull"]}},
    ],
}
JUNK = st.sampled_from(
    [
        "",
        "5 parsecs",
        "x y",
        "${PLAIN}",
        "${NO_SUCH}",
        "${",
        "\r\n",
        "http://",
        "whsec_",
        0,
        -1,
        5000000000,
        1.5,
        True,
        None,
    ]
) | st.sampled_from([[], {}, ["a", [1]], {"a": {"b": 1}}])


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the path of every member of the tree."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, member in members for place in [(*path, key), *places(member, (*path, key))]]


def put(tree: Any, path: tuple[Any, ...], change: Any) -> None:
    """Replace what stands at a path by change(what stands there); nothing if the path is gone."""
    node = tree
    for key in path[:-1]:
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(node, dict) or (isinstance(node, list) and isinstance(path[-1], int) and path[-1] < len(node)):
        node[path[-1]] = change(node.get(path[-1]) if isinstance(node, dict) else node[path[-1]])


def spoilt(value: Any) -> Any:
    """Make a text one that nothing accepts, the secret still in it."""
    return f"\x00{value}\n" if isinstance(value, str) else value


def shows(settings: Settings) -> str:
    """Print settings in every way a log might."""
    return f"{settings} {settings!r} {settings.kafka.properties} {settings.endpoints}"


def outcome(tree: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    """Validate a tree: its faults, and all that is shown of it."""
    try:
        return (), shows(settings_from(tree, ENVIRON))
    except ConfigurationError as error:
        return error.faults, str(error)


def test_valid_settings_show_no_secret() -> None:
    """The repr of a whole configuration holds none of its secrets, and keeps what helps."""
    settings = settings_from(PLANTED, ENVIRON)
    shown = shows(settings)

    assert SECRET not in shown
    assert "aHVudGVy" not in shown
    assert "'https://***@host/path?***'" in shown
    assert settings.kafka.revealed()["sasl.password"] == SECRET
    assert settings.kafka.revealed()["client.rack"] == SECRET


@given(
    st.lists(st.tuples(st.sampled_from(places(PLANTED)), JUNK), max_size=4),
    st.lists(st.sampled_from(places(PLANTED)), max_size=6),
)
def test_no_fault_shows_a_secret(replaced: list[tuple[tuple[Any, ...], Any]], broken: list[tuple[Any, ...]]) -> None:
    """Whatever is wrong, with the secret itself or elsewhere, it is in no fault; and a fault is one line."""
    tree = copy.deepcopy(PLANTED)
    for path in broken:
        put(tree, path, spoilt)
    for path, junk in replaced:
        put(tree, path, lambda _, junk=junk: copy.deepcopy(junk))

    faults, shown = outcome(tree)

    assert SECRET not in shown
    assert "aHVudGVy" not in shown
    assert list(faults) == "\n".join(faults).splitlines()


@given(
    st.sampled_from(places(PLANTED)),
    st.sampled_from(["${SECRET}", "x${SECRET}y", "${NO_SUCH:-x}${SECRET}", "$${SECRET}"]),
)
def test_no_fault_shows_what_the_environment_gave(path: tuple[Any, ...], reference: str) -> None:
    """An interpolated value is secret in any key, a number's and a name's too."""
    tree = copy.deepcopy(PLANTED)
    put(tree, path, lambda _: reference)

    faults, _ = outcome(tree)

    assert not [fault for fault in faults if SECRET in fault]


@pytest.mark.parametrize(
    ("tree", "environ"),
    [
        ({"endpoints": [{"name": "${S}", "url": "http://a"}, {"name": "${S}", "url": "http://b"}]}, {"S": SECRET}),
        ({"intake": {"listen": "${S}:0"}}, {"S": SECRET}),
        (
            {
                "endpoints": [{"name": "a", "url": "http://${S}:5050/events"}],
                "intake": {"listen": "${S}:5050", "authorization": "x"},
            },
            {"S": SECRET},
        ),
        ({"topics": {"events": "${S}", "dead_letters": "${S}"}}, {"S": SECRET}),
        ({"endpoints": [{"name": "a", "url": "http://a", "backoff": "${S}", "max_backoff": "1ms"}]}, {"S": "7m13s"}),
        ({"endpoints": [{"name": "a", "url": "http://a", "timeout": "${S}"}]}, {"S": "433000000000"}),
    ],
)
def test_faults_between_keys_show_no_interpolated_value(tree: dict[str, Any], environ: dict[str, str]) -> None:
    """A fault about two keys, or with advice made from the value, gives neither away."""
    with pytest.raises(ConfigurationError) as refused:
        settings_from({"kafka": {"bootstrap.servers": "a:1"}, **tree}, environ)

    assert SECRET not in str(refused.value)
    assert "7m13s" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host/path", "https://host/path"),
        ("https://host/@scope/x", "https://host/@scope/x"),
        ("https://u:p@host:1/path?a=b#c", "https://***@host:1/path?***"),
        ("https://u:p@w@host/", "https://***@host/"),
        ("https://host#f", "https://host#***"),
        ("https://host/?a=x@y", "https://host/?***"),
        ("hunter2:x@host", "***@host"),
        ("htp://host/x?token=hu@nter2", "htp://***"),
        ("https:/u:p@host", "***@host"),
    ],
)
def test_urls_are_shown_without_what_is_secret(url: str, shown: str) -> None:
    """User info, query and fragment are masked; of what is no URL, everything that may be one of them."""
    assert shown == masked_url(url)


@given(st.text(), st.text())
def test_showing_a_written_url_is_total(user: str, rest: str) -> None:
    """Any text can be shown, and what precedes an @ never is."""
    assert f"{SECRET}{user}@" not in masked_written_url(f"https://{SECRET}{user}@{rest}")
    assert SECRET not in masked_written_url(f"{user}?{SECRET}{rest}")


def test_a_secret_reveals_itself_only_when_asked() -> None:
    """Every way to print a secret prints the mask; equal secrets are equal."""
    secret = Secret(SECRET)

    assert [str(secret), repr(secret), f"{secret}", "{}".format(secret)] == ["***"] * 4  # noqa: UP032 - a way to print
    assert secret == Secret(SECRET)
    assert secret != SECRET
    assert len({secret, Secret(SECRET), Secret("x")}) == 2
    assert secret == copy.deepcopy(secret)
    assert secret.reveal() == SECRET
