// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#include "arrays.hpp"

#include <cesaro/detail/interruption.hpp>
#include <cesaro/version.hpp>

#include <chrono>
#include <cmath>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

namespace cesaro::python {

py::array as_array(py::handle object) {
    // NumPy reads text as numbers, and tells ragged lists by an error of its own.
    if (py::isinstance<py::str>(object) || py::isinstance<py::bytes>(object) || object.is_none())
        throw py::type_error("cesaro: numbers are expected, or an array of them");
    const auto array = py::array::ensure(object);
    if (!array) {
        PyErr_Clear();
        throw py::type_error("cesaro: numbers are expected, or an array of them");
    }
    if (array.size() > 0 && std::string_view("biuf").find(array.dtype().kind()) == std::string_view::npos)
        throw py::type_error("cesaro: real numbers are expected, not dtype " +
                             py::cast<std::string>(py::str(array.dtype())));
    return array;
}

void check_interrupt() {
    using clock = std::chrono::steady_clock;
    thread_local clock::time_point next;  // only the main thread is ever told
    const auto now = clock::now();
    if (now < next) return;
    next = now + std::chrono::milliseconds(50);
    const py::gil_scoped_acquire acquire;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

const mixing_schedule<double>& network::schedule(std::string_view function) const {
    if (layers) return *layers;
    throw std::invalid_argument(
        "cesaro::" + std::string(function) +
        ": schedule must be a MixingSchedule or its coefficients, not a HopLaw, which "
        "has forgotten the layers");
}

namespace {

template <class To>
void check_allocated(const To& array) {
    if (!array) throw py::error_already_set();
}

void check_dimensions(const py::array& array, py::ssize_t least, py::ssize_t most) {
    if (array.ndim() >= least && array.ndim() <= most) return;
    throw std::invalid_argument("cesaro: an array of " + std::to_string(array.ndim()) +
                                " dimensions is given where " + (most == 1 ? "one is" : "one or two are") +
                                " expected");
}

/// An error of the user's own object is the user's; memory that there is not, too.
template <class Array>
Array convert(const py::array& array) {
    auto converted = py::reinterpret_steal<Array>(py::detail::npy_api::get().PyArray_FromAny_(
        array.ptr(), py::dtype::of<typename Array::value_type>().release().ptr(), 0, 0,
        py::detail::npy_api::NPY_ARRAY_ENSUREARRAY_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_ |
            py::array::forcecast | (std::is_same_v<Array, py::array_t<double>> ? 0 : py::array::c_style),
        nullptr));
    check_allocated(converted);
    return converted;
}

}  // namespace

}  // namespace cesaro::python

namespace pybind11::detail {

namespace cp = cesaro::python;

bool type_caster<cp::doubles>::load(handle source, bool) {
    value.array = cp::convert<array_t<double, array::c_style>>(cp::as_array(source));
    return true;
}

bool type_caster<cp::double_vector>::load(handle source, bool) {
    const array given = cp::as_array(source);
    cp::check_dimensions(given, 1, 1);
    value.array = cp::convert<array_t<double, array::c_style>>(given);
    return true;
}

bool type_caster<cp::double_block>::load(handle source, bool) {
    const array given = cp::as_array(source);
    cp::check_dimensions(given, 1, 2);
    value.array = cp::convert<array_t<double>>(given);
    if ((value.array.flags() & (array::c_style | array::f_style)) == 0)
        value.array = cp::convert<array_t<double, array::c_style>>(value.array);
    return true;
}

bool type_caster<cp::integers>::load(handle source, bool) {
    const array given = cp::as_array(source);
    if (given.dtype().kind() == 'f') {
        const auto real = cp::convert<array_t<double, array::c_style>>(given);
        constexpr double limit = 9007199254740992;  // 2^53: beyond, neighbours are one number
        for (ssize_t i = 0; i < real.size(); ++i) {
            const double x = real.data()[i];
            if (!(std::abs(x) <= limit) || std::trunc(x) != x) {
                throw std::domain_error("cesaro: " + cesaro::detail::value_text(x) +
                                        " is given where whole numbers are expected");
            }
        }
    }
    if (given.dtype().kind() == 'u' && given.itemsize() == 8) {
        const auto natural = cp::convert<array_t<std::uint64_t, array::c_style>>(given);
        for (ssize_t i = 0; i < natural.size(); ++i) {
            if (natural.data()[i] > std::uint64_t(INT64_MAX)) {
                throw std::domain_error("cesaro: " + std::to_string(natural.data()[i]) +
                                        " is given where whole numbers of 63 bits are expected");
            }
        }
    }
    value.array = cp::convert<array_t<std::int64_t, array::c_style>>(given);
    return true;
}

bool type_caster<cp::integer>::load(handle source, bool) {
    if (!source || !PyIndex_Check(source.ptr())) return false;
    const auto index = reinterpret_steal<object>(PyNumber_Index(source.ptr()));
    if (!index) {
        PyErr_Clear();
        return false;
    }
    int overflow = 0;
    value.value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
    if (overflow != 0) throw std::domain_error("cesaro: an integer beyond 64 bits is given");
    return true;
}

bool type_caster<cp::network>::load(handle source, bool) {
    if (isinstance<cesaro::mixing_schedule<double>>(source)) {
        value.layers = pybind11::cast<const cesaro::mixing_schedule<double>&>(source);
    } else if (isinstance<cesaro::hop_law<double>>(source)) {
        value.law = pybind11::cast<const cesaro::hop_law<double>&>(source);
    } else {
        type_caster<cp::double_vector> alphas;
        alphas.load(source, true);
        value.layers.emplace(Eigen::VectorXd(static_cast<cp::double_vector&>(alphas).vector()));
    }
    return true;
}

}  // namespace pybind11::detail

PYBIND11_MODULE(_core, m) {
    namespace py = pybind11;
    // std::length_error says what does not fit in memory; std::runtime_error what is wrong in a file.
    py::register_local_exception_translator([](std::exception_ptr p) {
        try {
            if (p) std::rethrow_exception(p);
        } catch (const py::cast_error& error) {
            PyErr_SetString(PyExc_TypeError, error.what());
        } catch (const py::builtin_exception& error) {
            error.set_error();
        } catch (const std::length_error& error) {
            PyErr_SetString(PyExc_MemoryError, error.what());
        } catch (const std::system_error& error) {
            PyErr_SetString(PyExc_OSError, error.what());
        } catch (const std::runtime_error& error) {
            PyErr_SetString(PyExc_ValueError, error.what());
        }
    });
    cesaro::detail::interruption_point = &cesaro::python::check_interrupt;
    py::options options;
    options.disable_function_signatures();
    m.doc() = "The compiled part of cesaro.";
    m.attr("__version__") = std::to_string(CESARO_VERSION_MAJOR) + "." +
                            std::to_string(CESARO_VERSION_MINOR) + "." + std::to_string(CESARO_VERSION_PATCH);
    cesaro::python::bind_networks(m);
    cesaro::python::bind_keys(m);
    cesaro::python::bind_distributions(m);
    cesaro::python::bind_rows(m);
    cesaro::python::bind_operators(m);
    cesaro::python::bind_landmarks(m);
    cesaro::python::bind_profiles(m);
    cesaro::python::bind_decoders(m);
}
