// Document: what a JSON or YAML file says, with the place of every word. Figures keep their digits as text: no reader of an importer
// ever sees a price as a floating-point number.
//   {"price": 1.50}  ->  map { price: number "1.50" }, each with its span
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostic/diagnostic.h"

namespace wattlaw {

using DocumentId = uint32_t;

struct DocumentEntry {
  std::string key;   // empty in a list
  Span key_span;
  DocumentId value = 0;
};

struct DocumentNode {
  enum class Kind : uint8_t { null, yes_no, number, text, list, map };
  Kind kind = Kind::null;
  std::string text;                    // a scalar as written, without quotes
  std::vector<DocumentEntry> entries;  // of a list or map, in order
  Span span;                           // a scalar, or the opening of a list or map
  DocumentId parent = 0;               // the root is its own parent
};

struct Document {
  std::vector<DocumentNode> nodes;  // nodes[0] is the root; never empty

  const DocumentNode& operator[](DocumentId id) const { return nodes[id]; }
  // "tariffer[3].fastledd.metode"; empty for the root.
  std::string path_of(DocumentId id) const;
};

// Builds a Document from the events of a parser: begin, end, key, scalar, in the order of the text.
class DocumentBuilder {
 public:
  void key(std::string name, Span span);
  DocumentId scalar(DocumentNode::Kind kind, std::string text, Span span);
  void begin(DocumentNode::Kind kind, Span span);
  void end();
  // A map holds a key twice: the reader tells it.
  bool has_key(const std::string& name) const;
  bool in_map() const { return !open_.empty() && document_[open_.back()].kind == DocumentNode::Kind::map; }
  bool awaits_key() const { return in_map() && !has_pending_key_; }
  Document take() { return std::move(document_); }

 private:
  DocumentId add(DocumentNode node);
  Document document_;
  std::vector<DocumentId> open_;
  DocumentEntry pending_;
  bool has_pending_key_ = false;
};

}  // namespace wattlaw
