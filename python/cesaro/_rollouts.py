# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Stacks of attention layers from the dictionaries that the program attention_rollout reads."""

import math

from . import _core


def _fail(key, problem):
    raise ValueError(f"cesaro.read_rollout: {key}: {problem}")


def _section(config, name, keys, required=False):
    section = config.get(name)
    if section is None:
        if required:
            _fail(name, "is missing")
        return {}
    if not isinstance(section, dict):
        _fail(name, "must be a mapping")
    for key in section:
        if key not in keys:
            _fail(f"{name}.{key}", f"is not one of {', '.join(keys)}")
    return section


def _number(key, value, least=-math.inf, most=math.inf):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _fail(key, f"= {value!r} must be a finite number")
    if not least <= value <= most:
        _fail(key, f"= {value!r} must lie in [{least}, {most}]")
    return value


def _count(key, value, least, most):
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        _fail(key, f"= {value!r} must be a whole number from {least} to {most}")
    return value


def _required(section, prefix, key):
    if section.get(key) is None:
        _fail(f"{prefix}.{key}" if prefix else key, "is missing")
    return section[key]


def _table(key, rows, layers, heads, absent, least=-math.inf):
    """Numbers per layer and head; one row serves all layers, one number all heads."""
    if rows is None:
        rows = [[absent]]
    if not isinstance(rows, list) or len(rows) not in (1, layers):
        _fail(key, f"must be a list of 1 or num_layers = {layers} lists")
    for row in rows:
        if not isinstance(row, list) or len(row) not in (1, heads):
            _fail(key, f"must hold lists of 1 or num_heads = {heads} numbers")
        for value in row:
            _number(key, value, least)

    def value_of(layer, head):
        row = rows[layer if len(rows) > 1 else 0]
        return row[head if len(row) > 1 else 0]

    return value_of


def _mask(mask, tokens):
    kind = mask.get("mask_type") or "causal"
    if kind == "causal":
        return {}
    if kind == "full":
        return {"prefix": tokens}
    if kind == "sliding_window":
        window = _required(mask, "mask_config", "window_size")
        return {"window": _count("mask_config.window_size", window, 1, 2**62)}
    if kind == "prefix":
        return {"prefix": _count("mask_config.prefix_length", _required(mask, "mask_config", "prefix_length"), 0, tokens)}
    _fail("mask_config.mask_type", f"= {kind!r} must be causal, full, sliding_window or prefix")


def _lambdas(schedule, layers):
    name = "lambda_schedule_config"
    kind = _required(schedule, name, "schedule_type")
    if kind == "constant":
        alpha = _number(f"{name}.lambda_const", _required(schedule, name, "lambda_const"), 0, 1)
        return _core.MixingSchedule.constant(layers, alpha)
    if kind == "power_decay":
        first = _number(f"{name}.lambda_0", _required(schedule, name, "lambda_0"), 0, 1)
        beta = _number(f"{name}.beta", _required(schedule, name, "beta"))
        if first > 0 and layers > 1 and beta < 0 and math.log(first) - beta * math.log(layers) > 0:
            _fail(f"{name}.beta", f"= {beta} takes lambda above 1")
        return _core.MixingSchedule.power_decay(layers, first, beta)
    if kind == "custom":
        custom = _required(schedule, name, "lambdas_custom")
        if not isinstance(custom, list) or len(custom) != layers:
            _fail(f"{name}.lambdas_custom", f"must be a list of num_layers = {layers} numbers")
        return _core.MixingSchedule([_number(f"{name}.lambdas_custom", value, 0, 1) for value in custom])
    _fail(f"{name}.schedule_type", f"= {kind!r} must be constant, power_decay or custom")


def read_rollout(config):
    """The layers and coefficients of a stack of attention, from what the program attention_rollout reads.

    Parameters
    ----------
    config : dict
        With the keys of the program's YAML files (``attention_rollout --help``): sequence_length, num_layers,
        attention_config, lambda_schedule_config, and if need be mask_config and content_config.

    Returns
    -------
    (layers, lambdas)
        A list of HeadMixture and a MixingSchedule, for rollout_row and its kin.

    Examples
    --------
    >>> layers, lambdas = cesaro.read_rollout({
    ...     "sequence_length": 100, "num_layers": 4,
    ...     "attention_config": {"num_heads": 2, "alibi_slopes": [[0.5, 0.25]]},
    ...     "lambda_schedule_config": {"schedule_type": "constant", "lambda_const": 0.5}})
    >>> cesaro.rollout_row(layers, lambdas).argmax()
    99
    """
    if not isinstance(config, dict):
        raise TypeError(f"cesaro.read_rollout: a dict is expected, not {type(config).__name__}")
    known = ("sequence_length", "num_layers", "mask_config", "attention_config", "content_config",
             "lambda_schedule_config", "save_dir")
    for key in config:
        if key not in known:
            _fail(key, f"is not one of {', '.join(known)}")
    tokens = _count("sequence_length", _required(config, "", "sequence_length"), 1, 2**40)
    layers = _count("num_layers", _required(config, "", "num_layers"), 1, 2000)
    mask = _mask(_section(config, "mask_config", ("mask_type", "window_size", "prefix_length")), tokens)
    attention = _section(config, "attention_config", ("num_heads", "alibi_slopes", "head_weights", "softmax_temperature"), True)
    content = _section(config, "content_config", ("diagonal_scores", "base_scores"))
    heads = _count("attention_config.num_heads", _required(attention, "attention_config", "num_heads"), 1, 10000)
    if layers * heads > 4_000_000:
        _fail("num_layers", f"times num_heads = {layers * heads} is more than 4000000")
    slopes = _table("attention_config.alibi_slopes", attention.get("alibi_slopes"), layers, heads, 0, 0)
    weights = _table("attention_config.head_weights", attention.get("head_weights"), layers, heads, 1, 0)
    scores = _table("content_config.diagonal_scores", content.get("diagonal_scores"), layers, heads, 0)
    _table("content_config.base_scores", content.get("base_scores"), layers, heads, 0)  # constant along a row: cancels
    temperature = attention.get("softmax_temperature")
    if temperature is None:
        temperature = 1
    _number("attention_config.softmax_temperature", temperature, 5e-324)

    made = {}

    def layer(index):
        key = tuple((slopes(index, h), scores(index, h), weights(index, h)) for h in range(heads))
        if key not in made:
            operators = [_core.DecayOperator(tokens, slope=slope, diagonal_score=score, temperature=temperature, **mask)
                         for slope, score, _ in key]
            made[key] = _core.HeadMixture(operators, [weight for *_, weight in key])
        return made[key]

    schedule = _section(config, "lambda_schedule_config",
                        ("schedule_type", "lambda_const", "lambda_0", "beta", "lambdas_custom"), True)
    return [layer(index) for index in range(layers)], _lambdas(schedule, layers)
