"""Makes the plugin work from a checkout that is not installed."""

pytest_plugins = ["redis_resilience.plugin", "pytester"]
