"""Topologies running somewhere."""
