// SyntaxTree: what the parser read, one homogeneous node type in flat vectors, children by id. syntax_nodes.def says for each
// kind what its `text` is and which children stand in which order. Comments are kept, so `fmt` prints from tree and tokens.
//   charge energy on import at 0.10 NOK/kWh   ->   Charge "energy" (On (Name "import"), At (Quantity "0.10" (Unit "NOK/kWh")))
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/diagnostic/diagnostic.h"

namespace wattlaw {

enum class NodeKind : uint8_t {
#define WATTLAW_NODE(kind, text, children) kind,
#include "compiler/syntax/syntax_nodes.def"
#undef WATTLAW_NODE
};
std::string_view node_kind_name(NodeKind kind);

struct NodeId {
  uint32_t index = UINT32_MAX;
  explicit operator bool() const { return index != UINT32_MAX; }
  bool operator==(const NodeId&) const = default;
};

struct Node {
  NodeKind kind;
  Span span;                       // from the first to the last token of the node
  std::string text;                // see syntax_nodes.def
  Span text_span;                  // where `text` stands (a clause's label, a declaration's name); == span where there is none
  std::vector<NodeId> children;
};

struct Comment {
  Span span;
  bool own_line = false;  // nothing but blanks before it on its line
};

struct SyntaxTree {
  uint32_t file = 0;            // index into SourceFiles
  std::vector<Node> nodes;
  NodeId root;                  // kind File
  std::vector<Comment> comments;
  const Node& operator[](NodeId id) const { return nodes[id.index]; }
  // First child of that kind, or an empty id.
  NodeId child(NodeId parent, NodeKind kind) const;
  std::vector<NodeId> children(NodeId parent, NodeKind kind) const;
};

// Prints the tree, one node a line, indented: `show syntax`.
std::string print_syntax(const SyntaxTree& tree);

}  // namespace wattlaw
