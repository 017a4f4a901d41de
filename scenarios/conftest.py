"""The scenarios' `trial` is the plugin's, also where a project around them has a fixture of that name."""

from redis_resilience.plugin import trial

__all__ = ["trial"]
