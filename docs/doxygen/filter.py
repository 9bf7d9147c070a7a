#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""What Doxygen reads instead of a page or a header: filter.py FILE.

Pages are Markdown as GitHub shows it: formulas between dollars, links to files and to their headings. Here they become Doxygen's
formulas and references. In both, "arXiv 2603.10123" leads to the entry of docs/bibliography.bib with that eprint, and has to have one.
Of the bibliography itself it makes the page.
"""

import pathlib
import re
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = re.compile(r"(^```.*?^```|^(?: {4,}[^\n]*\n)+|`[^`\n]+`)", re.S | re.M)


BIBLIOGRAPHY = ROOT / "docs/bibliography.bib"


def entries():
    """The bibliography: fields by key."""
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    found = {}
    for key, body in re.findall(r"^@\w+\{(\w+),\n(.*?)\n\}$", text, re.S | re.M):
        found[key] = dict(re.findall(r"^  (\w+) = \{(.*)\},?$", body, re.M))
    return found


KEYS = {fields["eprint"]: key for key, fields in entries().items() if "eprint" in fields}


def cite(match):
    number = match[1]
    if number not in KEYS:
        sys.exit(f"{sys.argv[1]}: docs/bibliography.bib has no eprint {number}")
    return f"[arXiv {number}](@ref cite_{KEYS[number]})"


ACCENTS = {"'": "\u0301", '"': "\u0308", "~": "\u0303", "H": "\u030b", "v": "\u030c"}


def plain(tex):
    tex = re.sub(r"\{\\(['\"~]|[Hv] )(\w)\}", lambda m: m[2] + ACCENTS[m[1].strip()], tex).replace("{\\L}", "\u0141")
    return unicodedata.normalize("NFC", tex).translate({ord("{"): None, ord("}"): None})


def bibliography():
    page = ["# Bibliography {#page_bibliography}\n", "The entries of `docs/bibliography.bib`, by their keys.\n"]
    for key, fields in sorted(entries().items()):
        journal = fields.get("journal") or fields["publisher"]
        where = f"[arXiv {fields['eprint']}]({fields['url']})" if "eprint" in fields else journal
        where += "".join(f", {fields[name]}" for name in ("volume", "pages") if name in fields)
        authors = plain(fields["author"]).replace(" and others", " et al.").replace(" and ", ", ")
        page.append(f"- \\anchor cite_{key} **{key}** {authors}: *{plain(fields['title'])}*. {where} ({fields['year']}).")
    return "\n".join(page) + "\n"


def page_of(path):
    return re.sub(r"\W", "_", path.stem.lower())


def anchor_of(heading):
    """As GitHub makes it."""
    text = re.sub(r"[`*]|\$[^$]*\$", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def label(page, anchor):
    return f"{page}_{''.join(c if c.isascii() and (c.isalnum() or c == '-') else f'u{ord(c):x}' for c in anchor)}"


class Page:
    def __init__(self, path):
        self.path = path
        self.name = page_of(path)
        self.titled = False
        self.skipped = 0

    def heading(self, match):
        marks, text = match[1], match[2]
        if len(marks) == 1 and not self.titled:
            self.titled = True
            main = self.path == ROOT / "README.md"
            return f"{marks} {text} {{#{'mainpage' if main else 'page_' + self.name}}}"
        return f"{marks[self.skipped:]} {text} {{#{label(self.name, anchor_of(text))}}}"

    def link(self, match):
        picture, text, target = match[1], match[2], match[3]
        if picture:
            return f"![{text}]({pathlib.PurePosixPath(target).name})"
        arxiv = re.fullmatch(r"https://arxiv\.org/abs/([\d.]+)", target)
        if arxiv and text == f"arXiv {arxiv[1]}":
            return cite(arxiv)
        if re.match(r"[a-z]+:", target):
            return match[0]
        file, _, anchor = target.partition("#")
        path = (self.path.parent / file).resolve() if file else self.path
        if path.suffix != ".md" or path.parent.name == "packaging":
            return text  # no page of the site
        if anchor:
            return f"[{text}](@ref {label(page_of(path), anchor)})"
        return f"[{text}](@ref {'index' if path == ROOT / 'README.md' else 'page_' + page_of(path)})"

    def prose(self, text):
        text = re.sub(r"^(#+) +(.*)$", self.heading, text, flags=re.M)
        text = re.sub(r"(!?)\[([^\[\]]*(?:`[^`]*`)?[^\[\]]*)\]\(([^()\s]+)\)", self.link, text)
        text = re.sub(r"(?<!\[)\barXiv ([\d.]{10})(?!\d)", cite, text)
        text = re.sub(r"\$\$(.+?)\$\$", lambda m: f"\\f[{m[1]}\\f]", text, flags=re.S)
        return re.sub(r"(?<![\\$])\$([^$\n]+?(?:\n[^$\n]+?)?)\$", lambda m: f"\\f${m[1]}\\f$", text)

    def convert(self, text):
        # Links may have code as their text: those first, then what is between code.
        parts = CODE.split(text)
        self.skipped = 0 if re.search(r"^## ", "".join(parts[::2]), re.M) else 1  # a level that a page leaves out
        return "".join(part if i % 2 else self.prose(part) for i, part in enumerate(parts))


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    if path == BIBLIOGRAPHY:
        sys.stdout.write(bibliography())
        return
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = Page(path).convert(text)
    else:
        text = re.sub(r"\barXiv(?: |\n */// )([\d.]{10})(?!\d)", cite, text)
        text = text.replace("[[nodiscard]] ", "")  # Doxygen loses friends that have it
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
