"""Bad entries of `endpoints`, and the exact line of each fault."""
# ruff: noqa: E501 - fault lines stand whole, as a user sees them

from pathlib import Path

import pytest

from tests.kit.config_faults import KAFKA, faults

ENDPOINT_KEYS = (
    "actors, attempts, backoff, batch, concurrency, dedupe, delay, disabled, format, headers, ignore, ignoredmediatypes, max_backoff, name, "
    "options, ordering, proxy, rate_limit, registries, reject_statuses, repositories, signing, sink, start, tags, template, threshold, "
    "timeout, tls, url, useragents"
)


def endpoint(keys: str) -> str:
    """Write a file with one endpoint that has these keys."""
    return f"{KAFKA}endpoints: [{{name: ci, url: 'https://ci.example.com/hook', {keys}}}]"


URL = "write e.g. https://ci.example.com/hooks/registry"
ENDPOINTS = [
    (KAFKA + "endpoints: [{url: 'http://a'}]", "endpoints[0].name: is missing; every endpoint has one of its own"),
    (
        KAFKA + "endpoints: [{name: a}]",
        f"endpoints[0].url: is missing; write where to POST, {URL[6:]}, or a sink instead",
    ),
    (
        KAFKA + 'endpoints: [{name: "a\\tb", url: "http://a"}]',
        'endpoints[0].name: "a\\tb" is not 1 to 100 printable characters',
    ),
    (
        KAFKA + "endpoints: [{name: '', url: 'http://a'}]",
        'endpoints[0].name: "" is not 1 to 100 printable characters',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: ''}]",
        f'endpoints[0].url: "" is not an http or https URL; {URL}',
    ),
    (
        KAFKA + "endpoints: [{name: a, disabled: true, url: nowhere}]",
        f'endpoints[0].url: "nowhere" is not an http or https URL; {URL}',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: 'http://a'}, {name: a, url: 'http://b'}]",
        'endpoints[1].name: "a" is the name of endpoints[0] too; names are unique',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: 'ci.example.com/x?t=hunter2'}]",
        f'endpoints[0].url: "ci.example.com/x?***" is not an http or https URL; {URL}',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: 'https:///x'}]",
        f'endpoints[0].url: "https:///x" is not a URL with a host; {URL}',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: 'https://u:hunter2@ho st/'}]",
        f'endpoints[0].url: "https://***@ho st/" is not a URL (space, control character or backslash); {URL}',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: 'https://u:hunt/er2@host/'}]",
        f'endpoints[0].url: "https://***@host/" is not a URL; {URL}',
    ),
    (
        KAFKA + "endpoints: [{name: a, url: 'http://localhost:5050/events/eu?a=b'}]",
        'endpoints[0].url: "http://localhost:5050/events/eu?***" is the address of this intake: each event would come back for ever',
    ),
    (endpoint("nmae: b"), "endpoints[0].nmae: is not a known key; did you mean name?"),
    (endpoint("zzz: b"), f"endpoints[0].zzz: is not a known key; known here: {ENDPOINT_KEYS}"),
    (endpoint('"a b\\x85": b'), f'endpoints[0]."a b\\x85": is not a known key; known here: {ENDPOINT_KEYS}'),
    (
        endpoint("timeout: 5 parsecs"),
        'endpoints[0].timeout: "5 parsecs" is not a duration; write e.g. 500ms, 1s, 1h30m, 30d',
    ),
    (
        endpoint("timeout: 5000000000"),
        "endpoints[0].timeout: 5000000000 has no unit (the registry reads it as nanoseconds); write 5s",
    ),
    (endpoint("backoff: 1"), "endpoints[0].backoff: 1 has no unit (the registry reads it as nanoseconds); write 1s"),
    (endpoint("timeout: 13h"), 'endpoints[0].timeout: "13h" is not from 1ms to 12h'),
    (endpoint("threshold: 1s"), 'endpoints[0].threshold: "1s" is text, not a number'),
    (endpoint("disabled: 'true'"), 'endpoints[0].disabled: "true" is text, not true or false'),
    (endpoint("disabled: 1"), "endpoints[0].disabled: 1 is not true or false"),
    (endpoint("max_backoff: 500ms"), 'endpoints[0].max_backoff: "500ms" is less than backoff; write at least as much'),
    (endpoint("max_backoff: 0s"), 'endpoints[0].max_backoff: "0s" is not from 1ms to 1d'),
    (
        endpoint("maxretries: 3"),
        "endpoints[0].maxretries: is GitLab's; here attempts says how often an event is tried before it is a dead letter",
    ),
    (
        endpoint("queuesizelimit: 3"),
        "endpoints[0].queuesizelimit: is GitLab's; here events wait in the log, which topics.retention bounds",
    ),
    (
        endpoint("queuepurgetimeout: 3s"),
        "endpoints[0].queuepurgetimeout: is GitLab's; here nothing is lost at shutdown, and worker.drain bounds the wait for answers",
    ),
    (
        endpoint("fanouttimeout: 3s"),
        "endpoints[0].fanouttimeout: is GitLab's; here nothing is lost at shutdown, and worker.drain bounds the wait for answers",
    ),
    (endpoint("headers: 'Authorization: hunter2'"), "endpoints[0].headers: must be a mapping, not a single value"),
    (
        endpoint("headers: {'Authorization: hunter2': x}"),
        "endpoints[0].headers: has a name that is not a valid header name; write Name: value",
    ),
    (
        endpoint('headers: {X-A: "hunter2\\r\\nX-B: 1"}'),
        "endpoints[0].headers.X-A: *** is not a header's value: it holds a line break or another control character",
    ),
    (endpoint("headers: {X-A: {b: hunter2}}"), "endpoints[0].headers.X-A: must be text, not a mapping"),
    (endpoint("headers: {X-A: [a, [hunter2]]}"), "endpoints[0].headers.X-A[1]: must be text, not a list"),
    (endpoint("headers: {X-A: }"), "endpoints[0].headers.X-A: has no value"),
    (
        endpoint("headers: {connection: x}"),
        "endpoints[0].headers.connection: is set by the worker itself; leave it out",
    ),
    (endpoint("ignore: [pull]"), "endpoints[0].ignore: must be a mapping, not a list"),
    (endpoint("ignore: {action: [pull]}"), "endpoints[0].ignore.action: is not a known key; did you mean actions?"),
    (
        endpoint("ignoredmediatypes: a/b"),
        "endpoints[0].ignoredmediatypes: must be a list, not a single value; write [VALUE]",
    ),
    (endpoint("registries: [EU]"), 'endpoints[0].registries[0]: "EU" is not 1 to 63 of the characters a-z 0-9 . _ -'),
    (
        endpoint("repositories: [a, '']"),
        'endpoints[0].repositories[1]: "" is an empty pattern; write e.g. library/* or !library/tmp*',
    ),
    (endpoint("dedupe: 25h"), 'endpoints[0].dedupe: "25h" is not from 0s to 1d'),
    (endpoint("delay: 2h"), 'endpoints[0].delay: "2h" is not from 0s to 1h'),
    (
        endpoint("actors: ['']"),
        'endpoints[0].actors[0]: "" is an empty pattern; write e.g. robot* or !*scanner*',
    ),
    (endpoint("useragents: trivy"), "endpoints[0].useragents: must be a list, not a single value; write [VALUE]"),
    (endpoint("tags: ['!']"), 'endpoints[0].tags[0]: "!" is an empty pattern; write e.g. library/* or !library/tmp*'),
    (
        endpoint("start: yesterday"),
        'endpoints[0].start: "yesterday" is not a place to start; write new, beginning, end, a time such as 2026-01-31T12:00:00Z, or a time ago such as -24h',
    ),
    (
        endpoint("start: 24h"),
        'endpoints[0].start: "24h" is not a place to start; write new, beginning, end, a time such as 2026-01-31T12:00:00Z, or a time ago such as -24h',
    ),
    (endpoint("concurrency: 0"), "endpoints[0].concurrency: 0 is not a whole number from 1 to 10000"),
    (endpoint("ordering: tag"), 'endpoints[0].ordering: "tag" is not one of repository, none'),
    (endpoint("batch: {max_events: 0}"), "endpoints[0].batch.max_events: 0 is not a whole number from 1 to 1000"),
    (endpoint("batch: {linger: 2m}"), 'endpoints[0].batch.linger: "2m" is not from 0s to 1m'),
    (
        endpoint("format: xml"),
        'endpoints[0].format: "xml" is not one of registry, registry-v1, registry-v2, cloudevents, cloudevents-binary, source, acr, template',
    ),
    (endpoint("attempts: 0"), "endpoints[0].attempts: 0 is not a whole number from 1 to 1000000"),
    (
        endpoint("reject_statuses: [400, 302]"),
        "endpoints[0].reject_statuses[1]: 302 is not a whole number from 400 to 599",
    ),
    (
        endpoint("signing: {secrets: []}"),
        "endpoints[0].signing.secrets: is an empty list; leave signing out to send unsigned",
    ),
    (
        endpoint("signing: {secrets: [whsec_aHVudGVyMg==]}"),
        "endpoints[0].signing.secrets[0]: *** is not a signing secret: whsec_ and base64 of 24 to 64 bytes",
    ),
    (endpoint("signing: whsec_hunter2"), "endpoints[0].signing: must be a mapping, not a single value"),
    (
        endpoint("tls: {ca: nowhere.pem}"),
        'endpoints[0].tls.ca: "nowhere.pem" cannot be read: No such file or directory',
    ),
    (endpoint("tls: {ca: bridge.yaml}"), 'endpoints[0].tls.ca: "bridge.yaml" is not a PEM file'),
    (
        endpoint("proxy: 'socks5://u:hunter2@p:1'"),
        'endpoints[0].proxy: "socks5://***@p:1" is not an http or https URL; write e.g. http://127.0.0.1:3128',
    ),
    (endpoint("rate_limit: 0"), "endpoints[0].rate_limit: 0 is not a number from 0.001 to 1e+06"),
    (
        endpoint("timeout: '${SECRET}'"),
        'endpoints[0].timeout: "${SECRET}" is not a duration; write e.g. 500ms, 1s, 1h30m, 30d',
    ),
    (
        endpoint("threshold: '${SECRET}'"),
        'endpoints[0].threshold: "${SECRET}" is not a whole number from -2147483648 to 2147483647',
    ),
    (
        endpoint("timeout: '${NO_SUCH}'"),
        "endpoints[0].timeout: needs NO_SUCH, which is not set in the environment; write ${NO_SUCH:-...} for a default",
    ),
    (
        endpoint("timeout: '${file:nowhere}'"),
        "endpoints[0].timeout: needs the file nowhere, which cannot be read: No such file or directory",
    ),
    (
        endpoint("timeout: '${'"),
        "endpoints[0].timeout: has a ${ that is not one of ${NAME}, ${NAME:-default} or ${file:PATH}; write $$ for a plain $",
    ),
    (
        endpoint('headers: {X-A: "\\ud800"}'),
        "endpoints[0].headers.X-A: contains half of a surrogate pair, which is not a character",
    ),
]


@pytest.mark.parametrize(("text", "fault"), ENDPOINTS)
def test_a_fault_is_one_exact_line(tmp_path: Path, text: str, fault: str) -> None:
    """A file with one fault gives one line: path, value (never a secret), what is allowed."""
    assert [fault] == faults(tmp_path, text, {"SECRET": "5000000000 hunter2"})
