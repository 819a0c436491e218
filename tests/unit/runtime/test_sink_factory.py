"""From the name of a sink's factory to the factory, and one clear line where there is none."""

import sys
from pathlib import Path

import pytest

from runtime.config import EndpointSettings, Secret
from runtime.sink_factory import SinkSettingsError, factory_of, options_of, told
from tests.kit import python_sinks

HERE = "tests.kit.python_sinks"


def endpoint(sink: str, options: str = "{}") -> EndpointSettings:
    """One with this sink."""
    return EndpointSettings(name="audit", sink=sink, options=Secret(options))


def refusal(sink: str, options: str = "{}") -> str:
    """Why there is no factory, in one line."""
    with pytest.raises(SinkSettingsError) as raised:
        factory_of(endpoint(sink, options))
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2
    return str(raised.value).removeprefix(f"endpoint audit: sink {sink}: ")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which modules are imported."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_factory_is_imported() -> None:
    """The very object of its module, which may be an attribute of an attribute."""
    assert factory_of(endpoint(f"{HERE}:make")) is python_sinks.make
    assert factory_of(endpoint(f"{HERE}:AsyncSink")) is python_sinks.AsyncSink
    assert callable(factory_of(endpoint(f"{HERE}:PlacedSink.close", '{"self": 1}')))


def test_options_are_its_keyword_arguments() -> None:
    """With their types, as the file has them."""
    given = endpoint(f"{HERE}:make_audit", '{"path": "/x", "table": null}')
    assert options_of(given) == {"path": "/x", "table": None}
    assert callable(factory_of(given))
    assert options_of(EndpointSettings(name="a", sink="a:b")) == {}


@pytest.mark.parametrize(
    ("sink", "said"),
    [
        (f"{HERE}:keptsink", f"{HERE} has no keptsink (did you mean KeptSink?)"),
        (f"{HERE}:missing", f"{HERE} has no missing"),
        (f"{HERE}:KeptSink.missing", f"{HERE} has no KeptSink.missing (it has write, close)"),
        (f"{HERE}:NO_FACTORY.missing", f"{HERE} has no NO_FACTORY.missing"),
        (
            f"{HERE}:NO_FACTORY",
            "an object of int is no factory; give the class, or a function that makes the sink",
        ),
        (f"{HERE}:Misfit", "write does not take (event): missing a required argument: 'rec'"),
        (
            "no_such_package.audit:make",
            "no module is named no_such_package; install it beside the worker, or name its folder in PYTHONPATH",
        ),
    ],
)
def test_what_is_no_factory_is_named(sink: str, said: str) -> None:
    """In one line, which says what to do."""
    assert refusal(sink) == said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{}", "path is missing"),
        ('{"path": "x", "tabel": "y"}', "it takes no tabel (did you mean table?)"),
        ('{"paht": "x"}', "it takes no paht (did you mean path?), path is missing"),
    ],
)
def test_options_that_the_factory_does_not_take(options: str, said: str) -> None:
    """Found before anything is called; no value is shown."""
    assert refusal(f"{HERE}:make_audit", options) == f"its factory does not take these options: {said}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero (broken.py, line 1)"),
        ("import sys\nsys.exit(3)", "SystemExit: 3 (broken.py, line 2)"),
        ("def", "SyntaxError: invalid syntax (broken.py, line 1)"),
    ],
)
def test_a_module_that_fails(folder: Path, text: str, said: str) -> None:
    """Whatever it raises when it is imported, its line is named, and the process goes on."""
    (folder / "broken.py").write_text(text, "utf-8")
    assert refusal("broken:make").startswith(f"broken cannot be imported: {said}")
    assert "importlib" not in refusal("broken:make")
    sys.modules.pop("broken", None)


def test_a_module_that_misses_another(folder: Path) -> None:
    """Both are named, and the line that imports what is not there."""
    (folder / "needy.py").write_text("\nimport no_such_driver", "utf-8")
    said = "needy cannot be imported: no module is named no_such_driver, which is imported there (needy.py, line 2); "
    assert refusal("needy:make").startswith(said)


def test_a_factory_that_a_program_gives_is_named_as_its_argument() -> None:
    """What the configuration names is not used, so it is not at fault."""
    given = EndpointSettings(name="audit", sink="no_such:make", factory=python_sinks.KeptSink().close)
    assert factory_of(given) is given.factory
    object.__setattr__(given, "factory", python_sinks.KeptSink())
    with pytest.raises(SinkSettingsError) as raised:
        factory_of(given)
    said = "endpoint audit: sinks['audit']: an object of KeptSink is no factory; give the class, or "
    assert str(raised.value).startswith(said)


def test_a_builtin_without_a_signature_is_taken() -> None:
    """Whether it takes the options shows when it is called."""
    assert factory_of(endpoint("builtins:dict", '{"a": 1}')) is dict


def test_an_exception_is_one_line() -> None:
    """Whatever its text is; one that was not raised has no place."""
    assert told(ValueError("a\nb\x1b[2J")) == "ValueError: a\\nb\\x1b[2J"
    assert told(ValueError()) == "ValueError"
    assert len(told(ValueError("x" * 10_000))) < 600
