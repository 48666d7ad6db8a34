"""What stands on a terminal, and in a notebook, after text and control characters were sent there."""

import builtins
import io
import re
import sys
import types

ENVIRONMENT = {"TERM": "xterm-256color", "COLUMNS": "100", "COLORTERM": "", "LINES": "25"}


class Terminal(io.StringIO):
    """A stream that says it is a terminal; `rows` are what a person sees."""

    def __init__(self, monkeypatch, columns=100, encoding="utf-8", **environment):
        super().__init__()
        self.narrow = encoding
        self.columns = columns
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {**ENVIRONMENT, "COLUMNS": str(columns), **environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "stdout", self)

    @property
    def encoding(self):
        return self.narrow

    def write(self, text):
        text.encode(self.narrow)
        return super().write(text)

    def isatty(self):
        return True

    @property
    def drawn(self):
        """All that was ever shown in a row, one after the other."""
        plain = re.sub(r"\x1b\[[0-9;]*m", "", self.getvalue())
        return [row for row in re.split(r"\r\x1b\[2K|\n", plain) if row]

    @property
    def rows(self):
        rows, column, text = [""], 0, re.sub(r"\x1b\[[0-9;]*m", "", self.getvalue())
        for token in re.findall(r"\x1b\[2K|[\r\n]|[^\r\n\x1b]+|\x1b", text):
            if token == "\n":
                rows.append("")
                column = 0
            elif token == "\r":
                column = 0
            elif token == "\x1b[2K":
                rows[-1] = ""
            else:
                assert token != "\x1b", "a control sequence that this terminal does not know"
                rows[-1] = rows[-1][:column].ljust(column) + token + rows[-1][column + len(token) :]
                column += len(token)
        return rows


class Notebook:
    """Stands in for IPython's display in a kernel; `outputs` are those of the cell, as text."""

    def __init__(self, monkeypatch):
        self.outputs, self.drawings = [], 0
        shell = type("ZMQInteractiveShell", (), {})()
        monkeypatch.setattr(builtins, "get_ipython", lambda: shell, raising=False)
        module = types.ModuleType("IPython.display")
        module.display = self.display
        monkeypatch.setitem(sys.modules, "IPython.display", module)
        stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
        monkeypatch.setattr(sys, "stdout", stream)

    def display(self, shown, *, display_id):
        assert display_id is True
        self.outputs.append("")
        index = len(self.outputs) - 1

        def update(shown):
            bundle = shown._repr_mimebundle_(include=(), exclude=())
            assert "<pre" in bundle["text/html"]
            self.outputs[index] = re.sub(r"\x1b\[[0-9;]*m", "", bundle["text/plain"])
            self.drawings += 1

        update(shown)
        return types.SimpleNamespace(update=update)
