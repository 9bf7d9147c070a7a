// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cesaro/detail/memory.hpp>
#include <cesaro/files/detail/file.hpp>
#include <cesaro/files/detail/printable.hpp>
#include <cesaro/files/tensor.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// The numbers of a tensor in a file: little-endian, one after the other without padding.
namespace cesaro::detail {

inline std::optional<std::uint64_t> checked_product(std::uint64_t a, std::uint64_t b) {
    if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
    return a * b;
}

template <class Integer>
std::string shape_text(const std::vector<Integer>& shape) {
    std::string text = "[";
    for (const Integer dimension : shape)
        text.append(text.size() == 1 ? "" : ", ").append(std::to_string(dimension));
    return printable(text + "]");
}

/// Whatever the machine's byte order; compiled to a plain load where that is little-endian.
template <class Bits>
Bits little_endian(const std::byte* bytes) {
    Bits bits = 0;
    for (std::size_t i = 0; i < sizeof(Bits); ++i)
        bits = Bits(bits | Bits(Bits(bytes[i]) << (8 * i)));
    return bits;
}

/// Numbers of one type as Reals: exact but for F64 into float, which rounds.
template <class Stored, class Bits, class Real, class Fail>
void decode(std::span<const std::byte> bytes, Real* out, const Fail& fail) {
    using std::isfinite;
    for (std::size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
        const Stored stored =
            Eigen::numext::bit_cast<Stored>(little_endian<Bits>(bytes.data() + i * sizeof(Bits)));
        if constexpr (std::is_same_v<Stored, double>) {
            out[i] = Real(stored);
            if (isfinite(stored) && !isfinite(out[i]))
                fail("holds a value that is finite as F64 but not as the scalar asked for");
        } else {
            out[i] = Real(static_cast<float>(stored));
        }
    }
}

/// Calls fail(problem), which throws, unless the type is one that is read.
template <class Fail>
void check_type(std::string_view type, const Fail& fail) {
    if (type != "F16" && type != "BF16" && type != "F32" && type != "F64")
        fail("has the dtype " + std::string(type) + "; only F16, BF16, F32 and F64 are read");
}

/// Numbers of the type that is named.
template <class Real, class Fail>
void decode(std::string_view type, std::span<const std::byte> bytes, Real* out, const Fail& fail) {
    check_type(type, fail);
    if (type == "F32") {
        decode<float, std::uint32_t>(bytes, out, fail);
    } else if (type == "BF16") {
        decode<Eigen::bfloat16, std::uint16_t>(bytes, out, fail);
    } else if (type == "F16") {
        decode<Eigen::half, std::uint16_t>(bytes, out, fail);
    } else {
        decode<double, std::uint64_t>(bytes, out, fail);
    }
}

/// Where the numbers of a tensor are, which a file has been found to hold.
struct stored_layout {
    std::string type;  ///< F16, BF16, F32 or F64
    std::vector<Eigen::Index> shape;
    std::uint64_t begin = 0;     ///< of the first byte
    bool first_fastest = false;  ///< Fortran's order: the first index runs fastest, not the last

    std::uint64_t bytes_of_one() const { return type == "F64" ? 8 : type == "F32" ? 4 : 2; }

    /// The numbers of one slice of the first dimension.
    std::uint64_t slice_size() const {
        std::uint64_t size = 1;
        for (std::size_t j = 1; j < shape.size(); ++j)
            size *= std::uint64_t(shape[j]);
        return size;
    }

    /// The same numbers as the only slice of a tensor with one more dimension.
    stored_layout whole() const {
        stored_layout layout = *this;
        layout.shape.insert(layout.shape.begin(), 1);
        return layout;
    }
};

/// Counts through a shape with the first index fastest, and knows which place that is where the last one is.
class fortran_counter {
  public:
    explicit fortran_counter(std::span<const Eigen::Index> shape)
        : shape_(shape), index_(shape.size(), 0), stride_(shape.size(), 1) {
        for (std::size_t j = shape.size(); j-- > 1;)
            stride_[j - 1] = stride_[j] * shape[j];
    }

    Eigen::Index place() const { return place_; }

    void next() {
        for (std::size_t j = 0; j < shape_.size(); ++j) {
            place_ += stride_[j];
            if (++index_[j] < shape_[j]) return;
            place_ -= stride_[j] * shape_[j];
            index_[j] = 0;
        }
    }

  private:
    std::span<const Eigen::Index> shape_;
    std::vector<Eigen::Index> index_;
    std::vector<Eigen::Index> stride_;
    Eigen::Index place_ = 0;
};

/// Hands the numbers of slice i to visit(place, value) in the order of the file, whose bytes read(offset, span)
/// delivers; place counts by rows. In Fortran's order the slices lie interleaved, and all bytes are read.
template <class Real, class Read, class Visit>
void visit_slice(const file_context& context, const stored_layout& layout, Eigen::Index i, Read&& read,
                 const Visit& visit) {
    constexpr std::uint64_t chunk = std::uint64_t(1) << 17;
    const std::uint64_t size = layout.slice_size();
    if (size == 0) return;
    if (size > std::uint64_t(std::numeric_limits<Eigen::Index>::max()))
        throw std::length_error(context.message("has more numbers than can be counted here"));
    const bool interleaved = layout.first_fastest;
    const std::uint64_t step = interleaved ? std::uint64_t(layout.shape.front()) : 1;
    const std::uint64_t first = interleaved ? std::uint64_t(i) : std::uint64_t(i) * size;
    const std::uint64_t end = interleaved ? step * size : first + size;
    fortran_counter counter(std::span(layout.shape).subspan(1));
    std::vector<std::byte> bytes;
    std::vector<Real> values;
    std::uint64_t next = first;
    for (std::uint64_t at = interleaved ? 0 : first; at < end; at += chunk) {
        const std::uint64_t count = std::min(chunk, end - at);
        bytes.resize(std::size_t(count * layout.bytes_of_one()));
        values.resize(std::size_t(count));
        read(layout.begin + at * layout.bytes_of_one(), std::span<std::byte>(bytes));
        decode(layout.type, bytes, values.data(), [&](const std::string& problem) { context.fail(problem); });
        for (; next < at + count; next += step) {
            visit(interleaved ? counter.place() : Eigen::Index(next - first), values[std::size_t(next - at)]);
            if (interleaved) counter.next();
        }
    }
}

/// Slice i, with one dimension less.
/// \throws std::length_error when it does not fit in memory.
template <class Real, class Read>
tensor<Real> load_slice(const file_context& context, const stored_layout& layout, Eigen::Index i,
                        Read&& read) {
    const std::uint64_t size = layout.slice_size();
    if (double(size) * double(sizeof(Real)) > physical_memory()) {
        throw std::length_error(context.message(std::to_string(size) + " numbers do not fit in memory"));
    }
    tensor<Real> t{{layout.shape.begin() + 1, layout.shape.end()}, Eigen::VectorX<Real>(Eigen::Index(size))};
    visit_slice<Real>(context, layout, i, read,
                      [&](Eigen::Index place, const Real& value) { t.values[place] = value; });
    return t;
}

}  // namespace cesaro::detail
