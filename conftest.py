"""Makes the plugin work from a checkout that is not installed."""

pytest_plugins = ["harness.plugin", "pytester"]
