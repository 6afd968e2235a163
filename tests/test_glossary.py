"""The glossary: every term once, in order, with its definition where Sphinx looks for it, and met in a chapter."""

import re
from pathlib import Path

BOOK = Path(__file__).parents[1] / "book"
ENTRIES = re.search(r"```\{glossary\}\n(.*?)\n```", (BOOK / "glossary.md").read_text(encoding="utf-8"), re.DOTALL)[1]
TERMS = [entry.partition("\n")[0] for entry in ENTRIES.split("\n\n")]


def test_every_term_has_one_definition_indented_below_it() -> None:
    # anything else (": a definition" for one) would quietly be read as another term
    wrong = [entry for entry in ENTRIES.split("\n\n") if not re.fullmatch(r"\S[^\n]*(\n  [^\s:].*)+", entry)]
    assert wrong == []


def test_terms_stand_once_and_in_alphabetical_order() -> None:
    assert sorted(set(TERMS), key=str.casefold) == TERMS


def test_every_term_is_met_in_the_book_and_every_term_met_is_explained() -> None:
    pages = [*BOOK.glob("*.md"), *(BOOK / "text").glob("*.md")]
    roles = [role for page in pages for role in re.findall(r"\{term\}`([^`]+)`", page.read_text(encoding="utf-8"))]
    met = {re.sub(r".*<(.*)>", r"\1", role) for role in roles}
    # Sphinx finds a term whatever the case of its letters
    assert {term.lower() for term in met} == {term.lower() for term in TERMS}
