# The two commands of the README, and what developers type. Everything missing is set up first.
# Where a network enforces no policy, there is nothing to try of one.
CERTAIN = not network_policy
# A trial that says nothing, as a machine that was busy makes it, is run again; one that failed is not.
AGAIN = --reruns 2 --only-rerun "verdict unknown of"
# Every document's scenarios, and of Redis Cluster what a cluster of pods runs otherwise than processes do.
KIND_SCENARIOS = scenarios/test_master.py::test_master_kill scenarios/test_document_000.py scenarios/test_document_001.py \
  scenarios/test_document_002.py scenarios/test_document_004.py scenarios/test_cluster.py::test_cluster_master_lost \
  scenarios/test_cluster.py::test_cluster_restarted scenarios/test_cluster.py::test_cluster_master_recreated \
  scenarios/test_cluster.py::test_cluster_recreated_announced scenarios/test_cluster.py::test_cluster_grows \
  scenarios/test_upgrade.py::test_rolling_restart

# Each worker and each process that a test starts would compile the same modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-kind lint format bench clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

run:  ## Break a master on this host, print the table, name the report
	@tools/setup
	@.venv/bin/redis-resilience run master-kill

test:  ## All checks that need no Kubernetes: lint, types, layers, unit tests, real failovers
	@tools/setup dev
	@$(MAKE) --no-print-directory lint
	@.venv/bin/pytest tests -m "not local and not kind" -n 2
	@.venv/bin/pytest tests -m local -n 3 --dist worksteal --redis-require=yes $(AGAIN)
	@.venv/bin/pytest scenarios -n 3 --dist worksteal -k "$(CERTAIN)" --redis-upgrade-to=redis-server --redis-require=yes --timeout=120 $(AGAIN) --redis-results=$${TMPDIR:-/tmp}/redis-resilience-results

test-kind:  ## What needs Docker, kind and kubectl: clusters of its own, real faults, every document's scenario
	@tools/setup dev
	@.venv/bin/pytest tests -m kind -n 2 --dist loadfile --redis-require=yes --timeout=400 $(AGAIN)
	@.venv/bin/pytest $(KIND_SCENARIOS) -k "$(CERTAIN)" --redis-backend=kind --redis-require=yes --timeout=400 $(AGAIN) --redis-results=$${TMPDIR:-/tmp}/redis-resilience-results

lint:
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache > /dev/null || .venv/bin/lint-imports --no-cache

format:  ## Let ruff write
	@.venv/bin/ruff check --fix -q . ; .venv/bin/ruff format -q .

bench:  ## Measure beside peers; the figures go into benchmarks/README.md
	@tools/setup dev
	@for each in writer open_loop planted_outage ledger startup; do echo "== $$each"; .venv/bin/python benchmarks/$$each.py; done

clean:  ## Remove what the targets above made
	rm -rf .venv results build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
