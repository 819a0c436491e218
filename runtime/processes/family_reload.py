"""New settings for all children of one command."""

import asyncio
from collections.abc import Sequence

from runtime.config import Settings
from runtime.errors import BridgeError
from runtime.processes.keeper import Keeper


class NotReloadedError(BridgeError):
    """A child has not taken the settings."""


async def reload_all(keepers: Sequence[Keeper], settings: Settings, *, limit_s: float) -> None:
    """Return when all children that run have these settings.

    Raises:
        NotReloadedError: some have not, within `limit_s` seconds; the text has a line for each.
    """
    faults = await asyncio.gather(*(_fault_of(keeper, settings, limit_s) for keeper in keepers))
    found = [
        f"process {keeper.slot.number} has not taken it: {fault}; restart the command"
        for keeper, fault in zip(keepers, faults, strict=True)
        if fault
    ]
    if found:
        raise NotReloadedError("\n".join(found))


async def _fault_of(keeper: Keeper, settings: Settings, limit_s: float) -> str:
    try:
        async with asyncio.timeout(limit_s):
            return await keeper.reload(settings)
    except TimeoutError:
        return f"it did not answer within {limit_s:g} s"
