"""Every option of the plugin in one table: command line, environment, ini file, default, in that order.

Imported at pytest's start-up, so it knows nothing but text and numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

BACKENDS = ("local", "kind", "context", "memory")
ISOLATIONS = ("auto", "namespaces", "loopback")


def positive_int(text: str) -> int:
    """A whole number of 1 or more; raises ValueError with what was expected."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"expected a whole number of 1 or more; got {text!r}")
    return int(text)


def whole_number(text: str) -> int:
    """A whole number of 0 or more; raises ValueError with what was expected."""
    if not text.isdecimal():
        raise ValueError(f"expected a whole number of 0 or more; got {text!r}")
    return int(text)


def rate(text: str) -> float:
    """Operations a second, 0 or more; raises ValueError with what was expected."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise ValueError(f"expected operations a second from 0 (as fast as it goes) to 1000000; got {text!r}")
    return number


def flag(text: str) -> bool:
    """Yes or no; raises ValueError with what was expected."""
    if text.lower() not in ("1", "yes", "true", "on", "0", "no", "false", "off", ""):
        raise ValueError(f"expected yes or no; got {text!r}")
    return text.lower() in ("1", "yes", "true", "on")


def path(text: str) -> Path:
    """Absolute, from the working directory."""
    return Path(text).absolute()


def name_and_key(text: str) -> tuple[str, str]:
    """A Secret and a key in it; raises ValueError with what was expected."""
    name, _, key = text.partition("/")
    if not name or not key or "/" in key:
        raise ValueError(f"expected a Secret and a key in it, NAME/KEY; got {text!r}")
    return name, key


def one_of(*known: str) -> Callable[[str], str]:
    """One of these words; the parser raises ValueError with the words."""

    def parse(text: str) -> str:
        if text not in known:
            raise ValueError(f"expected one of: {', '.join(known)}; got {text!r}")
        return text

    return parse


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """name: of the ini key ("redis_trials"); the option is --redis-trials, the variable REDIS_RESILIENCE_TRIALS.

    parse: from text to what the settings hold. empty: what they hold where nothing is chosen.
    """

    name: str
    help: str
    parse: Callable[[str], object] = str
    default: str = ""
    metavar: str = ""
    empty: object = ""

    def value(self, text: str) -> object:
        """Raises ValueError with what was expected."""
        return self.parse(text) if text else self.empty

    @property
    def field(self) -> str:
        """Its name in the settings."""
        return self.name.removeprefix("redis_")

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return self.name.upper().replace("REDIS_", "REDIS_RESILIENCE_", 1)


OPTIONS = (
    Option(
        name="redis_backend",
        help="Where to deploy: local (real processes on this host), kind (a Kubernetes cluster made for the run), "
        "context (a namespace of a cluster that is there) or memory (a simulation, to try out scenarios)",
        parse=one_of(*BACKENDS),
        default="local",
        metavar="NAME",
    ),
    Option(
        name="redis_topology",
        help="What to deploy; `redis-resilience topologies` lists them; or a file of your own: mine.yaml, mine.py:NAME",
        default="node",
        metavar="NAME",
    ),
    Option(
        name="redis_profile",
        help="Sentinel's times: documented (the document's own), fast (D = 1 s, for CI), rapid (D = 0.5 s, to sample)",
        default="fast",
        metavar="NAME",
    ),
    Option(
        name="redis_isolation",
        help="Of the local backend: namespaces (a network of its own for each pod), loopback, or auto",
        parse=one_of(*ISOLATIONS),
        default="auto",
        metavar="LEVEL",
    ),
    Option(
        name="redis_server",
        help="Program of the local backend: Redis 6.2 or newer, or Valkey (else redis-server or valkey-server on PATH)",
        metavar="PROGRAM",
    ),
    Option(
        name="redis_kind_cluster",
        help="Of the kind backend: use this cluster, and never delete it (default: one for the run)",
        metavar="NAME",
    ),
    Option(
        name="redis_keep_cluster",
        help="Of the kind backend: leave the run's cluster there at the end: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_workers",
        help="Of the kind backend: nodes of the run's cluster beside its control plane",
        parse=whole_number,
        default="0",
        metavar="N",
    ),
    Option(
        name="redis_node_image",
        help="Of the kind backend: image of the nodes (default: the newest kindest/node that is here)",
        metavar="IMAGE",
    ),
    Option(
        name="redis_image",
        help="On Kubernetes: Redis or Valkey image to deploy (default: the manifests')",
        metavar="IMAGE",
    ),
    Option(
        name="redis_probe_image",
        help="On Kubernetes: image of the probe (default on kind: built from this checkout)",
        metavar="IMAGE",
    ),
    Option(
        name="redis_kubeconfig",
        help="Of the context backend: the kubeconfig (default: KUBECONFIG, else ~/.kube/config)",
        metavar="FILE",
        parse=path,
        empty=None,
    ),
    Option(
        name="redis_context",
        help="Of the context backend: the context in it; what is current is never taken by default",
        metavar="NAME",
    ),
    Option(
        name="redis_namespace",
        help="Of the context backend: the namespace, which must be there and labelled redis-resilience/allow=yes",
        metavar="NAME",
    ),
    Option(
        name="redis_allow_context",
        help="Of the context backend: the context's name once more, in place of the label",
        metavar="NAME",
    ),
    Option(
        name="redis_node_helper",
        help="Of the context backend: allow privileged pods, which signals and partitions need: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_attach",
        help="Of the context backend: deploy nothing, take the Redis whose data pods have these labels (app=redis)",
        metavar="SELECTOR",
    ),
    Option(
        name="redis_sentinel_selector",
        help="Of an attached Redis: labels of the Sentinels' pods (default: the data pods')",
        metavar="SELECTOR",
    ),
    Option(
        name="redis_container",
        help="Of an attached Redis: the server's container (default: the one with port 6379)",
        metavar="NAME",
    ),
    Option(
        name="redis_sentinel_container",
        help="Of an attached Redis: the Sentinel's container (default: the one with port 26379)",
        metavar="NAME",
    ),
    Option(
        name="redis_master_name",
        help="Of an attached Redis: the master's name at the Sentinels (default: the only one)",
        metavar="NAME",
    ),
    Option(
        name="redis_password_secret",
        help="Of an attached Redis: the Secret with its password, and the key in it",
        parse=name_and_key,
        metavar="NAME/KEY",
        empty=None,
    ),
    Option(
        name="redis_trials",
        help="How often to run each scenario",
        parse=positive_int,
        default="1",
        metavar="N",
    ),
    Option(
        name="redis_results",
        help="Folder for the results; each run makes a folder of its own in it",
        default="results",
        metavar="FOLDER",
        parse=path,
    ),
    Option(
        name="redis_state",
        help="Folder for the undo journals of runs on Kubernetes (default: ~/.local/state/redis-resilience)",
        metavar="FOLDER",
        parse=path,
        empty=None,
    ),
    Option(
        name="redis_seed",
        help="Seed of everything random: when a fault hits, in which order Sentinels are asked (default: a new one)",
        parse=whole_number,
        metavar="N",
        empty=None,
    ),
    Option(
        name="redis_rate",
        help="Operations a second of the default load, 0 = as fast as replies come back",
        parse=rate,
        default="1000",
        metavar="N",
    ),
    Option(
        name="redis_writers",
        help="Clients of the default load, one connection each",
        parse=positive_int,
        default="4",
        metavar="N",
    ),
    Option(
        name="redis_fresh",
        help="A new deployment for every trial: yes or no (the next trial takes over the one before while it is whole)",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_require",
        help="Fail instead of skip where something is missing, for CI: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_allow_unknown",
        help="Let a test pass whose verdict is `unknown`: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An option's value and where it came from: "option", "environment", "ini file" or "default"."""

    text: str
    source: str


def choose(option: Option, given: str | None, ini: str, environ: Mapping[str, str] = os.environ) -> Chosen:
    """Command line over environment over ini file over default."""
    for text, source in (
        (given, "option"),
        (environ.get(option.variable), "environment"),
        (ini or None, "ini file"),
    ):
        if text is not None:
            return Chosen(text=text, source=source)
    return Chosen(text=option.default, source="default")
