"""The fixtures of this repository, replayed as a user would: all of the folder at once."""

import os
import shutil
import subprocess

from harness import contains, equal, on_postgresql_only, read_text

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")


def names():
    return sorted(name for name in os.listdir(FIXTURES) if name.endswith(".twinkly"))


def replay(env, folder, *options):
    configuration, _ = env.configuration()
    return env.run("twinkly-replay", "-c", configuration, *options,
                   "-s", f"proxy.postgresql.database={env.database}",
                   "-s", f"proxy.yugabytedb.database={env.database}", folder)


@on_postgresql_only
def test_all_are_as_expected(env):
    result = replay(env, FIXTURES)
    equal(result.status, 0, f"status ({result.stderr})")
    contains(result.stderr, f"{len(names())} fixtures as expected, 0 not", "totals")


@on_postgresql_only
def test_without_the_planted_differences(env):
    """Every fixture with an accepted difference fails when the difference is gone."""
    folder = env.path("fixtures")
    shutil.copytree(FIXTURES, folder)
    with open(os.path.join(folder, "differs.sql"), "w", encoding="utf-8") as file:
        file.write("SELECT 1;\n")
    result = replay(env, folder)
    accepting = [name for name in names()
                 if "< accept " in read_text(os.path.join(FIXTURES, name))]
    equal(result.status, 1, f"status ({result.stderr})")
    contains(result.stderr, f"{len(names()) - len(accepting)} fixtures as expected, "
             f"{len(accepting)} not, 0 could not", "totals")


def test_they_are_written_as_they_are_read(env):
    """Text, trace, text."""
    for name in names():
        trace, text = env.path("fixture.trace"), env.path("fixture.twinkly")
        source = os.path.join(FIXTURES, name)
        for arguments in (("import", source, "-o", trace), ("fixture", trace, "-o", text)):
            result = env.run("twinkly-trace", *arguments)
            equal(result.status, 0, f"status of twinkly-trace {arguments} ({result.stderr})")
        equal(read_text(text), read_text(source), name)


def test_git_shows_a_trace_as_text(env):
    """With the one configuration that fixtures/README.md names."""
    repository = env.path("repository")
    git = ["git", "-C", repository, "-c", "user.name=t", "-c", "user.email=t@t"]
    os.makedirs(repository)
    shutil.copy(os.path.join(FIXTURES, "..", ".gitattributes"), repository)
    trace = os.path.join(repository, "run.trace")
    source = os.path.join(FIXTURES, "value.twinkly")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "config", "diff.twinkly.textconv",
                    env.program("twinkly-trace") + " fixture"], check=True)
    equal(env.run("twinkly-trace", "import", source, "-o", trace).status, 0, "import")
    subprocess.run([*git, "add", "."], check=True)
    changed = env.path("changed.twinkly")
    with open(changed, "w", encoding="utf-8") as file:
        file.write(read_text(source).replace("11.880", "12.000"))
    equal(env.run("twinkly-trace", "import", changed, "-o", trace).status, 0, "import")
    shown = subprocess.run([*git, "diff", "run.trace"], check=True, capture_output=True, text=True)
    contains(shown.stdout, "\n-a<yugabytedb row 1 11.880\n", "git diff")
    contains(shown.stdout, "\n+a<yugabytedb row 1 12.000\n", "git diff")
