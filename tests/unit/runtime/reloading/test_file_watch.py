"""What counts as a change of the configuration's files."""

from pathlib import Path

from runtime.config.load import ConfigurationFile
from runtime.reloading.file_watch import FileWatch, contents_of


def watched(folder: Path) -> tuple[FileWatch, ConfigurationFile]:
    """A configuration that names a file with a token."""
    (folder / "token").write_text("Bearer old\n")
    text = "kafka: {bootstrap.servers: '127.0.0.1:9'}\nintake: {authorization: '${file:token}'}\n"
    (folder / "bridge.yaml").write_text(text)
    file = ConfigurationFile(folder / "bridge.yaml", {})
    file.load()
    return FileWatch(file), file


def test_a_change_is_news_when_it_lasts(tmp_path: Path) -> None:
    """Not at its first sight, as it may be half written; once, and not when it is as it was loaded."""
    watch, file = watched(tmp_path)
    assert not watch.is_news(contents_of(file.files))
    (tmp_path / "token").write_text("Bearer ne")
    assert not watch.is_news(contents_of(file.files))
    (tmp_path / "token").write_text("Bearer new")
    assert not watch.is_news(contents_of(file.files))
    assert watch.is_news(contents_of(file.files))
    assert not watch.is_news(contents_of(file.files))


def test_a_touch_is_none(tmp_path: Path) -> None:
    """Only what the files hold counts, wherever they are swapped for others."""
    watch, file = watched(tmp_path)
    (tmp_path / "other").write_text("Bearer old\n")
    (tmp_path / "other").replace(tmp_path / "token")
    for _ in range(3):
        assert not watch.is_news(contents_of(file.files))


def test_a_file_that_is_gone_is_a_change(tmp_path: Path) -> None:
    """The reload says that it is gone; when it is back as it was loaded, that is another one."""
    watch, file = watched(tmp_path)
    content = (tmp_path / "token").read_text()
    (tmp_path / "token").unlink()
    assert [False, True, False] == [watch.is_news(contents_of(file.files)) for _ in range(3)]
    (tmp_path / "token").write_text(content)
    assert [False, True, False] == [watch.is_news(contents_of(file.files)) for _ in range(3)]


def test_a_file_that_is_named_for_the_first_time_is_none(tmp_path: Path) -> None:
    """It was loaded just now, with whatever named it."""
    watch, file = watched(tmp_path)
    (tmp_path / "more").write_text("Bearer more")
    file.files |= {tmp_path / "more"}
    assert [False, False] == [watch.is_news(contents_of(file.files)) for _ in range(2)]
    (tmp_path / "more").write_text("Bearer other")
    assert [False, True] == [watch.is_news(contents_of(file.files)) for _ in range(2)]
