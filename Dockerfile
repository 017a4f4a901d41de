# This project's images. The probe: what measures beside Redis, and nothing else. The harness: the command, for pods that run
# campaigns (manifests/nightly, manifests/campaign); it can be the probe, too.
#
#   docker build --network host --target probe --tag redis-resilience-probe .
#   docker build --network host --target harness --tag redis-resilience .
#
# BASE: any image with Python 3.11 or newer and pip. The packages come from wherever pip is told to look: where that is
# not its default, pass --build-arg PIP_INDEX_URL=... (a mirror) or PIP_FIND_LINKS=... (wheels that BASE carries).
# KUBECTL: any image that has it in /bin; a node image of kind does.
ARG BASE=python:3.13-slim
ARG KUBECTL=registry.k8s.io/kubectl:v1.34.2

FROM ${BASE} AS build
ARG PIP_INDEX_URL
ARG PIP_FIND_LINKS
WORKDIR /build
COPY pyproject.toml .
# The probe's share of the project's own dependencies, so that their versions are written once.
RUN python -c 'import re, tomllib; \
    needed = {"hiredis", "msgspec", "numpy"}; \
    listed = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]; \
    print("\n".join(line for line in listed if re.split(r"[^\w-]", line)[0] in needed))' > requirements.txt \
 && pip install --no-cache-dir --target /opt/probe --requirement requirements.txt
COPY harness/redis_resilience/__init__.py harness/redis_resilience/py.typed /opt/probe/redis_resilience/
COPY harness/redis_resilience/model /opt/probe/redis_resilience/model/
COPY harness/redis_resilience/probe /opt/probe/redis_resilience/probe/
# The image starts faster with the bytecode in it, and needs no writable file system for it.
RUN python -m compileall -q /opt/probe/redis_resilience

FROM ${BASE} AS probe
LABEL org.opencontainers.image.title="redis-resilience-probe" \
      org.opencontainers.image.description="The measuring client of redis-resilience: load, watchers, history"
COPY --from=build /opt/probe /opt/probe
ENV PYTHONPATH=/opt/probe PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
ENTRYPOINT []
CMD ["python", "-m", "redis_resilience.probe"]

FROM ${KUBECTL} AS kubectl

FROM ${BASE} AS wheel
ARG PIP_INDEX_URL
ARG PIP_FIND_LINKS
WORKDIR /build
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM ${BASE} AS harness
LABEL org.opencontainers.image.title="redis-resilience" \
      org.opencontainers.image.description="Breaks a Redis deployment on purpose, and reports with evidence what happened"
ARG PIP_INDEX_URL
ARG PIP_FIND_LINKS
COPY pyproject.toml /tmp/
# Before the wheel: they change less often.
RUN python -c 'import tomllib; \
    project = tomllib.load(open("/tmp/pyproject.toml", "rb"))["project"]; \
    print("\n".join([*project["dependencies"], *project["optional-dependencies"]["kube"]]))' > /tmp/requirements.txt \
 && pip install --no-cache-dir --root-user-action ignore --requirement /tmp/requirements.txt
COPY --from=kubectl /bin/kubectl /usr/local/bin/kubectl
COPY --from=wheel /wheels /tmp/wheels
RUN pip install --no-cache-dir --root-user-action ignore --no-deps /tmp/wheels/*.whl && rm -r /tmp/*
# The context `in-cluster`: the API server as any pod sees it, with the pod's own service account.
COPY manifests/harness/kubeconfig /etc/redis-resilience/kubeconfig
ENV KUBECONFIG=/etc/redis-resilience/kubeconfig HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT []
CMD ["redis-resilience", "--help"]
