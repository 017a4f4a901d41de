"""The scenarios: what a user runs, each a pytest test that reads like the question it answers."""
