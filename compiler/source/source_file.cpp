#include "compiler/source/source_file.h"

#include <algorithm>

namespace wattlaw {
namespace {

bool continues_sequence(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

uint32_t SourceFile::line_of(uint32_t offset) const {
  const auto after = std::upper_bound(line_starts.begin(), line_starts.end(), offset);
  return after == line_starts.begin() ? 1 : static_cast<uint32_t>(after - line_starts.begin());
}

uint32_t SourceFile::column_of(uint32_t offset) const {
  if (line_starts.empty()) return 1;
  const uint32_t begin = line_starts[line_of(offset) - 1];
  const auto end = std::min<size_t>(offset, text.size());
  uint32_t column = 1;
  for (size_t i = begin; i < end; ++i) column += !continues_sequence(text[i]);
  return column;
}

std::string_view SourceFile::line_text(uint32_t line) const {
  if (line == 0 || line > line_starts.size()) return {};
  const size_t begin = line_starts[line - 1];
  size_t end = line < line_starts.size() ? line_starts[line] : text.size();
  while (end > begin && (text[end - 1] == '\n' || text[end - 1] == '\r')) --end;
  return std::string_view(text).substr(begin, end - begin);
}

}  // namespace wattlaw
