"""The tests of a running cell under other versions of ipykernel than the one that is installed.

    .venv/bin/python -m tests.browser.every_kernel ["ipykernel<7" "ipykernel==7.3.*" ipykernel]

Each version is put into a folder of its own, before the installed one on the path of a JupyterLab
that the tests start; everything else stays as it is. CI runs the same tests with the version that
is installed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from tests.browser.server import KERNEL_VARIABLE

VERSIONS = ("ipykernel<7", "ipykernel==7.3.*", "ipykernel")
TESTS = (
    "tests/browser/test_kernels.py",
    "tests/browser/test_lab.py::test_look_schedule_and_refuse",
    "tests/browser/test_lab.py::test_code_and_measurement",
)


def judged(version: str) -> bool:
    """Whether the tests pass with `version`, which is a requirement as pip reads it."""
    with tempfile.TemporaryDirectory() as folder:
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, version]
        subprocess.run([sys.executable, *install], check=True)
        tests = [sys.executable, "-m", "pytest", "-q", "-rP", "-p", "no:cacheprovider", *TESTS]
        return subprocess.run(tests, env={**os.environ, KERNEL_VARIABLE: folder}).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description="The lab under several versions of ipykernel.")
    parser.add_argument("versions", nargs="*", default=VERSIONS, help="as pip reads them")
    found = {version: judged(version) for version in parser.parse_args().versions}
    for version, is_good in found.items():
        print(f"{version:20} {'passed' if is_good else 'FAILED'}")
    return 0 if all(found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
