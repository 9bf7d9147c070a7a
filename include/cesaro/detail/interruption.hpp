// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

namespace cesaro::detail {

/// Called now and then by what may take long. Nothing happens there, unless a program has put a function of
/// its own in this place at its start; what that throws ends the computation and is the caller's. A binding
/// to a language lets its users interrupt with it.
inline void (*interruption_point)() = [] {};

}  // namespace cesaro::detail
