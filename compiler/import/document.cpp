#include "compiler/import/document.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlaw {

std::string Document::path_of(DocumentId id) const {
  std::string path;
  for (; id != 0; id = nodes[id].parent) {
    const DocumentNode& parent = nodes[nodes[id].parent];
    size_t at = 0;
    while (parent.entries[at].value != id) ++at;
    const bool is_list = parent.kind == DocumentNode::Kind::list;
    std::string step = is_list ? fmt::format("[{}]", at) : parent.entries[at].key;
    if (!path.empty() && path.front() != '[') step += '.';
    path = step + path;
  }
  return path;
}

DocumentId DocumentBuilder::add(DocumentNode node) {
  const DocumentId id = static_cast<DocumentId>(document_.nodes.size());
  node.parent = open_.empty() ? 0 : open_.back();
  document_.nodes.push_back(std::move(node));
  if (!open_.empty()) {
    pending_.value = id;
    document_.nodes[open_.back()].entries.push_back(std::move(pending_));
    pending_ = {};
    has_pending_key_ = false;
  }
  return id;
}

void DocumentBuilder::key(std::string name, Span span) {
  pending_ = {std::move(name), span, 0};
  has_pending_key_ = true;
}

DocumentId DocumentBuilder::scalar(DocumentNode::Kind kind, std::string text, Span span) {
  return add({kind, std::move(text), {}, span, 0});
}

void DocumentBuilder::begin(DocumentNode::Kind kind, Span span) { open_.push_back(add({kind, "", {}, span, 0})); }

void DocumentBuilder::end() { open_.pop_back(); }

bool DocumentBuilder::has_key(const std::string& name) const {
  const std::vector<DocumentEntry>& entries = document_[open_.back()].entries;
  return std::any_of(entries.begin(), entries.end(), [&](const DocumentEntry& entry) { return entry.key == name; });
}

}  // namespace wattlaw
