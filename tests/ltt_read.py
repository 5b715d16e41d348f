#!/usr/bin/env python3
"""Read an ltt trace, written from docs/FORMATS.md alone.

    tests/ltt_read.py FILE.ltt            requests: PAGE W TIME THREAD a line
    tests/ltt_read.py FILE.ltt --header   the header, NAME VALUE a line

Checks everything that the specification says can be checked, and ends with
status 1 and a message where it does not hold. `zstd` decompresses the blocks.
"""
import struct
import subprocess
import sys
import zlib

NAMES = ("magic version header_bytes file_bytes index_offset block_count "
         "requests writes distinct_pages page_bytes first_ns last_ns threads "
         "flags sample_threshold source_requests source_bytes source_crc32 "
         "source_format block_requests reserved crc32").split()
HEADER = struct.Struct("<8sIIQQQQQQQQQIIQQQI16sI12sI")


def check(holds, what):
    if not holds:
        sys.exit("ltt_read: " + what)


def varints(data):
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            check(value < 1 << 64, "a number of more than 64 bits")
            yield value
            value = shift = 0
    check(shift == 0, "a number without an end")


def differences(numbers):
    """Numbers from zigzag differences, modulo 2**64."""
    value = 0
    for number in numbers:
        value = (value + ((number >> 1) ^ -(number & 1))) % (1 << 64)
        yield value


def runs(data, requests):
    """Every value as often as its run says; 0 where there is no column."""
    if not data:
        return [0] * requests
    numbers = list(varints(data))
    check(len(numbers) % 2 == 0, "a run without a length")
    values = []
    for value, count in zip(numbers[::2], numbers[1::2]):
        check(count > 0, "a run of nothing")
        values += [value] * count
    check(len(values) == requests, "runs that don't fit the block")
    return values


def block(data, requests):
    lengths = struct.unpack_from("<III", data)
    columns, at = [], 12
    for length in lengths:
        columns.append(data[at:at + length])
        at += length
    check(at <= len(data), "columns longer than the block")
    pages = list(differences(varints(columns[0])))
    times = differences(runs(columns[1], requests))
    threads = runs(columns[2], requests)
    bits = data[at:]
    check(len(pages) == requests, "another number of pages")
    check(len(bits) in (0, (requests + 7) // 8), "another number of bits")
    for i, (page, time, thread) in enumerate(zip(pages, times, threads)):
        write = bits[i // 8] >> i % 8 & 1 if bits else 0
        yield page, write, time, thread


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    header = dict(zip(NAMES, HEADER.unpack_from(data)))
    check(header["magic"] == b"\x89LTT\r\n\x1a\n", "magic")
    check(header["version"] == 1, "version")
    check(header["header_bytes"] == 160 == HEADER.size, "header_bytes")
    check(header["crc32"] == zlib.crc32(data[:156]), "checksum of the header")
    check(header["reserved"] == bytes(12), "reserved bytes")
    check(header["file_bytes"] == len(data), "file_bytes")
    if sys.argv[2:] == ["--header"]:
        for name in NAMES[1:-2]:
            value = header[name]
            if isinstance(value, bytes):
                value = value.rstrip(b"\0").decode()
            print(name, value)
        return
    index = data[header["index_offset"]:]
    check(len(index) == 16 * header["block_count"] + 4, "length of the index")
    check(struct.unpack("<I", index[-4:])[0] == zlib.crc32(index[:-4]),
          "checksum of the index")
    at, first, writes = 160, 0, 0
    for entry in struct.iter_unpack("<QQ", index[:-4]):
        check(entry == (at, first), "an index entry")
        packed, raw, requests, crc = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + packed]
        check(crc == zlib.crc32(data[at:at + 12] + frame), "checksum of block")
        check(requests == min(header["block_requests"],
                              header["requests"] - first), "block's requests")
        payload = subprocess.run(["zstd", "-dcq"], input=frame, check=True,
                                 stdout=subprocess.PIPE).stdout
        check(len(payload) == raw, "length of a payload")
        for page, write, time, thread in block(payload, requests):
            writes += write
            print(page, write, time, thread)
        at += 16 + packed
        first += requests
    check(at == header["index_offset"], "the last block's end")
    check(first == header["requests"], "number of requests")
    check(writes == header["writes"], "number of writes")


main()
