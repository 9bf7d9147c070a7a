# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""``python -m cesaro --config config.json``: the influence of every position on the last one, as a table."""

import argparse
import sys

import cesaro


def table(config, prediction):
    """The lines that are printed."""
    s = prediction.summary()
    total = float(prediction.alphas.sum())
    rows = [
        ("model", config.model_type),
        ("layers", config.layers),
        ("tokens", prediction.tokens),
        ("first token", f"{s.first_token:.6f}"),
        ("first tenth", f"{s.primacy:.6f}"),
        ("middle", f"{s.middle:.6f}"),
        ("last tenth", f"{s.recency:.6f}"),
        ("last token", f"{s.last_token:.6f}"),
        ("valley", f"{s.valley:.3e} at position {s.valley_position}"),
        ("valley depth", f"{s.valley_depth:.2f} decades"),
        ("mean position", f"{s.mean_position:.1f}"),
        ("median position", prediction.quantile(0.5)),
        ("total attention", f"{total:.4f}"),
        ("error estimate", f"{prediction.error_estimate:.1e} in total variation"),
    ]
    return [f"{name:<16} {value}" for name, value in rows]


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m cesaro",
        description="The share of every position in the Jacobian norms of the last one's output, in an untrained "
        "decoder, predicted from its configuration alone.")
    parser.add_argument("--config", required=True, metavar="FILE", help="a config.json, or the directory of one")
    parser.add_argument("--tokens", type=int, metavar="N", help="context length [what the model is made for]")
    parser.add_argument("--accuracy", type=float, default=1e-3, metavar="E", help="of the shares, in total variation [1e-3]")
    parser.add_argument("--version", action="version", version=f"cesaro {cesaro.__version__}")
    options = parser.parse_args(arguments)
    if options.tokens is not None and options.tokens < 1:
        parser.error(f"--tokens = {options.tokens} must be at least 1")
    if not options.accuracy > 0:
        parser.error(f"--accuracy = {options.accuracy} must be positive")
    try:
        config = cesaro.read_config(options.config)
        print("\n".join(table(config, cesaro.predict(config, options.tokens, options.accuracy))))
    except (ValueError, MemoryError, OSError) as error:
        print(f"python -m cesaro: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
