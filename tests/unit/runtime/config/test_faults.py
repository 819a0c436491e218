"""Bad files, and the exact line of each fault."""
# ruff: noqa: E501 - fault lines stand whole, as a user sees them

from pathlib import Path

import pytest

from runtime.config import ConfigurationError
from runtime.config.load import load
from tests.kit.config_faults import KAFKA, faults

ENDPOINT_KEYS = (
    "actors, attempts, backoff, batch, concurrency, dedupe, delay, disabled, format, headers, ignore, ignoredmediatypes, max_backoff, name, "
    "ordering, proxy, rate_limit, registries, reject_statuses, repositories, signing, start, tags, template, threshold, timeout, tls, url, "
    "useragents"
)


SECTIONS = [
    ("", "kafka: is missing; write at least kafka: {bootstrap.servers: 127.0.0.1:9092}"),
    ("kafka: [a]", "kafka: must be a mapping, not a list"),
    ("kafka: {client.id: x}", "kafka.bootstrap.servers: is missing; write the brokers, e.g. 127.0.0.1:9092"),
    (
        "kafka: {bootstrap.servers: ''}",
        'kafka.bootstrap.servers: "" is not a list of brokers; write e.g. 127.0.0.1:9092,127.0.0.1:9093',
    ),
    (
        "kafka: {bootstrap.servers: '127.0.0.1:70000'}",
        'kafka.bootstrap.servers: "127.0.0.1:70000" has a port that is not a number from 1 to 65535; write e.g. 127.0.0.1:9092,127.0.0.1:9093',
    ),
    (
        "kafka: {bootstrap.servers: 'user:hunter2@a:1'}",
        "kafka.bootstrap.servers: *** has an @, but user and password are sasl.username and sasl.password; write e.g. 127.0.0.1:9092,127.0.0.1:9093",
    ),
    (
        "kafka: {bootstrap.servers: '${SERVERS:-hunter2@a:1}'}",
        "kafka.bootstrap.servers: *** has an @, but user and password are sasl.username and sasl.password; write e.g. 127.0.0.1:9092,127.0.0.1:9093",
    ),
    (
        "kafka: {bootstrap.servers: 'SSL://a:1'}",
        'kafka.bootstrap.servers: "SSL://a:1" names another protocol than security.protocol, which all connections have',
    ),
    ("kafka: {bootstrap.servers: [a, b]}", "kafka.bootstrap.servers: must be text, not a list"),
    (
        "kafka: {metadata.broker.list: 'a:1', bootstrap.servers: 'a:1'}",
        "kafka.metadata.broker.list: is not a known key; did you mean bootstrap.servers?",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', group.protocol: modern}",
        'kafka.group.protocol: "modern" is not one of auto, classic, consumer',
    ),
    ("kafka: {bootstrap.servers: 'a:1', sasl.password: [hunter2]}", "kafka.sasl.password: must be text, not a list"),
    ("kafka: {bootstrap.servers: 'a:1', sasl.password: }", "kafka.sasl.password: has no value"),
    (
        "kafka: {bootstrap.servers: 'a:1', error_cb: print}",
        "kafka.error_cb: cannot be set in a file: its value is program code",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', on_delivery: print}",
        "kafka.on_delivery: cannot be set in a file: its value is program code",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', foo.bar: x}",
        'kafka.foo.bar: "x" is refused by Kafka\'s client: No such configuration property: "foo.bar"',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', fetch.max.bytes: lots}",
        'kafka.fetch.max.bytes: "lots" is refused by Kafka\'s client: Invalid value for configuration property "fetch.max.bytes"',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', my.secret.thing: hunter2}",
        'kafka.my.secret.thing: *** is refused by Kafka\'s client: No such configuration property: "my.secret.thing"',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', debug: '${SECRET}'}",
        'kafka.debug: "${SECRET}" is refused by Kafka\'s client: Invalid value *** for configuration property "debug"',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', linger.ms: '${BIG:-1000001}'}",
        'kafka.linger.ms: "${BIG:-1000001}" is refused by Kafka\'s client: Configuration property "queue.buffering.max.ms" value *** is outside allowed range 0..900000',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', security.protocol: SASL_SSL, sasl.username: me}",
        "kafka.sasl.mechanisms: must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; Kafka's client here has no Kerberos (GSSAPI, its default)",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', security.protocol: SASL_SSL, sasl.mechanism: GSSAPI}",
        "kafka.sasl.mechanism: must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; Kafka's client here has no Kerberos (GSSAPI, its default)",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', ssl.ca.location: /nope.pem}",
        'kafka.ssl.ca.location: "/nope.pem" cannot be read: No such file or directory',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', ssl.key.location: /nope.pem}",
        "kafka.ssl.key.location: *** cannot be read: No such file or directory",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', ssl.certificate.location: /dev/zero}",
        'kafka.ssl.certificate.location: "/dev/zero" cannot be read: not a regular file',
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', security.protocol: SSL, ssl.key.pem: INVENTED}",
        "kafka.ssl.key.pem: ssl.key.pem failed: not in PEM format?: error:1E08010C:DECODER routines::unsupported: No supported data to decode. Input type: PEM",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', security.protocol: SASL_SSL, sasl.mechanism: NOPE}",
        "kafka.sasl.mechanism: Unsupported SASL mechanism: NOPE",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', security.protocol: SASL_SSL, sasl.mechanism: PLAIN}",
        "kafka: sasl.username and sasl.password must be set",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', linger.ms: 5000}",
        "kafka.linger.ms: `message.timeout.ms` must be greater than `linger.ms`",
    ),
    (
        "kafka: {bootstrap.servers: 'a:1', linger.ms: 950}\nintake: {spool: {dir: /nowhere}}",
        "kafka.linger.ms: `message.timeout.ms` must be greater than `linger.ms`",
    ),
    (
        KAFKA + "topics: {events: 'a b'}",
        'topics.events: "a b" is not a topic\'s name: 1 to 249 of the characters A-Z a-z 0-9 . _ -',
    ),
    (
        KAFKA + "topics: {events: ..}",
        "topics.events: \"..\" is not a topic's name: . and .. and names that begin with __ are Kafka's own",
    ),
    (
        KAFKA + "topics: {events: a.b, dead_letters: a_b}",
        "topics.dead_letters: must differ from topics.events, and not only in . and _, which Kafka treats as the same",
    ),
    (
        KAFKA + "topics: {control: registry_events}",
        "topics.control: must differ from topics.events, and not only in . and _, which Kafka treats as the same",
    ),
    (
        KAFKA + "topics: {dead_letters: d, control: d}",
        "topics.control: must differ from topics.dead_letters, and not only in . and _, which Kafka treats as the same",
    ),
    (
        KAFKA + "topics: {tags: registry.control}",
        "topics.tags: must differ from topics.control, and not only in . and _, which Kafka treats as the same",
    ),
    (
        KAFKA + "topics: {tags: t}\nworker: {attempts: {topic: t}}",
        "worker.attempts.topic: must differ from topics.tags, and not only in . and _, which Kafka treats as the same",
    ),
    (
        KAFKA + "worker: {attempts: {topic: registry_events}}",
        "worker.attempts.topic: must differ from topics.events, and not only in . and _, which Kafka treats as the same",
    ),
    (
        KAFKA + "worker: {attempts: {topic: registry.dead-letters}}",
        (
            "worker.attempts.topic: must differ from topics.dead_letters, "
            "and not only in . and _, which Kafka treats as the same"
        ),
    ),
    (KAFKA + "worker: {attempts: {keep: some}}", 'worker.attempts.keep: "some" is not one of failures, all'),
    (KAFKA + "worker: {attempts: {retention: 1s}}", 'worker.attempts.retention: "1s" is not from 1m to 36500d'),
    (KAFKA + "topics: {partitions: twelve}", 'topics.partitions: "twelve" is text, not a number'),
    (KAFKA + "topics: {partitions: '12'}", 'topics.partitions: "12" is text, not a number'),
    (KAFKA + "topics: {partitions: 0}", "topics.partitions: 0 is not a whole number from 1 to 10000"),
    (KAFKA + "topics: {partitions: 010}", "topics.partitions: 010 is not a whole number from 1 to 10000"),
    (KAFKA + "topics: {partitions: 1.5}", "topics.partitions: 1.5 is not a whole number from 1 to 10000"),
    (KAFKA + "topics: {partitions: [1]}", "topics.partitions: must be text, not a list"),
    (KAFKA + "topics: {replication_factor: most}", 'topics.replication_factor: "most" is text, not a number'),
    (KAFKA + "topics: {retention: 0s}", 'topics.retention: "0s" is not from 1s to 36500d'),
    (
        KAFKA + "topics: {retention: 30 days}",
        'topics.retention: "30 days" is not a duration; write e.g. 500ms, 1s, 1h30m, 30d',
    ),
    (KAFKA + "topics: {partition: 1}", "topics.partition: is not a known key; did you mean partitions?"),
    (
        KAFKA + "intake: {listen: ':5050'}",
        'intake.listen: ":5050" is not an address; write HOST:PORT, e.g. 127.0.0.1:5050, [::1]:5050 or 0.0.0.0:5050 (port 0 takes a free one)',
    ),
    (
        KAFKA + "intake: {listen: '0.0.0.0:5050'}",
        'intake.listen: "0.0.0.0:5050" can be reached from other machines; set intake.authorization, or set it to none to allow POSTs from everyone',
    ),
    (
        KAFKA + "intake: {listen: 'localhost:5050', path: events}",
        'intake.path: "events" is not a path; write e.g. /events: it begins with /, does not end with one, and needs no escapes',
    ),
    (
        KAFKA + "intake: {max_body: 8MB}",
        'intake.max_body: "8MB" is not a size; write e.g. 64KiB, 1MiB, or a number of bytes',
    ),
    (
        KAFKA + "intake: {spool: {max: 1GiB}}",
        "intake.spool.dir: is missing; write e.g. /var/lib/registry-bridge/spool",
    ),
    (
        KAFKA + 'intake: {spool: {dir: ""}}',
        'intake.spool.dir: "" is not the path of a folder; write e.g. /var/lib/registry-bridge/spool',
    ),
    (KAFKA + "intake: {spool: {dir: x, max: 1MiB}}", 'intake.spool.max: "1MiB" is not from 16 MiB to 15 TiB'),
    (KAFKA + "intake: {spool: {dir: x, max: 16TiB}}", 'intake.spool.max: "16TiB" is not from 16 MiB to 15 TiB'),
    (
        KAFKA + "intake: {max_body: 2MiB, spool: {dir: x, max: 20MiB}}",
        'intake.spool.max: "20MiB" is less than 16 x intake.max_body (32 MiB)',
    ),
    (KAFKA + "intake: {max_body: 1}", "intake.max_body: 1 is not from 1 KiB to 200 MiB"),
    (
        KAFKA + "intake: {sources: [{name: a, format: harbour}]}",
        'intake.sources[0].format: "harbour" is not one of distribution, gitlab, acr, harbor, zot, github, docker-hub, quay, gitea, ecr, cloudevents',
    ),
    (
        KAFKA + "intake: {sources: [{name: a}]}",
        "intake.sources[0].format: is missing; write one of distribution, gitlab, acr, harbor, zot, github, docker-hub, quay, gitea, ecr, cloudevents",
    ),
    (
        KAFKA + "intake: {sources: [{format: acr}]}",
        "intake.sources[0].name: is missing; every source has one of its own, which ends the path that it POSTs to",
    ),
    (
        KAFKA + "intake: {sources: [{name: .., format: acr}]}",
        'intake.sources[0].name: ".." is of dots alone, which would be another path',
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr}, {name: a, format: quay}]}",
        'intake.sources[1].name: "a" is the name of intake.sources[0] too; names are unique',
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, token: []}]}",
        "intake.sources[0].token: is an empty list; leave token out to ask for none",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, token: hunter 2}]}",
        "intake.sources[0].token: *** is not a token for a URL: visible ASCII characters, at least one, without spaces, # % and &; make one e.g. with openssl rand -hex 32",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, token: [new, hunter&2]}]}",
        "intake.sources[0].token[1]: *** is not a token for a URL: visible ASCII characters, at least one, without spaces, # % and &; make one e.g. with openssl rand -hex 32",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, hmac: {secret: hunter2}}]}",
        "intake.sources[0].hmac.header: is missing; format acr has no header of its own; write e.g. X-Signature",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, hmac: {header: 'x y', secret: hunter2}}]}",
        'intake.sources[0].hmac.header: "x y" is not the name of a header; write e.g. X-Signature',
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: github, hmac: {secret: ''}}]}",
        "intake.sources[0].hmac.secret: *** is not a signing secret: a text that is not empty, with no space or line break around it",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: github, hmac: {secret: []}}]}",
        "intake.sources[0].hmac.secret: is an empty list; leave hmac out to ask for no signature",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: github, hmac: {header: x-signature}}]}",
        "intake.sources[0].hmac.secret: is missing; write the text that the sender signs with",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, hmac: {scheme: standard-webhooks, secret: hunter2}}]}",
        "intake.sources[0].hmac.secret: *** is not a signing secret: whsec_ and base64 of 24 to 64 bytes",
    ),
    (
        KAFKA
        + "intake: {sources: [{name: a, format: acr, hmac: {scheme: standard-webhooks, header: x, secret: whsec_YWJjYWJjYWJjYWJjYWJjYWJjYWJjYWJj}}]}",
        "intake.sources[0].hmac.header: cannot be combined with scheme standard-webhooks, which has headers of its own",
    ),
    (
        KAFKA + "intake: {sources: [{name: a, format: acr, drop: [a..b]}]}",
        'intake.sources[0].drop[0]: "a..b" is not the path of a member; write the names by dots, e.g. actor.user',
    ),
    (
        KAFKA + 'intake: {authorization: "Bearer hunter2\\n"}',
        "intake.authorization: *** is not a header's value; write e.g. Bearer ${TOKEN} (no space around it, no line break in it)",
    ),
    (
        KAFKA + "intake: {authorization: 'Bearer '}",
        "intake.authorization: *** is not a header's value; write e.g. Bearer ${TOKEN} (no space around it, no line break in it)",
    ),
    (
        KAFKA + "intake: {authorization: []}",
        "intake.authorization: is an empty list; write none to allow POSTs from everyone",
    ),
    (
        KAFKA + "intake: {authorization: [Bearer a, none]}",
        "intake.authorization[1]: none must be the only value, not one of a list",
    ),
    (
        KAFKA + "intake: {authorization: None}",
        "intake.authorization: must be none in lower case to allow POSTs from everyone",
    ),
    (
        KAFKA + "schema_registry: {url: 'http://a', authorization: none}",
        "schema_registry.authorization: none is not a header's value; leave the key out to send none",
    ),
    (
        KAFKA + "schema_registry: {url: 'http://a', authorization: true}",
        "schema_registry.authorization: must be a header's value, e.g. Bearer TOKEN; leave the key out to send none",
    ),
    (
        KAFKA + "intake: {authorization: false}",
        "intake.authorization: must be a header's value, e.g. Bearer TOKEN; write none to allow POSTs from everyone",
    ),
    (
        KAFKA + "worker: {authorization: []}",
        "worker.authorization: is an empty list; write none to allow POSTs from everyone",
    ),
    (KAFKA + "worker: {drain: 10}", "worker.drain: 10 has no unit (the registry reads it as nanoseconds); write 10s"),
    (KAFKA + "worker: {drain: -1s}", 'worker.drain: "-1s" is not from 0s to 1h'),
    (
        KAFKA + "worker: {group_prefix: 'a b'}",
        'worker.group_prefix: "a b" is not 1 to 100 of the characters A-Z a-z 0-9 . _ -',
    ),
    (KAFKA + "schema_registry: {}", "schema_registry.url: is missing; write e.g. http://127.0.0.1:8081"),
    (
        KAFKA + "schema_registry: {url: 'ftp://u:hunter2@host/'}",
        'schema_registry.url: "ftp://***@host/" is not an http or https URL; write e.g. http://127.0.0.1:8081',
    ),
    (
        KAFKA + "schema_registry: {url: 'http://a/?token=hunter2'}",
        "schema_registry.url: has a query; write the root of the registry, e.g. http://127.0.0.1:8081",
    ),
    (
        KAFKA + "schema_registry: {url: 'http://u:hunter2@a', authorization: Bearer hunter2}",
        "schema_registry.authorization: cannot be combined with a user in url; write only one of them",
    ),
    (
        KAFKA + "schema_registry: {url: 'http://a', tls: {ca: nowhere.pem}}",
        'schema_registry.tls.ca: "nowhere.pem" cannot be read: No such file or directory',
    ),
    (
        KAFKA + "notifications: {events: {includereferences: true}, endpoints: [{name: a, url: 'http://a'}]}",
        "notifications: is the registry's; its endpoints go under `endpoints:`, its events stay in the registry's file",
    ),
    (
        KAFKA + "events: {includereferences: true}",
        "events: is the registry's; includereferences stays in the registry's file; its references are delivered",
    ),
    (
        KAFKA + "endpoints: {events: {includereferences: true}, endpoints: []}",
        "endpoints: is the registry's whole `notifications` block; write its list of endpoints here instead",
    ),
    (
        KAFKA + "storage: {filesystem: {}}",
        "storage: is the registry's; of its file only notifications.endpoints goes here, under `endpoints:`",
    ),
    (
        KAFKA + "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: http://a",
        "REGISTRY_NOTIFICATIONS_ENDPOINTS_0_URL: is the registry's variable; write it under `endpoints:`",
    ),
    (KAFKA + "endpoint: []", "endpoint: is not a known key; did you mean endpoints?"),
    (KAFKA + "endpoints: {a: b}", "endpoints: must be a list, not a mapping"),
    (KAFKA + "endpoints: [hunter2]", "endpoints[0]: must be a mapping, not a single value"),
]


