#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Multiplies what the branches of a GPT-NeoX add to the stream by a factor that runs from that of the first layer to that
of the last one, in place:

usage: scale_branches.py MODEL.safetensors FIRST LAST
"""

import array
import json
import re
import struct
import sys

OUTPUT = re.compile(r"(?:gpt_neox\.)?layers\.(\d+)\.(?:attention\.dense|mlp\.dense_4h_to_h)\.(?:weight|bias)")


def main():
    path, first, last = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    with open(path, "r+b") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        tensors = [(int(match[1]), header[name]) for name in header if (match := OUTPUT.fullmatch(name))]
        depth = 1 + max((layer for layer, _ in tensors), default=-1)
        if len(tensors) != 4 * depth or depth < 2:
            sys.exit(f"{path}: not a GPT-NeoX of two layers or more")
        for layer, tensor in tensors:
            if tensor["dtype"] != "F32":
                sys.exit(f"{path}: {tensor['dtype']}, not F32")
            begin, end = (8 + length + offset for offset in tensor["data_offsets"])
            file.seek(begin)
            numbers = array.array("f", file.read(end - begin))
            factor = first + (last - first) * layer / (depth - 1)
            file.seek(begin)
            file.write(array.array("f", (factor * x for x in numbers)).tobytes())


if __name__ == "__main__":
    main()
