# SPDX-License-Identifier: GPL-3.0-or-later
"""Each sentence of foretide-stack(5) and foretide(1) was tried: tests/manual/PAGE.tsv says by
what. A sentence that changes must be tried anew: `tests/manual/sentences.py` makes its row."""

import os
import re
import sys

import pytest

from store_tools import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests/manual"))
import sentences  # noqa: E402

PAGES = sorted(sentences.PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_is_in_the_list_and_every_row_in_the_manual(page):
    assert list(sentences.rows(page)) == sentences.sentences(page)


@pytest.mark.parametrize("page", PAGES)
def test_every_sentence_was_tried(page):
    for key, (verdict, tried) in sentences.rows(page).items():
        assert verdict in sentences.VERDICTS, key
        assert (tried == "") == (verdict == "names"), key


def functions(path):
    """The tests of a file, in Python or C."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        text = f.read()
    if path.endswith(".py"):
        return set(re.findall(r"^def (test_\w+)\(", text, re.M))
    return set(re.findall(r"^static void (\w+)\(void \*\*state\)", text, re.M))


@pytest.mark.parametrize("page", PAGES)
def test_what_tries_a_sentence_is_there(page):
    for key, (_, tried) in sentences.rows(page).items():
        for test in tried.split():
            path, name = test.split(":")
            assert name in functions(path), (key, test)
