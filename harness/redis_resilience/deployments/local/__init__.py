"""Topologies as real processes on this host."""
