"""The `kafka` section as a whole: its files are there, and Kafka's client library takes it. Connects to nothing."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runtime.config.faults import quoted
from runtime.config.regular_files import check_regular
from runtime.config.secrets import MASK, Secret
from runtime.config.settings import IntakeSettings, KafkaSettings
from runtime.kafka.trial import Refusal, refusals
from runtime.kafka.writer import STRAIGHT_LIMIT_S, WRITE_LIMIT_S

_FILE: Final = re.compile(r"\.(location|keytab|file)$")
_FOLDER_OR_FILE: Final = frozenset({"ssl.ca.location", "https.ca.location"})
_NO_KERBEROS: Final = "No provider for SASL mechanism GSSAPI"
_MECHANISMS: Final = (
    "must be PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER; "
    "Kafka's client here has no Kerberos (GSSAPI, its default)"
)
_PROBE: Final = "probe"
"""In place of such a path: the library looks where systems keep their authorities."""


def trial_faults(kafka: KafkaSettings, intake: IntakeSettings) -> list[str]:
    """A fault for each file that cannot be read; if all can, for what the library refuses of the whole.

    The files come first because the library looks only at those it uses, and has OpenSSL's words for what it misses.
    """
    return [*_unreadable(kafka)] or [
        _fault_of(refusal)
        for refusal in refusals(
            kafka.revealed(),
            max_record_bytes=intake.max_dead_letter_bytes,
            write_limit_s=WRITE_LIMIT_S if intake.spool is None else STRAIGHT_LIMIT_S,
            secrets=[value.reveal() for value in kafka.properties.values() if isinstance(value, Secret)],
        )
    ]


def _fault_of(refusal: Refusal) -> str:
    if _NO_KERBEROS in refusal.text:  # the library goes on with how to build it anew
        return f"kafka.{refusal.name or 'sasl.mechanisms'}: {_MECHANISMS}"
    return f"kafka.{refusal.name}: {refusal.text}" if refusal.name else f"kafka: {refusal.text}"


def _unreadable(kafka: KafkaSettings) -> Iterator[str]:
    for name, value in kafka.properties.items():
        path = Path(value.reveal() if isinstance(value, Secret) else value)
        if not _FILE.search(name) or (name in _FOLDER_OR_FILE and (path.is_dir() or str(path) == _PROBE)):
            continue
        try:
            check_regular(path)  # relative to the working directory, as the library takes it
        except OSError as error:
            shown = MASK if isinstance(value, Secret) else quoted(value)
            yield f"kafka.{name}: {shown} cannot be read: {error.strerror}"
