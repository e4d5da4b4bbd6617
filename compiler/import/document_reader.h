// DocumentReader: takes typed values out of a Document and says what is missing, unknown or of another kind, with the path inside the
// file. An absent value and `null` are the same. Nothing is guessed: what an importer has not asked for is an error (refuse_unknown).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/import/document.h"
#include "runtime/number/rational.h"
#include "runtime/time/civil.h"

namespace wattlaw {

struct Figure {
  Rational value;
  Span span;
};

class DocumentReader {
 public:
  DocumentReader(const Document& document, Diagnostics& diagnostics)
      : document_(document), diagnostics_(diagnostics), errors_before_(diagnostics.error_count()) {}

  const DocumentNode& node(DocumentId id) const { return document_[id]; }
  // False and WL8004 unless `id` is a map; WL8003 for every key that is not among `known`.
  bool expect_map(DocumentId id, const std::vector<std::string>& known);
  // nullopt if absent or null; `required` says so (WL8002).
  std::optional<DocumentId> child(DocumentId map, std::string_view key) const;
  std::optional<DocumentId> required(DocumentId map, std::string_view key);

  // Each is nullopt with WL8004 if the value is of another kind. Texts are without white space at their ends.
  std::optional<std::string> text(DocumentId id);
  std::optional<Figure> figure(DocumentId id);   // a number; at most 18 digits on either side of the point
  std::optional<int> whole(DocumentId id, int least, int most);
  std::optional<bool> yes_no(DocumentId id);
  std::optional<Date> date(DocumentId id);       // 2026-07-01
  std::vector<DocumentId> list(DocumentId id);   // the items; empty with WL8004 if it is no list
  std::vector<std::string> texts(DocumentId id);

  std::optional<std::string> required_text(DocumentId map, std::string_view key);
  std::optional<std::string> optional_text(DocumentId map, std::string_view key);
  std::optional<Figure> required_figure(DocumentId map, std::string_view key);
  std::optional<Figure> optional_figure(DocumentId map, std::string_view key);
  std::optional<Date> required_date(DocumentId map, std::string_view key);
  std::optional<Date> optional_date(DocumentId map, std::string_view key);

  // Index of the word among `words`; nullopt with WL8005 and the words there are.
  std::optional<size_t> one_of(DocumentId id, const std::vector<std::string>& words);

  // With a note "at tariffer[3].fastledd".
  Diagnostic& error(std::string code, DocumentId id, std::string message);
  Diagnostic& warning(std::string code, DocumentId id, std::string message);
  bool has_errors() const { return diagnostics_.error_count() > errors_before_; }  // of this document

 private:
  Diagnostic& with_path(Diagnostic& diagnostic, DocumentId id) const;
  void refuse_kind(DocumentId id, const char* wanted);
  const Document& document_;
  Diagnostics& diagnostics_;
  size_t errors_before_;
};

// "1.5e-3" -> 3/2000, exactly; nullopt if it is no number or has more than 18 digits on either side of the point.
std::optional<Rational> exact_number(std::string_view text);

}  // namespace wattlaw
