"""The last run of each scenario as an OpenMetrics text, for node_exporter's textfile collector or a Pushgateway.

Format: OpenMetrics 1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from redis_resilience.statistics.quantiles import Quantile
from redis_resilience.statistics.trend import Point, Trend

_S = 1e-3


def _seconds(quantile: Quantile | None) -> float | None:
    """None of a censored one: it is no measurement, but a bound."""
    return quantile.ms * _S if quantile and not quantile.censored else None


def _epoch_s(point: Point) -> float:
    return datetime.fromisoformat(point.started).timestamp()


_FAMILIES: tuple[tuple[str, str, str, Callable[[Trend], float | None]], ...] = (
    ("run_timestamp_seconds", "seconds", "Begin of the last run.", lambda each: _epoch_s(each.points[-1])),
    ("trials", "", "Trials of the last run.", lambda each: each.points[-1].n),
    ("refused_trials", "", "Trials of it whose numbers count nowhere.", lambda each: each.points[-1].refused),
    ("failed_trials", "", "Trials of it with the verdict fail.", lambda each: each.points[-1].failed),
    ("lost_writes", "", "Acknowledged writes lost in it.", lambda each: each.points[-1].lost),
    ("outage_median_seconds", "seconds", "Median outage of it.", lambda each: _seconds(each.points[-1].outage.median)),
    ("outage_max_seconds", "seconds", "Longest outage of it.", lambda each: _seconds(each.points[-1].outage.maximum)),
    ("alarm", "", "1 where a quantity rose lately.", lambda each: float(bool(each.alarms))),
)


def render(trends: Sequence[Trend]) -> str:
    """A gauge for each number that is known; ends with "# EOF"."""
    return "\n".join((*_lines(trends), "# EOF", ""))


def _lines(trends: Sequence[Trend]) -> Iterable[str]:
    for name, unit, text, of in _FAMILIES:
        family = f"redis_resilience_{name}"
        yield f"# TYPE {family} gauge"
        if unit:
            yield f"# UNIT {family} {unit}"
        yield f"# HELP {family} {text}"
        for trend in trends:
            value = of(trend)
            if value is not None:
                labels = ",".join(f'{label}="{_escaped(said)}"' for label, said in trend.labels)
                yield f"{family}{{{labels}}} {value:.10g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
