"""
PostgreSQL's regression suite, from Debian's packages: its scripts and expected outputs from the
source package, psql and pg_regress of that version, its helper library built with the headers
of postgresql-server-dev. Nothing is installed and the machine's apt is not changed: lists and
archives are of our own, below the directory that get() is given, and stay for the next run.
"""

import glob
import os
import shutil
import subprocess

MAJOR = "15"
SECURITY = "http://deb.debian.org/debian-security"
ARCHIVE = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SERVER = f"usr/lib/postgresql/{MAJOR}"
LIBRARIES = f"/{SERVER}/lib"
# Of contrib/spi, used by the tests of triggers.
CONTRIBUTED = ("autoinc.so", "refint.so")
TIMEOUT_S = 300


def run(arguments, cwd):
    done = subprocess.run(arguments, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def codename():
    with open("/etc/os-release", encoding="utf-8") as file:
        words = dict(line.rstrip().split("=", 1) for line in file if "=" in line)
    return words["VERSION_CODENAME"]


class Apt:
    """apt-get with lists of its own, which know sources as well."""

    def __init__(self, home):
        self.home = home
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(home, name), exist_ok=True)
        sources = os.path.join(home, "sources.list")
        release = codename()
        with open(sources, "w", encoding="utf-8") as file:
            for kind in ("deb", "deb-src"):
                for place, suite in ((SECURITY, release + "-security"), (ARCHIVE, release)):
                    file.write(f"{kind} [signed-by={KEYRING}] {place} {suite} main\n")
        self.options = ["-o", f"Dir::Etc::sourcelist={sources}",
                        "-o", "Dir::Etc::sourceparts=/dev/null",
                        "-o", f"Dir::State::lists={home}/lists",
                        "-o", f"Dir::Cache={home}/cache",
                        "-o", "APT::Sandbox::User=root"]

    def run(self, *arguments):
        return run(["apt-get", *self.options, *arguments], self.home)

    def versions(self, package):
        """Of the source package, newest first. An archive may no longer hold the newest."""
        shown = run(["apt-cache", *self.options, "showsrc", package], self.home)
        return [line.split()[1] for line in shown.splitlines() if line.startswith("Version:")]

    def source(self, package):
        """Fetches one version's source archives; gives that version."""
        failures = []
        for version in self.versions(package):
            try:
                self.run("source", "--download-only", f"{package}={version}")
                return version
            except RuntimeError as error:
                failures.append(str(error))
        raise RuntimeError(f"no source of {package} to be had:\n" + "\n".join(failures))

    def unpack(self, package, directory):
        """A binary package's files, below the directory."""
        name = package.split("=")[0]
        for path in glob.glob(os.path.join(self.home, f"{name}_*.deb")):
            os.unlink(path)
        self.run("download", package)
        archive, = glob.glob(os.path.join(self.home, f"{name}_*.deb"))
        run(["dpkg", "-x", archive, directory], self.home)


def build_library(regress, apt):
    """regress.so, beside what else the suite loads into the server."""
    headers = os.path.join(apt.home, "headers")
    apt.unpack(f"postgresql-server-dev-{MAJOR}", headers)
    include = os.path.join(headers, "usr/include/postgresql", MAJOR, "server")
    run(["gcc", "-O1", "-w", "-fPIC", "-shared", "-fno-strict-aliasing", "-fwrapv", "-I", include,
         "-I", "/usr/include/postgresql", "-o", "regress.so", "regress.c"], regress)
    for name in CONTRIBUTED:
        shutil.copy(os.path.join(LIBRARIES, name), regress)


class Suite:
    """Where the parts lie: inputs, the directory of psql, pg_regress."""

    def __init__(self, home):
        self.inputs = os.path.join(home, "suite")
        client = os.path.join(home, "client", SERVER)
        self.programs = os.path.join(client, "bin")
        self.pg_regress = os.path.join(client, "lib/pgxs/src/test/regress/pg_regress")


def get(home):
    """The suite, ready to run; made at the first call."""
    suite = Suite(home)
    if os.path.exists(os.path.join(suite.inputs, "regress.so")):
        return suite
    apt = Apt(os.path.join(home, "apt"))
    apt.run("update", "-q")
    version = apt.source(f"postgresql-{MAJOR}")
    # What psql does after a failed COPY is not the same in all minor versions.
    apt.unpack(f"postgresql-client-{MAJOR}={version}", os.path.join(home, "client"))
    description = os.path.join(apt.home, f"postgresql-{MAJOR}_{version.split(':')[-1]}.dsc")
    unpacked = os.path.join(home, "source")
    for directory in (unpacked, suite.inputs):
        shutil.rmtree(directory, ignore_errors=True)
    run(["dpkg-source", "--no-copy", "-x", description, unpacked], apt.home)
    shutil.copytree(os.path.join(unpacked, "src/test/regress"), suite.inputs)
    shutil.rmtree(unpacked)
    build_library(suite.inputs, apt)
    return suite
