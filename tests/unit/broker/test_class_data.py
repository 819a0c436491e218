"""Which archive of classes belongs to a Java and its files, and when it is used."""

import os
from pathlib import Path

from broker.class_data import archive_of, options_of


def files(folder: Path) -> tuple[Path, Path]:
    """A Java and a jar."""
    java, jar = folder / "java", folder / "a.jar"
    java.write_text("java")
    jar.write_text("jar")
    return java, jar


def test_an_archive_is_of_one_java_and_its_files(tmp_path: Path) -> None:
    """Another Java, another jar, another order or a jar brought anew: another archive."""
    java, jar = files(tmp_path)
    other = tmp_path / "b.jar"
    other.write_text("jar")
    found = [archive_of(str(java), [jar]), archive_of(str(jar), [jar])]
    found += [archive_of(str(java), chosen) for chosen in ([other], [jar, other], [other, jar])]
    assert found[0] == archive_of(str(java), [jar])
    os.utime(jar, ns=(1, 1))
    found.append(archive_of(str(java), [jar]))
    assert 6 == len(set(found))


def test_an_archive_is_used_if_it_was_made(tmp_path: Path) -> None:
    """None that is missing, and none that this Java could not make."""
    archive = tmp_path / "a.jsa"
    assert [] == options_of(archive)
    archive.touch()
    assert [] == options_of(archive)
    archive.write_text("classes")
    assert [f"-XX:SharedArchiveFile={archive}"] == options_of(archive)
