#include "compiler/syntax/format_source.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "WattlawParser.h"
#include "antlr4-runtime.h"
#include "compiler/source/literate.h"
#include "compiler/syntax/lex_source.h"

namespace wattlaw {
namespace {

constexpr size_t kWidestLine = 140;       // a block written on one line stays there up to this width (code points)
constexpr size_t kIndent = 2;
constexpr size_t kBetweenRows = 3;        // rows that share a line
constexpr size_t kBeforeComment = 2;
constexpr size_t kContinuation = 4;       // a clause that goes on on another line

// What the tree says about the token that begins at a byte offset.
struct Places {
  std::unordered_set<uint32_t> entries;     // begins a declaration, clause or entry: a line of its own
  std::unordered_set<uint32_t> rows;        // begins a table row, band or field: its line is no continuation
  std::unordered_set<uint32_t> bodies;      // the `{` of a declaration: its lines are indented from the declaration
  std::unordered_set<uint32_t> calls;       // ends of the names of calls: `(` touches
  std::unordered_set<uint32_t> negations;   // unary minus: touches what follows
};

bool holds_entries(NodeKind kind) {
  switch (kind) {
    case NodeKind::File: case NodeKind::Tariff: case NodeKind::Contract: case NodeKind::Amend: case NodeKind::Service: case NodeKind::Dispatch:
    case NodeKind::Rule: case NodeKind::Reform: case NodeKind::Scenario: case NodeKind::Space: case NodeKind::Test: case NodeKind::Group:
    case NodeKind::Calendar: return true;
    default: return false;
  }
}

bool is_row(NodeKind kind) {
  switch (kind) {
    case NodeKind::TableRow: case NodeKind::BlockRow: case NodeKind::StepRow: case NodeKind::Band: case NodeKind::Field: case NodeKind::FieldValue:
    case NodeKind::DatedValue: case NodeKind::FromFile: case NodeKind::Every: return true;
    default: return false;
  }
}

struct Piece {
  size_t type;
  uint32_t begin, end, line;
  bool is_comment = false;
  size_t partner = SIZE_MAX;  // of a brace: the other one
};

// Where the body of a node begins that ends with `}`: what stands before its `{` is its head.
uint32_t body_begin(const Node& node, const std::vector<Piece>& pieces) {
  const auto at_end = std::partition_point(pieces.begin(), pieces.end(), [&](const Piece& piece) { return piece.end < node.span.end; });
  if (at_end == pieces.end() || at_end->partner == SIZE_MAX) return node.span.begin;
  return pieces[at_end->partner].begin;
}

Places find_places(const SyntaxTree& tree, const std::vector<Piece>& pieces) {
  Places places;
  for (const Node& node : tree.nodes) {
    if (node.kind == NodeKind::Call) places.calls.insert(node.text_span.end);
    if (node.kind == NodeKind::Negate) places.negations.insert(node.span.begin);
    if (holds_entries(node.kind) || node.kind == NodeKind::Bands || node.kind == NodeKind::Kind || node.kind == NodeKind::Trace) places.bodies.insert(body_begin(node, pieces));
    const uint32_t body = node.kind == NodeKind::File ? 0 : holds_entries(node.kind) ? body_begin(node, pieces) : 0;
    const bool dated = (node.kind == NodeKind::Parameter || node.kind == NodeKind::Exchange) && tree.child({static_cast<uint32_t>(&node - tree.nodes.data())}, NodeKind::DatedValue);
    for (const NodeId child : node.children) {
      const Node& inner = tree[child];
      if (holds_entries(node.kind) && inner.span.begin >= body) places.entries.insert(inner.span.begin);
      const bool in_line = node.kind == NodeKind::SimulationPeriod || node.kind == NodeKind::Physics;  // `period A to B every 15 min`
      if ((is_row(inner.kind) && !in_line) || node.kind == NodeKind::Trace || (dated && inner.kind == NodeKind::Cite)) places.rows.insert(inner.span.begin);
    }
  }
  return places;
}

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

class Layout {
 public:
  Layout(const LexedSource& lexed, const Places& places, const std::vector<Piece>& pieces) : lexed_(lexed), places_(places), pieces_(pieces) {}

