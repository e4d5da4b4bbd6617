#include "compiler/diagnostic/render_diagnostic.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "compiler/diagnostic/sort_diagnostics.h"

namespace wattlaw {

const DiagnosticCode kDiagnosticCodes[] = {
#define WATTLAW_CODE(code, meaning) {code, meaning},
#include "compiler/diagnostic/codes.def"
#undef WATTLAW_CODE
    {nullptr, nullptr},
};

namespace {

constexpr size_t kWidestExcerpt = 150;  // columns of source shown; longer lines are cut around the culprit
constexpr size_t kTabWidth = 4;

struct Paint {
  bool color = false;
  std::string operator()(const char* sequence, const std::string& text) const { return color ? fmt::format("\x1b[{}m{}\x1b[0m", sequence, text) : text; }
};

const char* severity_paint(Severity severity) {
  switch (severity) {
    case Severity::error: return "1;31";
    case Severity::warning: return "1;33";
    case Severity::note: return "1;36";
  }
  return "0";
}

// One line of source as it is printed: tabs widened, control characters made harmless, one cell a code point.
struct Cells {
  std::vector<std::string> cell;
  std::vector<size_t> cell_of_byte;  // and one past the end
};

Cells make_cells(std::string_view line) {
  Cells cells;
  for (size_t i = 0; i < line.size();) {
    const auto lead = static_cast<unsigned char>(line[i]);
    size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    length = std::min(length, line.size() - i);
    cells.cell_of_byte.insert(cells.cell_of_byte.end(), length, cells.cell.size());
    if (line[i] == '\t') cells.cell.insert(cells.cell.end(), kTabWidth, " ");
    else if (lead < 0x20 || lead == 0x7F) cells.cell.push_back("?");
    else cells.cell.emplace_back(line.substr(i, length));
    i += length;
  }
  cells.cell_of_byte.push_back(cells.cell.size());
  return cells;
}

struct Mark {
  size_t first = 0, last = 0;  // cells [first, last)
  char sign = '^';
  std::string text;
};

struct Stretch {
  std::string source;
  std::vector<std::string> below;  // underlines and their texts
};

std::string underline(const std::vector<Mark>& marks) {
  std::string line;
  for (const Mark& mark : marks) {
    if (line.size() < mark.last) line.resize(mark.last, ' ');
    for (size_t i = mark.first; i < mark.last; ++i)
      if (line[i] != '^') line[i] = mark.sign;
  }
  return line;
}

// A line may be a whole file (JSON often is one): what surely lies beside the excerpt is left out before it is cut into cells.
std::string_view near_marks(std::string_view source, std::vector<Mark>& marks) {
  constexpr size_t kReach = 4 * kWidestExcerpt;  // bytes of a code point at most
  if (marks.empty() || source.size() <= 4 * kReach) return source;
  size_t begin = marks[0].first > kReach ? marks[0].first - kReach : 0;
  while (begin > 0 && (source[begin] & 0xC0) == 0x80) --begin;
  std::erase_if(marks, [&](const Mark& mark) { return mark.first < begin; });
  for (Mark& mark : marks) {
    mark.first -= begin;
    mark.last -= begin;
  }
  return source.substr(begin, marks[0].first + 2 * kReach);
}

// Underlines first; the rightmost mark's text stands behind its underline, the others hang below their first cell.
Stretch draw_line(std::string_view source, std::vector<Mark> marks) {
  const Cells cells = make_cells(near_marks(source, marks));
  for (Mark& mark : marks) {
    mark.first = cells.cell_of_byte[std::min(mark.first, cells.cell_of_byte.size() - 1)];
    mark.last = std::max(cells.cell_of_byte[std::min(mark.last, cells.cell_of_byte.size() - 1)], mark.first + 1);
  }
  size_t left = 0, right = cells.cell.size();
  if (right > kWidestExcerpt) {
    const size_t focus = marks.empty() ? 0 : marks[0].first;
    left = focus > kWidestExcerpt / 2 ? focus - kWidestExcerpt / 2 : 0;
    right = std::min(right, left + kWidestExcerpt);
  }
  const std::string cut = left > 0 ? "…" : "";
  Stretch drawn{cut, {}};
  for (size_t i = left; i < right; ++i) drawn.source += cells.cell[i];
  if (right < cells.cell.size()) drawn.source += "…";
  const size_t shift = left > 0 ? left - 1 : 0;
  std::erase_if(marks, [&](const Mark& mark) { return mark.first < left || mark.first > right; });
  for (Mark& mark : marks) {
    mark.first -= shift;
    mark.last = std::min(mark.last - shift, mark.first + kWidestExcerpt);
  }
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.first < b.first; });
  std::string line = underline(marks);
  const bool text_fits_behind = !marks.empty() && marks.back().last == line.size();
  if (text_fits_behind && !marks.back().text.empty()) line += " " + marks.back().text;
  drawn.below.push_back(line);
  for (size_t i = marks.size(); i-- > 0;) {
    if (marks[i].text.empty() || (text_fits_behind && i + 1 == marks.size())) continue;
    drawn.below.push_back(std::string(marks[i].first, ' ') + marks[i].text);
  }
  return drawn;
}

