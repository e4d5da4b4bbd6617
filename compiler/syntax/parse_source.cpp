#include "compiler/syntax/parse_source.h"

#include <algorithm>

#include "compiler/syntax/build_tree.h"
#include "compiler/syntax/check_text.h"
#include "compiler/syntax/explain_error.h"

namespace wattlaw {
namespace {

constexpr size_t kMostErrors = 20;
// About eleven grammar rules stand between one bracket and the next; 200 brackets are refused earlier with a better message.
constexpr size_t kMostOpenRules = 3000;

// Gives up when rules nest deeper than any written text needs (`largest 3 of largest 3 of …`).
class BoundedParser : public Grammar {
 public:
  using Grammar::Grammar;
  void enterRule(antlr4::ParserRuleContext* rule, size_t state, size_t index) override {
    while (!open_rules_.empty() && open_rules_.back() != rule->parent) open_rules_.pop_back();  // rules that were left since
    if (open_rules_.size() >= kMostOpenRules) {
      too_deep = true;
      throw antlr4::ParseCancellationException();
    }
    open_rules_.push_back(rule);
    Grammar::enterRule(rule, state, index);
  }
  bool too_deep = false;

 private:
  std::vector<const antlr4::tree::ParseTree*> open_rules_;
};

// Stops at the first error and remembers where: errors after the first come from parsing again without the broken stretch.
class StopAndRemember : public antlr4::BailErrorStrategy {
 public:
  void recover(antlr4::Parser* parser, std::exception_ptr failure) override {
    try {
      std::rethrow_exception(failure);
    } catch (antlr4::RecognitionException& error) {
      remember(parser, error.getOffendingToken(), error.getOffendingToken() == parser->getCurrentToken());
    }
    throw antlr4::ParseCancellationException();
  }
  Token* recoverInline(antlr4::Parser* parser) override {
    remember(parser, parser->getCurrentToken(), true);
    throw antlr4::ParseCancellationException();
  }
  void sync(antlr4::Parser*) override {}

  Token* offending = nullptr;
  std::vector<size_t> rules;
  std::vector<size_t> expected;

