"""The project's page on a package index: README.md, with links that lead somewhere, or with none."""

import re

from hatch_build import ProjectPage, absolute, addresses, without_links
from tests.kit.paths import ROOT

FILES = "https://git.example.com/team/bridge/blob/v1.2.3"
LINK = re.compile(r"\]\(([^)]+)\)")


def page(**config: str) -> dict[str, object]:
    """What the hook makes of this checkout."""
    metadata: dict[str, object] = {"version": "1.2.3"}
    ProjectPage(str(ROOT), config).update(metadata)
    return metadata


def test_with_an_address_every_link_is_absolute() -> None:
    """Each link of README.md leads to the released state of the file that it names there."""
    metadata = page(repository="https://git.example.com/team/bridge/")
    made = metadata["readme"]
    assert isinstance(made, dict)
    links = LINK.findall(made["text"])
    assert len(links) > 10
    for link in links:
        assert link.startswith((f"{FILES}/", "https://"))
        assert not link.startswith(FILES) or (ROOT / link.removeprefix(f"{FILES}/").partition("#")[0]).exists()
    assert addresses("https://git.example.com/team/bridge", FILES) == metadata["urls"]


def test_without_an_address_no_link_leads_nowhere() -> None:
    """The page names the files, and no address is made up."""
    made = page()
    readme = made["readme"]
    assert isinstance(readme, dict)
    assert [link for link in LINK.findall(readme["text"]) if not link.startswith("https://")] == []
    assert "docs/configuration.md" in readme["text"]
    assert {} == made["urls"]


def test_what_is_a_link() -> None:
    """Links to files change; those to the web and within the page do not."""
    text = "[docs/a.md](docs/a.md) [b](docs/b.md#c) [web](https://example.com/x) [here](#start)"
    kept = "[web](https://example.com/x) [here](#start)"
    assert f"[docs/a.md]({FILES}/docs/a.md) [b]({FILES}/docs/b.md#c) {kept}" == absolute(text, FILES)
    assert f"docs/a.md b (docs/b.md#c) {kept}" == without_links(text)