  // Prints pieces [first, last); blocks may stay open from one fenced stretch to the next.
  std::string print(size_t first, size_t last) {
    out_.clear();
    line_start_ = 0;
    for (size_t i = first; i < last; ++i) print_piece(i, i == first);
    while (!out_.empty() && out_.back() == '\n') out_.pop_back();
    return out_.empty() ? out_ : out_ + "\n";
  }

 private:
  struct Block {
    bool expanded;
    size_t closing_indent;
    size_t inner_indent;
  };

  std::string_view text_of(size_t i) const { return std::string_view(lexed_.text).substr(pieces_[i].begin, pieces_[i].end - pieces_[i].begin); }

  void print_piece(size_t i, bool first) {
    const Piece& piece = pieces_[i];
    const bool brace_closes = piece.type == Grammar::RBRACE && !blocks_.empty();
    const Block closed = brace_closes ? blocks_.back() : Block{false, 0, 0};
    if (brace_closes) blocks_.pop_back();
    if (!first) {
      const size_t breaks = breaks_before(i, brace_closes && closed.expanded);
      if (breaks > 0) out_.append(breaks, '\n');
      else out_.append(blanks_before(i), ' ');
      if (breaks > 0) start_line(i, brace_closes ? closed.closing_indent : indent_of(i));
    } else {
      start_line(i, brace_closes ? closed.closing_indent : indent_of(i));
    }
    std::string text(text_of(i));
    if (piece.is_comment)
      while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.pop_back();
    out_ += text;
    if (piece.type == Grammar::LBRACE) {
      const bool expanded = opens_expanded(i);
      const bool hangs = line_continues_ && places_.bodies.count(piece.begin) > 0;
      const size_t from = hangs ? line_indent_ - kContinuation : line_indent_;
      blocks_.push_back({expanded, from, expanded ? from + kIndent : from});
    }
  }

  void start_line(size_t i, size_t indent) {
    line_start_ = out_.size();
    line_indent_ = indent;
    line_continues_ = pieces_[i].type != Grammar::RBRACE && indent >= kContinuation && indent == (blocks_.empty() ? 0 : blocks_.back().inner_indent) + kContinuation;
    out_.append(indent, ' ');
  }

  size_t breaks_before(size_t i, bool closes_expanded) const {
    const Piece& piece = pieces_[i];
    const Piece& previous = pieces_[i - 1];
    const uint32_t written = piece.line - previous.line;
    const size_t kept = std::min<size_t>(written, 2);
    const bool at_block_edge = previous.type == Grammar::LBRACE || piece.type == Grammar::RBRACE;
    if (piece.is_comment) return written == 0 ? 0 : at_block_edge ? 1 : kept;
    if (previous.is_comment) return at_block_edge ? 1 : std::max<size_t>(kept, 1);
    if (piece.type == Grammar::LBRACE) return 0;
    if (closes_expanded) return 1;
    if (piece.type == Grammar::RBRACE) return 0;
    if (!blocks_.empty() && previous.type == Grammar::LBRACE) return blocks_.back().expanded ? 1 : 0;
    const bool entry = places_.entries.count(piece.begin) > 0;
    if (entry && (blocks_.empty() || blocks_.back().expanded)) return std::max<size_t>(kept, 1);
    return kept == 2 && !entry && places_.rows.count(piece.begin) == 0 ? 1 : kept;
  }

  size_t indent_of(size_t i) const {
    const size_t base = blocks_.empty() ? 0 : blocks_.back().inner_indent;
    if (pieces_[i].is_comment) return comment_leads_entry(i) ? base : base + kContinuation;
    const bool own = places_.entries.count(pieces_[i].begin) > 0 || places_.rows.count(pieces_[i].begin) > 0;
    return own || (i > 0 && pieces_[i - 1].type == Grammar::LBRACE) ? base : base + kContinuation;
  }

  // An own-line comment stands as deep as what it leads.
  bool comment_leads_entry(size_t i) const {
    while (i < pieces_.size() && pieces_[i].is_comment) ++i;
    if (i == pieces_.size() || pieces_[i].type == Grammar::RBRACE) return true;
    return places_.entries.count(pieces_[i].begin) > 0 || places_.rows.count(pieces_[i].begin) > 0;
  }

