#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Jacobian norms of GPT-2 small, drawn, 1024 tokens, 8 probes: untrained_decoder against PyTorch in float32.

torch_jacobian.py program results.json: either by turns, on one and two threads, idle and beside a busy process. Of
PyTorch the time is that of drawing, the forward pass and the probes; of the program that and all that it prints beside
the norms, theories and prediction. With `--torch threads` PyTorch's part alone, whose seconds it prints."""
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

LAYERS, WIDTH, HEADS, TOKENS, VOCABULARY, PROBES = 12, 768, 12, 1024, 50257, 8


def measure_torch(threads):
    import torch
    from torch.nn import functional

    torch.set_num_threads(threads)
    begin = time.perf_counter()

    def drawn(*shape):
        return torch.randn(*shape) * 0.02

    embedding, positions = drawn(VOCABULARY, WIDTH), drawn(TOKENS, WIDTH)
    layers = [(drawn(WIDTH, 3 * WIDTH), drawn(WIDTH, WIDTH), drawn(WIDTH, 4 * WIDTH), drawn(4 * WIDTH, WIDTH))
              for _ in range(LAYERS)]
    masked = torch.ones(TOKENS, TOKENS).triu(1).bool()

    def norm(x):
        return functional.layer_norm(x, (WIDTH,))

    def by_heads(x):
        return x.view(TOKENS, HEADS, WIDTH // HEADS).transpose(0, 1)

    x = (embedding[torch.randint(VOCABULARY, (TOKENS,))] + positions).requires_grad_()
    h = x
    for query_key_value, output, up, down in layers:
        q, k, v = map(by_heads, (norm(h) @ query_key_value).chunk(3, -1))
        scores = (q @ k.transpose(1, 2) / math.sqrt(WIDTH // HEADS)).masked_fill(masked, -math.inf)
        h = h + (scores.softmax(-1) @ v).transpose(0, 1).reshape(TOKENS, WIDTH) @ output
        h = h + functional.gelu(norm(h) @ up, approximate="tanh") @ down
    last = norm(h)[-1]
    squares = torch.zeros(TOKENS, dtype=torch.float64)
    for _ in range(PROBES):
        (gradient,) = torch.autograd.grad(last, x, torch.randn(WIDTH), retain_graph=True)
        squares += gradient.double().square().sum(dim=1)
    return time.perf_counter() - begin


def busy():
    return subprocess.Popen([sys.executable, "-c", "while True: pass"])


def main():
    program, results = sys.argv[1:]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        json.dump({"model_type": "gpt2", "n_layer": LAYERS, "n_embd": WIDTH, "n_head": HEADS, "n_positions": TOKENS,
                   "vocab_size": VOCABULARY}, config)
        config.flush()
        ours = [program, "--config", config.name, "--tokens", str(TOKENS), "--probes", str(PROBES)]
        rows = []
        for threads, beside in ((1, False), (2, False), (2, True)):
            environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
            if beside:
                environment["OMP_WAIT_POLICY"] = "passive"
            other = busy() if beside else None
            try:
                begin = time.perf_counter()
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(ours, env=environment, check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
                wall = time.perf_counter() - begin
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                torch = float(subprocess.run([sys.executable, __file__, "--torch", str(threads)], env=environment,
                                             check=True, capture_output=True, text=True).stdout)
            finally:
                if other:
                    other.kill()
                    other.wait()
            rows.append({"threads": threads, "busy": beside, "program": wall, "torch": torch,
                         "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime})
            print(rows[-1], flush=True)
    with open(results, "w") as file:
        json.dump(rows, file)


if sys.argv[1] == "--torch":
    print(measure_torch(int(sys.argv[2])))
else:
    main()
