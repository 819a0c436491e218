"""Thresholds for scripts: above is 3, unknown is 4, and neither is a success."""

import pytest

from consumer.offsets.cursor import Cursor
from consumer.operations.status import EndpointStatus
from consumer.operations.thresholds import Thresholds


def status(lag: int, age_s: float | None, *, disabled: bool = False) -> EndpointStatus:
    """An endpoint that lags so much, for so long."""
    return EndpointStatus("ci", disabled, "g", True, {0: Cursor(0, (), -1, lag)}, age_s)  # noqa: FBT003


@pytest.mark.parametrize(
    ("thresholds", "found", "code"),
    [
        (Thresholds(), status(10**6, None), 0),
        (Thresholds(lag=10), status(10, None), 0),
        (Thresholds(lag=10), status(11, None), 3),
        (Thresholds(lag=0), status(0, None), 0),
        (Thresholds(age_s=60.0), status(5, 60.0), 0),
        (Thresholds(age_s=60.0), status(5, 60.1), 3),
        (Thresholds(age_s=60.0), status(0, None), 0),
        (Thresholds(age_s=60.0), status(5, None), 4),
        (Thresholds(lag=1, age_s=60.0), status(5, None), 3),
        (Thresholds(lag=1, age_s=60.0), status(5, 61.0, disabled=True), 0),
    ],
)
def test_exit_status(thresholds: Thresholds, found: EndpointStatus, code: int) -> None:
    """What is certainly too much comes before what is not known; a disabled endpoint waits on purpose."""
    assert code == thresholds.judge([status(0, None), found]).exit_code


def test_each_endpoint_is_named() -> None:
    """With its value and what is allowed."""
    judged = Thresholds(lag=1, age_s=600.0).judge([status(5, 3600.0)])
    assert judged.exceeded == [
        "endpoint ci: lag 5 is above 1 (--fail-if-lag)",
        "endpoint ci: its oldest event waits for 1h, above 10m (--fail-if-age)",
    ]
    assert "cannot be known (--fail-if-age)" in Thresholds(age_s=600.0).judge([status(5, None)]).unknown[0]
