// Source files: the text of every module of a program, with line tables. Positions are always those of the file a person edits;
// in a literate `.watt.md` everything outside ```wattlaw fences is overwritten with spaces in `program_text`, so offsets agree.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostic/diagnostic.h"

namespace wattlaw {

struct SourceFile {
  std::string path;          // as shown in messages, relative to the working directory where possible
  std::string text;          // as read (UTF-8, valid)
  std::string program_text;  // what is parsed: equal to `text`, or blanked outside the fences
  bool literate = false;
  std::vector<uint32_t> line_starts;  // byte offset of each line

  uint32_t line_of(uint32_t offset) const;    // 1-based
  uint32_t column_of(uint32_t offset) const;  // 1-based, in code points
  std::string_view line_text(uint32_t line) const;
};

using SourceFiles = std::deque<SourceFile>;  // Span::file indexes it

}  // namespace wattlaw
