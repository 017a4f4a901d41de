"""A machine is known by its architecture and, where the kernel says it, its processor."""

from __future__ import annotations

from redis_resilience.deployments.machine import machine_text


def test_the_processor_is_named_once() -> None:
    cpuinfo = "processor\t: 0\nmodel name\t: EPYC 7B13\n\nprocessor\t: 1\nmodel name\t: EPYC 7B13\n"

    assert machine_text("x86_64", cpuinfo) == "x86_64, EPYC 7B13"


def test_a_kernel_that_names_no_processor_leaves_the_architecture() -> None:
    assert machine_text("aarch64", "processor\t: 0\nBogoMIPS\t: 50.00\n") == "aarch64"
