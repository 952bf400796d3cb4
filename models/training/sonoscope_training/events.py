"""TensorBoard's event files, written without TensorBoard: nothing but scalars is needed.

A file is a row of records, each framed by its length and masked CRC-32C checksums (TFRecord); a
record is an `Event` in protobuf's encoding.
"""

import struct
from pathlib import Path

NAME = "events.out.tfevents.sonoscope"
VERSION = b"brain.Event:2"

# By name in `log.jsonl`: what TensorBoard calls it, so that related curves share a section.
TAGS = {
    "loss": "loss/training",
    "validation_loss": "loss/validation",
    "validation_accuracy": "accuracy/validation",
    "learning_rate": "learning_rate",
    "idle_share": "idle_share",
}

# Castagnoli's polynomial, bits in reverse.
POLYNOMIAL = 0x82F63B78
MASK_DELTA = 0xA282EAD8

# Fields of `Event`, `Summary` and `Summary.Value`, with how each is encoded.
WALL_TIME, STEP, FILE_VERSION, SUMMARY = (1, 1), (2, 0), (3, 2), (5, 2)
VALUE, TAG, SIMPLE_VALUE = (1, 2), (1, 2), (2, 5)


def rewrite(path: Path, rows: list[dict]) -> None:
    """A file of these rows of a log, in place of what was there."""
    version = _field(FILE_VERSION, VERSION)
    first = _field(WALL_TIME, rows[0]["unix_s"] if rows else 0.0) + version
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(record(first) + b"".join(map(_row, rows)))
    unfinished.replace(path)


def append(path: Path, row: dict) -> None:
    """Add one row of a log."""
    with path.open("ab") as file:
        file.write(_row(row))


def _row(row: dict) -> bytes:
    values = b"".join(
        _field(VALUE, _field(TAG, tag.encode()) + _field(SIMPLE_VALUE, float(row[name])))
        for name, tag in TAGS.items()
        if name in row
    )
    times = _field(WALL_TIME, float(row["unix_s"])) + _field(STEP, row["step"])
    return record(times + _field(SUMMARY, values))


def record(data: bytes) -> bytes:
    """Length, its checksum, the data, their checksum."""
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _field(field: tuple[int, int], value: float | bytes) -> bytes:
    """A field in protobuf's encoding: its number and kind, then the value."""
    number, kind = field
    match kind:
        case 0:
            payload = _varint(value)
        case 1:
            payload = struct.pack("<d", value)
        case 5:
            payload = struct.pack("<f", value)
        case _:
            payload = _varint(len(value)) + value
    return _varint(number << 3 | kind) + payload


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _checksum(data: bytes) -> bytes:
    """CRC-32C, rotated and shifted, as records within records would else spoil it."""
    crc = crc32c(data)
    masked = ((crc >> 15 | crc << 17) + MASK_DELTA) & 0xFFFFFFFF
    return struct.pack("<I", masked)


def crc32c(data: bytes) -> int:
    """Bit by bit: records are short and few."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
