"""The documented deployments as data, and what should happen to them."""
