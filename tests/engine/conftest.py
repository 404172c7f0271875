"""What the engine's tests share."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest
from numpy._core import _multiarray_umath


def printed(program: str, environment: Mapping[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def printed_on_both_cpus() -> Callable[[str], tuple[str, str]]:
    """What a program prints on this CPU, and on one without any optional vector instructions."""
    features = _multiarray_umath.__cpu_features__
    optional = " ".join(name for name in _multiarray_umath.__cpu_dispatch__ if features[name])
    return lambda program: (printed(program, {}), printed(program, {"NPY_DISABLE_CPU_FEATURES": optional}))
