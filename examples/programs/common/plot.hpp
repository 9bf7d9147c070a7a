// SPDX-FileCopyrightText: 2026 The cesaro authors
// SPDX-License-Identifier: MIT

#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace programs {

/// A plot: what gnuplot is told besides the frame, the grid and the type that all of them share.
struct drawing {
    std::string title;
    std::string x_label;
    std::string y_label;
    std::string script;
    std::vector<std::string> notes = {};  ///< below the title, of one panel: what the numbers leave out
};

/// Colours that stay apart to the colour-blind (after Okabe and Ito) and are dark enough on white: contrast
/// at least 3.
namespace colours {
inline constexpr const char* blue = "#0072b2";
inline constexpr const char* vermillion = "#d55e00";
inline constexpr const char* green = "#009e73";
inline constexpr const char* purple = "#cc79a7";
inline constexpr const char* grey = "#666666";
inline constexpr const char* black = "#000000";
inline constexpr const char* brown = "#662200";
inline constexpr const char* violet = "#4400aa";
inline constexpr const char* magenta = "#aa0088";
inline constexpr const char* slate = "#224466";
}  // namespace colours

/// Lines that differ in colour and in dashes, and in the shape of points where there are any: a hundred of
/// them, the first ten each in a colour and dashes of its own.
std::string line_style(std::size_t i);

/// Points to draw, as a gnuplot data block `$name`.
std::string data_block(const std::string& name, const std::vector<std::pair<double, double>>& points);

/// One of the curves of a plot; not a number stands for no point.
struct curve {
    std::vector<std::pair<double, double>> points;
    std::string style;  ///< as in `with lines lw 2`
    std::string title = {};
};

/// Whole decades between the ticks of so many, at most eight of them.
int decade_step(double decades);

/// Ticks of the logarithmic axis x or y that shows [low, high].
std::string decade_ticks(char axis, double low, double high);

/// Draws the curves that have points; no others stand in the key. What has one point only is drawn as one.
std::string plot_curves(const std::vector<curve>& curves);

/// A number of which this is the decimal logarithm, as gnuplot shows it.
std::string scientific(double log10_value);

/// Words at the foot of a panel, on the right, about what does not reach into it.
std::string off_the_scale(const std::string& what);

/// Notes for pictures of several panels, labels of the next one, at the foot of the whole; `unset label` takes
/// them from the others.
std::string notes_at_foot(const std::vector<std::string>& notes);

/// The share of the picture's height that they take.
double height_at_foot(const std::vector<std::string>& notes);

/// A string as gnuplot quotes it.
std::string quoted(const std::string& text);

/// A usage_error unless the name ends in .svg, .png or .pdf and gnuplot is there.
void check_drawable(const std::string& file);

/// The picture, in the format of the file that it is for. A usage_error says why gnuplot fails.
std::string draw(const drawing& d, const std::string& file);

}  // namespace programs
