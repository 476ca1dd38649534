"""Sessions: `nox -s demo` shows the product, `nox -s tests` proves it; the rest is for those who change it."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["tests"]

PROJECT = nox.project.load_toml("pyproject.toml")


def _group(name: str) -> list[str]:
    return nox.project.dependency_groups(PROJECT, name)


@nox.session
def demo(session: nox.Session) -> None:
    """The main job on a sample: progress, funnel, best leads, one full explanation."""
    session.install(".[cli]")
    session.run("leadflow", "demo", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests that need no server of yours; PostgreSQL's come with one, and only a few of them run here."""
    groups = [*_group("test"), *_group("postgres"), *_group("hosts")]
    session.install("-e", ".[cli,normalize,testing,postgres,smtp,imap]", *groups)
    session.run("pytest", *(session.posargs or ["-n", "auto"]))


@nox.session
def minimal(session: nox.Session) -> None:
    """The tests that need no extra, with the oldest dependencies that are declared."""
    session.install("-e", ".", *_group("test"))
    # Doctests import and run their module; these need an extra.
    extras = ["companies.company_cleanco", "domains.domain_registrable", "phones.phone"]
    without = [
        f"--deselect=src/leadflow/normalise/{name.partition('.')[0]}.py::leadflow.normalise.{name}" for name in extras
    ]
    session.run(
        "pytest",
        "-m",
        "not extra and not slow and not postgres and not tryton",
        "--ignore=src/leadflow/cli",
        "--ignore=src/leadflow_adapters",
        *without,
        *(session.posargs or ["-n", "auto"]),
    )


@nox.session
def postgres(session: nox.Session) -> None:
    """Everything that a store promises, on PostgreSQL; LEADFLOW_TEST_POSTGRES names a server, else one is started."""
    groups = [*_group("test"), *_group("postgres"), *_group("hosts")]
    session.install("-e", ".[cli,normalize,testing,postgres]", *groups)
    session.run("pytest", "-m", "postgres and not slow", "tests", *(session.posargs or ["-n", "auto"]))


@nox.session
def tryton(session: nox.Session) -> None:
    """The kit of CRMs and a story, on a Tryton that is booted here; LEADFLOW_TEST_TRYTON names a file to keep it in."""
    # Without "normalize": a validator of addresses that is installed would have Tryton refuse those of examples.
    session.install("-e", ".[testing]", *_group("tryton"))
    session.run("pytest", "-m", "tryton", "tests/tryton", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and import contracts."""
    session.install("-e", ".[cli]", *_group("lint"))
    session.run("ruff", "check", "src", "tests", "bench", "examples", "noxfile.py")
    session.run("ruff", "format", "--check", "src", "tests", "bench", "examples", "noxfile.py")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    session.install("-e", ".[cli,normalize,testing,postgres,smtp,imap]", *_group("types"))
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation, built strictly."""
    session.install("-e", ".[cli]", *_group("docs"))
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def plugin(session: nox.Session) -> None:
    """A stranger's plugin: leadflow's wheel and the example's, installed into a clean environment; its tests are the kit."""
    session.install("build")
    wheels = session.create_tmp()
    for project in (".", "examples/leadflow-acme"):
        session.run("python", "-m", "build", "--wheel", "--outdir", wheels, project, silent=True)
    session.run("pip", "uninstall", "-y", "leadflow", "leadflow-acme", silent=True, success_codes=[0, 1])
    session.install("--find-links", wheels, "--force-reinstall", "--no-deps", "leadflow", "leadflow-acme")
    session.install("--find-links", wheels, "leadflow[cli]", *_group("test"))
    session.run("leadflow", "plugins", "--strict")
    with session.chdir("examples/leadflow-acme"):
        session.run("pytest", "-q", "-p", "no:cacheprovider")


@nox.session
def examples(session: nox.Session) -> None:
    """The examples of applications: installed as their READMEs say, each with its own tests."""
    session.install(".", *_group("hosts"), "pytest")
    with session.chdir("examples/fastapi-leads"):
        session.run("pytest", "-q", "-p", "no:cacheprovider", *session.posargs)
    with session.chdir("examples/django-shop"):
        session.run("python", "manage.py", "test", "--noinput")


@nox.session
def matrix(session: nox.Session) -> None:
    """The page of adapters from the reports of their kits; `-- smtp` runs one of them."""
    session.install("-e", ".[cli,testing,postgres,smtp]", *_group("test"))
    session.run("python", "docs/_adapters.py", *session.posargs, env={"PYTHONPATH": "."})


@nox.session
def template(session: nox.Session) -> None:
    """The template of plugins: rendered for each port and all, installed with leadflow's wheel, its tests run untouched."""
    session.install("build", *_group("template"))
    folder = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder), ".", silent=True)
    session.install("--find-links", str(folder), "leadflow[cli,testing]")
    for name in (*_PORTS, "all"):
        project = folder / f"leadflow-{name}"
        ports = ", ".join(_PORTS if name == "all" else (name,))
        answers = ("--data", f"name={name}", "--data", f"ports=[{ports}]")
        template = "templates/leadflow-plugin"
        session.run("copier", "copy", "--defaults", "--overwrite", "--quiet", *answers, template, str(project))
        session.install("--find-links", str(folder), str(project))
        session.run("leadflow", "plugins", "--strict", env={"LEADFLOW_PLUGINS": name})
        with session.chdir(project):
            session.run("pytest", "-q", "-p", "no:cacheprovider")
    session.run("leadflow", "adapters", "check", "publisher-publisher")


_PORTS = ("store", "mailer", "crm", "publisher")


@nox.session
def bench(session: nox.Session) -> None:
    """Figures as ratios to a limit measured in the same run; fails below the floor. `-- --quick` for a short run."""
    session.install(".")
    session.run("python", "-m", "bench", *session.posargs)


@nox.session
def bench_postgres(session: nox.Session) -> None:
    """P5 and P6: ingest into PostgreSQL beside psycopg alone; claiming beside a bare loop. `-- --quick` for a short run."""
    session.install(".[postgres]", *_group("postgres"))
    session.run("python", "-m", "bench", "--only", "postgres", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """The long fault runs: every fail point with kill -9, and random double faults."""
    session.install("-e", ".[cli,normalize,testing,postgres,smtp,imap]", *_group("test"))
    session.run("pytest", "-m", "slow", "-n", "auto", *session.posargs)
