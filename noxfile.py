"""Every task of this project; ``nox`` alone does what CI does."""

import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = ["tests", "lint", "types", "docs", "wheel"]
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_external_run = True
nox.options.default_venv_backend = "virtualenv"

PYPROJECT = nox.project.load_toml("pyproject.toml")
EVERYTHING = ".[ffmpeg,postgres,test]"
DOCUMENT_TESTS = [f"tests/project/test_{name}.py" for name in ("docs", "tutorial", "examples")]

DEV_HELP = """ready; the few useful commands:
  source .venv/bin/activate
  pytest tests/domain               the quickest part of the tests
  ruff check --fix && ruff format
  python docs/generate.py           after a change of a command or an adapter
  nox                               all that CI runs
"""


def group(name: str) -> list[str]:
    """Give the requirements of a dependency group, whatever pip is installed."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    session.install("--editable", EVERYTHING)
    session.run("python", "-m", "pytest", *(session.posargs or ["-q", "-n", "4"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and who imports whom."""
    session.install("--editable", EVERYTHING, *group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    session.install("--editable", EVERYTHING, *group("types"), "nox")
    session.run("mypy", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Check that generated pages are current, links lead somewhere and the tutorial works."""
    session.install("--editable", EVERYTHING)
    session.run("python", "docs/generate.py", "--check")
    session.run("python", "-m", "pytest", "-q", *DOCUMENT_TESTS)


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel and start the program from it, with nothing else installed."""
    session.install("build")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", "dist", ".")
    (built,) = Path("dist").glob("*.whl")
    session.run("python", "-m", "venv", "--clear", session.create_tmp())
    python = Path(session.create_tmp(), "bin", "python")
    session.run(str(python), "-m", "pip", "install", "--quiet", str(built), external=True)
    session.run(str(python.with_name("zoomauto")), "--help", external=True, silent=True)
    session.run(str(python.with_name("zoomauto")), "--version", external=True)
    # Makes a database, so the migrations inside the wheel run.
    database = f"sqlite:///{Path(session.create_tmp()).absolute()}/zoomauto.db"
    words = ("--database-url", database, "job", "list")
    session.run(str(python.with_name("zoomauto")), *words, external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure, each figure beside its floor or peer; arguments choose benchmarks by name."""
    session.install("--editable", EVERYTHING)
    session.run("python", "tests/benchmarks", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Run the tests at full size: minutes to hours."""
    session.install("--editable", EVERYTHING)
    env = {"ZOOMAUTO_TEST_SIZES": "full"}
    session.run("python", "-m", "pytest", *(session.posargs or ["-q", "-n", "4"]), env=env)


@nox.session(venv_backend="none")
def dev(session: nox.Session) -> None:
    """Make .venv for development and say what to type next."""
    session.run(sys.executable, "-m", "venv", ".venv", external=True)
    python = str(Path(".venv", "bin", "python"))
    needed = ["--editable", EVERYTHING, *group("dev")]
    session.run(python, "-m", "pip", "install", "--quiet", *needed, external=True)
    session.log(DEV_HELP)
