#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Every link of a site and of Markdown pages leads somewhere: check_links.py SITE PAGE.md...

Links to files and to places within them are followed; addresses outside are looked at for their form only. On the site nothing that
a page needs to be shown (scripts, styles, pictures) may come from outside.
"""

import html.parser
import pathlib
import re
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "docs/doxygen"))
from filter import anchor_of  # noqa: E402


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids = set()
        self.links = []  # (target, whether the page needs it)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.ids.update(v for k, v in attributes if k in ("id", "name") and v)
        if values.get("href"):
            self.links.append((values["href"], tag == "link"))
        for key in ("src", "data"):
            if values.get(key):
                self.links.append((values[key], True))


def html_file(path):
    parser = Links()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def markdown_file(path):
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    parser = Links()
    parser.ids = {anchor_of(heading) for heading in re.findall(r"^#+ +(.*)$", text, re.M)}
    text = re.sub(r"`[^`\n]*`", "`", text)
    parser.links = [(target, False) for target in re.findall(r"\]\(([^()\s]+)\)", text)]
    return parser


def main():
    site = pathlib.Path(sys.argv[1])
    pages = {path: html_file(path) for path in sorted(site.rglob("*.html"))}
    pages |= {pathlib.Path(name): markdown_file(pathlib.Path(name)) for name in sys.argv[2:]}
    by_path = {path.resolve(): page for path, page in pages.items()}
    broken = []
    count = 0
    for path, page in pages.items():
        for target, needed in page.links:
            count += 1
            url = urllib.parse.urlsplit(target)
            if url.scheme in ("javascript", "data") or target == "#nested-classes":  # Doxygen's, to private ones
                continue
            if url.scheme or url.netloc:
                if needed or not re.fullmatch(r"https?://[\w.-]+\.\w+(/.*)?", target):
                    broken.append(f"{path}: {target} is outside")
                continue
            file = (path.parent / urllib.parse.unquote(url.path)).resolve() if url.path else path.resolve()
            if not file.exists():
                broken.append(f"{path}: {target} is not there")
            elif url.fragment and file in by_path and urllib.parse.unquote(url.fragment) not in by_path[file].ids:
                broken.append(f"{path}: {target}: no such place")
    print("\n".join(sorted(set(broken))), end="\n" if broken else "")
    print(f"{count} links on {len(pages)} pages, {len(set(broken))} lead nowhere")
    return 1 if broken or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
