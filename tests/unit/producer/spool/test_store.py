"""The store: appends of many POSTs under one fsync, and a disk that fails and comes back."""

import asyncio
from pathlib import Path

import pytest

from producer.spool.amount import SpoolAmount
from producer.spool.errors import SpoolDamagedError, SpoolDiskError, SpoolError, SpoolFullError, TooMuchAtOnceError
from producer.spool.store import SpoolStore
from tests.kit.spools import ROOM, SMALL, FailingFiles, disk_fault, drafts, log_of

WAIT_S = 120.0


class Heard:
    """What a store tells."""

    def __init__(self) -> None:
        self.amounts: list[SpoolAmount] = []
        self.faults: list[SpoolError] = []
        self.no_room: list[str] = []
        self.checked: list[tuple[int, int]] = []
        self.places: list[str] = []
        self.news = asyncio.Event()

    def checking(self, records: int, of: int) -> None:
        """How far."""
        self.checked.append((records, of))

    def opened(self, amount: SpoolAmount) -> None:
        """It is well."""
        self.amounts.append(amount)
        self.news.set()

    def failed(self, error: SpoolError) -> None:
        """It is not."""
        self.faults.append(error)
        self.news.set()

    def full(self, why: str) -> None:
        """No room."""
        self.no_room.append(why)

    def has_room(self) -> None:
        """Room again."""
        self.no_room.clear()

    def lost(self, why: str) -> None:
        """The files are gone."""
        self.places.append(why)

    def found(self) -> None:
        """They are back."""
        self.places.append("")

    async def next(self) -> None:
        """Wait for news."""
        async with asyncio.timeout(WAIT_S):
            await self.news.wait()
        self.news.clear()


async def started(files: FailingFiles) -> tuple[SpoolStore, Heard]:
    """A store that has opened its files, or failed to."""
    heard = Heard()
    store = SpoolStore(files, heard)
    store.start()
    await heard.next()
    return store, heard


async def contents(store: SpoolStore) -> list[int]:
    """The numbers of all rows."""
    return [int(row.content.rstrip(b".")) for row in await store.read(0, most=10**6, most_bytes=10**9)]


def test_appends_are_kept_in_order(tmp_path: Path) -> None:
    """Of many at once, each is told when it is on disk; what is removed is gone; another store goes on behind it."""

    async def scenario() -> None:
        store, heard = await started(FailingFiles(tmp_path))
        works = [store.append(drafts(number, number)) for number in range(200)]
        amounts = await asyncio.gather(*(work.done for work in works))
        assert 200 == amounts[-1].records
        assert amounts == sorted(amounts)
        assert [*range(200)] == await contents(store)
        removed, left = await store.remove_to(150)
        assert (150, 50) == (removed, left.records)
        assert await store.close(WAIT_S)
        again, heard = await started(FailingFiles(tmp_path))
        assert [50] == [amount.records for amount in heard.amounts]
        assert [*range(150, 200)] == await contents(again)
        assert await again.close(WAIT_S)

    asyncio.run(scenario())


def test_a_disk_that_fails_and_comes_back(tmp_path: Path) -> None:
    """Who waits is told at once; the files are opened again when a write as large succeeds; nothing refused stays."""

    async def scenario() -> None:
        files = FailingFiles(tmp_path)
        store, heard = await started(files)
        await store.append(drafts(1, 3)).done
        files.fault = disk_fault()
        with pytest.raises(SpoolDiskError, match="no space left"):
            await store.append(drafts(4, 9, size=2**18)).done
        await heard.next()
        with pytest.raises(SpoolDiskError, match="no space left"):
            await store.append(drafts(10, 10)).done
        files.fault = None
        while len(heard.amounts) < 2:
            await heard.next()
        assert [2**19, 6 * 2**18] == files.trials
        assert [1, 2, 3] == await contents(store), "what was refused came to be on disk, and is taken back"
        await store.append(drafts(11, 11)).done
        assert [1, 2, 3, 11] == await contents(store)
        assert await store.close(WAIT_S)

    asyncio.run(scenario())