 private:
  void remember(antlr4::Parser* parser, Token* token, bool expected_known) {
    offending = token;
    for (auto* rule = parser->getContext(); rule != nullptr; rule = dynamic_cast<Rule*>(rule->parent)) rules.push_back(rule->getRuleIndex());
    if (!expected_known) return;
    for (const ssize_t type : parser->getExpectedTokens().toList())
      if (type > 0) expected.push_back(static_cast<size_t>(type));
  }
};

struct Attempt {
  bool parsed = false;
  bool too_deep = false;
  SyntaxError error;
};

// Parses `stream` by `start` (fast SLL first, exact LL only if that fails) and hands the tree to `use` before it dies.
template <class Start, class Use>
Attempt parse_stream(antlr4::TokenStream& stream, const std::vector<Token*>& tokens, Start start, Use use) {
  Attempt attempt;
  for (const auto mode : {antlr4::atn::PredictionMode::SLL, antlr4::atn::PredictionMode::LL}) {
    stream.seek(0);
    BoundedParser parser(&stream);
    parser.removeErrorListeners();
    auto strategy = std::make_shared<StopAndRemember>();
    parser.setErrorHandler(strategy);
    parser.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(mode);
    try {
      auto* rule = start(parser);
      use(rule);
      attempt.parsed = true;
      return attempt;
    } catch (antlr4::ParseCancellationException&) {
    }
    attempt.too_deep = parser.too_deep;
    attempt.error.rules = strategy->rules;
    attempt.error.expected = strategy->expected;
    attempt.error.at = tokens.size();
    if (strategy->offending != nullptr && strategy->offending->getType() != antlr4::Token::EOF) {
      const auto found = std::find_if(tokens.begin(), tokens.end(), [&](const Token* token) { return token->getStartIndex() >= strategy->offending->getStartIndex(); });
      attempt.error.at = static_cast<size_t>(found - tokens.begin());
    }
    if (attempt.too_deep) return attempt;
  }
  return attempt;
}

// A stretch of a file's tokens as a token source of its own.
struct Stretch {
  std::vector<Token*> tokens;
  std::unique_ptr<antlr4::ListTokenSource> source;
  std::unique_ptr<antlr4::CommonTokenStream> stream;
};

Stretch make_stretch(std::vector<Token*> tokens, const Token* end_of_file) {
  std::vector<std::unique_ptr<Token>> copies;
  for (Token* token : tokens) copies.push_back(std::make_unique<antlr4::CommonToken>(token));
  copies.push_back(std::make_unique<antlr4::CommonToken>(const_cast<Token*>(end_of_file)));
  Stretch stretch{std::move(tokens), std::make_unique<antlr4::ListTokenSource>(std::move(copies)), nullptr};
  stretch.stream = std::make_unique<antlr4::CommonTokenStream>(stretch.source.get());
  stretch.stream->fill();
  return stretch;
}

bool first_on_line(const std::vector<Token*>& tokens, size_t i) { return i == 0 || tokens[i]->getLine() != tokens[i - 1]->getLine(); }

// Where declarations begin: a declaration word first on its line, outside braces or at the left margin (where nothing else stands,
// so that an unclosed brace does not swallow the rest of the file); or any word at the margin outside braces (a misspelt one).
std::vector<size_t> declaration_starts(const std::vector<Token*>& tokens) {
  std::vector<size_t> starts;
  size_t open_braces = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const size_t type = tokens[i]->getType();
    const bool at_margin = tokens[i]->getCharPositionInLine() == 0;
    if (first_on_line(tokens, i) && ((starts_declaration(type) && (open_braces == 0 || at_margin)) || (at_margin && open_braces == 0 && is_name_token(type)))) {
      starts.push_back(i);
      open_braces = 0;
    }
    if (type == Grammar::LBRACE) ++open_braces;
    if (type == Grammar::RBRACE && open_braces > 0) --open_braces;
  }
  if (starts.empty() || starts[0] != 0) starts.insert(starts.begin(), 0);
  return starts;
}

// The clause or entry that holds token `at`: [first, last) with balanced braces inside a declaration's body, or empty.
std::pair<size_t, size_t> entry_around(const std::vector<Token*>& tokens, size_t at) {
  size_t body = 0;
  while (body < tokens.size() && tokens[body]->getType() != Grammar::LBRACE) ++body;
  if (at <= body || at >= tokens.size()) return {0, 0};
  std::vector<size_t> starts;
  size_t depth = 0, body_end = tokens.size();
  std::vector<size_t> depth_of(tokens.size(), 0);
  for (size_t i = body; i < tokens.size(); ++i) {
    if (tokens[i]->getType() == Grammar::RBRACE && depth > 0 && --depth == 0) {
      body_end = i;
      break;
    }
    depth_of[i] = depth;
    if (i > body && first_on_line(tokens, i) && (starts_entry(tokens[i]->getType()) || (depth == 1 && is_name_token(tokens[i]->getType())))) starts.push_back(i);
    if (tokens[i]->getType() == Grammar::LBRACE) ++depth;
  }
  if (body_end == tokens.size()) return {0, 0};
  const auto after = std::upper_bound(starts.begin(), starts.end(), at);
  if (after == starts.begin() || at >= body_end) return {0, 0};
  const size_t first = *(after - 1);
  size_t last = first + 1;
  // The entry ends where the next begins at its own depth, or where its block closes.
  while (last < body_end && depth_of[last] >= depth_of[first] && !(depth_of[last] == depth_of[first] && std::binary_search(starts.begin(), starts.end(), last)) &&
         !(tokens[last]->getType() == Grammar::RBRACE && depth_of[last] < depth_of[first]))
    ++last;
  if (last < body_end && tokens[last]->getType() == Grammar::RBRACE && depth_of[last] == depth_of[first] && last + 1 <= body_end) ++last;
  return at < last ? std::pair{first, last} : std::pair<size_t, size_t>{0, 0};
}

Span span_between(const LexedSource& lexed, const Token* first, const Token* last) { return {lexed.file, lexed.span(first).begin, lexed.span(last).end}; }

void report_misplaced(const TreeBuilder& builder, Diagnostics& diagnostics) {
  for (const Span span : builder.misplaced_starting)
    diagnostics.error("WL1022", span, "`starting` follows something that is no period or allowance").hint("write it behind `per day` or `within first 6 h per day`");
}

// One declaration (or the imports): parsed again and again without the entries that do not parse, so each gets its own message.
void parse_declaration(const LexedSource& lexed, std::vector<Token*> tokens, SyntaxTree& tree, Diagnostics& diagnostics, size_t& errors) {
  std::vector<Span> missing;
  while (!tokens.empty()) {
    Stretch stretch = make_stretch(tokens, lexed.end_of_file);
    const Attempt attempt = parse_stream(
        *stretch.stream, stretch.tokens, [](Grammar& parser) { return parser.file(); },
        [&](Grammar::FileContext* file) {
          TreeBuilder builder(lexed, *stretch.stream, tree);
          builder.build_file(file, tree.root, missing);
          report_misplaced(builder, diagnostics);
        });
    if (attempt.parsed) return;
    if (errors < kMostErrors) {
      if (attempt.too_deep) diagnostics.error("WL1004", span_between(lexed, tokens.front(), tokens.front()), "this declaration nests deeper than any text needs");
      else explain_error(lexed, tokens, attempt.error, diagnostics);
    }
    ++errors;
    const auto [first, last] = attempt.too_deep || errors >= kMostErrors ? std::pair<size_t, size_t>{0, 0} : entry_around(tokens, attempt.error.at);
    if (first == last) {
      TreeBuilder builder(lexed, *stretch.stream, tree);
      builder.attach(tree.root, builder.add_node(NodeKind::Missing, span_between(lexed, tokens.front(), tokens.back())));
      return;
    }
    missing.push_back(span_between(lexed, tokens[first], tokens[last - 1]));
    tokens.erase(tokens.begin() + static_cast<long>(first), tokens.begin() + static_cast<long>(last));
  }
}

void parse_piece_by_piece(const LexedSource& lexed, SyntaxTree& tree, Diagnostics& diagnostics) {
  const auto starts = declaration_starts(lexed.tokens);
  size_t errors = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t end = i + 1 < starts.size() ? starts[i + 1] : lexed.tokens.size();
    const auto begin = lexed.tokens.begin();
    parse_declaration(lexed, {begin + static_cast<long>(starts[i]), begin + static_cast<long>(end)}, tree, diagnostics, errors);
    if (errors >= kMostErrors) {
      diagnostics.note("WL1005", lexed.span(lexed.tokens[starts[i]]), "more errors than 20: the rest of the file was not read");
      return;
    }
  }
  // Each piece parsed alone, the whole did not: what is left is the order of `module`, `import` and declarations.
  if (errors == 0) {
    bool declared = false;
    for (const size_t start : starts) {
      const size_t type = lexed.tokens[start]->getType();
      const bool heading = type == Grammar::IMPORT || type == Grammar::MODULE;
      if (heading && declared)
        diagnostics.error("WL1013", lexed.span(lexed.tokens[start]), "`" + std::string(lexed.text_of(lexed.tokens[start])) + "` stands after a declaration")
            .hint("`module` is the first line of a file, the `import` lines follow it");
      declared = declared || !heading || type == Grammar::IMPORT;
      if (type == Grammar::IMPORT) declared = declared && start != starts.front();
    }
  }
}

