// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// What goes between NumPy and Eigen: arguments are views where their layout and type allow, else converted
/// once; results are handed over without a copy.

#pragma once

#include <cesaro/detail/check.hpp>
#include <cesaro/detail/memory.hpp>
#include <cesaro/hop_law.hpp>
#include <cesaro/mixing_schedule.hpp>

#include <Eigen/Core>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace cesaro::python {

namespace py = pybind11;

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A list, a scalar or an array as an array of some NumPy type; TypeError where it holds no numbers.
py::array as_array(py::handle object);

/// Real numbers of any shape, in double and C order.
struct doubles {
    py::array_t<double, py::array::c_style> array;

    [[nodiscard]] Eigen::Index size() const { return array.size(); }
    [[nodiscard]] const double* data() const { return array.data(); }
    [[nodiscard]] Eigen::Map<const Eigen::VectorXd> vector() const { return {data(), size()}; }
};

/// As `doubles`, but of one dimension.
struct double_vector : doubles {};

/// Real numbers of one or two dimensions, in double: one contiguous block, in C or Fortran order.
struct double_block {
    py::array_t<double> array;

    [[nodiscard]] Eigen::Index rows() const { return array.shape(0); }
    [[nodiscard]] Eigen::Index cols() const { return array.ndim() == 2 ? array.shape(1) : 1; }
    [[nodiscard]] bool row_major() const { return (array.flags() & py::array::c_style) != 0; }
};

/// Whole numbers of any shape; floating-point arrays serve where all their entries are whole.
struct integers {
    py::array_t<std::int64_t, py::array::c_style> array;

    [[nodiscard]] Eigen::Index size() const { return array.size(); }
    [[nodiscard]] const std::int64_t* data() const { return array.data(); }
    [[nodiscard]] std::vector<std::int64_t> list() const { return {data(), data() + size()}; }
};

/// One whole number.
struct integer {
    std::int64_t value = 0;
    operator std::int64_t() const { return value; }  // NOLINT(google-explicit-constructor)
};

/// A network: a HopLaw, a MixingSchedule, or the coefficients of one.
struct network {
    std::optional<mixing_schedule<double>> layers;
    std::optional<hop_law<double>> law;

    [[nodiscard]] hop_law<double> hops() const { return law ? *law : hop_law<double>(*layers); }
    /// For what depends on the order of the layers. Throws std::invalid_argument for a HopLaw.
    [[nodiscard]] const mixing_schedule<double>& schedule(std::string_view function) const;
};

/// A result, handed to NumPy with its memory.
template <class Matrix>
py::array to_numpy(Matrix&& values) {
    using Plain = std::remove_cvref_t<Matrix>;
    using Scalar = typename Plain::Scalar;
    auto held = std::make_unique<Plain>(std::forward<Matrix>(values));
    const Plain& m = *held;
    const py::capsule owner(held.get(), [](void* p) { delete static_cast<Plain*>(p); });
    held.release();
    constexpr auto item = py::ssize_t(sizeof(Scalar));
    if constexpr (Plain::IsVectorAtCompileTime) {
        return py::array_t<Scalar>({py::ssize_t(m.size())}, {item}, m.data(), owner);
    } else {
        return py::array_t<Scalar>({py::ssize_t(m.rows()), py::ssize_t(m.cols())},
                                   {item * py::ssize_t(m.rowStride()), item * py::ssize_t(m.colStride())},
                                   m.data(), owner);
    }
}

/// Throws the KeyboardInterrupt that waits, if one does, with or without the interpreter's lock. To be called
/// often: it looks every 50 ms.
void check_interrupt();

/// What a call in C++ gives, made without the interpreter's lock.
template <class Function>
auto unlocked(const Function& function) {
    const py::gil_scoped_release release;
    return function();
}

/// f of each entry, in an array of the same shape; a number where the argument is one.
template <class Result, class Array, class Function>
py::object elementwise(const Array& x, const Function& f) {
    if (x.array.ndim() == 0) return py::cast(Result(f(*x.data())));
    const auto shape = std::vector<py::ssize_t>(x.array.shape(), x.array.shape() + x.array.ndim());
    py::array_t<Result> out(shape);
    const auto* const in = x.data();
    Result* const to = out.mutable_data();
    const Eigen::Index size = x.size();
    unlocked([&] {
        for (Eigen::Index i = 0; i < size; ++i) {
            if (i % 64 == 63) check_interrupt();
            to[i] = Result(f(in[i]));
        }
        return 0;
    });
    return out;
}

/// A new array of the shape of a block, filled by f(in, out), maps of the layout it has.
template <class Function>
py::array map_block(const double_block& x, const Function& f) {
    const auto shape = std::vector<py::ssize_t>(x.array.shape(), x.array.shape() + x.array.ndim());
    const Eigen::Index rows = x.rows();
    const Eigen::Index cols = x.cols();
    const auto apply = [&]<class Plain>(py::array_t<double> out, Plain*) {
        const Eigen::Map<const Plain> in(x.array.data(), rows, cols);
        Eigen::Map<Plain> to(out.mutable_data(), rows, cols);
        unlocked([&] {
            f(in, to);
            return 0;
        });
        return py::array(out);
    };
    if (x.array.ndim() == 1) return apply(py::array_t<double>(shape), static_cast<Eigen::VectorXd*>(nullptr));
    if (x.row_major()) return apply(py::array_t<double>(shape), static_cast<RowMajorMatrix*>(nullptr));
    const py::array_t<double, py::array::f_style> out(shape);
    return apply(py::array_t<double>(out), static_cast<Eigen::MatrixXd*>(nullptr));
}

void bind_networks(py::module_& m);
void bind_keys(py::module_& m);
void bind_distributions(py::module_& m);
void bind_rows(py::module_& m);
void bind_operators(py::module_& m);
void bind_landmarks(py::module_& m);
void bind_profiles(py::module_& m);
void bind_decoders(py::module_& m);

}  // namespace cesaro::python

namespace pybind11::detail {

template <>
struct type_caster<cesaro::python::doubles> {
    PYBIND11_TYPE_CASTER(cesaro::python::doubles, const_name("array"));
    bool load(handle source, bool convert);
};
template <>
struct type_caster<cesaro::python::double_vector> {
    PYBIND11_TYPE_CASTER(cesaro::python::double_vector, const_name("vector"));
    bool load(handle source, bool convert);
};
template <>
struct type_caster<cesaro::python::double_block> {
    PYBIND11_TYPE_CASTER(cesaro::python::double_block, const_name("vector or matrix"));
    bool load(handle source, bool convert);
};
template <>
struct type_caster<cesaro::python::integers> {
    PYBIND11_TYPE_CASTER(cesaro::python::integers, const_name("whole numbers"));
    bool load(handle source, bool convert);
};
template <>
struct type_caster<cesaro::python::integer> {
    PYBIND11_TYPE_CASTER(cesaro::python::integer, const_name("int"));
    bool load(handle source, bool convert);
};
template <>
struct type_caster<cesaro::python::network> {
    PYBIND11_TYPE_CASTER(cesaro::python::network, const_name("network"));
    bool load(handle source, bool convert);
};

}  // namespace pybind11::detail
