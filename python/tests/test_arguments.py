# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Whatever is passed: an error of Python's, never a crash, and no memory taken for it; nothing leaks."""

import gc
import inspect
import itertools
import resource
import sys
import tracemalloc

import numpy as np
import pytest

import cesaro

SMALL = {"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 1, "vocab_size": 11, "n_positions": 16}
LEGAL = (ValueError, TypeError, MemoryError, OSError, OverflowError)


class Hostile:
    """Fails at whatever it is asked for."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __index__(self):
        raise RuntimeError("index")

    def __array__(self, *arguments, **keywords):
        raise RuntimeError("array")


class Endless:
    rows = 3

    def apply(self, x):
        return self

    apply_transpose = apply


read_only = np.linspace(0, 1, 5)
read_only.flags.writeable = False
WRONG = [
    None, True, -1, 0, 1, 3, 2**62, 2**63, -2**63, 10**30, 0.5, -0.5, 1.5, 1e300, float("nan"), float("inf"), 1j, "", "text", b"bytes",
    [], [0.5], [0.2, 0.3], [-1], [2.0], [float("nan")], [None], ["a"], [[0.5], [0.25]], [[0.5], [0.25, 1]], (), (0.5, 0.5), {}, {"a": 1}, set(),
    np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3), np.ones(3), np.ones((3, 3)) / 3, np.full((2, 2, 2), 0.5),
    np.array(0.5), np.array(3), np.arange(4), np.arange(4)[::-2], np.arange(6, dtype=np.uint64) + 2**63, np.ones(3, dtype=complex),
    np.array(["a"]), np.array([None, 1]), np.array([1, 2], dtype=object), np.array(["2020-01-01"], dtype="M8[D]"), np.ones(2, dtype=bool),
    np.broadcast_to(0.5, (4,)), np.broadcast_to(0.5, (2**40,))[:0], np.ma.masked_array([0.5], [True]), np.ones(3, dtype=">f8"),
    np.zeros(2, dtype=[("a", float)]), np.longdouble(0.25), np.float16([0.5, 0.25]), read_only, memoryview(b"abc"), range(3), object(), object,
    Hostile(), Endless(), lambda *a: None, lambda x: [x, 1, 1], iter([0.5]), cesaro.MixingSchedule([0.5, 0.25, 0.125]), cesaro.HopLaw([0.5, 0.5]),
    cesaro.HopLaw([0.0]), cesaro.CesaroOperator(3), [cesaro.CesaroOperator(3)], [cesaro.CesaroOperator(2**62)], cesaro.FullOperator(0), [Endless()] * 3,
    cesaro.DiscreteInfluence(3, [0.5]), cesaro.read_config(SMALL), SMALL, cesaro.PositionGains(np.ones((3, 2))), "exact",
    cesaro.UniformKeys(1), cesaro.DecayingKeys(0.5), cesaro.WeightedKeys([1, 2, 1]), cesaro.WindowInfluence(3, [0.5]),
]
OBJECTS = [
    cesaro.MixingSchedule([0.5]), cesaro.MixingSchedule([]), cesaro.HopLaw([0.5, 0.25]), cesaro.HopLaw([0]), cesaro.DiscreteInfluence(0, []),
    cesaro.DiscreteInfluence(2**62, [0.5] * 5), cesaro.DiscreteInfluence(9, cesaro.HopLaw([0])), cesaro.ContinuumInfluence([0.5]),
    cesaro.ContinuumInfluence([]), cesaro.ContinuumInfluence(cesaro.HopLaw([0, 0.5])), cesaro.DepthLimitInfluence(0), cesaro.DepthLimitInfluence(1e300),
    cesaro.CesaroOperator(0), cesaro.CesaroOperator(2**62), cesaro.NetworkOperator(3, [0.5]), cesaro.SlidingWindowOperator(3, 2**62),
    cesaro.PrefixOperator(3, 1), cesaro.FullOperator(2**62), cesaro.DecayOperator(2**62, slope=1), cesaro.DecayOperator(3, slope=1e308), cesaro.DenseOperator(np.eye(3)),
    cesaro.WeightedMeanOperator([1, 2], 0.5), cesaro.SinkOperator(Endless(), 0.5), cesaro.HeadMixture([cesaro.CesaroOperator(2**62)]), cesaro.summarize([1, 2]), cesaro.PositionGains(np.ones((3, 2))),
    cesaro.read_config(SMALL), cesaro.predict(SMALL, 5), cesaro.predict(SMALL, 10**12, 0.1), cesaro.influence_blocks(5, [0.5]),
    cesaro.UniformKeys(), cesaro.DecayingKeys(0), cesaro.WeightedKeys([]), cesaro.WindowInfluence(1, []), cesaro.WindowInfluence(9, [0.5] * 3),
    cesaro.DiscreteInfluence(2**62, [0.5] * 5, cesaro.UniformKeys(7)), cesaro.DiscreteInfluence(9, [0.5] * 5, cesaro.DecayingKeys(0.5)),
    cesaro.DiscreteInfluence(2, [0.5] * 5, cesaro.WeightedKeys([1, 2, 1], 0.5)),
]
# Legal, but of a cost that their arguments say.
SLOW = {"dead_zone", "fit_profile", "influence_histogram", "jacobian_norms", "random_sign_profile",
        "retrieval_profile", "softmax_participation"}


def callables():
    for name in cesaro.__all__:
        thing = getattr(cesaro, name)
        if callable(thing) and name not in ("InfluenceBlocks",):
            yield name, thing
    for index, thing in enumerate(OBJECTS):
        for name in dir(type(thing)):
            if not name.startswith("__") or name in ("__mul__", "__eq__", "__init__", "__setstate__", "__hash__", "__repr__", "__iter__", "__next__"):
                member = getattr(thing, name, None)
                if callable(member):
                    yield f"{index}.{type(thing).__name__}.{name}", member


def arity(function):
    try:
        return [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    except (ValueError, TypeError):
        return [None, None]


def dear(name, arguments):
    """What is legal and takes long, by the sizes that are asked for."""
    sizes = [a for a in arguments if isinstance(a, (int, float)) and not isinstance(a, bool) and abs(a) > 1e6]
    return bool(sizes) and name in SLOW


@pytest.mark.parametrize("name, function", callables(), ids=[name for name, _ in callables()])
def test_wrong_arguments(name, function):
    count = max(1, len(arity(function)))
    rng = np.random.default_rng(abs(hash(name)) % 2**32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    singles = [(w,) * count for w in WRONG]
    few = [tuple(WRONG[i] for i in rng.integers(len(WRONG), size=count)) for _ in range(150)]
    raised = 0
    for arguments in itertools.chain(singles, few, [()], [(1,) * 9]):
        if dear(name, arguments):
            continue
        try:
            function(*arguments)
        except LEGAL:
            raised += 1
        except RuntimeError as error:
            assert any(isinstance(a, Hostile) for a in arguments), error  # the user's own error
        except StopIteration:
            assert "__next__" in name
        except ZeroDivisionError:
            raise
    if "__" not in name:
        assert raised > 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600_000, "more than 600 MB were taken"


SIZES = [2**40, 2**50, 2**62]


@pytest.mark.parametrize("size", SIZES)
def test_what_does_not_fit_is_a_memory_error(size):
    for call in (lambda: cesaro.influence_row(size, [0.5]), lambda: cesaro.influence_matrix(size, [0.5]),
                 lambda: cesaro.influence_rows([size - 1], [0.5]), lambda: cesaro.MixingSchedule.constant(size, 0.5),
                 lambda: cesaro.MixingSchedule.attention_only(size), lambda: cesaro.MixingSchedule.power_decay(size, 1, 1),
                 lambda: cesaro.jacobian_profile(size, [0.5]), lambda: cesaro.CesaroOperator(size).matrix(),
                 lambda: cesaro.FullOperator(size).diagonal(), lambda: cesaro.mean_field_profile(SMALL | {"n_positions": 2**62}, size),
                 lambda: cesaro.rollout_row([cesaro.CesaroOperator(size)], [0.5]), lambda: cesaro.rollout_matrix([cesaro.CesaroOperator(size)], [0.5]),
                 lambda: cesaro.influence_histogram(2**62, [0.5], size), lambda: cesaro.influence_blocks(2**62, [0.5], size)):
        with pytest.raises((MemoryError, ValueError)):
            call()


def test_messages_name_the_argument():
    for call, kind, message in (
            (lambda: cesaro.MixingSchedule([0.5, 1.5]), ValueError, r"alphas\[1\] = 1.5 must lie in \[0, 1\]"),
            (lambda: cesaro.influence_row(0, [0.5]), ValueError, "tokens = 0 must be at least 1"),
            (lambda: cesaro.DiscreteInfluence(5, [0.5]).pmf([2, 6]), ValueError, "6"),
            (lambda: cesaro.influence_row(2**50, [0.5]), MemoryError, "do not fit in memory"),
            (lambda: cesaro.DiscreteInfluence(5, [0.5]).pmf(2.5), ValueError, "2.5"),
            (lambda: cesaro.influence_row(5, [1j]), TypeError, "complex128"),
            (lambda: cesaro.pdf_sensitivity(5, cesaro.HopLaw([0.5, 0.5]), 2), ValueError, "HopLaw"),
            (lambda: cesaro.influence_row(10**30, [0.5]), ValueError, "64 bits")):
        with pytest.raises(kind, match=message):
            call()


def calls(rng):
    """One of each kind that hands arrays or objects over."""
    row = cesaro.DiscreteInfluence(99, [0.3] * 4)
    x = rng.random((20, 3))
    operator = cesaro.SinkOperator(cesaro.CesaroOperator(20), 0.1)
    positions = np.arange(100)
    blocks = cesaro.HopLaw([0.5, 0.5])
    return [
        lambda: row.pmf(positions), lambda: row.ppf([0.1, 0.9]), lambda: row.cdf(3), lambda: cesaro.influence_row(50, [0.5]),
        lambda: cesaro.influence_matrix(8, [0.5]), lambda: cesaro.apply_power([0.5], x), lambda: operator.apply(x), lambda: operator.apply(x.T.copy().T),
        lambda: cesaro.rollout_row([operator, np.eye(20)], [0.5, 0.5]), lambda: cesaro.summarize(x[:, 0]), lambda: blocks * blocks,
        lambda: cesaro.MixingSchedule([0.5]).alphas, lambda: next(cesaro.influence_blocks(5, [0.5])), lambda: cesaro.HeadMixture([operator]).weights,
        lambda: cesaro.total_variation(x[:, 0], x[:, 1]), lambda: cesaro.summarize([1, 2]).as_dict(),
    ]


def failures():
    return [lambda: cesaro.influence_row(0, [0.5]), lambda: cesaro.influence_row(3, "text"), lambda: cesaro.MixingSchedule([2]),
            lambda: cesaro.CesaroOperator(3).apply([1, 2]), lambda: cesaro.rollout_row([None], [0.5])]


def test_nothing_leaks(rng):
    """1e5 calls: no references held to what is passed, no memory kept."""
    functions = calls(rng)
    held = np.linspace(0, 1, 20)
    operator = cesaro.CesaroOperator(20)

    def rounds(count):
        for _ in range(count):
            for function in functions:
                function()
            cesaro.apply_power([0.5], held)
            cesaro.rollout_row([operator], [0.5])
            for failure in failures():
                with pytest.raises((ValueError, TypeError)):
                    failure()

    tracemalloc.start()
    try:
        rounds(200)
        gc.collect()
        references = [sys.getrefcount(thing) for thing in (held, operator, cesaro.CesaroOperator)]
        traced, resident = tracemalloc.get_traced_memory()[0], current_memory()
        rounds(100_000 // (len(functions) + 7))
        gc.collect()
        assert [sys.getrefcount(thing) for thing in (held, operator, cesaro.CesaroOperator)] == references
        # Each function is called more than 4000 times, and an object has 50 bytes or more.
        assert tracemalloc.get_traced_memory()[0] - traced < 100_000
        assert current_memory() - resident < 4e6
    finally:
        tracemalloc.stop()


def current_memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def test_results_outlive_what_made_them():
    alphas = cesaro.MixingSchedule([0.25, 0.5]).alphas
    row = next(cesaro.influence_blocks(4, [0.5]))[1]
    gc.collect()
    assert alphas.tolist() == [0.25, 0.5] and row.sum() == pytest.approx(1)
    assert row.flags.writeable and row.flags.c_contiguous


def test_threads():
    """The lock is released: as many threads as there are give the same."""
    from concurrent.futures import ThreadPoolExecutor

    expected = cesaro.influence_row(20_000, [0.3] * 8)
    with ThreadPoolExecutor(4) as pool:
        for row in pool.map(lambda _: cesaro.influence_row(20_000, [0.3] * 8), range(40)):
            np.testing.assert_array_equal(row, expected)
