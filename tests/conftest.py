"""A busy machine makes no test fail: generated cases get the time that they need."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

TIMEOUT_S = 120
"""The last net under every wait, unless --timeout, the test or its module says otherwise. No ini key: the plugin must
run without it."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("timeout", None) is None:
        for item in items:
            if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TIMEOUT_S))
