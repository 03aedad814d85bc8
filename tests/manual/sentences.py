#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences of a manual, each with its place, and the list of what tried them.

A list is tests/manual/PAGE.tsv: place, sentence, verdict, and what tries it, a line each.
`sentences.py PAGE...` brings the lists up to date: rows of sentences that are gone go, and
new sentences come with the verdict "untried", with which the tests fail.
"""
import csv
import html.parser
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGES = {"foretide-stack.5": "controller/foretide-stack.5", "foretide.1": "cli/foretide.1"}
# What says nothing that could be tried.
SILENT = ("NAME", "SYNOPSIS", "SEE ALSO")
VERDICTS = ("true",   # tried, and it is so
            "names")  # says what a word of the manual stands for; nothing in it could be false


class Paragraphs(html.parser.HTMLParser):
    """(place, text) of each paragraph and each example of what mandoc makes of a page."""
    HEADS, BLOCKS = ("h1", "h2"), ("p", "dd", "dl", "div", "section", "br")

    def __init__(self):
        super().__init__()
        self.section, self.item, self.text, self.within, self.found = "", "", [], [], []

    def handle_starttag(self, tag, attrs):
        if tag in (*self.HEADS, "dt", "pre", *self.BLOCKS):
            self.flush()
        if tag in (*self.HEADS, "dt", "pre", "head", "table"):
            self.within.append(tag)

    def handle_endtag(self, tag):
        if self.within and self.within[-1] == tag:
            self.flush()
            self.within.pop()
        elif tag in self.BLOCKS:
            self.flush()
        if tag == "dl":
            self.item = ""

    def handle_data(self, data):
        self.text.append(data)

    def flush(self):
        text, kind = "".join(self.text), (self.within or [""])[-1]
        self.text = []
        if kind == "pre":
            text = " / ".join(line for line in text.split("\n") if line.strip())
        text = " ".join(text.split())
        if kind in self.HEADS:
            self.section, self.item = text, ""
        elif kind == "dt":
            self.item = text.split(" [")[0] or self.item
        elif text and kind not in ("head", "table") and self.section not in SILENT:
            place = f"{self.section}: {self.item}" if self.item else self.section
            self.found.append((place, [text] if kind == "pre" else split(text)))


def split(text):
    """Its sentences; a default stays with what it is the default of."""
    whole = []
    for part in re.split(r"(?<=\.)\s+|(?<=\.\))\s+", text):
        if whole and re.match(r"Default:|One of ", part):
            whole[-1] += " " + part
        else:
            whole.append(part)
    return whole


def sentences(page):
    """[(place, sentence)], as the manual has them."""
    made = subprocess.run(["mandoc", "-T", "html", os.path.join(ROOT, PAGES[page])], check=True,
                          capture_output=True, text=True).stdout
    reader = Paragraphs()
    reader.feed(made)
    return [(place, s) for place, texts in reader.found for s in texts]


def path_of(page):
    return os.path.join(HERE, page + ".tsv")


def rows(page):
    """{(place, sentence): (verdict, tried by)}"""
    if not os.path.exists(path_of(page)):
        return {}
    with open(path_of(page), encoding="utf-8", newline="") as f:
        return {(r[0], r[1]): (r[2], r[3]) for r in csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE)}


def main(pages):
    for page in pages or PAGES:
        known = rows(page)
        with open(path_of(page), "w", encoding="utf-8", newline="") as f:
            for key in sentences(page):
                f.write("\t".join([*key, *known.get(key, ("untried", ""))]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
