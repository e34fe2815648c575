"""How containerd writes single values into its databases: Go's variable-length integers and binary times.

https://pkg.go.dev/encoding/binary#PutVarint
https://pkg.go.dev/time#Time.MarshalBinary

    number(b"\\xe0\\x0b")                                        -> 752
    moment(b"\\x01\\0\\0\\0\\x0e\\xe2\\x97\\0\\x04\\x1fm\\x8e\\xf7\\xff\\xff")   -> 1795492804527273719 // 1000
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from imgindex.errors import LimitExceededError, MalformedError
from imgindex.limits import Limits
from imgindex.records.rows import Micros
from imgindex.sources.base import check_name
from imgindex.sources.bolt.bucket import Bucket

_TIME = struct.Struct(">Bqi")
_ZONE_BYTES = {1: 2, 2: 3}
"""What follows the nanoseconds, by version; version 2 counts the zone's seconds, too. The moment is the same."""
_YEAR_1 = int(datetime(1, 1, 1, tzinfo=UTC).timestamp())
_END = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())
_VARINT_BYTES = 10


def unsigned(data: bytes) -> int:
    """An integer of 64 bits, seven bits a byte, the lowest first. Raises MalformedError."""
    total = 0
    for place, byte in enumerate(data[:_VARINT_BYTES]):
        total |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if total < 1 << 64:
                return total
            break
    raise MalformedError("is no integer of 64 bits")


def number(data: bytes) -> int:
    """A signed integer, whose sign is the lowest bit. Raises MalformedError."""
    folded = unsigned(data)
    return folded >> 1 ^ -(folded & 1)


def moment(data: bytes | None) -> Micros | None:
    """Microseconds since 1970-01-01 UTC; None for no time at all. Raises MalformedError."""
    if not data:
        return None
    if len(data) < _TIME.size or len(data) != _TIME.size + _ZONE_BYTES.get(data[0], -1):
        raise MalformedError("is no time")
    _, seconds, nanoseconds = _TIME.unpack_from(data)
    if seconds == nanoseconds == 0:
        return None
    seconds += _YEAR_1
    if seconds > _END or seconds < _YEAR_1 or not 0 <= nanoseconds < 1_000_000_000:
        raise MalformedError("is no time of the years 1 to 9999")
    return int(seconds) * 1_000_000 + int(nanoseconds) // 1000


def text(data: bytes) -> str:
    """Raises MalformedError for what is no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("is no UTF-8") from error


def name(data: bytes, limits: Limits) -> str:
    """A name fit to be stored. Raises MalformedError, LimitExceededError."""
    return check_name(text(data), limits)


def labels(bucket: Bucket | None, limits: Limits) -> dict[str, str]:
    """Names and values. Raises MalformedError, LimitExceededError."""
    if bucket is None:
        return {}
    found = bucket.values()
    if len(found) > limits.map_entries:
        raise LimitExceededError(f"{len(found)} labels, more than the {limits.map_entries} allowed")
    return {text(key): text(value) for key, value in found.items()}
