"""Compiles the Cython modules; everything else about the distribution is in pyproject.toml."""

import platform
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCE = Path("src")
COMPILED_ROOMS = ("engine", "marketdata", "rest_compat")


def extensions() -> list[Extension]:
    """One extension for each Cython module, rebuilt when a C header beside it changes."""
    flags = [] if platform.system() == "Windows" else ["-O3"]
    return [
        Extension(
            f"{room}.{path.stem}",
            [path.as_posix()],
            include_dirs=[path.parent.as_posix()],
            depends=[header.as_posix() for header in path.parent.glob("*.h")],
            extra_compile_args=flags,
        )
        for room in COMPILED_ROOMS
        for path in sorted((SOURCE / room).glob("*.pyx"))
    ]


setup(ext_modules=cythonize(extensions(), build_dir="build/cython", language_level=3))
