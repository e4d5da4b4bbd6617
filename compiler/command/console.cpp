#include "compiler/command/console.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "compiler/diagnostic/render_diagnostic.h"

namespace wattlaw {
namespace {

bool wants_color(ColorChoice choice, int descriptor) {
  if (choice != ColorChoice::automatic) return choice == ColorChoice::always;
  const char* off = std::getenv("NO_COLOR");
  return isatty(descriptor) && (off == nullptr || *off == '\0');
}

// JSON of texts that may hold broken UTF-8 (a file's name): replaced, never thrown.
std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

bool Console::color_out() const { return wants_color(color, STDOUT_FILENO); }
bool Console::color_err() const { return wants_color(color, STDERR_FILENO); }

void print_out(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_err(std::string_view text) {
  std::fflush(stdout);  // keeps the two streams in order where they are one
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void complain(std::string_view line) { print_err(fmt::format("wattlaw: {}\n", line)); }

int close_output(int exit_code) {
  errno = 0;
  bool written = std::fflush(stdout) == 0 && !std::ferror(stdout);
  if (written) return exit_code;
  if (errno != EPIPE) complain(fmt::format("standard output could not be written: {}", errno ? std::strerror(errno) : "output error"));
  return exit_code == kOk ? kDataError : exit_code;
}

std::string render_diagnostics(const Console& console, const Diagnostics& diagnostics, const SourceFiles& files, bool color) {
  switch (console.format) {
    case Format::text: return render_text(diagnostics, files, color);
    case Format::json: return render_json(diagnostics, files);
    case Format::junit: return render_junit(diagnostics, files, "wattlaw check");
    case Format::sarif: return render_sarif(diagnostics, files);
    case Format::github: return render_github(diagnostics, files);
  }
  return "";
}

int exit_code_of(const Console& console, const Diagnostics& diagnostics) {
  if (diagnostics.has_errors()) return kSourceError;
  return console.strict && diagnostics.warning_count() > 0 ? kWarnings : kOk;
}

int report_diagnostics(const Console& console, const Diagnostics& diagnostics, const SourceFiles& files) {
  int code = exit_code_of(console, diagnostics);
  if (console.is_machine()) {
    if (code != kOk) print_out(render_diagnostics(console, diagnostics, files, false));
  } else {
    print_err(render_diagnostics(console, diagnostics, files, console.color_err()));
    if (code == kSourceError) complain(fmt::format("{} in the script", count_text(diagnostics.error_count(), "error")));
    if (code == kWarnings) complain(fmt::format("{} and --strict was asked for", count_text(diagnostics.warning_count(), "warning")));
  }
  return code;
}

namespace {

// A failure with its file, row and time; `kind` is error, warning or note.
std::string told_text(const char* kind, const char* shade, const Failure& failure, bool color) {
  std::string text = fmt::format("{}{}[{}]:{} {}\n", color ? shade : "", kind, failure.code, color ? "\033[0m" : "", failure.message);
  if (!failure.file.empty()) {
    text += "  --> " + failure.file;
    if (failure.row > 0) text += fmt::format(":{}", failure.row);
    if (!failure.time.empty()) text += fmt::format(" ({})", failure.time);
    text += "\n";
  } else if (!failure.time.empty()) {
    text += fmt::format("  --> {}\n", failure.time);
  }
  if (!failure.hint.empty()) text += fmt::format("   = hint: {}\n", failure.hint);
  return text;
}

bool is_in(const SourceFiles& files, const TextPlace& place) { return place.file < files.size() && place.end <= files[place.file].text.size(); }

}  // namespace

std::string failure_text(const Failure& failure, const SourceFiles& files, bool color) {
  if (failure.places.empty() || !is_in(files, failure.places[0])) return told_text("error", "\033[1;31m", failure, color);
  Diagnostics diagnostics;
  const auto span_of = [](const TextPlace& place) { return Span{place.file, place.begin, place.end}; };
  Diagnostic& diagnostic = diagnostics.error(failure.code, span_of(failure.places[0]), failure.message);
  for (size_t i = 1; i < failure.places.size(); ++i)
    if (is_in(files, failure.places[i])) diagnostic.label(span_of(failure.places[i]), "here");
  if (!failure.hint.empty()) diagnostic.hint(failure.hint);
  return render_text(diagnostics, files, color);
}

int report_warnings(const Console& console, const std::vector<Remark>& remarks) {
  size_t warnings = 0;
  for (const Remark& remark : remarks) {
    if (!remark.is_warning) continue;
    ++warnings;
    print_err(told_text("warning", "\033[1;33m", remark.told, console.color_err()));
  }
  if (warnings == 0 || !console.strict) return kOk;
  complain(fmt::format("{} about the data and --strict was asked for", count_text(warnings, "warning")));
  return kWarnings;
}

int report_failure(const Console& console, const Failure& failure, const SourceFiles& files, int exit_code) {
  print_err(failure_text(failure, files, console.color_err()));
  if (console.format == Format::json) {
    nlohmann::ordered_json error = {{"code", failure.code}, {"message", failure.message}};
    if (!failure.hint.empty()) error["hint"] = failure.hint;
    if (!failure.file.empty()) error["file"] = failure.file;
    if (failure.row > 0) error["row"] = failure.row;
    if (!failure.time.empty()) error["time"] = failure.time;
    if (!failure.places.empty() && is_in(files, failure.places[0])) {
      error["script"] = files[failure.places[0].file].path;
      error["line"] = files[failure.places[0].file].line_of(failure.places[0].begin);
    }
    print_out(dump({{"failure", error}}));
  }
  return failure.code == "WL7001" ? kOurBug : exit_code;
}

std::string script_problem(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return fmt::format("no file is called `{}`", path);
    return fmt::format("`{}` cannot be opened: {}", path, std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return fmt::format("`{}` is a folder; name the script inside it", path);
  if (!S_ISREG(status.st_mode)) return fmt::format("`{}` is not a file of text", path);
  if (access(path.c_str(), R_OK) != 0) return fmt::format("`{}` cannot be read: {}", path, std::strerror(errno));
  return "";
}

int report_script_problem(const Console& console, const std::string& path, const std::string& problem) {
  complain(problem);
  if (console.is_machine()) {
    // A diagnostic at the start of an empty text, so that every format stays what it is.
    SourceFiles files(1);
    files[0].path = path;
    files[0].line_starts = {0};
    Diagnostics diagnostics;
    diagnostics.error("WL1036", Span{0, 0, 0}, problem);
    print_out(render_diagnostics(console, diagnostics, files, false));
  }
  return kSourceError;
}

std::string count_text(size_t count, std::string_view noun) {
  if (count == 0) return fmt::format("no {}s", noun);
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace wattlaw
