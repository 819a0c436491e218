"""Causes of faults of object storage, read from the client's texts."""

import pytest

from consumer.analytics.objects.faults import fault_of

ASKED = "Generic S3 error: Error performing GET http://s3.example.com/lake/x?sig=hunter2 in 8ms"
ANSWERED = f"{ASKED} - Server returned non-2xx status code:"
RETRIED = f"{ASKED}, after 12 retries, max_retries: 12, retry_timeout: 180s"


@pytest.mark.parametrize(
    ("text", "cause", "is_lasting"),
    [
        (f"{ANSWERED} 404 Not Found: <Error><Code>NoSuchBucket</Code></Error>", "there is no such bucket", True),
        (f"{ANSWERED} 403 Forbidden: <Error><Code>AccessDenied</Code></Error>", "access is denied", True),
        (f"{ANSWERED} 403 Forbidden: no XML", "access is denied (403)", True),
        (
            f"{ANSWERED} 301 Moved: <Error><Code>PermanentRedirect</Code></Error>",
            "the bucket is in another region: set AWS_REGION",
            True,
        ),
        (
            f"{RETRIED} - Server returned non-2xx status code: 503 Service Unavailable: <Code>SlowDown</Code>",
            "it asks to slow down (503 SlowDown), also after 12 more tries",
            False,
        ),
        (f"{ANSWERED} 500 Internal Server Error: ", "it answers 500", False),
        (f"{ANSWERED} 400 Bad Request: <Code>Odd</Code>", "it answers 400 Odd", True),
        (f'{RETRIED} - HTTP error: error sending request\n\nDebug source: "dns error"', "the name of its host", False),
        (
            f'{RETRIED} - HTTP error: error sending request\n\nDebug source: "tcp connect error"',
            "it cannot be reached (s3.example.com), also after 12 more tries",
            False,
        ),
        (
            'performing PUT http://hunter2@127.0.0.1:9000/lake - HTTP error "tcp connect error" ConnectionRefused',
            "the connection is refused (127.0.0.1:9000)",
            False,
        ),
        (
            'performing GET http://me:p@hunter2@127.0.0.1:9/lake - HTTP error "tcp connect error" ConnectionRefused',
            "the connection is refused (127.0.0.1:9)",
            False,
        ),
        (f"{ASKED} - HTTP error: error sending request\n\nkind: Timeout", "it did not answer in time", False),
        ("Error performing GET https://s3.example.com/certificates/x - HTTP error", "the connection was cut", False),
        (f"{ASKED} - HTTP error: error decoding response body", "the connection was cut", False),
        (f"{ASKED} - HTTP error: builder error\n\nsource: BadScheme", "its endpoint is plain HTTP", True),
        ("Error performing PUT http://169.254.169.254/latest/api/token in 1ms", "no credentials are set", True),
        ("Generic MicrosoftAzure error: Account must be specified", "AZURE_STORAGE_ACCOUNT_NAME is not set", True),
        ("something new about hunter2", "its client could not be set up, or failed in an unknown way", False),
    ],
)
def test_causes(text: str, cause: str, *, is_lasting: bool) -> None:
    """One clause, without the address and its parameters; lasting is what only another configuration helps."""
    fault = fault_of(text)
    assert fault.cause.startswith(cause)
    assert is_lasting == fault.is_lasting
    assert "hunter2" not in fault.cause
    assert "\n" not in fault.cause
