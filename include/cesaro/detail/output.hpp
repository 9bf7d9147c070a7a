// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <Eigen/Core>

#include <concepts>
#include <type_traits>

namespace cesaro::detail {

template <class Derived>
void takes_matrix(Eigen::MatrixBase<Derived>&);

/// What a result can be written to: a vector or matrix that is not const, or a temporary that stands for
/// such memory: a block, segment, map or Ref.
template <class Out, class Dense = std::remove_cvref_t<Out>>
concept output = requires(std::remove_reference_t<Out>& out) {
    takes_matrix(out);
}
&&(int(Dense::Flags) & Eigen::LvalueBit) != 0 &&
    (std::is_lvalue_reference_v<Out> || !std::derived_from<Dense, Eigen::PlainObjectBase<Dense>>);

}  // namespace cesaro::detail
