"""Every error that this project raises on purpose.

A message says what was expected, what was seen, where, and what to try; the original is chained as its cause.
"""

from __future__ import annotations


class ResilienceError(Exception):
    """Base of all errors below; its text is meant for the person at the terminal."""


class UsageError(ResilienceError):
    """What was asked for does not exist or makes no sense: a wrong name, number or option."""


class Unavailable(ResilienceError):
    """Something this machine lacks: a program, a version, a permission. The text names the fix."""


class DeploymentError(ResilienceError):
    """A deployment could not be made, reached or changed."""


class TargetAway(DeploymentError):
    """What a fault was to take is away already: it ended, hangs, or was deleted with its pod. The text says which."""


class TargetBack(DeploymentError):
    """What was to be brought back is there already. The text says how that was seen."""


class WaitTimeout(ResilienceError):
    """A condition did not come true before its deadline; the text says what was waited for and what was seen last."""


class ProbeError(ResilienceError):
    """The probe died, could not be reached, or refused a command."""


class BrokenTrial(ResilienceError):
    """A trial folder is missing a file or holds one that cannot be read."""


class BrokenRun(ResilienceError):
    """A run's folder has no `run.json`, or one that cannot be read."""


class BrokenJournal(ResilienceError):
    """An undo journal that cannot be read; what it names stays to be undone."""


class BrokenRecords(BrokenTrial):
    """A file of operations or samples does not start with the line that describes it."""
