"""The story of an event, and the report of a run in which a promise was not kept. Pure."""

from collections.abc import Iterator

from tests.chaos.facts import Evidence, Violation

MOST_STORIES = 3


def report(evidence: Evidence, violations: list[Violation]) -> str:
    """The schedule, what happened when, the violations, and the stories of the first events concerned."""
    lines = [str(evidence.schedule), "", "What was done:", *_done(evidence)]
    lines += ["", "Processes:"]
    for life in evidence.lives:
        asked = "" if life.asked is None else f", SIGTERM at {life.asked:.2f} s"
        ended = "running" if life.ended is None else f"ended at {life.ended:.2f} s with {life.code}"
        lines.append(f"{life.name}: began at {life.began:.2f} s{asked}, {ended}")
    lines += ["", "What processes said of themselves:", *_said(evidence)]
    rested = "never" if evidence.rested is None else f"at {evidence.rested:.2f} s"
    lines += [
        "",
        f"Faults over at {evidence.faults_ended:.2f} s, at rest {rested}",
        f"Held up: {evidence.late_s:.2f} s",
    ]
    if evidence.members:
        lines += ["", "In the groups:", *evidence.members]
    lines += ["", f"{len(violations)} violation(s):", *map(str, violations)]
    for name in list(dict.fromkeys(violation.id for violation in violations if violation.id))[:MOST_STORIES]:
        lines += ["", f"The story of {name}:", *_story(evidence, name)]
    return "\n".join(lines) + "\n"


def _done(evidence: Evidence) -> Iterator[str]:
    for fact in sorted(evidence.faults, key=lambda one: one.began):
        yield f"{fact.began:7.2f} - {fact.ended:7.2f} s  {fact.fault.kind.value} {fact.fault.target} {fact.hit}"


def _said(evidence: Evidence) -> Iterator[str]:
    """Each change, and nothing in between."""
    last: dict[str, str] = {}
    for sample in evidence.samples:
        state = {True: "ready", False: f"not ready: {sample.reasons}", None: "no answer"}[sample.ready]
        lag = ", ".join(f"{name} {value:g}" for name, value in sorted(sample.lag.items()) if value)
        said = f"{state}{f'; lag {lag}' if lag else ''}"
        if last.get(sample.process) != said:
            last[sample.process] = said
            yield f"{sample.at:7.2f} s  {sample.process} {said}"


def _story(evidence: Evidence, name: str) -> Iterator[str]:
    if name in evidence.accepted:
        yield f"{evidence.accepted[name]:7.2f} s  answered 200"
    places = [record.place for record in evidence.log if record.id == name]
    yield f"           in the log at {', '.join(f'{partition}:{offset}' for partition, offset in places) or 'no place'}"
    for request in evidence.requests:
        if name in request.ids:
            at = request.places[request.ids.index(name)]
            answer = "no answer" if request.status is None else f"{request.status} at {request.answered:.3f} s"
            place = f"{at[0]}:{at[1]}"
            yield f"{request.arrived:7.3f} s  to {request.endpoint} from {request.worker}, {place}, {answer}"
    for letter in evidence.letters:
        if letter.place in places:
            yield f"           dead letter of {letter.endpoint}: {letter.reason} after {letter.attempts} attempts"
