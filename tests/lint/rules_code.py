"""What C files may not say, and how long things may get: banned functions, comments, external
and mutable variables, lengths with their waivers, the figures of the whole product."""
import re

from tree import room_of

BANNED = ("sprintf", "vsprintf", "strcpy", "strncpy", "strcat", "strncat", "gets", "atoi", "atol",
          "atoll", "strtok", "alloca", "system", "popen")
WAIVERS = "tests/lint/waivers"
SOURCE_LINES, HEADER_LINES, FUNCTION_LINES, PARAMETERS, COLUMNS = 600, 150, 80, 5, 100
MEDIAN_LINES, P90_LINES = 16, 45
# The log level and the flag that a signal handler sets.
MUTABLE_VARIABLES = 2


def check_banned(tree):
    pattern = rf"(?<![\w.])(?<!->)({'|'.join(BANNED)})\s*\("
    for name in tree.sources:
        for line, match in tree.matches(name, pattern, tree.code):
            tree.problem(name, line, f"{match.group(1)} is banned (docs/STYLE.md)")


def check_text(tree):
    for name in tree.sources:
        for number, line in enumerate(tree.text(name).splitlines(), 1):
            if len(line.expandtabs(8)) > COLUMNS:
                tree.problem(name, number, f"longer than {COLUMNS} columns")
        if room_of(name) and not tree.text(name).startswith("/*"):
            tree.problem(name, 1, "begins without a comment that says what the file is for")
        blanked = re.sub(r"/\*.*?\*/|" + r'"(?:\\.|[^"\\\n])*"', keep_lines, tree.text(name),
                         flags=re.S)
        for line, _ in tree.matches(name, r"//", lambda _: blanked):
            tree.problem(name, line, "comments are /* */")


def keep_lines(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def check_variables(tree):
    for name in tree.sources:
        if name.endswith(".h"):
            for line, _ in tree.matches(name, r"^[ \t]*extern\b", tree.code):
                tree.problem(name, line, "extern in a header")
    mutable = []
    for tag in tree.variables():
        if room_of(tag["path"]) and not is_constant(declaration(tree, tag)):
            mutable.append(tag)
    if len(mutable) > MUTABLE_VARIABLES:
        for tag in mutable:
            tree.problem(tag["path"], tag["line"],
                         f"variable {tag['name']}: {len(mutable)} external or mutable ones, "
                         f"{MUTABLE_VARIABLES} are allowed in the whole product")


def declaration(tree, tag):
    """The declaration of a file-scope variable up to its name, without braces' content. What is
    at file scope begins in the first column and what is inside of it does not (layout)."""
    lines = tree.code(tag["path"]).splitlines()[:tag["line"]]
    start = len(lines) - 1
    while start > 0 and not re.match(r"[A-Za-z_]", lines[start]):
        start -= 1
    text = re.sub(r"\{[^{}]*\}", "", " ".join(lines[start:]))
    return re.match(rf"(.*?)\b{tag['name']}\b|.*", text).group(0)


def is_constant(text):
    """Whether a declaration is static and makes the object itself constant, not only what it
    points to."""
    return text.startswith("static") and bool(re.search(r"\bconst\b", text.rpartition("*")[2]))


def count_parameters(signature):
    """Parameters of "(int a, void (*f)(int, int), ...)"; the ellipsis is none."""
    inner = signature.strip()[1:-1]
    while re.search(r"\([^()]*\)", inner):
        inner = re.sub(r"\([^()]*\)", "", inner)
    if inner.strip() in ("", "void"):
        return 0
    return len([p for p in inner.split(",") if p.strip() != "..."])


def read_waivers(tree):
    """{subject: line} of each `path reason` or `path:function reason`."""
    waivers = {}
    for number, line in enumerate(tree.text(WAIVERS).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        subject, _, reason = line.partition(" ")
        if not reason.strip():
            tree.problem(WAIVERS, number, f"{subject} is waived without a reason")
        waivers[subject] = number
    return waivers


def find_too_long(tree):
    """(subject of a waiver, file, line, text) of everything over a limit."""
    for name in tree.sources:
        lines, limit = tree.text(name).count("\n"), SOURCE_LINES
        if name.endswith(".h"):
            limit = HEADER_LINES
        if room_of(name) and lines > limit:
            yield name, name, 1, f"has {lines} lines, {limit} are allowed"
    for tag in tree.functions():
        subject = f"{tag['path']}:{tag['name']}"
        lines = tag["end"] - tag["line"] + 1
        parameters = count_parameters(tag.get("signature", "()"))
        if lines > FUNCTION_LINES:
            yield (subject, tag["path"], tag["line"],
                   f"{tag['name']} has {lines} lines, {FUNCTION_LINES} are allowed")
        if parameters > PARAMETERS:
            yield (subject, tag["path"], tag["line"],
                   f"{tag['name']} has {parameters} parameters, {PARAMETERS} are allowed")


def check_lengths(tree):
    waivers = read_waivers(tree) if tree.has(WAIVERS) else {}
    used = set()
    for subject, name, line, text in find_too_long(tree):
        if subject in waivers:
            used.add(subject)
        else:
            tree.problem(name, line, text)
    for subject, number in waivers.items():
        if subject not in used:
            tree.problem(WAIVERS, number, f"{subject} needs no waiver any more: remove the line")


def check_figures(tree):
    """Prints the product's figures; they are limits of the whole, not of one function."""
    lengths = sorted(tag["end"] - tag["line"] + 1 for tag in tree.functions()
                     if room_of(tag["path"]))
    if not lengths:
        return
    median, p90 = lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]
    product = sum(tree.text(n).count("\n") for n in tree.sources if room_of(n))
    tests = sum(tree.text(n).count("\n") for n in tree.files
                if n.startswith("tests/") and n.endswith((".c", ".h", ".py")))
    print(f"figures: {len(lengths)} functions, lines: median {median}, p90 {p90}, "
          f"longest {lengths[-1]}; product {product} lines, tests {tests}")
    if median > MEDIAN_LINES:
        tree.problem("tree", 0, f"function median is {median} lines, aim at {MEDIAN_LINES}")
    if p90 > P90_LINES:
        tree.problem("tree", 0, f"one function in ten has {p90} lines or more, aim at {P90_LINES}")


def check(tree):
    check_banned(tree)
    check_text(tree)
    check_variables(tree)
    check_lengths(tree)
    check_figures(tree)
