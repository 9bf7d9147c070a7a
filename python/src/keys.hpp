// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "arrays.hpp"

#include <cesaro/discrete_influence.hpp>
#include <cesaro/hop_law.hpp>

#include <Eigen/Core>

#include <cstdint>

#include <pybind11/pybind11.h>

namespace cesaro::python {

/// Under UniformKeys, DecayingKeys or WeightedKeys, uniform where None is given. A TypeError for anything else.
discrete_influence<double> row_with_keys(std::int64_t query, const hop_law<double>& hops,
                                         const pybind11::object& keys);
Eigen::VectorXd influence_row_with_keys(std::int64_t tokens, const hop_law<double>& hops,
                                        const pybind11::object& keys);
void influence_matrix_with_keys(const hop_law<double>& hops, const pybind11::object& keys,
                                RowMajorMatrix& out);

}  // namespace cesaro::python
