# The probe's image: what measures beside Redis, and nothing else of this project.
#
#   docker build --network host --tag redis-resilience-probe .
#
# BASE: any image with Python 3.11 or newer and pip. The packages come from wherever pip is told to look: where that is
# not its default, pass --build-arg PIP_INDEX_URL=... (a mirror) or PIP_FIND_LINKS=... (wheels that BASE carries).
ARG BASE=python:3.13-slim

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

FROM ${BASE}
LABEL org.opencontainers.image.title="redis-resilience-probe" \
      org.opencontainers.image.description="The measuring client of redis-resilience: load, watchers, history"
COPY --from=build /opt/probe /opt/probe
ENV PYTHONPATH=/opt/probe PYTHONDONTWRITEBYTECODE=1
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /
ENTRYPOINT []
CMD ["python", "-m", "redis_resilience.probe"]
