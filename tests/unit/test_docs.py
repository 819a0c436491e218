"""The documents for users, held against the commands, the configuration, the Makefile and each other."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from prometheus_client import CollectorRegistry

import consumer.endpoint.metrics
import producer.intake.metrics
from consumer.cli import commands as worker_commands
from consumer.commands.dead_letters import dead_letters_group
from consumer.endpoint.metrics import WorkerMetrics
from consumer.materialize.metrics import TagMetrics
from producer.cli import commands as bridge_commands
from producer.intake.metrics import BridgeMetrics
from producer.spool.metrics import SpoolMetrics
from runtime.clock import SystemClock
from runtime.config import ConfigurationError
from runtime.config.load import settings_from
from runtime.kafka.reachability import Reachability
from runtime.metrics import kafka_up, process_metrics
from runtime.processes.parent_metrics import parent_metrics
from runtime.reloading.metrics import ReloadMetrics
from tests.kit.configuration_page import documented_keys
from tests.kit.paths import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GROUPS: Mapping[str, click.Group] = {"registry-bridge": bridge_commands, "registry-worker": worker_commands}
SAMPLE = ROOT / "bridge.example.yaml"

CODE = re.compile(r"```[a-z]*\n(.*?)```|^((?: {4,}\S[^\n]*\n)+)|`([^`\n]+)`", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"(?:^|[\s($])(registry-(?:bridge|worker)(?: +[^\s`#;&|)]+)*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)

BASE = {"kafka": {"bootstrap.servers": "127.0.0.1:9092"}}
ENDPOINT = {"name": "e", "url": "http://127.0.0.1:9/"}
ITEMS: Mapping[str, dict[str, Any]] = {"endpoints": ENDPOINT, "intake.sources": {"name": "s", "format": "acr"}}
"""By list: an item with no more than it needs."""
NEEDED: Mapping[str, dict[str, dict[str, Any]]] = {
    "schema_registry": {"schema_registry": {"url": "http://127.0.0.1:8081"}},
    "intake.spool": {"intake": {"spool": {"dir": "spool"}}},
    "worker.attempts": {"worker": {"attempts": {}}},
    "endpoints[].signing": {"signing": {"secrets": ["whsec_" + "YWJj" * 10]}},
    "intake.sources[].hmac": {"hmac": {"header": "x-signature", "secret": "s"}},
}
"""By section, what must stand beside any key of it; of an item's, in the item."""
SECTIONS = {"kafka", "topics", "schema_registry", "intake", "worker", "tracing", "endpoints"}
UNKNOWN = "qqqqqqqq"


def code_of(text: str) -> list[str]:
    """The blocks and spans of code in a page."""
    return [fenced or indented or span for fenced, indented, span in CODE.findall(text)]


def invocations(path: Path) -> Iterator[list[str]]:
    """The words of each of our commands that a page or a file of ours shows."""
    text = path.read_text("utf-8")
    for code in code_of(text):
        for shown in COMMAND.findall(code):
            yield shlex.split(shown)


