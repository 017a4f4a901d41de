"""Judgements from the same literals as the tests of pages."""

from tests.pages.conftest import make

__all__ = ["make"]
