"""`make install`, the man pages, the completion, the dispatcher, the package, the service."""

import glob
import os
import shutil
import socket
import subprocess

from harness import contains, equal, lacks, true, without_servers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = ["twinkly-capture", "twinkly-replay", "twinkly-report", "twinkly-trace"]


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=55, check=False,
                          **more)


def make(env, *arguments):
    done = run("make", "-s", "-C", ROOT, *arguments)
    equal(done.returncode, 0, f"make {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout


def tree(directory):
    return sorted(os.path.relpath(os.path.join(here, name), directory)
                  for here, _, names in os.walk(directory) for name in names)


@without_servers
def test_install_and_uninstall(env):
    stage = env.path("stage")
    make(env, "install", f"DESTDIR={stage}", "PREFIX=/usr")
    there = tree(stage)
    for name in PROGRAMS:
        true(f"usr/bin/{name}" in there, f"{name} is installed")
        page = run("man", "-l", f"{stage}/usr/share/man/man1/{name}.1") \
            if shutil.which("man") else None
        text = page.stdout if page and page.returncode == 0 else \
            open(f"{stage}/usr/share/man/man1/{name}.1", encoding="utf-8").read()
        contains(text, "EXIT STATUS", f"man page of {name}")
    conf = open(f"{stage}/usr/share/man/man5/twinkly.conf.5", encoding="utf-8").read()
    keys = run(f"{stage}/usr/bin/twinkly-capture", "--list-keys").stdout.split()
    true(len(keys) > 30, "keys")
    for key in keys:
        contains(conf.replace("\\&", ""), key, "twinkly.conf(5)")
    version = run(f"{stage}/usr/bin/twinkly", "--version")
    contains(version.stdout, "twinkly-capture", "version of the dispatcher")
    contains(run(f"{stage}/usr/bin/twinkly", "report", "--help").stdout, "Usage: twinkly-report",
             "dispatch")
    wrong = run(f"{stage}/usr/bin/twinkly", "nothing")
    equal((wrong.returncode, wrong.stdout), (2, ""), "an unknown command")
    contains(wrong.stderr, "there is no command \"nothing\"", "its message")
    make(env, "uninstall", f"DESTDIR={stage}", "PREFIX=/usr")
    equal(tree(stage), [], "what is left")


@without_servers
def test_completion(env):
    stage = env.path("stage")
    make(env, "install", f"DESTDIR={stage}", "PREFIX=/usr")
    script = f"{stage}/usr/share/bash-completion/completions/twinkly"

    def complete(*words):
        quoted = " ".join(f"'{word}'" for word in words)
        done = run("bash", "-c", f"source {script}; COMP_WORDS=({quoted}); "
                   f"COMP_CWORD={len(words) - 1}; _twinkly; echo \"${{COMPREPLY[@]}}\"")
        equal(done.stderr, "", "errors of the completion")
        return done.stdout.split()

    contains(complete("twinkly-capture", "--conf"), "--config", "an option")
    contains(complete("twinkly", "re"), "replay", "a command")
    contains(complete("twinkly", "report", "--ht"), "--html", "an option behind a command")
    contains(complete("twinkly-trace", "fix"), "fixture", "a command of twinkly-trace")
    contains(complete("twinkly-trace", "fixture", "--only"), "--only-mismatches",
             "an option of such a command")


@without_servers
def test_the_debian_package(env):
    package = make(env, "deb").strip().splitlines()[-1]
    package = os.path.join(ROOT, package)
    fields = run("dpkg-deb", "--field", package).stdout
    contains(fields, "Package: twinkly", "fields")
    for library in ("libpq5", "libsqlite3-0", "libpcre2-8-0", "libuv1"):
        contains(fields, library, "what it depends on")
    stage = env.path("unpacked")
    equal(run("dpkg-deb", "-x", package, stage).returncode, 0, "unpacking")
    for name in PROGRAMS:
        equal(run(f"{stage}/usr/bin/{name}", "--version").returncode, 0, f"{name} runs")
    true(os.path.exists(f"{stage}/etc/twinkly/twinkly.conf"), "the configuration file")
    printed = run(f"{stage}/usr/bin/twinkly-capture", "-c", f"{stage}/etc/twinkly/twinkly.conf",
                  "--print-config")
    equal(printed.returncode, 0, f"the configuration is valid ({printed.stderr})")
    unit = open(glob.glob(f"{stage}/usr/lib/systemd/system/*.service")[0], encoding="ascii").read()
    contains(unit, "ExecStart=/usr/bin/twinkly-capture", "the unit")
    lacks(unit, "@PREFIX@", "the unit")


def test_readiness_is_told(env):
    """As systemd's Type=notify wants it."""
    path = env.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(10)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            with env.capture() as capture:
                equal(manager.recv(100), b"READY=1", "ready")
                capture.stop()
                equal(manager.recv(100), b"STOPPING=1", "stopping")
        finally:
            del os.environ["NOTIFY_SOCKET"]