@pytest.mark.parametrize(("text", "fault"), SECTIONS)
def test_a_fault_is_one_exact_line(tmp_path: Path, text: str, fault: str) -> None:
    """A file with one fault gives one line: path, value (never a secret), what is allowed."""
    assert [fault] == faults(tmp_path, text, {"SECRET": "5000000000 hunter2"})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *[
            (name, "because it follows from intake.max_body")
            for name in ("message.max.bytes", "queue.buffering.max.kbytes", "receive.message.max.bytes")
        ],
        ("topic.message.max.bytes", "because it follows from intake.max_body"),
        ("fetch.message.max.bytes", "so that partitions take turns"),
        ("max.partition.fetch.bytes", "so that partitions take turns"),
        ("enable.partition.eof", "because it must know where partitions end"),
        ("transaction.timeout.ms", "because it follows from how long a transaction may take"),
    ],
)
def test_what_would_have_no_effect_is_refused(tmp_path: Path, name: str, why: str) -> None:
    """A setting over which ours would stand says what ours follows from."""
    text = f"kafka: {{bootstrap.servers: 'a:1', {name}: 100000}}"
    assert [f"kafka.{name}: is set by the bridge itself, {why}; leave it out"] == faults(tmp_path, text)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "acks",
            "request.required.acks",
            "enable.idempotence",
            "partitioner",
            "enable.auto.commit",
            "auto.commit.enable",
        ),
        *("enable.auto.offset.store", "auto.offset.reset", "group.id", "isolation.level", "message.timeout.ms"),
        *(
            "delivery.timeout.ms",
            "delivery.report.only.error",
            "offset.store.method",
            "topic.acks",
            "topic.message.timeout.ms",
            "transactional.id",
            "ACKS",
        ),
    ],
)
def test_what_carries_the_promise_is_fixed(tmp_path: Path, name: str) -> None:
    """No file can weaken what the promise rests on, under whatever alias."""
    text = f"kafka: {{bootstrap.servers: 'a:1', {name}: 1}}"

    assert [f"kafka.{name}: is set by the bridge itself, because its promises depend on it; leave it out"] == faults(
        tmp_path, text
    )


