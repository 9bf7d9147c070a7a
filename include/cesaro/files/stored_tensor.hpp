// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Tensors that stay in their files.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/detail/check.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/stored_numbers.hpp>
#include <cesaro/files/tensor.hpp>

#include <Eigen/Core>

#include <string>
#include <utility>
#include <vector>

namespace cesaro {

/// A tensor in a file that is larger than memory, say, of which a slice at a time is read: what open_npy() and
/// open_safetensors() return.
///
/// \code
/// cesaro::stored_tensor attention = cesaro::open_npy("attention.npy");  // [layers, heads, n, n]
/// for (Eigen::Index l = 0; l < attention.shape()[0]; ++l)
///     std::cout << attention.slice<double>(l).values.maxCoeff() << '\n';
/// \endcode
///
/// Moved, not copied: it holds the file open, which must not change.
class stored_tensor {
  public:
    /// Of a file that was found to hold all the numbers of the layout.
    stored_tensor(detail::file_parts file, detail::stored_layout layout)
        : file_(std::move(file)), layout_(std::move(layout)) {}

    [[nodiscard]] const std::vector<Eigen::Index>& shape() const { return layout_.shape; }

    /// How its numbers are stored: "F16", "BF16", "F32" or "F64".
    [[nodiscard]] const std::string& type() const { return layout_.type; }

    /// Hands every number of a slice of the first dimension to visit(place, value), place counting by rows, the
    /// last index fastest. In order, too, unless the file is in Fortran's order.
    /// \throws std::domain_error when there is no slice i.
    /// \throws std::runtime_error naming the file when it cannot be read, or a value is finite but not as a Real.
    /// Cost O(numbers of the slice), in Fortran's order of the whole tensor; memory 2 MB.
    template <real_scalar Real = double, class Visit>
    void visit_slice(Eigen::Index i, const Visit& visit) {
        check_slice(i);
        detail::visit_slice<Real>(file_.context(), layout_, i, file_, visit);
    }

    /// The slice, with one dimension less.
    /// \throws as visit_slice(), and std::length_error when it does not fit in memory.
    template <real_scalar Real = double>
    [[nodiscard]] tensor<Real> slice(Eigen::Index i) {
        check_slice(i);
        return detail::load_slice<Real>(file_.context(), layout_, i, file_);
    }

    /// The whole tensor.
    /// \throws as slice().
    template <real_scalar Real = double>
    [[nodiscard]] tensor<Real> load() {
        return detail::load_slice<Real>(file_.context(), layout_.whole(), 0, file_);
    }

  private:
    void check_slice(Eigen::Index i) const {
        const Eigen::Index slices = shape().empty() ? 0 : shape().front();
        if (i < 0 || i >= slices) {
            detail::throw_domain_error("stored_tensor", "slice", i,
                                       "must be at least 0 and below " + std::to_string(slices));
        }
    }

    detail::file_parts file_;
    detail::stored_layout layout_;
};

}  // namespace cesaro
