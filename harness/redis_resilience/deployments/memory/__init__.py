"""A simulated Redis with Sentinels on a simulated clock, with bugs that can be switched on.

It proves nothing about Redis. It proves that engine, judges and plugin report what they should: a planted bug must be
found, a healthy system must pass, and both in milliseconds.
"""