void collect_comments(const LexedSource& lexed, SyntaxTree& tree) {
  size_t line_with_code = 0;
  for (const Token* token : lexed.stream->getTokens()) {
    if (token->getType() == Grammar::COMMENT) {
      Span span = lexed.span(token);
      while (span.end > span.begin && (lexed.text[span.end - 1] == ' ' || lexed.text[span.end - 1] == '\t')) --span.end;
      tree.comments.push_back({span, token->getLine() != line_with_code});
    } else {
      line_with_code = token->getLine();
    }
  }
}

}  // namespace

SyntaxTree parse_source(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  SyntaxTree tree;
  tree.file = file;
  const auto size = static_cast<uint32_t>(source.program_text.size());
  tree.nodes.push_back({NodeKind::File, {file, 0, size}, "", {file, 0, size}, {}});
  tree.root = {0};
  if (!check_text(source, file, diagnostics)) return tree;
  const auto lexed = lex_source(source, file);
  collect_comments(*lexed, tree);
  if (!check_nesting(*lexed, diagnostics)) return tree;
  const Attempt attempt = parse_stream(
      *lexed->stream, lexed->tokens, [](Grammar& parser) { return parser.file(); },
      [&](Grammar::FileContext* rule) {
        TreeBuilder builder(*lexed, *lexed->stream, tree);
        builder.build_file(rule, tree.root, {});
        report_misplaced(builder, diagnostics);
      });
  if (!attempt.parsed) {
    const size_t before = diagnostics.error_count();
    parse_piece_by_piece(*lexed, tree, diagnostics);
    if (diagnostics.error_count() == before) explain_error(*lexed, lexed->tokens, attempt.error, diagnostics);
  }
  return tree;
}

SyntaxTree parse_expression(const SourceFile& source, uint32_t file, Diagnostics& diagnostics) {
  SyntaxTree tree;
  tree.file = file;
  const auto size = static_cast<uint32_t>(source.program_text.size());
  const auto fail = [&] {
    tree.nodes.assign(1, {NodeKind::Missing, {file, 0, size}, "", {file, 0, size}, {}});
    tree.root = {0};
    return tree;
  };
  if (!check_text(source, file, diagnostics)) return fail();
  const auto lexed = lex_source(source, file);
  collect_comments(*lexed, tree);
  if (!check_nesting(*lexed, diagnostics)) return fail();
  const Attempt attempt = parse_stream(
      *lexed->stream, lexed->tokens, [](Grammar& parser) { return parser.expressionAlone(); },
      [&](Grammar::ExpressionAloneContext* rule) { tree.root = TreeBuilder(*lexed, *lexed->stream, tree).build_expression(rule->expr()); });
  if (attempt.parsed) return tree;
  if (attempt.too_deep) diagnostics.error("WL1004", {file, 0, size}, "this expression nests deeper than any text needs");
  else explain_error(*lexed, lexed->tokens, attempt.error, diagnostics);
  return fail();
}

}  // namespace wattlaw
