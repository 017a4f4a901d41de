"""Text for a terminal that lacks a character is still text."""

from __future__ import annotations

from redis_resilience.pages.terminal import encodable


def test_a_table_on_a_terminal_without_its_lines_is_still_a_table():
    assert encodable("\u2500\u2500\na  1", "ascii") == "??\na  1"
    assert encodable("\u2500", "utf-8") == encodable("\u2500", None) == "\u2500"
