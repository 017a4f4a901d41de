"""What the documents' scenarios read out of a Sentinel's log."""

from __future__ import annotations

from redis_resilience.trials.verification import switches

LOG = """\
33:X 21 Nov 2026 05:45:20.470 # +elected-leader master mymaster 10.77.0.10 6379
33:X 21 Nov 2026 05:45:20.470 # +switch-master mymaster 10.77.0.10 6379 10.77.0.12 6379
33:X 21 Nov 2026 05:45:21.470 # +switch-master other 10.77.0.1 6379 10.77.0.2 6379
33:X 21 Nov 2026 05:45:26.796 # +switch-master mymaster redis-1.redis 6379 redis-0.redis 6379
"""


def test_every_switch_of_the_master_is_found_with_both_addresses() -> None:
    assert switches(LOG, "mymaster") == [("10.77.0.10", "10.77.0.12"), ("redis-1.redis", "redis-0.redis")]


def test_a_log_without_a_switch_has_none() -> None:
    assert switches("33:X # +sdown master mymaster 10.77.0.10 6379\n", "mymaster") == []
