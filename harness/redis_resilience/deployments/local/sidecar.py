"""The probe of a local deployment: a child of the agent, inside its network, on two pipes to the harness."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import redis_resilience
from redis_resilience.deployments.local.control import Agent
from redis_resilience.deployments.probe_process import ProbeProcess
from redis_resilience.deployments.waiting import eventually
from redis_resilience.model.errors import DeploymentError, WaitTimeout

_NAME = "probe/probe"
_ENDS_WITHIN_S = 2.0
_KILLED_WITHIN_S = 5.0
_LAST_WORDS_BYTES = 2000
# The project may not be installed; its folder goes last, so that it shadows nothing.
_ENTRANCE = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module('redis_resilience.probe', run_name='__main__', alter_sys=True)"
)


def start_probe(agent: Agent, log: Path) -> ProbeProcess:
    """Start the probe without waiting for it: the first question to it does. log: for its stderr."""
    project = str(Path(redis_resilience.__file__).resolve().parent.parent)
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    reader, writer = os.fdopen(ours_in, "rb"), os.fdopen(ours_out, "wb")
    try:
        agent.start(
            _NAME,
            (sys.executable, "-P", "-c", _ENTRANCE, project),
            pod=None,
            environment=None,
            log=log,
            descriptors=(theirs_in, theirs_out),
        )
    except BaseException:
        reader.close()
        writer.close()
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)

    def ended() -> tuple[bool, str]:
        state = agent.look()[_NAME].state
        return state == "ended", state

    def see_to_the_end() -> None:
        try:
            eventually(ended, within_s=_ENDS_WITHIN_S, what="the end of the probe")
        except WaitTimeout:
            agent.signal([_NAME], signal.SIGKILL)
            eventually(ended, within_s=_KILLED_WITHIN_S, what="the end of the killed probe")
        except DeploymentError:
            pass  # the agent is gone, and the probe with it
        reader.close()

    def last_words() -> str:
        return log.read_text(errors="replace")[-_LAST_WORDS_BYTES:].strip() if log.exists() else ""

    return ProbeProcess(reader, writer, on_stop=see_to_the_end, last_words=last_words)
