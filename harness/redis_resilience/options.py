"""Every option of the plugin in one table. Precedence: command line, environment, ini file, default.

Imported when pytest starts, so it contains only text and numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from redis_resilience.model.numbers import MOST_REPLICAS, MOST_WRITERS

BACKENDS = ("local", "kind", "context", "memory")
ISOLATIONS = ("auto", "namespaces", "loopback")
_LAST_PORT = 65535
_DAY_MS = 86_400_000
_MOST_SIDE_BY_SIDE = 1000
_MOST_TRIALS = 100_000


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


def no_more_than(most: int, parse: Callable[[str], int]) -> Callable[[str], int]:
    """The same numbers up to `most`; the parser raises ValueError with what was expected."""

    def bounded(text: str) -> int:
        number = parse(text)
        if number > most:
            raise ValueError(f"expected a whole number of {most} or less; got {text!r}")
        return number

    return bounded


def side_by_side(text: str) -> int:
    """How many deployments at the same time; raises ValueError with what was expected."""
    return no_more_than(_MOST_SIDE_BY_SIDE, positive_int)(text)


def port(text: str) -> int:
    """A TCP port; raises ValueError with what was expected."""
    if not text.isdecimal() or not 1 <= int(text) <= _LAST_PORT:
        raise ValueError(f"expected a port from 1 to {_LAST_PORT}; got {text!r}")
    return int(text)


def rate(text: str) -> float:
    """Operations per second, 0 or more; raises ValueError with what was expected."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise ValueError(f"expected operations per second from 0 (as fast as replies arrive) to 1000000; got {text!r}")
    return number


def flag(text: str) -> bool:
    """Yes or no; raises ValueError with what was expected."""
    if text.lower() not in ("1", "yes", "true", "on", "0", "no", "false", "off", ""):
        raise ValueError(f"expected yes or no; got {text!r}")
    return text.lower() in ("1", "yes", "true", "on")


def path(text: str) -> Path:
    """Absolute, from the working directory."""
    return Path(text).absolute()


def paths(text: str) -> tuple[Path, ...]:
    """One or more, separated by commas; absolute, from the working directory."""
    return tuple(Path(each.strip()).absolute() for each in text.split(",") if each.strip())


def name_and_key(text: str) -> tuple[str, str]:
    """A Secret and a key in it; raises ValueError with what was expected."""
    name, _, key = text.partition("/")
    if not name or not key or "/" in key:
        raise ValueError(f"expected a Secret and a key in it, NAME/KEY; got {text!r}")
    return name, key


