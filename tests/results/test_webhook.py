"""A night's outcome is posted once, as JSON; whoever refuses it is named without the URL's path."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from redis_resilience.model.errors import UsageError
from redis_resilience.model.verdict import Verdict
from redis_resilience.results.run_file import read_run
from redis_resilience.results.webhook import Notice, must_be_url, notice_of, post
from tests.results.test_indexing import write


class Hook(HTTPServer):
    """Keeps what is posted to it; replies with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.got: list[tuple[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def notice(tmp_path: Path) -> Notice:
    run = read_run(write(tmp_path, "nightly-1", Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN))
    trials = [replace(trial, lost=lost) for trial, lost in zip(run.trials, (0, 5, 9), strict=True)]
    trials[2] = replace(trials[2], refused="busy")
    return notice_of(replace(run, trials=tuple(trials)), exit_code=1, alarm=True, history="History: worse")


def test_it_says_what_the_night_came_out_as(notice: Notice) -> None:
    """What a refused trial lost is in no number."""
    assert (notice.run, notice.verdict, notice.exit_code, notice.alarm) == ("nightly-1", Verdict.FAIL, 1, True)
    assert (notice.trials, notice.failed, notice.refused, notice.lost) == (3, 1, 1, 5)


def test_it_is_posted_once_as_json(hook: Hook, notice: Notice) -> None:
    assert [*post(hook.url, notice)] == []

    ((kind, body),) = hook.got
    assert kind == "application/json"
    assert body == {**{each.name: getattr(notice, each.name) for each in fields(notice)}, "schema": 1}


def test_a_reply_that_refuses_is_reported_once(hook: Hook, notice: Notice) -> None:
    hook.status = 403

    assert [*post(hook.url, notice)] == [
        "--webhook: expected 127.0.0.1 to accept the notice; it replied 403 Forbidden",
    ]
    assert len(hook.got) == 1


def test_a_server_that_is_not_there_is_named(notice: Notice) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    (said,) = post(f"http://127.0.0.1:{port}/secret", notice)

    assert "expected 127.0.0.1 to accept the notice" in said
    assert "refused" in said
    assert "secret" not in said


@pytest.mark.parametrize("url", ["", "example.org/hook", "file:///etc/passwd", "http://"])
def test_what_cannot_be_posted_to_is_refused_before_anything_runs(url: str) -> None:
    with pytest.raises(UsageError, match=r"--webhook: expected a URL, http://... or https://..."):
        must_be_url(url)


def test_every_field_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "campaigns.md").read_text()

    assert all(f"`{field.name}`" in text for field in fields(Notice))
