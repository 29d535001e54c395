"""Arrows between rooms, fences around third parties, own header first, headers that stand
alone and have their guards."""
import fnmatch
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tree import ROOMS, room_of, tested_room

# What a room's files may include (docs/STYLE.md, "Rooms and arrows").
CODEC = ("wire/message.h", "wire/frame.h", "wire/decode.h", "wire/encode.h", "wire/dump.h",
         "wire/target.h")
ARROWS = {
    "base": ("base/*",),
    "wire": ("base/*", "wire/*"),
    "schema": ("base/*", "schema/*"),
    "diffengine": ("base/*", "diffengine/*") + CODEC,
    "report": ("base/*", "schema/*", "diffengine/*", "report/*"),
    "replay": ("base/*", "wire/*", "schema/*", "diffengine/*", "replay/*"),
    "capture": ("base/*", "wire/*", "schema/*", "diffengine/*", "capture/*"),
}
# A unit test may include what its room may, its neighbours' samples, and what its program links
# besides: a diffengine test can drive the whole of wire, a report test too.
TEST_ARROWS = {"diffengine": ("wire/*",), "report": ("wire/*",)}
# Made by the Makefile from a text file; each has one user.
GENERATED = {"version_commit.h": "base/options.c", "trace_sql.h": "schema/trace_open.c",
             "report_assets.h": "report/html.c", "rule_packs.h": "diffengine/rules.c"}
# A third party's header and the only product files that may know it.
FENCES = {
    "sqlite3.h": ("schema/*",),
    "pcre2.h": ("diffengine/*",),
    "csv.h": ("report/*",),
    "libpq-fe.h": ("wire/backend*",),
    "uv.h": ("wire/backend*", "capture/*", "replay/*"),
    "xxhash.h": ("base/hash.c",),
    "microhttpd.h": ("capture/metrics.c",),
    "pg_query*": ("diffengine/analysis_parse.c",),
    "cjson/*": ("diffengine/analysis_tree.c",),
    "zstd.h": ("schema/trace_pack.c",),
    "openssl/*": ("wire/link.c", "wire/backend*.c", "capture/tls.c", "capture/scram.c",
                  "diffengine/redact.c"),
}
ONE_FILE_ONLY = ("pcre2.h",)


def matches_any(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def check_own(tree, name, line, included):
    """An #include "..." of a product file or a unit test."""
    room, tested = room_of(name), tested_room(name)
    if "/" not in included:
        if GENERATED.get(included) != name:
            tree.problem(name, line, f'"{included}" is not path-qualified (room/file.h)')
        return
    allowed = ARROWS.get(room or tested)
    if allowed is None:
        return
    if tested:
        allowed += TEST_ARROWS.get(tested, ()) + ("tests/unit/*",)
    if not matches_any(included, allowed):
        tree.problem(name, line, f"{room or 'a test of ' + tested} may not include {included}")


def check_includes(tree):
    users = {header: {} for header in ONE_FILE_ONLY}
    for name in tree.sources:
        for line, quote, included in tree.includes(name):
            if quote == '"':
                check_own(tree, name, line, included)
            elif included.partition("/")[0] in ROOMS:
                tree.problem(name, line, f'own headers are included as "{included}"')
            check_fence(tree, name, line, included)
            if room_of(name) and included in users:
                users[included].setdefault(name, line)
    for header, where in users.items():
        for name, line in list(where.items())[1:]:
            tree.problem(name, line, f"{header} is fenced into one file: {next(iter(where))}")


def check_fence(tree, name, line, included):
    if room_of(name) is None:
        return
    for header, homes in FENCES.items():
        if fnmatch.fnmatchcase(included, header) and not matches_any(name, homes):
            tree.problem(name, line, f"<{included}> is fenced into {', '.join(homes)}")


def check_own_header_first(tree):
    for name in tree.sources:
        own = name[:-2] + ".h"
        if not name.endswith(".c") or room_of(name) is None or not tree.has(own):
            continue
        line, _, first = next(tree.includes(name), (1, "", ""))
        if first != own:
            tree.problem(name, line, f'the first include must be "{own}"')


def check_guards(tree):
    for name in tree.sources:
        if not name.endswith(".h") or room_of(name) is None:
            continue
        guard = re.sub(r"[^A-Z0-9]", "_", name.upper())
        opening = rf"\A\s*#ifndef {guard}\n#define {guard}\n"
        if not re.search(opening, tree.without_comments(name)):
            tree.problem(name, 1, f"the guard must be #ifndef and #define {guard}")


def compile_alone(root, name, flags):
    """The first complaint of the compiler about a header included twice on its own, or None."""
    text = f'#include "{name}"\n#include "{name}"\nstruct not_empty;\n'
    run = subprocess.run(["gcc", "-x", "c", "-fsyntax-only", *flags, "-"], cwd=root, input=text,
                         capture_output=True, text=True)
    if run.returncode == 0:
        return None
    lines = run.stderr.splitlines()
    return next((line for line in lines if "error" in line), lines[0] if lines else "gcc failed")


def check_headers_alone(tree):
    packages = ["libpq", "openssl", "sqlite3", "libpcre2-8", "libuv", "libmicrohttpd",
                "libcjson"]
    pkg_config = subprocess.run(["pkg-config", "--cflags", *packages], capture_output=True,
                                text=True, check=True)
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_GNU_SOURCE", "-I.",
             "-Ibuild/release/gen", *shlex.split(pkg_config.stdout)]
    headers = [name for name in tree.sources if name.endswith(".h")]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = pool.map(lambda name: compile_alone(tree.root, name, flags), headers)
    for name, complaint in zip(headers, complaints):
        if complaint:
            tree.problem(name, 1, f"does not compile alone: {complaint}")


def check(tree):
    check_includes(tree)
    check_own_header_first(tree)
    check_guards(tree)
    check_headers_alone(tree)