def leaves(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, with its full name."""
    for word, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


COMMANDS: Mapping[str, click.Command] = {
    name: command for program, group in GROUPS.items() for name, command in leaves(group, program)
}


def options_of(command: click.Command) -> set[str]:
    """All spellings of a command's options."""
    return {"-h", "--help"}.union(*([*parameter.opts, *parameter.secondary_opts] for parameter in command.params))


def fault(words: list[str]) -> str | None:
    """What is wrong with a command as a page shows it: its name or an option that it does not have."""
    if len(words) < 2 or not re.fullmatch(r"[a-z-]+", words[1]) or words[1].startswith("-") or words[1] in GROUPS:
        return None  # the program itself, or its name in a sentence, a header or a list of services
    found = next((name for size in (3, 2) if (name := " ".join(words[:size])) in COMMANDS), None)
    if found is None:
        is_group = any(name.startswith(" ".join(words[:2]) + " ") for name in COMMANDS)
        return None if is_group and len(words) == 2 else f"there is no command {' '.join(words[:3])}"
    used = [word.strip("[]").partition("=")[0] for word in words if re.match(r"\[?--?[A-Za-z]", word)]
    unknown = [option for option in used if option not in options_of(COMMANDS[found])]
    return f"{found} has no option {', '.join(unknown)}" if unknown else None


def is_to_be_typed(text: str) -> bool:
    """Whether a block of a page begins a line with a command of ours."""
    blocks = (fenced or indented for fenced, indented, _ in CODE.findall(text))
    return any(re.search(r"^ *registry-(bridge|worker) ", block, re.MULTILINE) for block in blocks)


def anchors(path: Path) -> list[str]:
    """The names by which a page's headings are linked to; what is only a comment in a block is none."""
    headings = HEADING.findall(FENCED.sub("", path.read_text("utf-8")))
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def configured(path: str, value: Any) -> dict[str, Any]:
    """The least configuration in which the key `path` has this value."""
    if path.startswith("kafka."):
        return {**BASE, "kafka": {path.removeprefix("kafka."): value}}
    above, is_item, below = path.partition("[]")
    if not is_item:
        return {**BASE, **nested(path.split("."), value)}
    inner = nested(below.split(".")[1:], value) if below else value
    return {**BASE, **nested(above.split("."), [ITEMS[above] | inner])}


def without(key: str) -> dict[str, Any]:
    """A configuration that has the section of `key` and not the key."""
    section, _, leaf = key.rpartition(".")
    if key == "kafka.bootstrap.servers":
        return {"kafka": {}}
    above, is_item, below = section.partition("[]")
    if is_item and not below:
        item = {name: value for name, value in ITEMS[above].items() if name != leaf}
        return {**BASE, **nested(above.split("."), [item])}
    return configured(section, {})


def nested(keys: list[str], value: Any) -> dict[str, Any]:
    """`value` below a path of keys."""
    for key in reversed(keys):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def known_keys(path: str) -> list[str]:
    """The keys that a section says it knows when it meets one that it does not; none if it is no section."""
    config = configured(path, {UNKNOWN: 1}) if path else {**BASE, UNKNOWN: 1}
    try:
        settings_from(config)
    except ConfigurationError as error:
        marker = f"{UNKNOWN}: is not a known key; known here: "
        found = [text.partition(marker)[2] for text in error.faults if marker in text]
        return found[0].split(", ") if found else []
    return []


def real_keys(path: str = "") -> Iterator[str]:
    """Every key that the configuration reads, as its own faults tell."""
    keys = known_keys(path)
    for key in keys:
        below = f"{path}.{key}" if path else key
        yield from real_keys(f"{below}[]" if below in ITEMS else below)
    if not keys and path:
        yield path


def test_every_command_shown_exists() -> None:
    """Every command and option that a page or the sample configuration shows is one of the commands'."""
    shown = [(path.name, words) for path in [*PAGES, SAMPLE] for words in invocations(path)]
    assert [f"{name}: {why}" for name, words in shown if (why := fault(words))] == []
    assert len(shown) > 20


def test_a_wrong_command_is_found() -> None:
    """The check above sees a command and an option that do not exist."""
    assert fault(["registry-bridge", "serv"]) == "there is no command registry-bridge serv"
    assert fault(["registry-bridge", "serve", "--lisen", "x"]) == "registry-bridge serve has no option --lisen"
    assert fault(["registry-bridge", "serve", "--listen", "127.0.0.1:1", "-c", "x"]) is None


def test_every_option_named_alone_exists() -> None:
    """An option that a page names by itself belongs to one of the commands."""
    known = set().union(*map(options_of, COMMANDS.values()))
    texts = [path.read_text("utf-8") for path in PAGES if path.name != "CONTRIBUTING.md"]
    named = {code.split()[0] for text in texts for code in code_of(text) if re.match("--[a-z]", code)}
    assert named - known == set()


def test_a_page_of_commands_says_where_they_are() -> None:
    """Who has a checkout has none of our commands on his path."""
    shown = {page.name: page.read_text("utf-8") for page in PAGES if is_to_be_typed(page.read_text("utf-8"))}
    assert len(shown) > 10
    assert [name for name, text in shown.items() if "In a checkout the commands are in `.venv/bin/`." not in text] == []


def test_every_command_is_documented() -> None:
    """The README's table has a row for every command, and for no other."""
    rows = re.findall(r"^\| `(registry-[^`\[]+?)[`\[]", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {row.strip() for row in rows} == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example(name: str) -> None:
    """`--help` of every command ends with an example that runs that command with options it has."""
    label, _, example = (COMMANDS[name].epilog or "").partition(": ")
    assert label == "Example"
    assert example.startswith(name)
    assert fault(shlex.split(example)) is None


@pytest.mark.parametrize(("program", "group"), [*GROUPS.items(), ("dead-letters", dead_letters_group)])
def test_a_list_of_commands_is_not_cut_short(program: str, group: click.Group) -> None:
    """On a terminal of 80 columns, `--help` of a program says of each command what it does, to the end of the line."""
    commands = click.Context(group, info_name=program, terminal_width=80).get_help().partition("Commands:")[2]
    assert len(commands.splitlines()) > len(group.commands)
    assert [line for line in commands.splitlines() if line.endswith("...")] == []


def test_every_key_is_documented() -> None:
    """docs/configuration.md has a row for every key that the configuration reads, and for no other."""
    free = {"endpoints[].headers", "kafka"}  # their members have any name
    real = {key for key in real_keys() if key not in free} | {"endpoints[].headers", "kafka.bootstrap.servers"}
    assert real == set(documented_keys())


def test_the_sample_has_every_key() -> None:
    """The configuration that users copy has a line for every key, but for the one that is there for old registries."""
    sample = SAMPLE.read_text("utf-8")
    names = {key: key.replace("[]", "").rpartition(".")[2] for key in documented_keys()}
    missing = [key for key, name in names.items() if not re.search(rf"\b{re.escape(name)}:", sample)]
    assert missing == ["endpoints[].ignoredmediatypes"]


@pytest.mark.parametrize("key", [key for key, row in documented_keys().items() if row.has_default])
def test_documented_default_is_the_default(key: str) -> None:
    """A key that is written with its documented default changes nothing."""
    value = documented_keys()[key].value
    needed = next((beside for section, beside in NEEDED.items() if key.startswith(f"{section}.")), {})
    above, is_item, below = key.partition("[].")
    if is_item:
        item = {**ITEMS[above], **needed}
        with_it = merged(item, nested(below.split("."), value))
        one, other = ({**BASE, **nested(above.split("."), [found])} for found in (item, with_it))
        assert settings_from(one) == settings_from(other)
    else:
        assert settings_from({**BASE, **needed}) == settings_from(merged(needed, configured(key, value)))


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, section by section."""
    both = {key: merged(below[key], above[key]) for key in below.keys() & above.keys() if isinstance(above[key], dict)}
    return {**below, **above, **both}


@pytest.mark.parametrize("key", [key for key, row in documented_keys().items() if row.default == "required"])
def test_key_documented_as_required_is_required(key: str) -> None:
    """A key that the page calls required is refused when it is missing."""
    with pytest.raises(ConfigurationError) as caught:
        settings_from(without(key))
    path = key.replace("[]", "[0]")
    assert [fault for fault in caught.value.faults if fault.startswith(f"{path}: is missing")]


def test_keys_without_default_are_marked() -> None:
    """A key has a default, is required, or has a dash: it is off until it is written."""
    assert {row.default for row in documented_keys().values() if not row.has_default} == {"required", "—"}


def test_every_metric_is_documented() -> None:
    """docs/metrics.md has a row for every metric of both processes, and for no other."""
    bridge, worker = process_metrics("registry_bridge"), process_metrics("registry_worker")
    BridgeMetrics(bridge)
    SpoolMetrics(bridge)
    WorkerMetrics(worker)
    TagMetrics(worker)
    cluster = Reachability(0.0)
    cluster.answered(0.0)
    for name, registry in (("registry_bridge_kafka_up", bridge), ("registry_worker_kafka_up", worker)):
        kafka_up(name, registry, cluster)
        ReloadMetrics(name.removesuffix("_kafka_up"), registry, SystemClock())
    parents = [parent_metrics(prefix, ()) for prefix in ("registry_bridge", "registry_worker")]
    families = [family for registry in (bridge, worker, *parents) for family in registry.collect()]
    suffixes = {"counter": "_total", "info": "_info"}
    real = {f"{family.name}{suffixes.get(family.type, '')}" for family in families}
    real = {name for name in real if name.startswith("registry_")}
    rows = re.findall(r"^\| `(registry_[a-z_]+)` \|", (ROOT / "docs" / "metrics.md").read_text("utf-8"), re.MULTILINE)
    assert real == set(rows)


@pytest.mark.parametrize(
    ("made", "merged"), [(BridgeMetrics, producer.intake.metrics), (WorkerMetrics, consumer.endpoint.metrics)]
)
def test_every_gauge_is_merged_by_its_meaning(made: Any, merged: Any) -> None:
    """Several processes of one command show one value of each of our gauges: it is said which."""
    registry = CollectorRegistry()
    made(registry)
    gauges = {family.name for family in registry.collect() if family.type == "gauge"}
    assert {name for name in gauges if not name.endswith("_created")} == merged.ACROSS_PROCESSES.keys()


def test_links_lead_somewhere() -> None:
    """Every link between pages, and to a heading of one, resolves."""
    broken = []
    for page in PAGES:
        for link in LINK.findall(page.read_text("utf-8")):
            if link.startswith(("http://", "https://")):
                continue
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_no_piece_of_code_is_broken_over_lines() -> None:
    """It would be hard to copy, and the checks here would not see it."""
    broken = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```$|^ {4,}\S[^\n]*$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
        broken += [f"{page.name}: {line}" for line in text.splitlines() if line.count("`") % 2]
    assert broken == []


def test_no_section_stands_twice_in_a_page() -> None:
    """A link would lead to the first of them; the page's title is one. The changelog has the same for each release."""
    for page in (page for page in PAGES if page.name != "CHANGELOG.md"):
        assert sorted(set(anchors(page))) == sorted(anchors(page)), page


def test_every_page_has_its_place_in_the_reading_order() -> None:
    """docs/README.md, to which README.md leads, lists each page of docs/ and its folders once."""
    index = ROOT / "docs" / "README.md"
    listed = re.findall(r"^\d+\. \[[^\]]+\]\((?!\.\./)([^)]+)\)", index.read_text("utf-8"), re.MULTILINE)
    pages = (path.relative_to(index.parent) for path in index.parent.rglob("*.md") if path != index)
    assert sorted(listed) == sorted(map(str, pages))
    assert "docs/README.md" in LINK.findall((ROOT / "README.md").read_text("utf-8"))


def test_make_targets_shown_exist() -> None:
    """Every `make` target that a page shows is in the Makefile, the README's two among them."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    code = [code for path in PAGES for code in code_of(path.read_text("utf-8"))]
    shown = {name for text in code for name in re.findall(r"(?:^|\s)make ([a-z]+)", text)}
    assert {"run", "test"} <= shown
    assert shown - targets == set()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```yaml" in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_yaml_in_pages_is_valid(page: Path) -> None:
    """A configuration that a page shows is one that the bridge takes."""
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        shown = yaml.safe_load(block)
        if SECTIONS.issuperset(shown):
            environ = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", block), "x")
            settings_from({**BASE, **without_files(shown)}, environ)


def without_files(value: Any) -> Any:
    """A configuration without what comes from files, which are not here."""
    match value:
        case dict():
            kept = {key: without_files(below) for key, below in value.items()}
            return {key: below for key, below in kept.items() if below is not None and below != {}}
        case list():
            return [without_files(item) for item in value]
        case str() if "${file:" in value or value.endswith((".pem", ".crt", ".key")):
            return None
    return value


TEST = re.compile(r"`(tests/[\w./]+)::(test_\w+)`")


def test_tests_that_hold_a_promise_are_there() -> None:
    """Each promise names tests that exist; docs/guarantees.md has most."""
    named = {page.name: TEST.findall(page.read_text("utf-8")) for page in PAGES}
    assert len(named["guarantees.md"]) > 20
    tests = {test for found in named.values() for test in found}
    assert [
        f"{file}::{test}" for file, test in sorted(tests) if f"def {test}(" not in (ROOT / file).read_text("utf-8")
    ] == []


FILE = re.compile(r"`((?:schemas|runtime|producer|consumer|tests|examples|benchmarks|broker|docs)/[\w./-]*)`")
TO_BE_MADE = {"schemas/event.vN.avsc", "schemas/attempt.vN.avsc", "schemas/tag.vN.avsc"}


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_files_of_the_code_that_a_page_names_are_there(name: str) -> None:
    """A file that was moved or renamed is named where it is now."""
    named = set(FILE.findall((ROOT / name).read_text("utf-8")))
    assert named
    assert [path for path in sorted(named - TO_BE_MADE) if not (ROOT / path).exists()] == []


def test_each_wait_has_a_deadline_and_a_test() -> None:
    """The table of waits names tests that are there; only what has no deadline by its nature may have none."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.partition("## Waits\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| ")
    ]
    waits = {row[0]: row for row in rows[1:]}
    assert len(waits) > 20
    for wait, (_, deadline, _, tests) in waits.items():
        named = re.findall(r"`([a-z_/]+\.py)`", tests)
        assert named or "the loop" in wait, wait
        assert [] == [name for name in named if not (ROOT / "tests" / name).is_file()], wait
        assert re.search(r"\d+(\.\d+)? s|`timeout`|^none: |^none[,;] ", deadline), wait
