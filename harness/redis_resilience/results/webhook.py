"""The outcome of a night as a small JSON document, posted to a URL; `docs/campaigns.md` lists its fields."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from redis_resilience.model.errors import UsageError
from redis_resilience.model.run import RunRecord
from redis_resilience.model.verdict import Verdict
from redis_resilience.trials.documents import encode_json

SCHEMA = 1
_WAIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """alarm: tonight is worse than the nights before. history: the comparison in a line. lost: acknowledged writes of
    the trials that were not refused.
    """

    run: str
    started: str
    finished: str
    verdict: Verdict
    exit_code: int
    alarm: bool
    history: str
    trials: int
    failed: int
    refused: int
    lost: int
    tool_version: str
    schema: int = SCHEMA


def notice_of(run: RunRecord, *, exit_code: int, alarm: bool, history: str) -> Notice:
    return Notice(
        run=run.run,
        started=run.started,
        finished=run.finished,
        verdict=run.verdict,
        exit_code=exit_code,
        alarm=alarm,
        history=history,
        trials=len(run.trials),
        failed=sum(trial.counts_as is Verdict.FAIL for trial in run.trials),
        refused=sum(bool(trial.refused) for trial in run.trials),
        lost=sum(trial.lost or 0 for trial in run.trials if not trial.refused),
        tool_version=run.tool_version,
    )


def must_be_url(url: str) -> None:
    """Raises UsageError for what cannot be posted to; its message shows no path, which may be a secret."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            "--webhook: expected a URL, http://... or https://...; got one with scheme "
            f"{parts.scheme!r} and host {parts.hostname or ''!r}"
        )


def post(url: str, notice: Notice) -> Iterator[str]:
    """A sentence where it was not accepted. Once: a notice that comes twice would be two alarms."""
    host = urlsplit(url).hostname
    request = urllib.request.Request(  # noqa: S310 - http and https alone, see must_be_url
        url, data=encode_json(notice), headers={"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_S):  # noqa: S310 - as above
            return
    except urllib.error.HTTPError as error:
        yield f"--webhook: expected {host} to accept the notice; it replied {error.code} {error.reason}"
    except OSError as error:
        yield f"--webhook: expected {host} to accept the notice; {getattr(error, 'reason', error)}"
