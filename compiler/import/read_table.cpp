#include <fmt/format.h>

#include <algorithm>

#include "compiler/import/read_document.h"

namespace wattlaw {
namespace {

using Kind = DocumentNode::Kind;

struct Cell {
  std::string text;
  Span span;
};

// One row at a time, as RFC 4180 has it; quotes may hold separators and line ends.
class TableText {
 public:
  TableText(const std::string& text, uint32_t file, Diagnostics& diagnostics) : text_(text), file_(file), diagnostics_(diagnostics) {
    if (text.starts_with("\xEF\xBB\xBF")) at_ = 3;
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view header = std::string_view(text).substr(0, end);
    separator_ = header.find(';') != std::string_view::npos ? ';' : ',';
  }

  bool at_end() const { return at_ >= text_.size(); }
  char separator() const { return separator_; }

  std::vector<Cell> row() {
    std::vector<Cell> cells;
    do cells.push_back(cell());
    while (at_ < text_.size() && text_[at_] == separator_ && ++at_ <= text_.size());
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    return cells;
  }

 private:
  Cell cell() {
    const size_t begin = at_;
    Cell cell;
    if (at_ < text_.size() && text_[at_] == '"') {
      quoted(cell.text);
    } else {
      const size_t end = std::min(text_.find_first_of(std::string{separator_, '\r', '\n'}, at_), text_.size());
      cell.text = text_.substr(at_, end - at_);
      at_ = end;
    }
    cell.span = {file_, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)};
    if (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\r' && text_[at_] != '\n') {
      diagnostics_.error("WL8001", cell.span, "text follows a closing quote");
      at_ = std::min(text_.find_first_of(std::string{separator_, '\n'}, at_), text_.size());
    }
    return cell;
  }

  void quoted(std::string& text) {
    const uint32_t begin = static_cast<uint32_t>(at_);
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] != '"') text += text_[at_];
      else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') text += text_[++at_];
      else {
        ++at_;
        return;
      }
    }
    diagnostics_.error("WL8001", {file_, begin, begin + 1}, "a text in quotes is never closed");
  }

  const std::string& text_;
  uint32_t file_;
  Diagnostics& diagnostics_;
  size_t at_ = 0;
  char separator_ = ',';
};

void add_row(const std::vector<Cell>& header, const std::vector<Cell>& cells, DocumentBuilder& builder) {
  builder.begin(Kind::map, cells[0].span);
  for (size_t i = 0; i < cells.size(); ++i) {
    builder.key(header[i].text, header[i].span);
    builder.scalar(cells[i].text.empty() ? Kind::null : Kind::text, cells[i].text, cells[i].span);
  }
  builder.end();
}

}  // namespace

std::optional<Document> read_table(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  if (!check_import_text(source, file, diagnostics)) return std::nullopt;
  const size_t errors = diagnostics.error_count();
  TableText table(source.text, file, diagnostics);
  if (table.at_end()) {
    diagnostics.error("WL8001", {file, 0, 0}, "the file is empty");
    return std::nullopt;
  }
  const std::vector<Cell> header = table.row();
  for (size_t i = 0; i < header.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      if (header[i].text == header[j].text) diagnostics.error("WL8001", header[i].span, fmt::format("two columns are called `{}`", header[i].text));
  DocumentBuilder builder;
  builder.begin(Kind::list, {file, 0, 0});
  while (!table.at_end() && diagnostics.error_count() == errors) {
    const std::vector<Cell> cells = table.row();
    if (cells.size() == 1 && cells[0].text.empty()) continue;  // an empty line
    if (cells.size() == header.size()) add_row(header, cells, builder);
    else diagnostics.error("WL8001", cells.back().span, fmt::format("the row has {} fields, the header {}", cells.size(), header.size()));
  }
  builder.end();
  return diagnostics.error_count() > errors ? std::nullopt : std::optional(builder.take());
}

}  // namespace wattlaw