  // A block is written over several lines if the author did so, or if it does not fit on one.
  bool opens_expanded(size_t i) const {
    const size_t close = pieces_[i].partner;
    if (close == SIZE_MAX || close == i + 1) return false;
    if (pieces_[close].line != pieces_[i].line) return true;
    size_t width = width_of(std::string_view(out_).substr(line_start_));
    for (size_t k = i + 1; k <= close; ++k) width += width_of(text_of(k)) + blanks_before(k);
    // What follows on the line (modifiers, the closing brace of an outer block) is not broken either.
    for (size_t k = close + 1; k < pieces_.size() && pieces_[k].line == pieces_[close].line && !pieces_[k].is_comment && places_.entries.count(pieces_[k].begin) == 0; ++k)
      width += width_of(text_of(k)) + blanks_before(k);
    return width > kWidestLine;
  }

  // Rows and entries that share a line stand apart, so that `0.25 NOK/kWh   night => …` reads as two.
  size_t blanks_before(size_t i) const {
    if (!needs_space(i)) return 0;
    if (pieces_[i].is_comment) return kBeforeComment;
    const bool begins = places_.entries.count(pieces_[i].begin) > 0 || places_.rows.count(pieces_[i].begin) > 0;
    return begins && pieces_[i - 1].type != Grammar::LBRACE && pieces_[i - 1].type != Grammar::EQUALS_SIGN ? kBetweenRows : 1;
  }

  bool needs_space(size_t i) const {
    const size_t before = pieces_[i - 1].type, now = pieces_[i].type;
    if (before == Grammar::LPAREN || now == Grammar::RPAREN || now == Grammar::COMMA || now == Grammar::WINDOW_COMMA || now == Grammar::COLON) return false;
    if (before == Grammar::DOT || now == Grammar::DOT || now == Grammar::PER_UNIT) return false;
    if (now == Grammar::PERCENT) return before != Grammar::NUMBER;
    if (now == Grammar::LPAREN && places_.calls.count(pieces_[i - 1].end) > 0) return false;
    if (before == Grammar::MINUS && places_.negations.count(pieces_[i - 1].begin) > 0) return false;
    if (before == Grammar::LBRACE && now == Grammar::RBRACE) return false;
    return true;
  }

  const LexedSource& lexed_;
  const Places& places_;
  const std::vector<Piece>& pieces_;
  std::vector<Block> blocks_;
  std::string out_;
  size_t line_start_ = 0, line_indent_ = 0;
  bool line_continues_ = false;
};

std::vector<Piece> collect_pieces(const LexedSource& lexed) {
  std::vector<Piece> pieces;
  std::vector<size_t> open;
  for (const Token* token : lexed.stream->getTokens()) {
    if (token->getType() == antlr4::Token::EOF) break;
    const Span span = lexed.span(token);
    pieces.push_back({token->getType(), span.begin, span.end, static_cast<uint32_t>(token->getLine()), token->getType() == Grammar::COMMENT, SIZE_MAX});
    if (token->getType() == Grammar::LBRACE) open.push_back(pieces.size() - 1);
    if (token->getType() == Grammar::RBRACE && !open.empty()) {
      pieces.back().partner = open.back();
      pieces[open.back()].partner = pieces.size() - 1;
      open.pop_back();
    }
  }
  return pieces;
}

}  // namespace

std::optional<std::string> format_source(const SourceFile& source, const SyntaxTree& tree, Diagnostics& diagnostics) {
  const bool broken = std::any_of(tree.nodes.begin(), tree.nodes.end(), [](const Node& node) { return node.kind == NodeKind::Missing; });
  if (broken || diagnostics.has_errors()) {
    if (!diagnostics.has_errors()) diagnostics.error("WL1040", {tree.file, 0, 0}, "a file with errors is not formatted");
    return std::nullopt;
  }
  const auto lexed = lex_source(source, tree.file);
  const std::vector<Piece> pieces = collect_pieces(*lexed);
  const Places places = find_places(tree, pieces);
  Layout layout(*lexed, places, pieces);
  if (!source.literate) return layout.print(0, pieces.size());
  std::string text;
  size_t prose = 0, next = 0;
  for (const Fence& fence : find_fences(source.text)) {
    text += std::string_view(source.text).substr(prose, fence.begin - prose);
    const size_t first = next;
    while (next < pieces.size() && pieces[next].begin < fence.end) ++next;
    text += layout.print(first, next);
    prose = fence.end;
  }
  return text + source.text.substr(prose);
}

}  // namespace wattlaw
