"""Event files read back by a reader that knows the formats alone."""

import struct
import zlib

import numpy as np
import pytest

from lamina.callbacks.event_file import EventFile, crc32c, histogram_table, png, varint

from .event_reader import read, values


def test_checksum_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283  # the check value of CRC-32C
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


@pytest.mark.parametrize(("number", "encoded"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_varint(number, encoded):
    assert varint(number) == encoded


def test_scalars_histograms_texts_and_images(tmp_path):
    file = EventFile(tmp_path / "new" / "folder")
    file.scalar("loss", 0.25, 7)
    file.histogram("weights", np.array([0.0, 1.0, 1.0, np.nan]), 2)
    file.text("note", "hé", 0)
    file.images("picture", np.linspace(0, 1, 12).reshape(1, 2, 2, 3), 1)
    file.close()
    first = dict(read(file.path)[0])
    assert first[3] == b"brain.Event:2"
    found = values(file.path)
    step, plugin, tensor = found["loss"]
    assert (step, plugin, dict(tensor)[1]) == (7, "scalars", 1)
    assert struct.unpack("<f", dict(tensor)[4])[0] == 0.25
    step, plugin, tensor = found["weights"]
    table = np.frombuffer(dict(tensor)[4], "<f8").reshape(-1, 3)
    assert (step, plugin, dict(tensor)[1]) == (2, "histograms", 2)
    assert table[:, 2].sum() == 3 and table[0, 0] == 0.0 and table[-1, 1] == 1.0
    assert found["note"][1] == "text" and dict(found["note"][2])[8].decode() == "hé"
    strings = [value for number, value in found["picture"][2] if number == 8]
    assert strings[:2] == [b"2", b"2"] and strings[2].startswith(b"\x89PNG")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_holds_the_pixels(channels):
    pixels = np.arange(2 * 3 * channels, dtype="uint8").reshape(2, 3, channels)
    content = png(pixels)
    start = content.index(b"IDAT") + 4
    length = struct.unpack(">I", content[start - 8 : start - 4])[0]
    rows = zlib.decompress(content[start : start + length])
    assert rows == b"".join(b"\0" + row.tobytes() for row in pixels)


def test_histograms_of_constants_and_of_nothing():
    assert histogram_table(np.full(4, 2.0), 30).tolist() == [[1.5, 2.5, 4.0]]
    assert histogram_table(np.array([np.nan]), 30).shape == (0, 3)
