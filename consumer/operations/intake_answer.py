"""The answer of the intake at `intake.listen` about its spool: asked for once, and read with care. Never fails."""

from dataclasses import dataclass
from typing import Any

import msgspec

from runtime.config.settings import IntakeSettings
from runtime.http.get_json import NoAnswerError, ask
from runtime.spool_status import PATH, SpoolStatus, spool_status_of


@dataclass(frozen=True, slots=True)
class SpoolAnswer:
    """What is known of an intake's spool."""

    status: SpoolStatus | None = None
    unknown_because: str = ""
    """Why nothing is known; empty if something is."""

    @property
    def text(self) -> str:
        """One line."""
        return self.status.text if self.status else f"spool: unknown: {self.unknown_because}"

    def as_json(self) -> dict[str, Any]:
        """For `--json`; null where it is not known."""
        return {"spool": msgspec.to_builtins(self.status)}


def ask_intake(intake: IntakeSettings) -> SpoolAnswer | None:
    """Ask for the spool, if one is configured; blocks, two seconds at most for each step."""
    if intake.spool is None:
        return None
    try:
        answer = ask(intake.listen, PATH, tls=intake.tls)
    except NoAnswerError as error:
        return SpoolAnswer(unknown_because=str(error))
    where = f"{intake.listen}{PATH}"
    if answer is None:
        return SpoolAnswer(unknown_because=f"the intake that answers at {where} has no spool")
    found = spool_status_of(answer)
    return SpoolAnswer(found) if found else SpoolAnswer(unknown_because=f"{where} did not answer as an intake")
