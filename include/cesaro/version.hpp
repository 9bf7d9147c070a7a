// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

/// The version of the library, for the preprocessor and, below, for the language. It is told here alone: the
/// build reads these lines. CESARO_VERSION is 10000 major + 100 minor + patch.
#define CESARO_VERSION_MAJOR 0
#define CESARO_VERSION_MINOR 2
#define CESARO_VERSION_PATCH 0
#define CESARO_VERSION (CESARO_VERSION_MAJOR * 10000 + CESARO_VERSION_MINOR * 100 + CESARO_VERSION_PATCH)

namespace cesaro {

inline constexpr int version_major = CESARO_VERSION_MAJOR;
inline constexpr int version_minor = CESARO_VERSION_MINOR;
inline constexpr int version_patch = CESARO_VERSION_PATCH;

}  // namespace cesaro