std::string render_excerpt(const Diagnostic& diagnostic, const SourceFiles& files, const Paint& paint) {
  struct Part {
    Span span;
    char sign;
    std::string text;
  };
  std::vector<Part> parts{{diagnostic.span, '^', ""}};
  for (const Label& label : diagnostic.labels_) {
    const bool same = label.span.file == diagnostic.span.file && label.span.begin == diagnostic.span.begin && label.span.end == diagnostic.span.end;
    if (same) parts[0].text = label.text;
    else parts.push_back({label.span, '-', label.text});
  }
  // File by file (the culprit's first), line by line.
  std::vector<uint32_t> file_order{diagnostic.span.file};
  std::map<std::pair<uint32_t, uint32_t>, std::vector<Mark>> lines;
  for (const Part& part : parts) {
    if (part.span.file >= files.size()) continue;
    const SourceFile& file = files[part.span.file];
    if (std::find(file_order.begin(), file_order.end(), part.span.file) == file_order.end()) file_order.push_back(part.span.file);
    const uint32_t line = file.line_of(part.span.begin);
    const uint32_t start = file.line_starts.empty() ? 0 : file.line_starts[line - 1];
    const size_t length = file.line_text(line).size();
    const size_t first = std::min<size_t>(part.span.begin - start, length);
    lines[{part.span.file, line}].push_back({first, std::clamp<size_t>(part.span.end - start, first, std::max(length, first)), part.sign, part.text});
  }
  size_t gutter = 1;
  for (const auto& [where, marks] : lines) gutter = std::max(gutter, std::to_string(where.second).size());
  std::string text;
  for (const uint32_t index : file_order) {
    if (index >= files.size()) continue;
    const SourceFile& file = files[index];
    const bool culprit = index == diagnostic.span.file;
    uint32_t shown = 0;
    for (auto& [where, marks] : lines) {
      if (where.first != index) continue;
      if (shown == 0) {
        const std::string place = culprit ? fmt::format("{}:{}:{}", file.path, file.line_of(diagnostic.span.begin), file.column_of(diagnostic.span.begin)) : fmt::format("{}:{}", file.path, where.second);
        text += fmt::format("{:{}}{} {}\n{:{}} {}\n", "", gutter + 1, paint("1;34", "-->"), place, "", gutter + 1, paint("1;34", "|"));
      } else if (where.second > shown + 1) {
        text += fmt::format("{:{}} {}\n", "", gutter + 1, paint("1;34", "…"));
      }
      const Stretch drawn = draw_line(file.line_text(where.second), marks);
      text += fmt::format("{} {} {}\n", paint("1;34", fmt::format("{:>{}}", where.second, gutter + 1)), paint("1;34", "|"), drawn.source);
      for (const std::string& line : drawn.below) text += fmt::format("{:{}} {} {}\n", "", gutter + 1, paint("1;34", "|"), paint(severity_paint(diagnostic.severity), line));
      shown = where.second;
    }
  }
  for (const std::string& note : diagnostic.notes_) text += fmt::format("{:{}} {} {}\n", "", gutter + 1, paint("1;34", "="), note);
  for (const std::string& hint : diagnostic.hints_) text += fmt::format("{:{}} {} {} {}\n", "", gutter + 1, paint("1;34", "="), paint("1;32", "hint:"), hint);
  return text;
}

}  // namespace

const char* severity_word(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "";
}

std::vector<const Diagnostic*> sort_diagnostics(const Diagnostics& diagnostics) {
  std::vector<const Diagnostic*> sorted;
  for (const Diagnostic& diagnostic : diagnostics.all()) sorted.push_back(&diagnostic);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Diagnostic* a, const Diagnostic* b) {
    return std::pair{a->span.file, a->span.begin} < std::pair{b->span.file, b->span.begin};
  });
  return sorted;
}

std::string render_text(const Diagnostics& diagnostics, const SourceFiles& files, bool color) {
  const Paint paint{color};
  std::string text;
  for (const Diagnostic* diagnostic : sort_diagnostics(diagnostics)) {
    const std::string head = fmt::format("{}[{}]", severity_word(diagnostic->severity), diagnostic->code);
    text += fmt::format("{}: {}\n", paint(severity_paint(diagnostic->severity), head), paint("1", diagnostic->message));
    text += render_excerpt(*diagnostic, files, paint);
    text += '\n';
  }
  return text;
}

}  // namespace wattlaw
