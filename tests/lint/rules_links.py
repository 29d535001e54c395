"""Links of the documentation: each relative link of a *.md file must lead to a file of the tree,
and one with a fragment to a heading in it, by the anchors that GitHub and GitLab make."""
import os
import posixpath
import re

FENCE = r"^(```|~~~).*?^\1[^\n]*$"
LINK = r"\]\(<?([^()\s<>]+)>?(?:\s+\"[^\"]*\")?\)"
ELSEWHERE = r"[a-z][a-z0-9+.-]*:"  # https:, mailto:


def without_code(text):
    """Code blanked, lines kept: what looks like a link or heading there is none."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))
    text = re.sub(FENCE, blank, text, flags=re.S | re.M)
    return re.sub(r"(`+)(?:(?!\1).)+?\1(?!`)", blank, text)


def anchors(text):
    """The anchors of a file's headings; the second of a name gets -1, and so on."""
    found, seen = set(), {}
    for heading in re.findall(r"^#{1,6} +(.+?)(?: +#+)?$", re.sub(
            FENCE, "", text, flags=re.S | re.M), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(f"{anchor}-{count}" if count else anchor)
    return found


def check_link(tree, name, line, target):
    path, _, fragment = target.partition("#")
    file = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    if file.startswith("../") or not os.path.exists(tree.path(file)):
        tree.problem(name, line, f"the link {target} leads to no file")
    elif fragment and (not file.endswith(".md") or fragment not in anchors(tree.text(file))):
        tree.problem(name, line, f"the link {target} leads to no heading")


def check(tree):
    for name in tree.files:
        if not name.endswith(".md"):
            continue
        for line, match in tree.matches(name, LINK, lambda n: without_code(tree.text(n))):
            if not re.match(ELSEWHERE, match.group(1)):
                check_link(tree, name, line, match.group(1))
