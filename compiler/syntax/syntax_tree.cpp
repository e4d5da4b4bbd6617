#include "compiler/syntax/syntax_tree.h"

namespace wattlaw {

std::string_view node_kind_name(NodeKind kind) {
  switch (kind) {
#define WATTLAW_NODE(kind, text, children) \
  case NodeKind::kind: return #kind;
#include "compiler/syntax/syntax_nodes.def"
#undef WATTLAW_NODE
  }
  return "";
}

NodeId SyntaxTree::child(NodeId parent, NodeKind kind) const {
  for (const NodeId child : nodes[parent.index].children)
    if (nodes[child.index].kind == kind) return child;
  return {};
}

std::vector<NodeId> SyntaxTree::children(NodeId parent, NodeKind kind) const {
  std::vector<NodeId> found;
  for (const NodeId child : nodes[parent.index].children)
    if (nodes[child.index].kind == kind) found.push_back(child);
  return found;
}

std::string print_syntax(const SyntaxTree& tree) {
  struct Pending {
    NodeId node;
    size_t depth;
  };
  std::string text;
  std::vector<Pending> pending;
  if (tree.root) pending.push_back({tree.root, 0});
  while (!pending.empty()) {
    const Pending next = pending.back();
    pending.pop_back();
    const Node& node = tree[next.node];
    text.append(2 * next.depth, ' ');
    text += node_kind_name(node.kind);
    if (!node.text.empty()) {
      text += " \"";
      for (const char letter : node.text) {
        if (letter == '\n') text += "\\n";
        else if (letter == '"' || letter == '\\') (text += '\\') += letter;
        else text += letter;
      }
      text += '"';
    }
    text += '\n';
    for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) pending.push_back({*child, next.depth + 1});
  }
  return text;
}

}  // namespace wattlaw
