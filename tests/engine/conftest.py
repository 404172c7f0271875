"""What the engine's tests share."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from numpy._core import _multiarray_umath


@pytest.fixture
def run_on_bare_cpu() -> Callable[[str], str]:
    """Runs a program in a process whose numpy uses no optional vector instructions.

    The argument is Python source; the answer is what it printed.
    """

    def run(program: str) -> str:
        features = _multiarray_umath.__cpu_features__
        optional = [name for name in _multiarray_umath.__cpu_dispatch__ if features[name]]
        environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(optional)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run
