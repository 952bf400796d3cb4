"""Event files, read back by a parser of this test's own."""

import importlib.util
import struct

import pytest

from sonoscope_training import events

ROWS = [
    {"step": 100, "loss": 0.625, "validation_loss": 0.5, "idle_share": 0.25, "unix_s": 1e9},
    {"step": 300, "loss": 0.5, "validation_loss": 0.375, "idle_share": 0.0, "unix_s": 1e9 + 60},
]


def table_crc(data):
    """CRC-32C by a table of bytes, unlike the writer's."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 * (byte & 1))  # noqa: PLW2901
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def unmasked(masked):
    rotated = (masked - 0xA282EAD8) % 2**32
    return (rotated >> 17 | rotated << 15) % 2**32


def records(content):
    while content:
        length, length_crc = struct.unpack_from("<QI", content)
        assert unmasked(length_crc) == table_crc(content[:8])
        data = content[12 : 12 + length]
        assert unmasked(struct.unpack_from("<I", content, 12 + length)[0]) == table_crc(data)
        yield data
        content = content[16 + length :]


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """Of one protobuf message, as (number, value)."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        match tag & 7:
            case 0:
                value, at = varint(data, at)
            case 1:
                value, at = struct.unpack_from("<d", data, at)[0], at + 8
            case 5:
                value, at = struct.unpack_from("<f", data, at)[0], at + 4
            case 2:
                length, at = varint(data, at)
                value, at = data[at : at + length], at + length
        yield tag >> 3, value


def scalars(path):
    first, *rest = records(path.read_bytes())
    assert dict(fields(first))[3] == b"brain.Event:2"
    found = {}
    for event in map(dict, map(fields, rest)):
        for _, value in fields(event[5]):
            parts = dict(fields(value))
            found[parts[1].decode(), event[2]] = (parts[2], event[1])
    return found


def test_what_is_written_is_read_back(tmp_path):
    path = tmp_path / events.NAME
    events.rewrite(path, ROWS[:1])
    events.append(path, ROWS[1])
    assert scalars(path) == {
        ("loss/training", 100): (0.625, 1e9),
        ("loss/validation", 100): (0.5, 1e9),
        ("idle_share", 100): (0.25, 1e9),
        ("loss/training", 300): (0.5, 1e9 + 60),
        ("loss/validation", 300): (0.375, 1e9 + 60),
        ("idle_share", 300): (0.0, 1e9 + 60),
    }


def test_a_rewritten_file_has_no_more_than_it_was_given(tmp_path):
    path = tmp_path / events.NAME
    events.rewrite(path, ROWS)
    events.rewrite(path, ROWS[:1])
    assert {step for _, step in scalars(path)} == {100}
    events.rewrite(path, [])
    assert scalars(path) == {}


def test_the_checksum_is_that_of_the_standard():
    assert events.crc32c(b"123456789") == 0xE3069283


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="no tensorboard here")
def test_tensorboard_reads_it(tmp_path):
    module = "tensorboard.backend.event_processing.event_accumulator"
    accumulator = importlib.import_module(module).EventAccumulator(str(tmp_path))
    events.rewrite(tmp_path / events.NAME, ROWS)
    accumulator.Reload()
    found = [(scalar.step, scalar.value) for scalar in accumulator.Scalars("loss/training")]
    assert found == [(100, 0.625), (300, 0.5)]
