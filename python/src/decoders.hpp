// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include "arrays.hpp"

#include <cesaro/decoder/decoder_config.hpp>

namespace cesaro::python {

/// A decoder's description: a DecoderConfig, or what read_config() makes one of.
struct decoder {
    decoder_config config;
};

void bind_measurements(py::module_& m);

}  // namespace cesaro::python

namespace pybind11::detail {

template <>
struct type_caster<cesaro::python::decoder> {
    PYBIND11_TYPE_CASTER(cesaro::python::decoder, const_name("config"));
    bool load(handle source, bool convert);
};

}  // namespace pybind11::detail
