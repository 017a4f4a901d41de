"""The documented set-ups as data, and what should happen to them."""
