import http.server
import json
import threading
import urllib.parse

import numpy as np
import pytest

import lamina


@pytest.fixture
def server():
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["Content-Type"], self.headers.get("X-Run"), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def test_a_form_and_json(server):
    root, received = server
    logs = {"loss": 0.5, "matrix": np.eye(2)}
    lamina.callbacks.RemoteMonitor(root, "/a", "field", {"X-Run": "7"}).on_epoch_end(3, logs)
    lamina.callbacks.RemoteMonitor(root, "/b", send_as_json=True).on_epoch_end(3, logs)
    wanted = {"epoch": 3, "loss": 0.5, "matrix": [[1.0, 0.0], [0.0, 1.0]]}
    path, kind, run, body = received[0]
    assert (path, kind, run) == ("/a", "application/x-www-form-urlencoded", "7")
    assert json.loads(urllib.parse.parse_qs(body)["field"][0]) == wanted
    path, kind, _, body = received[1]
    assert (path, kind, json.loads(body)) == ("/b", "application/json", wanted)


def test_a_server_that_is_not_there_stops_nothing():
    with pytest.warns(UserWarning, match="could not send"):
        lamina.callbacks.RemoteMonitor("http://127.0.0.1:1").on_epoch_end(0, {})


def test_only_http():
    with pytest.raises(ValueError, match="http"):
        lamina.callbacks.RemoteMonitor("file:///etc")
