#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the ELF file out of a bzImage (Documentation/arch/x86/boot.rst: payload_offset).

usage: tests/bzimage.py BZIMAGE VMLINUX
"""
import gzip
import lzma
import struct
import subprocess
import sys

# Magic of the payload, and what unpacks it. The last 4 bytes of the payload are its unpacked size.
FORMATS = [
    (b"\xfd7zXZ\0", lambda data: lzma.LZMADecompressor().decompress(data)),
    (b"\x1f\x8b", gzip.decompress),
    (b"\x28\xb5\x2f\xfd", lambda data: pipe(["zstd", "-dcq"], data)),
    (b"\x02\x21\x4c\x18", lambda data: pipe(["lz4", "-dcq"], data)),
]


def pipe(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def payload(image):
    if image[0x202:0x206] != b"HdrS":
        sys.exit("not a bzImage")
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1F1] + 1) * 512 + offset
    return image[start:start + length - 4]


def main():
    with open(sys.argv[1], "rb") as f:
        data = payload(f.read())
    for magic, unpack in FORMATS:
        if data.startswith(magic):
            with open(sys.argv[2], "wb") as f:
                f.write(unpack(data))
            return
    sys.exit("packed by an unknown method: starts with " + data[:8].hex())


main()
