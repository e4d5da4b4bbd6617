// literate: the fenced blocks of a `.watt.md`, which are the program; the prose around them is the law's own text.
//   "Text\n```wattlaw\nrole A\n```\n"   ->   one block "role A\n"
#pragma once
#include <string>
#include <vector>

#include "compiler/source/source_file.h"

namespace wattlaw {

struct Fence {
  uint32_t begin = 0, end = 0;  // the lines between the fences, in bytes
  uint32_t opened = 0;          // where the opening fence stands
  bool closed = true;
};

bool is_literate_path(std::string_view path);
std::vector<Fence> find_fences(std::string_view text);

// A SourceFile with its line table; outside the fences of a literate file `program_text` is blanked, an unclosed fence is an error.
SourceFile source_from_text(std::string shown_path, std::string text, uint32_t file, Diagnostics& diagnostics);

}  // namespace wattlaw
