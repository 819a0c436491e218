"""What `check` finds of the intake's sources: proofs that cannot be given, sources without any, new actions."""

from collections.abc import Collection, Iterator
from typing import Final

from producer.check.findings import Finding, Severity
from producer.sources.formats import FORMATS
from runtime.config.endpoint_settings import EndpointSettings
from runtime.config.settings import IntakeSettings, Settings
from runtime.config.source_settings import ENVELOPE_FORMATS, SourceFormat, SourceSettings
from runtime.counts import noun

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


def takes_envelopes(intake: IntakeSettings) -> bool:
    """Whether a registry that sends envelopes is meant to POST here: one is configured, or nothing at all."""
    return not intake.sources or any(source.format in ENVELOPE_FORMATS for source in intake.sources)


def kept_findings(settings: Settings) -> Iterator[Finding]:
    """A finding for each source of which endpoints get actions that no registry of theirs has sent before.

    An endpoint that ignores one of them has made its choice.
    """
    for source in settings.intake.sources:
        kinds = FORMATS[source.format].kinds if source.keep == "all" and source.format in FORMATS else ()
        names = [one.name for one in settings.endpoints if kinds and _gets(one, source, kinds)]
        if names:
            told = f"{noun(len(names), 'endpoint')} {', '.join(names)} {noun(len(names), 'gets', 'get')}"
            actions = f"keep: all makes events with the actions {', '.join(kinds)}; {told} them"
            text = f"source {source.name}: {actions}: write those that they do not want to ignore.actions"
            yield Finding(Severity.WARNING, text)


def _gets(endpoint: EndpointSettings, source: SourceSettings, kinds: Collection[str]) -> bool:
    is_of_it = not endpoint.registries or source.registry in endpoint.registries
    return is_of_it and endpoint.ignored_actions.isdisjoint(kinds)


def _impossible(source: SourceSettings) -> Iterator[str]:
    if source.authorization and source.format in _SEND_NO_AUTHORIZATION:
        instead = "hmac" if source.format == "github" else "token"
        yield (
            f"a sender of format {source.format} cannot send the Authorization header that is asked for, unless a "
            f"proxy adds it; write authorization: none, and set {instead}"
        )
    if source.hmac and source.format in _DO_NOT_SIGN:
        yield f"a sender of format {source.format} does not sign, unless a proxy does; leave hmac out"
