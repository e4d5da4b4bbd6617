#include "compiler/source/literate.h"

#include <algorithm>

namespace wattlaw {
namespace {

std::string_view without_line_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool is_literate_path(std::string_view path) { return path.ends_with(".watt.md"); }

std::vector<Fence> find_fences(std::string_view text) {
  std::vector<Fence> fences;
  bool inside = false, inside_other = false;
  for (size_t begin = 0; begin < text.size();) {
    const size_t line_end = text.find('\n', begin);
    const size_t next = line_end == std::string_view::npos ? text.size() : line_end + 1;
    const std::string_view line = without_line_end(text.substr(begin, next - begin));
    if (inside) {
      if (line == "```") {
        fences.back().end = static_cast<uint32_t>(begin);
        fences.back().closed = true;
        inside = false;
      }
    } else if (inside_other) {
      inside_other = line != "```";
    } else if (line == "```wattlaw") {
      fences.push_back({static_cast<uint32_t>(next), static_cast<uint32_t>(text.size()), static_cast<uint32_t>(begin), false});
      inside = true;
    } else {
      inside_other = line.starts_with("```");
    }
    begin = next;
  }
  return fences;
}

SourceFile source_from_text(std::string shown_path, std::string text, uint32_t file, Diagnostics& diagnostics) {
  SourceFile source;
  source.path = std::move(shown_path);
  source.text = std::move(text);
  source.literate = is_literate_path(source.path);
  source.line_starts.push_back(0);
  for (uint32_t i = 0; i < source.text.size(); ++i)
    if (source.text[i] == '\n') source.line_starts.push_back(i + 1);
  source.program_text = source.text;
  if (!source.literate) return source;
  const auto blank = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i)
      if (source.program_text[i] != '\n') source.program_text[i] = ' ';
  };
  size_t prose = 0;
  for (const Fence& fence : find_fences(source.text)) {
    blank(prose, fence.begin);
    prose = fence.end;
    if (!fence.closed)
      diagnostics.error("WL1030", {file, fence.opened, fence.opened + 10}, "this block of program text is never closed").hint("end it with a line that holds ``` alone");
  }
  blank(prose, source.text.size());
  return source;
}

}  // namespace wattlaw
