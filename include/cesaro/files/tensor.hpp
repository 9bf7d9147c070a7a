// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// What files of tensors hold.

#pragma once

#include <cesaro/concepts.hpp>

#include <Eigen/Core>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cesaro {

/// An array of any number of dimensions, none for a single number.
template <real_scalar Real = float>
struct tensor {
    std::vector<Eigen::Index> shape;
    Eigen::VectorX<Real> values;  ///< row-major: the last index runs fastest
};

template <real_scalar Real = float>
using tensor_map = std::map<std::string, tensor<Real>>;

/// Says by its name whether a tensor is wanted. It may throw to refuse the file.
using tensor_filter = std::function<bool(const std::string&)>;

}  // namespace cesaro
