# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT
"""Stubs, docstrings and their examples, imports."""

import ast
import doctest
import inspect
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import cesaro
import cesaro.plot

PACKAGE = pathlib.Path(cesaro.__file__).parent
STUBS = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))


def public(nodes):
    return [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")]


def members(node):
    """Members by name, those of private bases in the stubs included."""
    found = {}
    for base in node.bases:
        for other in STUBS.body:
            if isinstance(other, ast.ClassDef) and isinstance(base, ast.Name) and other.name == base.id:
                found.update(members(other))
    found.update({item.name: item for item in node.body if isinstance(item, ast.FunctionDef)})
    return found


def decorators(function):
    return {ast.unparse(item) for item in function.decorator_list}


def check_signature(name, function, node):
    """Names, kinds and defaults of the parameters, as inspect and the stub tell them."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    arguments = [a for a in node.args.args if a.arg != "self"]
    defaults = [None] * (len(arguments) - len(node.args.defaults)) + node.args.defaults
    expected = list(zip(arguments, defaults)) + list(zip(node.args.kwonlyargs, node.args.kw_defaults))
    if node.args.kwarg:
        assert parameters.pop().kind is inspect.Parameter.VAR_KEYWORD, name
    assert [p.name for p in parameters] == [a.arg for a, _ in expected], name
    for parameter, (_, default) in zip(parameters, expected):
        if default is None:
            assert parameter.default is inspect.Parameter.empty, f"{name}({parameter.name})"
        else:
            assert parameter.default == ast.literal_eval(default), f"{name}({parameter.name})"


def test_stubs_have_what_the_module_has():
    stubs = {node.name for node in public(STUBS.body)}
    assert stubs == set(cesaro.__all__) - {"plot", "__version__"}
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize("node", public(STUBS.body), ids=lambda node: node.name)
def test_stubs_agree(node):
    real = getattr(cesaro, node.name)
    assert real.__module__ == "cesaro"
    if isinstance(node, ast.FunctionDef):
        return check_signature(node.name, real, node)
    stub = members(node)
    names = {name for name in vars(real) if not name.startswith("_")}
    assert names == {name for name in stub if not name.startswith("_")}
    for name, item in stub.items():
        if "property" in decorators(item):
            assert isinstance(vars(real)[name], property), name
        elif not name.startswith("_"):
            check_signature(f"{node.name}.{name}", getattr(real, name), item)
    if "__init__" in stub:
        check_signature(node.name, real, stub["__init__"])


def test_stubs_of_plot():
    functions = public(ast.parse((PACKAGE / "plot.pyi").read_text(encoding="utf-8")).body)
    assert {node.name for node in functions if isinstance(node, ast.FunctionDef)} == set(cesaro.plot.__all__)
    for node in functions:
        if isinstance(node, ast.FunctionDef):
            check_signature(f"plot.{node.name}", getattr(cesaro.plot, node.name), node)


def everything():
    found = [("cesaro", cesaro), ("cesaro.plot", cesaro.plot)]
    for name in cesaro.__all__:
        thing = getattr(cesaro, name)
        if name in ("plot", "__version__"):
            continue
        found.append((name, thing))
        if inspect.isclass(thing):
            found += [(f"{name}.{key}", getattr(thing, key)) for key in vars(thing) if not key.startswith("_")]
    found += [(f"plot.{name}", getattr(cesaro.plot, name)) for name in cesaro.plot.__all__]
    return found


@pytest.mark.parametrize("name, thing", everything(), ids=[name for name, _ in everything()])
def test_docstrings(name, thing):
    assert thing.__doc__ and thing.__doc__.strip(), "has no docstring"
    assert max(map(len, thing.__doc__.splitlines())) <= 120
    example = doctest.DocTestParser().get_doctest(thing.__doc__, {"cesaro": cesaro, "np": np}, name, None, 0)
    output = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=output.append)
    assert not output, "".join(output)


def test_enough_examples():
    count = sum(thing.__doc__.count(">>> ") for _, thing in everything())
    assert count > 40


def test_calls_by_keyword():
    np.testing.assert_array_equal(cesaro.influence_row(tokens=4, network=[0.5]), cesaro.influence_row(4, [0.5]))
    assert cesaro.DiscreteInfluence(query=3, network=[0.5]).pmf(x=3) == cesaro.influence_row(4, [0.5])[3]


def test_import_brings_no_more_than_numpy():
    code = "import sys, cesaro; print([m for m in ('matplotlib', 'scipy', 'torch', 'transformers') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