def test_all_faults_are_found_at_once(tmp_path: Path) -> None:
    """One start shows every fault of a file, in the order of the design's sections."""
    text = """
endpoints:
  - {name: "a\\tb", timeout: 5, headers: {X: [a, [b]]}}
  - {name: c, url: 'http://x', threshold: many, zzz: 1, backoff: soon}
worker: {drain: long}
intake: {path: x, max_body: y}
topics: {partitions: 0}
kafka: {acks: 1, group.id: x}
"""

    paths = [fault.split(": ")[0] for fault in faults(tmp_path, text)]

    assert paths == [
        *(
            "kafka.acks",
            "kafka.group.id",
            "kafka.bootstrap.servers",
            "topics.partitions",
            "intake.path",
            "intake.max_body",
        ),
        *("worker.drain", "endpoints[0].name", "endpoints[0].url", "endpoints[0].headers.X[1]", "endpoints[0].timeout"),
        *("endpoints[1].backoff", "endpoints[1].threshold", "endpoints[1].zzz"),
    ]


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are named, not guessed at."""
    path = tmp_path / "bridge.yaml"
    path.write_bytes(b"kafka: \xff")

    with pytest.raises(ConfigurationError) as refused:
        load(path, {})

    assert (f"{path}: is not UTF-8 (byte 7)",) == refused.value.faults
    assert refused.value.exit_code == 2
