"""What `check` finds of the intake's sources: proofs that their senders cannot give, and sources without any."""

from collections.abc import Iterator
from typing import Final

from producer.check.findings import Finding, Severity
from runtime.config.settings import IntakeSettings
from runtime.config.source_settings import SourceFormat, SourceSettings

_SEND_NO_AUTHORIZATION: Final[frozenset[SourceFormat]] = frozenset({"docker-hub", "quay", "github"})
_DO_NOT_SIGN: Final[frozenset[SourceFormat]] = frozenset(
    {"gitlab", "acr", "harbor", "zot", "docker-hub", "quay", "ecr"}
)


def source_findings(intake: IntakeSettings) -> Iterator[Finding]:
    """A finding for each proof that cannot be given, and for each source that anybody can POST to."""
    is_reachable = not intake.listen.is_loopback and not (intake.tls and intake.tls.client_ca)
    for source in intake.sources:
        yield from (Finding(Severity.WARNING, f"source {source.name}: {text}") for text in _impossible(source))
        if source.is_open and is_reachable:
            text = "everyone who reaches the intake can POST to it; set its authorization, hmac or token"
            yield Finding(Severity.WARNING, f"source {source.name}: {text}")


def _impossible(source: SourceSettings) -> Iterator[str]:
    if source.authorization and source.format in _SEND_NO_AUTHORIZATION:
        instead = "hmac" if source.format == "github" else "token"
        yield (
            f"a sender of format {source.format} cannot send the Authorization header that is asked for, unless a "
            f"proxy adds it; write authorization: none, and set {instead}"
        )
    if source.hmac and source.format in _DO_NOT_SIGN:
        yield f"a sender of format {source.format} does not sign, unless a proxy does; leave hmac out"
