// Console: what a verb says. The product goes to standard output in the format asked for, remarks about the work to standard error.
#pragma once
#include <string>
#include <string_view>

#include "compiler/command/exit_code.h"
#include "compiler/diagnostic/diagnostic.h"
#include "compiler/source/source_file.h"
#include "runtime/base/result.h"

namespace wattlaw {

enum class Format { text, json, junit, sarif, github };
enum class ColorChoice { automatic, always, never };

struct Console {
  Format format = Format::text;
  ColorChoice color = ColorChoice::automatic;
  bool strict = false;

  bool is_machine() const { return format != Format::text; }
  bool color_out() const;  // standard output: asked for, or a terminal and NO_COLOR unset
  bool color_err() const;
};

void print_out(std::string_view text);
void print_err(std::string_view text);
// "wattlaw: no file is called `x.watt`"
void complain(std::string_view line);
// The exit code, or kDataError with one line if standard output did not take everything (a full disk, a closed pipe).
int close_output(int exit_code);

// Diagnostics in the console's format. Text goes to standard error, machine formats to standard output.
std::string render_diagnostics(const Console& console, const Diagnostics& diagnostics, const SourceFiles& files, bool color);
// Says what stopped the verb; 3 with errors, 2 with warnings under --strict, else 0.
int report_diagnostics(const Console& console, const Diagnostics& diagnostics, const SourceFiles& files);
int exit_code_of(const Console& console, const Diagnostics& diagnostics);

//   error[WL6003]: 12 steps are missing
//     --> traces/site.csv:8761 (2026-03-29 02:00)
//      = hint: …
// A failure that has places in the script shows them as a diagnostic does; `files` are the script's.
std::string failure_text(const Failure& failure, const SourceFiles& files, bool color);
// The same, and as JSON on standard output where that is the format. Returns the exit code: 5 for WL7001, our bug, else `exit_code`.
int report_failure(const Console& console, const Failure& failure, const SourceFiles& files = {}, int exit_code = kDataError);
// The warnings of a load on standard error (its notes stand with the result). 2 if there are any and --strict, which is said, else 0.
int report_warnings(const Console& console, const std::vector<Remark>& remarks);

// What is wrong with a script's path before it is read; empty if nothing. "no file is called `x.watt`"
std::string script_problem(const std::string& path);
// Says so in the console's format; kSourceError.
int report_script_problem(const Console& console, const std::string& path, const std::string& problem);

// "1 error", "2 errors"; "no errors" for none.
std::string count_text(size_t count, std::string_view noun);

}  // namespace wattlaw
