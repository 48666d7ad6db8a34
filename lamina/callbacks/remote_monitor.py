"""`RemoteMonitor`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from lamina.callbacks.callback import Callback, Logs
from lamina.errors import warn

_TIMEOUT_SECONDS = 10.0


class RemoteMonitor(Callback):
    """Sends the logs of every epoch to a server by HTTP POST.

    A server that can't be reached gives a warning and never stops the training.

    Args:
        root: address of the server; begins with http:// or https://.
        path: appended to it.
        field: name of the form field that holds the JSON text.
        headers: HTTP headers to add.
        send_as_json: whether to send the JSON text itself, as application/json, in the place of a form.

    Raises:
        ValueError: for another kind of address.

    Example:
        >>> lamina.callbacks.RemoteMonitor(root="http://localhost:9000").path
        '/publish/epoch/end/'
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        if not root.startswith(("http://", "https://")):
            raise ValueError(f"RemoteMonitor: root must begin with http:// or https://, got {root!r}.")
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        import urllib.error  # here, since every import of lamina would pay for the network's modules
        import urllib.parse
        import urllib.request

        text = json.dumps({"epoch": epoch, **{name: _plain(value) for name, value in (logs or {}).items()}})
        if self.send_as_json:
            body, kind = text, "application/json"
        else:
            body, kind = urllib.parse.urlencode({self.field: text}), "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = urllib.request.Request(self.root + self.path, body.encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):
                pass
        except (urllib.error.URLError, OSError) as error:
            warn(f"RemoteMonitor could not send to {self.root + self.path}: {error}")


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) or hasattr(value, "tolist") else value
