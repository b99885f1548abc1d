"""Sets up everything the checkout needs, one line per step; a second run installs nothing.

    python3 scripts/setup.py          what `make lab` needs
    python3 scripts/setup.py --test   what `make test` needs as well

It runs before anything is installed, so it uses the standard library only. What was installed is
remembered by stamp files that hold a digest of the files which asked for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
EXTENSION = ROOT / "extension"
STAMPS = VENV / "stamps"
LABEXTENSION = ROOT / "tvmlab" / "labextension"
# Where JupyterLab and its server look below .venv for what a package brings; a wheel's files are
# copied there, a checkout's are linked.
LINKS = {
    "share/jupyter/labextensions/tvmlab": LABEXTENSION,
    "etc/jupyter/jupyter_server_config.d/tvmlab.json": EXTENSION / "server_config.json",
}
BUNDLERS = ("bundle.mjs", "labextension.mjs")
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = (20, 19)
SYSTEM_PACKAGES = ("chromium", "fonts-dejavu-core")
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def say(step: str, what: str) -> None:
    """Print the one line of a step, at once even when the output is a file."""
    print(f"{step:<9} {what}", flush=True)


def stop(sentence: str) -> None:
    """End with one sentence that says what is missing and what would do."""
    raise SystemExit(f"setup: {sentence}")


def run(command: list[str], cwd: Path = ROOT) -> None:
    """Run a command quietly; if it fails, show what it printed and stop."""
    if not is_done(command, cwd):
        stop(f"`{' '.join(command)}` failed; its output is above")


def is_done(command: list[str], cwd: Path = ROOT) -> bool:
    """Run a command quietly and say whether it succeeded; show what it printed if it did not."""
    done = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
    return done.returncode == 0


def digest(*paths: Path) -> str:
    """The SHA-256 of the contents of some files, in the order given."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


def is_current(stamp: Path, content: str) -> bool:
    """Whether a stamp says that this very content has been dealt with."""
    return stamp.exists() and stamp.read_text() == content


def write_stamp(stamp: Path, content: str) -> None:
    """Remember that this content has been dealt with."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(content)


def make_venv() -> None:
    """Make .venv, with this interpreter, unless a working one is there."""
    check = [str(PYTHON), "-m", "pip", "--version"]
    if PYTHON.exists() and subprocess.run(check, capture_output=True).returncode == 0:
        say("venv", f"{VENV.name} is there")
        return
    say("venv", f"making {VENV.name} with Python {sys.version.split()[0]}")
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        # Debian splits ensurepip off into a package of its own.
        if not apt_install("python3-venv"):
            stop(f"python3-venv is missing; {apt_line('python3-venv')}")
        run(command)


def install_python(extra: str) -> None:
    """Install the package, editable, with one extra, unless that has been done."""
    content = digest(ROOT / "pyproject.toml", ROOT / "tvmlab" / "version.py")
    # What the tests need includes every other extra.
    if any(is_current(STAMPS / name, content) for name in {f"python{extra}", "pythontest"}):
        say("python", "packages are up to date")
        return
    wanted = f".[{extra}]"
    say("python", f"installing {wanted} and what it depends on (minutes, the first time)")
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--editable", wanted])
    write_stamp(STAMPS / f"python{extra}", content)


def install_node() -> None:
    """Install the packages of the lock file into extension/node_modules, unless they are there."""
    check_node()
    modules = EXTENSION / "node_modules"
    content = digest(EXTENSION / "package.json", EXTENSION / "package-lock.json")
    if is_current(modules / ".stamp", content):
        say("node", "packages are up to date")
        return
    say("node", "installing the packages of extension/package-lock.json")
    run(["npm", "ci", "--no-audit", "--no-fund"], cwd=EXTENSION)
    write_stamp(modules / ".stamp", content)


def check_node() -> None:
    """Stop unless npm and a recent enough node are on the path."""
    oldest = ".".join(map(str, OLDEST_NODE))
    if shutil.which("node") is None or shutil.which("npm") is None:
        stop(f"node and npm are needed to bundle the browser modules; install Node {oldest}")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    if tuple(map(int, version.lstrip("v").split(".")[:2])) < OLDEST_NODE:
        stop(f"Node {oldest} or newer is needed, this is {version}; install a newer one")


def bundle() -> None:
    """Bundle the panes and the extension, unless no source has changed since the last time."""
    folders = [EXTENSION / "src", EXTENSION / "schema"]
    sources = sorted(p for folder in folders for p in folder.rglob("*") if p.is_file())
    scripts = [EXTENSION / name for name in ("package-lock.json", "package.json", *BUNDLERS)]
    content = digest(*scripts, ROOT / "tvmlab" / "version.py", *sources)
    content += "".join(str(p.relative_to(EXTENSION)) for p in sources)
    made = (ROOT / "tvmlab" / "static", LABEXTENSION / "package.json")
    if is_current(EXTENSION / "node_modules" / ".bundled", content) and all(
        path.exists() for path in made
    ):
        say("bundle", "browser modules are up to date")
        return
    say("bundle", "bundling extension/src into tvmlab/static and tvmlab/labextension")
    for script in BUNDLERS:
        run(["node", script], cwd=EXTENSION)
    write_stamp(EXTENSION / "node_modules" / ".bundled", content)


def link() -> None:
    """Let the JupyterLab of .venv find the extension of this checkout."""
    for place, source in LINKS.items():
        at = VENV / place
        if not source.exists() or (at.is_symlink() and at.readlink() == source):
            continue
        at.parent.mkdir(parents=True, exist_ok=True)
        if at.is_dir() and not at.is_symlink():
            shutil.rmtree(at)
        at.unlink(missing_ok=True)
        at.symlink_to(source)


def apt_line(*packages: str) -> str:
    """What a user without the rights of root would type."""
    return f"type: sudo apt-get install {' '.join(packages)}"


def apt_install(*packages: str) -> bool:
    """Install Debian packages where that is allowed; whether it could be done."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    return is_done(["apt-get", "update", "--quiet"]) and is_done(
        ["env", "DEBIAN_FRONTEND=noninteractive", *install]
    )


def install_browser() -> None:
    """Install Chromium and a font for the browser tests, where that is allowed.

    It is no reason to stop where it cannot be done: the browser tests say what is missing.
    """
    if shutil.which("chromium") and FONT.exists():
        say("browser", "Chromium and its font are there")
        return
    say("browser", f"installing {' and '.join(SYSTEM_PACKAGES)}")
    if not apt_install(*SYSTEM_PACKAGES):
        say(
            "browser",
            f"Chromium is missing, so browser tests cannot run; {apt_line(*SYSTEM_PACKAGES)}",
        )


def main() -> None:
    """Do every step, in order."""
    if sys.version_info < OLDEST_PYTHON:
        stop("Python 3.11 or newer is needed; name one with `make PYTHON=python3.11 ...`")
    is_test = "--test" in sys.argv[1:]
    make_venv()
    # With PoCL the processor is an OpenCL device, so that lessons on GPUs run on any machine.
    install_python("test" if is_test else "opencl")
    install_node()
    bundle()
    link()
    if is_test:
        install_browser()


if __name__ == "__main__":
    main()
