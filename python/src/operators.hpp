// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "arrays.hpp"

#include <cesaro/attention/any_operator.hpp>

#include <pybind11/stl.h>

namespace cesaro::python {

/// An operator of ours, a square matrix, or an object with rows, apply and apply_transpose.
any_operator<double> to_operator(py::handle object);

}  // namespace cesaro::python