def test_full_is_no_fault(tmp_path: Path) -> None:
    """What has no room is refused alone; what is smaller is taken; a POST that no transaction takes is named."""

    async def scenario() -> None:
        store, heard = await started(FailingFiles(tmp_path, SMALL))
        with pytest.raises(TooMuchAtOnceError, match="are more than the spool takes at once"):
            await store.append(drafts(1, 1, size=SMALL.transaction_bytes + 1)).done
        while (work := store.append(drafts(1, 1000, size=2000))).done in (await asyncio.wait([work.done]))[0]:
            if isinstance(work.done.exception(), SpoolFullError):
                break
        small, large = store.append(drafts(7, 7)), store.append(drafts(8, 2000, size=2000))
        assert (await small.done).records % 1000 == 1
        with pytest.raises(SpoolFullError):
            await large.done
        assert [] == heard.faults
        assert await store.close(WAIT_S)

    asyncio.run(scenario())


def test_an_abandoned_append_is_left_out(tmp_path: Path) -> None:
    """If it has not begun: its POST was answered 503 and comes again."""

    async def scenario() -> None:
        store, _ = await started(FailingFiles(tmp_path))
        work = store.append(drafts(1, 1))
        late = store.append(drafts(2, 2))
        work.is_abandoned = late.is_abandoned = True
        with pytest.raises(SpoolDiskError, match="did not answer in time"):
            await late.done
        await asyncio.wait([work.done])
        assert await contents(store) in ([], [1])
        assert (work.done.exception() is None) == (await contents(store) == [1])
        assert await store.close(WAIT_S)

    asyncio.run(scenario())


def test_files_that_are_moved_away(tmp_path: Path) -> None:
    """Nothing is written to them, what they hold can be read and removed, and it goes on when they are back."""
    folder, elsewhere = tmp_path / "spool", tmp_path / "elsewhere"
    folder.mkdir()

    async def scenario() -> None:
        store, heard = await started(FailingFiles(folder))
        await store.append(drafts(1, 3)).done
        folder.rename(elsewhere)
        for _ in range(2):
            with pytest.raises(SpoolDiskError, match=r"spool\.db was removed, moved or replaced"):
                await store.append(drafts(4, 4)).done
        assert [1, 2, 3] == await contents(store)
        assert (2, 1) == ((found := await store.remove_to(2))[0], found[1].records)
        elsewhere.rename(folder)
        await store.append(drafts(5, 5)).done
        assert [3, 5] == await contents(store)
        assert 2 == len(heard.places)
        assert "" == heard.places[1]
        log_of(folder).unlink()
        with pytest.raises(SpoolDiskError, match=r"spool\.db-wal was removed, moved or replaced"):
            await store.append(drafts(6, 6)).done
        assert [] == heard.faults
        assert await store.close(WAIT_S)

    asyncio.run(scenario())


def test_other_files_are_not_taken_for_the_first(tmp_path: Path) -> None:
    """After a fault of the disk the files must be the same: the places of new ones begin again."""
    folder = tmp_path / "spool"
    folder.mkdir()

    async def scenario() -> None:
        files = FailingFiles(folder)
        store, heard = await started(files)
        await store.append(drafts(1, 3)).done
        files.fault = disk_fault()
        with pytest.raises(SpoolDiskError):
            await store.append(drafts(4, 4)).done
        await heard.next()
        folder.rename(tmp_path / "elsewhere")
        folder.mkdir()
        files.fault = None
        while not isinstance(heard.faults[-1], SpoolDamagedError):
            await heard.next()
        assert "spool.db was removed, moved or replaced while the intake has it open: events" in str(heard.faults[-1])
        assert await store.close(WAIT_S)

    asyncio.run(scenario())


def test_damage_ends_it(tmp_path: Path) -> None:
    """It is told, everything is refused with it, and the store still closes."""

    async def scenario() -> None:
        files = FailingFiles(tmp_path, ROOM)
        files.fault = SpoolDamagedError("event 3 is missing")
        store, heard = await started(files)
        assert [files.fault] == heard.faults
        with pytest.raises(SpoolDamagedError):
            await store.append(drafts(1, 1)).done
        with pytest.raises(SpoolDamagedError):
            await contents(store)
        assert await store.close(WAIT_S)

    asyncio.run(scenario())


def test_a_fault_of_ours_is_answered(tmp_path: Path) -> None:
    """Whoever waits gets an error, whatever it was, and the store goes on."""

    async def scenario() -> None:
        files = FailingFiles(tmp_path)
        store, heard = await started(files)
        files.fault = ZeroDivisionError("ours")
        with pytest.raises(SpoolDiskError, match="internal error of the spool: ZeroDivisionError: ours"):
            await store.append(drafts(1, 1)).done
        files.fault = None
        while len(heard.amounts) < 2:
            await heard.next()
        await store.append(drafts(2, 2)).done
        assert [2] == await contents(store)
        assert await store.close(WAIT_S)

    asyncio.run(scenario())
