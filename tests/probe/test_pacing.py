import asyncio
import time
from contextlib import suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from redis_resilience.probe.pacing import Schedule, Ticks, next_attempt_ns, sleep_until

NS = st.integers(min_value=0, max_value=2**62)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_due_times_come_from_the_number_and_do_not_drift() -> None:
    schedule = Schedule(start_ns=7, rate=3)

    assert [schedule.due_ns(k) for k in (0, 1, 2, 3)] == [7, 333_333_340, 666_666_674, 1_000_000_007]
    assert schedule.due_ns(3_000_000) == 7 + 1_000_000 * 10**9


@given(rate=st.floats(min_value=0.1, max_value=1e5), k=st.integers(min_value=0, max_value=10**7))
def test_operations_are_evenly_spaced(rate: float, k: int) -> None:
    schedule = Schedule(start_ns=0, rate=rate)

    assert abs((schedule.due_ns(k + 1) - schedule.due_ns(k)) - 1e9 / rate) <= 2 + schedule.due_ns(k) * 2**-50


@given(now_ns=NS, interval_ns=st.integers(min_value=1, max_value=10**10), members=st.integers(1, 50))
def test_each_client_tries_again_within_one_interval(now_ns: int, interval_ns: int, members: int) -> None:
    for member in range(members):
        at_ns = next_attempt_ns(now_ns=now_ns, interval_ns=interval_ns, member=member, members=members)

        assert now_ns < at_ns <= now_ns + interval_ns


def test_clients_share_the_reconnect_interval_evenly() -> None:
    """10 ms among four clients: one of them tries every 2.5 ms, whenever each lost its connection."""
    at = [next_attempt_ns(now_ns=1_000, interval_ns=10_000_000, member=m, members=4) for m in range(4)]

    assert at == [10_000_000, 2_500_000, 5_000_000, 7_500_000]


def test_a_wait_is_never_shorter_than_asked_and_leaves_no_timer_behind() -> None:
    """A loop's own timer of 0.3 ms may be none at all."""

    async def shortest_ns() -> int:
        early = []
        for wait_ns in (-1, 0, 300_000, 1_400_000):
            at_ns = time.monotonic_ns() + wait_ns
            await sleep_until(at_ns)
            early.append(time.monotonic_ns() - at_ns)
        given_up = asyncio.create_task(sleep_until(time.monotonic_ns() + 10**12))
        await asyncio.sleep(0)
        given_up.cancel()
        with suppress(asyncio.CancelledError):
            await given_up
        return min(early)

    before = open_files()
    assert asyncio.run(shortest_ns()) >= 0
    assert open_files() == before


def test_everyone_is_called_at_the_same_ticks_until_it_wants_no_more() -> None:
    """The last one takes the timer along."""

    async def ticked() -> tuple[list[int], list[int], int]:
        before = open_files()
        ticks = Ticks(1)
        first: list[int] = []
        second: list[int] = []
        enough = asyncio.Event()

        def at_first(now_ns: int) -> None:
            first.append(now_ns)
            if len(first) == 10:
                ticks.discard(at_first)

        def at_second(now_ns: int) -> None:
            second.append(now_ns)
            if len(second) == 20:
                ticks.discard(at_second)
                enough.set()

        ticks.add(at_first)
        ticks.add(at_second)
        await enough.wait()
        return first, second, open_files() - before

    first, second, left = asyncio.run(ticked())

    assert first == second[:10] == sorted(set(first))
    assert len(second) == 20
    assert left == 0
