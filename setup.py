"""Compiles the Cython modules; everything else about the distribution is in pyproject.toml."""

import platform
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup

SOURCE = Path("src")
COMPILED_ROOMS = ("engine", "rest_compat")


def extensions() -> list[Extension]:
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


setup(
    package_dir={"": "src"},
    packages=find_packages("src"),
    ext_modules=cythonize(extensions(), build_dir="build/cython", language_level=3),
)
