"""`docs/errors.md`: every mistake in it says what it says there, and every fix works.

`LAMINA_WRITE_ERRORS=1 pytest tests/errors` writes the messages of today into the page.
"""

import os
import re
import textwrap
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

import lamina
from lamina.core import tracebacks
from lamina.training import loop

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
WRITES = bool(os.environ.get("LAMINA_WRITE_ERRORS"))
# Words of the machinery below, which nobody who makes a mistake with Keras should have to know.
FOREIGN = re.compile(
    r"tracer|\bxla\b|optax|jit-?(wrapped|compiled)|abstractif|ConcretizationType|pytree|stablehlo", re.I
)


class Entry(NamedTuple):
    """A mistake: code, what it says, the fixed code, and whether it has to train for that."""

    title: str
    mistake: str
    message: str
    fix: str
    trains: bool


def read(text):
    first, *sections = re.split(r"^### ", text, flags=re.M)
    preamble = re.search(r"```python\n(.*?)```", first, re.S)[1]
    entries = []
    for section in sections:
        title = section.partition("\n")[0].strip()
        mistake, fix = re.findall(r"```python\n(.*?)```", section, re.S)
        message = re.search(r"```text\n(.*?)```", section, re.S)[1]
        entries.append(Entry(title, mistake, message, fix, "<!-- trains -->" in section))
    return preamble, entries


PREAMBLE, ENTRIES = read(PAGE.read_text("utf-8"))


@pytest.fixture(scope="module")
def names():
    """What the page's first block defines."""
    found = {}
    exec(compile(PREAMBLE, "preamble", "exec"), found)
    return found


def run(code, names):
    """Run code and return what it said: the error, or the warnings."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            exec(compile(code, "mistake", "exec"), dict(names))
        except Exception as error:
            error = tracebacks.explain(error)
            text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
            return "\n".join([f"{type(error).__name__}: {text}", *getattr(error, "__notes__", [])])
    texts = dict.fromkeys(str(warning.message) for warning in seen if issubclass(warning.category, UserWarning))
    return "\n".join(f"UserWarning: {text}" for text in texts)


def wrapped(text):
    return "\n".join(textwrap.fill(line, 110, break_long_words=False) for line in text.splitlines())


def words(text):
    return text.split()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_the_page_shows_what_is_said(entry, names, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    lamina.utils.set_random_seed(0)
    if not entry.trains:  # what is wrong is said before an epoch is spent
        monkeypatch.setattr(loop, "fit", lambda *args, **kwargs: None)
    said = run(entry.mistake, names)
    assert said, "nothing was said"
    assert not FOREIGN.search(said), said
    if WRITES:
        text = PAGE.read_text("utf-8")
        start = text.index("```text\n", text.index(f"### {entry.title}\n")) + len("```text\n")
        PAGE.write_text(text[:start] + wrapped(said) + "\n" + text[text.index("```", start) :], "utf-8")
    else:
        assert words(said) == words(entry.message)
    monkeypatch.setattr(loop, "fit", lambda *args, **kwargs: None)
    assert run(entry.fix, names) == ""


def test_there_are_many_and_each_once():
    titles = [entry.title for entry in ENTRIES]
    assert len(set(titles)) == len(titles) >= 60
