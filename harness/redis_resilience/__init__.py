"""redis-resilience: break a documented Redis topology on purpose, and say with evidence what happened."""

__version__ = "0.1.0"
