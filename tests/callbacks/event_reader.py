"""A reader of event files, written from the formats alone."""

import struct

from lamina.callbacks.event_file import record


def fields(message):
    """Return the fields of a Protocol Buffers message as (number, value)."""
    found, at = [], 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = number()
        kind = key & 7
        if kind == 0:
            value = number()
        else:
            size = {1: 8, 2: None, 5: 4}[kind]
            size = number() if size is None else size
            value, at = message[at : at + size], at + size
        found.append((key >> 3, value))
    return found


def read(path):
    """Return the events of a file as lists of fields, with every checksum verified."""
    content, events = path.read_bytes(), []
    while content:
        length = struct.unpack("<Q", content[:8])[0]
        frame, content = content[: length + 16], content[length + 16 :]
        assert record(frame[12:-4]) == frame
        events.append(fields(frame[12:-4]))
    return events


def values(path):
    """Return {tag: (step, plugin, tensor fields)}."""
    found = {}
    for event in map(dict, read(path)[1:]):
        value = dict(fields(dict(fields(event[5]))[1]))
        plugin = dict(fields(dict(fields(value[9]))[1]))[1].decode()
        found[value[1].decode()] = (event[2], plugin, fields(value[8]))
    return found