def directives(text: str) -> dict[str, str]:
    """NAME=VALUE, comma-separated; raises ValueError with what was expected."""
    found = {}
    for part in text.split(","):
        name, equals, value = (each.strip() for each in part.partition("="))
        if not equals or not name or " " in name:
            raise ValueError(
                f"expected directives NAME=VALUE, comma-separated, as in appendonly=yes,save=; got {part!r}"
            )
        found[name.lower()] = value
    return found


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
        """An empty text is the default, but for names. Raises ValueError with what was expected."""
        text = text or ("" if self.parse is str else self.default)
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
        help="Where to deploy: local (processes of this host), kind (a Kubernetes cluster created for the run), "
        "context (a namespace of an existing cluster) or memory (a simulation, to try out scenarios)",
        parse=one_of(*BACKENDS),
        default="local",
        metavar="NAME",
    ),
    Option(
        name="redis_topology",
        help="Topology to deploy: a name from `redis-resilience topologies`, or your own file: mine.yaml, mine.py:NAME",
        default="sidecar",
        metavar="NAME",
    ),
    Option(
        name="redis_profile",
        help="Sentinel's timing: documented (as in the document), fast (down-after-milliseconds 1000, for CI) or "
        "rapid (500, for many trials)",
        default="fast",
        metavar="NAME",
    ),
    Option(
        name="redis_down_after",
        help="down-after-milliseconds, or Redis Cluster's node timeout, in place of the profile's",
        parse=no_more_than(_DAY_MS, positive_int),
        metavar="MS",
        empty=None,
    ),
    Option(
        name="redis_directives",
        help="Redis directives in place of the topology's, comma-separated: appendonly=yes,min-replicas-to-write=1",
        parse=directives,
        metavar="NAME=VALUE",
        empty=None,
    ),
    Option(
        name="redis_isolation",
        help="Backend local: namespaces (a network namespace for each pod), loopback or auto",
        parse=one_of(*ISOLATIONS),
        default="auto",
        metavar="LEVEL",
    ),
    Option(
        name="redis_server",
        help="Backend local: server program, Redis 6.2 or newer, or Valkey (default: redis-server or valkey-server on "
        "PATH)",
        metavar="PROGRAM",
    ),
    Option(
        name="redis_kind_cluster",
        help="Backend kind: use this kind cluster, and never delete it (default: a new one for the run)",
        metavar="NAME",
    ),
    Option(
        name="redis_keep_cluster",
        help="Backend kind: keep the run's cluster at the end: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_workers",
        help="Backend kind: worker nodes of the run's cluster",
        parse=whole_number,
        default="0",
        metavar="N",
    ),
    Option(
        name="redis_node_image",
        help="Backend kind: image of the Kubernetes nodes (default: the newest local kindest/node)",
        metavar="IMAGE",
    ),
    Option(
        name="redis_image",
        help="On Kubernetes: Redis or Valkey image to deploy (default: the manifests')",
        metavar="IMAGE",
    ),
    Option(
        name="redis_upgrade_to",
        help="What scenarios `upgrade` and `downgrade` upgrade to: a server program (local) or an image (Kubernetes)",
        metavar="PROGRAM|IMAGE",
    ),
    Option(
        name="redis_probe_image",
        help="On Kubernetes: image of the probe (default on kind: built from this checkout or package)",
        metavar="IMAGE",
    ),
    Option(
        name="redis_kubeconfig",
        help="Backend context: the kubeconfig (default: KUBECONFIG, else ~/.kube/config)",
        metavar="FILE",
        parse=path,
        empty=None,
    ),
    Option(
        name="redis_context",
        help="Backend context: the context; the current context is never used implicitly",
        metavar="NAME",
    ),
    Option(
        name="redis_namespace",
        help="Backend context: an existing namespace with the label redis-resilience/allow=yes",
        metavar="NAME",
    ),
    Option(
        name="redis_allow_context",
        help="Backend context: repeat the context's name to confirm, instead of the label",
        metavar="NAME",
    ),
    Option(
        name="redis_node_helper",
        help="Backend context: allow privileged pods, which signals and partitions need: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_attach",
        help="Backend context: deploy nothing, attach to the Redis whose data pods have these labels (app=redis); "
        "auto: to the only one in the namespace",
        metavar="SELECTOR|auto",
    ),
    Option(
        name="redis_chart",
        help="On Kubernetes: deploy your Helm chart (folder or .tgz), find the Redis in it, and break that",
        parse=path,
        metavar="PATH",
        empty=None,
    ),
    Option(
        name="redis_values",
        help="Values files for the chart, separated by commas",
        parse=paths,
        metavar="FILE,...",
        empty=(),
    ),
    Option(
        name="redis_set",
        help="Values for the chart, as `helm --set` takes them",
        metavar="KEY=VALUE,...",
    ),
    Option(
        name="redis_manifests",
        help="On Kubernetes: deploy your manifests (a kustomization, a folder or a file), find the Redis in them, and "
        "break that",
        parse=path,
        metavar="PATH",
        empty=None,
    ),
    Option(
        name="redis_sentinel_selector",
        help="Attached Redis: labels of the Sentinels' pods (default: those of the data pods)",
        metavar="SELECTOR",
    ),
    Option(
        name="redis_container",
        help="Attached Redis: the server's container (default: the one with --redis-port)",
        metavar="NAME",
    ),
    Option(
        name="redis_sentinel_container",
        help="Attached Redis: the Sentinel's container (default: the one with --redis-sentinel-port)",
        metavar="NAME",
    ),
    Option(
        name="redis_master_name",
        help="Attached Redis: the master's name in Sentinel's configuration (default: the only one)",
        metavar="NAME",
    ),
    Option(
        name="redis_password_secret",
        help="Attached Redis: the Secret with its password, and the key in it",
        parse=name_and_key,
        metavar="NAME/KEY",
        empty=None,
    ),
    Option(
        name="redis_password_file",
        help="Attached Redis: the file with its password",
        parse=path,
        metavar="FILE",
        empty=None,
    ),
    Option(
        name="redis_password_env",
        help="Attached Redis: the environment variable with its password",
        metavar="VARIABLE",
    ),
    Option(
        name="redis_user",
        help="Attached Redis: the ACL user of clients (default: the default user)",
        metavar="NAME",
    ),
    Option(
        name="redis_sentinel_password_secret",
        help="Attached Redis: the Secret with the Sentinels' password, and the key in it (default: as the servers)",
        parse=name_and_key,
        metavar="NAME/KEY",
        empty=None,
    ),
    Option(
        name="redis_sentinel_password_file",
        help="Attached Redis: the file with the Sentinels' password",
        parse=path,
        metavar="FILE",
        empty=None,
    ),
    Option(
        name="redis_sentinel_password_env",
        help="Attached Redis: the environment variable with the Sentinels' password",
        metavar="VARIABLE",
    ),
    Option(
        name="redis_sentinel_user",
        help="Attached Redis: the ACL user of clients of the Sentinels (default: the default user)",
        metavar="NAME",
    ),
    Option(
        name="redis_port",
        help="Attached Redis: the servers' port, the TLS port where they have TLS",
        parse=port,
        default="6379",
        metavar="PORT",
    ),
    Option(
        name="redis_sentinel_port",
        help="Attached Redis: the Sentinels' port",
        parse=port,
        default="26379",
        metavar="PORT",
    ),
    Option(
        name="redis_tls",
        help="Attached Redis: connect with TLS: yes or no (default: yes with any other option of TLS)",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_tls_ca",
        help="Attached Redis: the file with the CA's certificate in PEM (default: the system's CAs)",
        parse=path,
        metavar="FILE",
        empty=None,
    ),
    Option(
        name="redis_tls_cert",
        help="Attached Redis: the file with the probe's own certificate in PEM",
        parse=path,
        metavar="FILE",
        empty=None,
    ),
    Option(
        name="redis_tls_key",
        help="Attached Redis: the file with the key of the probe's certificate in PEM",
        parse=path,
        metavar="FILE",
        empty=None,
    ),
    Option(
        name="redis_tls_secret",
        help="Attached Redis: the Secret with ca.crt, tls.crt and tls.key, in place of the files",
        metavar="NAME",
    ),
    Option(
        name="redis_tls_name",
        help="Attached Redis: the name that must be in each server's certificate, or `any` to check the CA alone "
        "(default: the address that is connected to)",
        metavar="NAME",
    ),
    Option(
        name="redis_trials",
        help="Number of trials of each scenario",
        parse=no_more_than(_MOST_TRIALS, positive_int),
        default="1",
        metavar="N",
    ),
    Option(
        name="redis_results",
        help="Folder for the results; each run creates its own folder in it",
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
        help="Seed of all random choices: when a fault starts, the order in which Sentinels are asked (default: a new "
        "seed)",
        parse=whole_number,
        metavar="N",
        empty=None,
    ),
    Option(
        name="redis_rate",
        help="Operations per second of the default load; 0 sends the next one when the reply arrives",
        parse=rate,
        default="1000",
        metavar="N",
    ),
    Option(
        name="redis_writers",
        help="Clients of the default load, with one connection each",
        parse=no_more_than(MOST_WRITERS, positive_int),
        default="4",
        metavar="N",
    ),
    Option(
        name="redis_wait",
        help="Replicas that must have a write before it counts as acknowledged: WAIT follows each write (0: no WAIT)",
        parse=no_more_than(MOST_REPLICAS, whole_number),
        default="0",
        metavar="N",
    ),
    Option(
        name="redis_fresh",
        help="Deploy anew for every trial: yes or no (default: a trial reuses a healthy deployment)",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_require",
        help="Fail instead of skipping if something is missing, for CI: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
    Option(
        name="redis_allow_unknown",
        help="Let a test pass if its verdict is `unknown`: yes or no",
        parse=flag,
        default="no",
        metavar="yes|no",
    ),
)


OF_THE_USERS = ("redis_attach", "redis_chart", "redis_manifests")
"""Any of these chosen: the Redis is the user's, and there is no topology to choose."""


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
