"""The sizes that are tried when a cluster refuses one, and what an operator is told."""

import pytest

from runtime.kafka.record_sizes import LETTER_FACTOR, remedy, smaller_sizes

MIB = 2**20
ASKED = 24 * MIB


@pytest.mark.parametrize(
    ("refusal", "first"),
    [
        ("Config property 'max.message.bytes' with value '25165824' exceeded max limit of 8388608.", 8 * MIB),
        ("max.message.bytes: 25165824 is not allowed (1024..10485760)", 10 * MIB),
        ("Invalid value 25165824 for max.message.bytes. Maximum is 20971520 bytes", 20 * MIB),
        ("Topic configuration is invalid.", 20 * MIB),
        ("", 20 * MIB),
        ("retention.ms 2592000000 and max.message.bytes 99999999", 20 * MIB),
    ],
)
def test_the_limit_that_the_cluster_names_is_tried_first(refusal: str, first: int) -> None:
    """Else those of the known services, the largest first."""
    assert first == next(smaller_sizes(ASKED, refusal))


def test_each_size_is_smaller_than_what_was_asked_and_comes_once() -> None:
    """Down to 1 MiB, below which no service is."""
    for asked in (ASKED, 100 * MIB, 8 * MIB, 2 * MIB + 1):
        sizes = list(smaller_sizes(asked, f"{asked} is above 2097152"))
        assert len(sizes) == len(set(sizes))
        assert all(MIB <= size < asked for size in sizes)
        assert MIB == sizes[-1]
    assert [] == list(smaller_sizes(MIB, "500000"))


@pytest.mark.parametrize(
    ("size", "body"),
    [(8 * MIB, "2MiB"), (MIB, "256KiB"), (20 * MIB, "5MiB"), (2_097_164, "512KiB"), (1_000_000, "244KiB")],
)
def test_the_remedy_is_a_value_of_the_key(size: int, body: str) -> None:
    """A body whose dead letter fits."""
    assert f"set intake.max_body to {body} or less" == remedy(size)
    unit = {"MiB": MIB, "KiB": 1024}[body[-3:]]
    assert LETTER_FACTOR * int(body[:-3]) * unit <= size
