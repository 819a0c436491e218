"""The dashboard's form: what Grafana needs to show it, and that no panel lies over another."""

from itertools import combinations
from typing import Any

from tests.kit.monitoring import dashboard, dashboard_queries


def panels() -> list[dict[str, Any]]:
    """All of them, rows too."""
    found = dashboard()["panels"]
    assert isinstance(found, list)
    return found


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Whether two places in the grid share a cell."""
    return all(one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in ("xw", "yh"))


def test_panels_have_places_of_their_own() -> None:
    """In a grid of 24 columns, and ids of their own."""
    assert len(panels()) == len({panel["id"] for panel in panels()})
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels())
    assert [] == [
        (one["title"], other["title"])
        for one, other in combinations(panels(), 2)
        if overlap(one["gridPos"], other["gridPos"])
    ]


def test_panels_say_what_they_show() -> None:
    """A title, a description, a unit, and the data source that is chosen."""
    for panel in panels():
        if panel["type"] != "row":
            assert panel["title"], panel["id"]
            assert panel["description"].endswith("."), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
            assert all(target["datasource"] == panel["datasource"] for target in panel["targets"]), panel["title"]


def test_queries_of_endpoints_follow_the_choice_of_endpoints() -> None:
    """So do all queries that of the installation."""
    variables = [one["name"] for one in dashboard()["templating"]["list"]]
    assert ["datasource", "job", "endpoint"] == variables
    for query in dashboard_queries():
        assert 'job=~"$job"' in query.text, query
        assert ('endpoint=~"$endpoint"' in query.text) == ("endpoint" in query.legend or "endpoint" in query.text)
