"""How long pages take to open: in a headless Chromium that already runs, until a screenshot of them is taken.

python benchmarks/pages.py FOLDER/index.html FOLDER/trends.html [--rounds 5]
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import websocket

BROWSER = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900")
PATIENCE_S = 60
TEXT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
FIRST = (
    "[...document.querySelectorAll('details[open] figure > div')].slice(0, 1).every(each => each.querySelector('svg'))"
)
PICTURES = "document.querySelectorAll('.js-plotly-plot').length"


class Browser:
    """Commands of the DevTools protocol, each of which waits for its answer."""

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(url, timeout=PATIENCE_S, suppress_origin=True)
        self._numbers = itertools.count(1)

    def ask(self, method: str, session: str = "", **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self._socket.send(json.dumps(asked))
        answer: dict[str, Any] = self._heard(lambda told: told.get("id") == number)["result"]
        return answer

    def wait_for(self, event: str) -> None:
        self._heard(lambda told: told.get("method") == event)

    def _heard(self, wanted: Any) -> dict[str, Any]:
        while True:
            told: dict[str, Any] = json.loads(self._socket.recv())
            if wanted(told):
                return told


@contextmanager
def browser() -> Iterator[Browser]:
    with tempfile.TemporaryDirectory() as profile:
        words = (*BROWSER, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank")
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        try:
            said = next(found[1] for line in process.stderr or () if (found := re.search(r"listening on (\S+)", line)))
            yield Browser(said)
        finally:
            process.terminate()
            process.wait()


def used(where: Browser, session: str) -> float:
    """CPU time of the page's thread, which a busy machine changes little, in seconds."""
    metrics = where.ask("Performance.getMetrics", session)["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")


def seconds(where: Browser, session: str, page: Path) -> tuple[float, float, float, int]:
    """Until the first text, until a screenshot is taken, CPU time of it, and how many pictures there are."""
    where.ask("Page.navigate", session, url="about:blank")
    where.wait_for("Page.loadEventFired")
    before = used(where, session)
    begin = time.perf_counter()
    where.ask("Page.navigate", session, url=page.absolute().as_uri())
    where.wait_for("Page.loadEventFired")
    while not where.ask("Runtime.evaluate", session, expression=FIRST, returnByValue=True)["result"]["value"]:
        time.sleep(0.01)
    where.ask("Page.captureScreenshot", session)
    drawn = time.perf_counter() - begin
    told = where.ask("Runtime.evaluate", session, expression=f"[{TEXT}, {PICTURES}]", returnByValue=True)
    text_ms, pictures = told["result"]["value"]
    return text_ms / 1e3, drawn, used(where, session) - before, pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with browser() as where:
        shown = next(each for each in where.ask("Target.getTargets")["targetInfos"] if each["type"] == "page")
        session = where.ask("Target.attachToTarget", targetId=shown["targetId"], flatten=True)["sessionId"]
        where.ask("Page.enable", session)
        where.ask("Performance.enable", session, timeDomain="threadTicks")
        for page in chosen.pages:
            rounds = [seconds(where, session, page) for _ in range(chosen.rounds)]
            text, drawn, cpu = ([each[column] for each in rounds] for column in range(3))
            print(
                f"{page}: text after {statistics.median(text):.2f} s, drawn after {statistics.median(drawn):.2f} s "
                f"({min(drawn):.2f} to {max(drawn):.2f}), {statistics.median(cpu):.2f} s of CPU time, "
                f"{rounds[0][3]} pictures"
            )


if __name__ == "__main__":
    main()
