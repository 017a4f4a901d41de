"""A machine that is busy makes no test fail: what is generated is given the time that it takes."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
