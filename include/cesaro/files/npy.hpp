// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

/// \file
/// Arrays in the format .npy of NumPy.

#pragma once

#include <cesaro/concepts.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/npy_format.hpp>
#include <cesaro/files/detail/stored_numbers.hpp>
#include <cesaro/files/stored_tensor.hpp>
#include <cesaro/files/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

namespace cesaro {

/// The array in a .npy file on disk, whose values stay there: they are read slice by slice.
///
/// Versions 1 to 3 of the format, in C's order or Fortran's, little-endian `<f2`, `<f4` and `<f8`. The file is
/// accepted only when it holds exactly the numbers that its header says.
///
/// \throws std::runtime_error naming the file and what is wrong: it cannot be read, is no such file, is truncated
///         or too long; the array is big-endian, of objects, of structures, or of another dtype.
/// Cost that of the header, 64 KB at most.
/// Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
inline stored_tensor open_npy(const std::filesystem::path& path) {
    detail::file_parts file("open_npy", path);
    auto layout = detail::read_npy_layout(file.context(), file.size(), file);
    return {std::move(file), std::move(layout)};
}

/// The array in a .npy file, by rows whatever the order in the file.
///
/// \code
/// const cesaro::tensor<double> t = cesaro::load_npy<double>("attention.npy");
/// std::cout << t.shape.size() << " dimensions\n";
/// \endcode
///
/// \return `<f2`, `<f4` and `<f8` converted to Real: exactly, but `<f8` is rounded where Real is narrower.
/// \throws std::runtime_error as open_npy() does, and when a value is finite but not as a Real;
///         std::length_error when the array does not fit in memory.
/// Cost O(values).
template <real_scalar Real = float>
tensor<Real> load_npy(const std::filesystem::path& path) {
    return open_npy(path).load<Real>();
}

/// The same of a file that is in memory.
template <real_scalar Real = float>
tensor<Real> parse_npy(std::span<const std::byte> bytes) {
    const detail::file_context context{"parse_npy", "memory"};
    const auto read = [&](std::uint64_t offset, std::span<std::byte> out) {
        if (!out.empty()) std::memcpy(out.data(), bytes.data() + offset, out.size());
    };
    const detail::stored_layout layout = detail::read_npy_layout(context, bytes.size(), read);
    return detail::load_slice<Real>(context, layout.whole(), 0, read);
}

}  // namespace cesaro
