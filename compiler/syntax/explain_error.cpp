#include "compiler/syntax/explain_error.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "WattlawParser.h"
#include "antlr4-runtime.h"
#include "compiler/syntax/usage_words.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {
namespace {

constexpr std::array kDeclarationWords = {Grammar::MODULE, Grammar::IMPORT, Grammar::CURRENCY, Grammar::UNIT, Grammar::EXCHANGE, Grammar::ROUNDING, Grammar::ROLE, Grammar::ACTOR,
                                          Grammar::MEMBER, Grammar::KIND, Grammar::ATTRIBUTE, Grammar::TRACE, Grammar::CALENDAR, Grammar::BANDS, Grammar::PARAMETER, Grammar::LET,
                                          Grammar::TARIFF, Grammar::CONTRACT, Grammar::SERVICE, Grammar::DISPATCH, Grammar::RULE, Grammar::AMEND, Grammar::REFORM, Grammar::SCENARIO,
                                          Grammar::SPACE, Grammar::TEST};
constexpr std::array kEntryWords = {Grammar::LET, Grammar::CHARGE, Grammar::CREDIT, Grammar::PAY, Grammar::TAX, Grammar::MINIMUM, Grammar::MAXIMUM, Grammar::LIMIT, Grammar::NET, Grammar::IF,
                                    Grammar::REQUIRE, Grammar::FORBID, Grammar::WARN, Grammar::SHOW, Grammar::EXPECT, Grammar::GIVEN, Grammar::ENSURE, Grammar::KEEP, Grammar::FOLLOW,
                                    Grammar::OFFER, Grammar::EVERY, Grammar::PRICES, Grammar::COVERS, Grammar::BILLING, Grammar::USE, Grammar::APPLY, Grammar::CHECK, Grammar::DATA,
                                    Grammar::PERIOD, Grammar::PHYSICS, Grammar::ZONE, Grammar::DROP, Grammar::SCALE, Grammar::REPLACE, Grammar::SET, Grammar::HOLIDAY, Grammar::INCLUDES,
                                    Grammar::BID, Grammar::ACTIVATE, Grammar::SUSTAIN, Grammar::DERATE, Grammar::GATE, Grammar::PAYS, Grammar::PENALTY};
constexpr std::array kHeaderWords = {Grammar::PRICES, Grammar::COVERS, Grammar::BILLING, Grammar::ORIGIN, Grammar::PRICE, Grammar::HISTORY, Grammar::CHANGE, Grammar::PARTIAL, Grammar::BLOCKS};

template <class Words> bool holds(const Words& words, size_t type) {
  return std::find_if(words.begin(), words.end(), [&](auto word) { return static_cast<size_t>(word) == type; }) != words.end();
}

std::string spelling(size_t type) {
  if (const std::string& keyword = keyword_text(type); !keyword.empty()) return keyword;
  const antlr4::dfa::Vocabulary& vocabulary = Grammar(nullptr).getVocabulary();
  std::string literal = vocabulary.getLiteralName(type);
  if (literal.size() >= 2) literal = literal.substr(1, literal.size() - 2);
  return literal;
}

// Replacements for reserved words that people like as labels.
std::string other_name_for(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kOthers = {{{"charge", "charging"}, {"credit", "credited"}, {"minimum", "lowest"}, {"maximum", "highest"}, {"limit", "cap"},
                                                                                             {"above", "upper"}, {"under", "lower"}, {"half", "half_rate"}, {"weekends", "weekend"}, {"weekdays", "weekday"},
                                                                                             {"workdays", "workday"}, {"holidays", "holiday"}}};
  for (const auto& [reserved, other] : kOthers)
    if (reserved == word) return std::string(other);
  return std::string(word) + "_";
}

class Explainer {
 public:
  Explainer(const LexedSource& lexed, const std::vector<Token*>& tokens, const SyntaxError& error, Diagnostics& diagnostics)
      : lexed_(lexed), tokens_(tokens), error_(error), diagnostics_(diagnostics) {}

  void explain() {
    if (explain_time() || explain_slip() || explain_character() || explain_number() || explain_brackets() || explain_table_row() || explain_reserved_word() || explain_order() || explain_unit() || explain_misspelling()) return;
    explain_expectation();
  }

 private:
  size_t at() const { return error_.at; }
  size_t type(size_t i) const { return i < tokens_.size() ? tokens_[i]->getType() : static_cast<size_t>(antlr4::Token::EOF); }
  std::string text(size_t i) const { return i < tokens_.size() ? std::string(lexed_.text_of(tokens_[i])) : ""; }
  Span span(size_t i) const {
    if (i < tokens_.size()) return lexed_.span(tokens_[i]);
    if (tokens_.empty()) return lexed_.span(lexed_.end_of_file);
    const Span last = lexed_.span(tokens_.back());
    return {last.file, last.end, last.end};
  }
  bool touching(size_t i) const { return i + 1 < tokens_.size() && span(i).end == span(i + 1).begin; }
  bool same_line(size_t i, size_t j) const { return i < tokens_.size() && j < tokens_.size() && tokens_[i]->getLine() == tokens_[j]->getLine(); }
  bool in_rule(size_t rule) const { return std::find(error_.rules.begin(), error_.rules.end(), rule) != error_.rules.end(); }
  bool expects(size_t token) const { return std::find(error_.expected.begin(), error_.expected.end(), token) != error_.expected.end(); }
  std::string in_quotes(size_t i) const {
    std::string word = text(i);
    if (word.size() > 40) word = word.substr(0, 37 - (static_cast<unsigned char>(word[37]) & 0xC0) / 0xC0) + "…";
    return "`" + word + "`";
  }

  // "nov", "november", "NOVEMBER" -> "November"; "Mon" -> "Monday"; empty for other words. Three letters at least.
  std::string calendar_word(size_t i) const {
    std::string word = text(i);
    if (type(i) == Grammar::MONTH || type(i) == Grammar::WEEKDAY) return word;
    if (type(i) != Grammar::ID || word.size() < 3) return "";
    for (char& letter : word) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    word[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(word[0])));
    for (const char* name : {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
                             "Saturday", "Sunday"})
      if (word == name || (word.size() <= 5 && std::string_view(name).starts_with(word))) return name;
    return "";
  }
  // 17, 17.30, 6 -> "17:00", "17:30", "06:00"; a time of day stays; empty for other tokens.
  std::string clock_time(size_t i) const {
    const std::string word = text(i);
    if (type(i) == Grammar::CLOCK_TIME) return word;
    if (!is_number(i) || word.size() > 5) return "";  // what follows on the line may have been read as its unit
    const size_t point = word.find('.');
    const std::string hour = word.substr(0, point), minute = point == std::string::npos ? "00" : word.substr(point + 1);
    if (hour.size() > 2 || minute.size() != 2 || std::stoi(hour) > 24 || std::stoi(minute) > 59) return "";
    return (hour.size() == 1 ? "0" : "") + hour + ":" + minute;
  }
  bool tell_time(size_t first, size_t last, const std::string& what, const std::string& written) {
    diagnostics_.error("WL1023", {lexed_.file, span(first).begin, span(last).end}, fmt::format("`{}` {}", lexed_.text.substr(span(first).begin, span(last).end - span(first).begin), what)).hint(fmt::format("write `{}`", written));
    return true;
  }

  // `november to march`, `Mon-Fri`, `17 to 20`, `6:00`, `06:00-22:00`: local time as it is written elsewhere.
  bool explain_time() {
    const size_t i = at();
    const bool dash = type(i) == Grammar::MINUS || (type(i) == Grammar::WRONG_OPERATOR && (text(i) == "–" || text(i) == "−"));
    if (i > 0 && dash && type(i - 1) == Grammar::CLOCK_TIME && type(i + 1) == Grammar::CLOCK_TIME) return tell_time(i - 1, i + 1, "is no window of a day", text(i - 1) + " to " + text(i + 1));
    if (i > 0 && dash && !calendar_word(i - 1).empty() && !calendar_word(i + 1).empty()) return tell_time(i - 1, i + 1, "is no span of days or months", calendar_word(i - 1) + " to " + calendar_word(i + 1));
    if (i > 2 && type(i - 2) == Grammar::MINUS && !calendar_word(i - 3).empty() && !calendar_word(i - 1).empty())
      return tell_time(i - 3, i - 1, "is no span of days or months", calendar_word(i - 3) + " to " + calendar_word(i - 1));
    if (i > 0 && type(i) == Grammar::COLON && type(i - 1) == Grammar::NUMBER && touching(i - 1) && touching(i) && type(i + 1) == Grammar::NUMBER && text(i + 1).size() == 2 && !clock_time(i - 1).empty())
      return tell_time(i - 1, i + 1, "is no time of day", clock_time(i - 1).substr(0, 3) + text(i + 1));
    for (size_t to : {i, i + 1}) {
      if (to == 0 || (type(to) != Grammar::TO && type(to) != Grammar::SPAN_TO)) continue;
      const std::string from = clock_time(to - 1), until = clock_time(to + 1);
      if (!from.empty() && !until.empty() && (is_number(to - 1) || is_number(to + 1))) return tell_time(to - 1, to + 1, "is no window of a day", from + " to " + until);
    }
    for (size_t word : {i == 0 ? i : i - 1, i, i + 1}) {
      const std::string meant = calendar_word(word);
      const bool spans = (type(word + 1) == Grammar::TO || type(word + 1) == Grammar::SPAN_TO) && !calendar_word(word + 2).empty();
      if (type(word) == Grammar::ID && !meant.empty() && spans) return tell_time(word, word + 2, "is not how months and days of the week are written", meant + " to " + calendar_word(word + 2));
      const bool beside = type(word + 1) == Grammar::TO || type(word + 1) == Grammar::SPAN_TO || type(word + 1) == Grammar::CLOCK_TIME || (word > 0 && (type(word - 1) == Grammar::TO || type(word - 1) == Grammar::SPAN_TO || type(word - 1) == Grammar::NUMBER));
      if (type(word) == Grammar::ID && !meant.empty() && beside) return tell_time(word, word, "is not how a month or day of the week is written", meant);
    }
    return false;
  }

  // Words that stand one step beside what the language asks for.
  bool explain_slip() {
    const size_t before = at() > 0 ? type(at() - 1) : 0;
    if (before == Grammar::HOLIDAYS && type(at()) != Grammar::OF) {
      diagnostics_.error("WL1024", span(at() - 1), "`holidays` does not say whose").hint(fmt::format("write `holidays of {}`", own_calendar()));
      return true;
    }
    if (before == Grammar::EXCEPT && type(at()) == Grammar::WHEN) {
      diagnostics_.error("WL1024", {lexed_.file, span(at() - 1).begin, span(at()).end}, "this exception has no name").hint("write `except NAME when … => …`; the explanation of a bill uses the name");
      return true;
    }
    if (before == Grammar::PRICES && at() < tokens_.size()) {
      const bool tax_follows = type(at() + 1) == Grammar::ID && same_line(at(), at() + 1);
      const std::string word = text(at()), tax = tax_follows ? text(at() + 1) : "vat";
      Diagnostic& diagnostic = diagnostics_.error("WL1024", span(at()), fmt::format("prices are given `ex` or `incl` a tax, not {}", in_quotes(at())));
      if (word.starts_with("ex") || word == "without") diagnostic.hint(fmt::format("write `prices ex {}`", tax));
      else if (word.starts_with("in") || word == "with") diagnostic.hint(fmt::format("write `prices incl {}`", tax));
      else diagnostic.hint("write `prices ex vat` or `prices incl vat`");
      return true;
    }
    const bool is_calendar_word = type(at()) == Grammar::MONTH || type(at()) == Grammar::WEEKDAY;
    if (is_calendar_word && expects(Grammar::ID) && !expects(type(at()))) {
      diagnostics_.error("WL1016", span(at()), fmt::format("{} is a {} and cannot be a name", in_quotes(at()), type(at()) == Grammar::MONTH ? "month" : "day of the week"))
          .hint(fmt::format("choose another name, such as `{}_{}`", text(at()), in_rule(Grammar::RuleScenarioItem) ? "run" : "rate"));
      return true;
    }
    return false;
  }
  // What the script imports or declares, for hints in its own words.
  std::string own_calendar() const {
    for (size_t i = 0; i + 1 < lexed_.tokens.size(); ++i) {
      const size_t here = lexed_.tokens[i]->getType();
      if (here == Grammar::CALENDAR && is_name_token(lexed_.tokens[i + 1]->getType())) return std::string(lexed_.text_of(lexed_.tokens[i + 1]));
      if (here == Grammar::DOT && i > 0 && lexed_.text_of(lexed_.tokens[i - 1]) == "calendar") return std::string(lexed_.text_of(lexed_.tokens[i + 1]));
    }
    return "norway";
  }
  std::string own_currency() const {
    for (size_t i = 0; i + 1 < lexed_.tokens.size(); ++i)
      if (lexed_.tokens[i]->getType() == Grammar::CURRENCY && lexed_.tokens[i + 1]->getType() == Grammar::ID) return std::string(lexed_.text_of(lexed_.tokens[i + 1]));
    return "NOK";
  }
  // An example written with NOK, in the script's own currency.
  std::string in_own_currency(std::string example) const {
    for (size_t at = 0; (at = example.find("NOK", at)) != std::string::npos; at += 3) example.replace(at, 3, own_currency());
    return example;
  }

  bool explain_character() {
    switch (type(at())) {
      case Grammar::UNCLOSED_STRING:
        diagnostics_.error("WL1017", span(at()), "this text has no closing `\"` on its line").hint("end it with `\"`; a quote inside a text is written `\\\"`");
        return true;
      case Grammar::WRONG_OPERATOR: explain_operator(text(at())); return true;
      case Grammar::UNKNOWN_CHARACTER: {
        const std::string letter = text(at());
        Diagnostic& diagnostic = diagnostics_.error("WL1014", span(at()), fmt::format("the character {} has no meaning here", in_quotes(at())));
        if (letter == "“" || letter == "”" || letter == "„" || letter == "'" || letter == "‘" || letter == "’" || letter == "«" || letter == "»") diagnostic.hint("texts stand in straight double quotes: `\"…\"`");
        else if (letter == "[" || letter == "]") diagnostic.hint("rows and lists stand in `{ … }`, arguments in `( … )`");
        else if (letter == "&" || letter == "|") diagnostic.hint("write `and` or `or`");
        else if (letter == "!") diagnostic.hint("write `not`");
        return true;
      }
      default: return false;
    }
  }

  void explain_operator(const std::string& sign) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kMeant = {{{"==", "="}, {":=", "="}, {"&&", "and"}, {"||", "or"}, {"<>", "!="}, {"=<", "<="}, {"≤", "<="}, {"≥", ">="}, {"≠", "!="},
                                                                                             {"×", "*"}, {"·", "*"}, {"÷", "/"}, {"−", "-"}, {"–", "-"}, {"→", "->"}, {"⇒", "=>"}, {";", ""}}};
    Diagnostic& diagnostic = diagnostics_.error("WL1014", span(at()), fmt::format("`{}` is not an operator here", sign));
    for (const auto& [written, meant] : kMeant)
      if (written == sign) diagnostic.hint(meant.empty() ? "statements need no `;` between them" : sign == "==" ? "`=` compares: write `=`" : fmt::format("write `{}`", meant));
  }

  // 0,25 where 0.25 is meant; 1 000 and 1_000.
  bool explain_number() {
    for (size_t comma = at() > 0 ? at() - 1 : 0; comma <= at() && comma < tokens_.size(); ++comma) {
      if (type(comma) != Grammar::COMMA || comma == 0 || !is_number(comma - 1) || !is_number(comma + 1) || !touching(comma - 1) || !touching(comma)) continue;
      const Span whole{lexed_.file, span(comma - 1).begin, span(comma + 1).end};
      const bool may_group = text(comma + 1).size() == 3 && text(comma - 1).size() <= 3 && text(comma - 1) != "0";
      diagnostics_.error("WL1015", whole, "a number has no comma")
          .hint(may_group ? fmt::format("write `{0}{1}` if the comma groups thousands, `{0}.{1}` if it is a decimal comma", text(comma - 1), text(comma + 1)) : fmt::format("write `{}.{}`", text(comma - 1), text(comma + 1)));
      return true;
    }
    if (at() > 0 && is_number(at() - 1) && is_number(at()) && same_line(at() - 1, at()) && text(at()).size() == 3) {
      const Span whole{lexed_.file, span(at() - 1).begin, span(at()).end};
      diagnostics_.error("WL1021", whole, "digits are not grouped by blanks").hint(fmt::format("write `{}{}`", text(at() - 1), text(at())));
      return true;
    }
    for (size_t tail : {at(), at() > 0 ? at() - 1 : 0}) {  // `1_824` reads as 1 of the unit `_824`
      if (tail == 0 || !is_number(tail - 1) || !touching(tail - 1) || type(tail) != Grammar::ID || text(tail)[0] != '_') continue;
      diagnostics_.error("WL1021", {lexed_.file, span(tail - 1).begin, span(tail).end}, "digits are not grouped by `_`").hint(fmt::format("write `{}{}`", text(tail - 1), text(tail).substr(1)));
      return true;
    }
    return false;
  }
  bool is_number(size_t i) const { return type(i) == Grammar::NUMBER || type(i) == Grammar::MEASURE || type(i) == Grammar::DAY_NUMBER; }

  bool explain_brackets() {
    std::vector<size_t> open;
    for (size_t i = 0; i < std::min(at(), tokens_.size()); ++i) {
      if (type(i) == Grammar::LBRACE || type(i) == Grammar::LPAREN) open.push_back(i);
      if ((type(i) == Grammar::RBRACE || type(i) == Grammar::RPAREN) && !open.empty()) open.pop_back();
    }
    if (at() >= tokens_.size() && !open.empty()) {
      report_unclosed(open.back(), "the declaration ends here, or another begins");
      return true;
    }
    if (type(at()) == Grammar::RBRACE && !open.empty() && type(open.back()) == Grammar::LPAREN) {
      report_unclosed(open.back(), "`}` stands before the bracket is closed");
      return true;
    }
    const bool closes = type(at()) == Grammar::RBRACE || type(at()) == Grammar::RPAREN;
    if (closes && (open.empty() || (type(at()) == Grammar::RPAREN && type(open.back()) == Grammar::LBRACE))) {
      diagnostics_.error("WL1011", span(at()), fmt::format("{} closes nothing", in_quotes(at()))).hint("remove it, or open the bracket before");
      return true;
    }
    return false;
  }
  void report_unclosed(size_t bracket, const char* where) {
    Diagnostic& diagnostic = diagnostics_.error("WL1011", span(bracket), fmt::format("{} is never closed", in_quotes(bracket)));
    diagnostic.label(span(bracket), "opened here").label(span(at()), where).hint(type(bracket) == Grammar::LBRACE ? "add `}` where the block ends" : "add `)` where the bracket ends");
  }

  // `night 0.30` where `night => 0.30` is meant: the first word on the row that a number follows.
  bool explain_table_row() {
    if (!in_rule(Grammar::RuleTableRow) && !in_rule(Grammar::RuleBlockRow) && !in_rule(Grammar::RuleStepRow) && !in_rule(Grammar::RuleTable)) return false;
    size_t depth = 0;
    for (size_t i = std::min(at(), tokens_.size() - 1) + 1; i-- > 0;) {
      if (i == at() && (type(i) == Grammar::RBRACE || type(i) == Grammar::RPAREN)) continue;
      if (type(i) == Grammar::RBRACE || type(i) == Grammar::RPAREN) ++depth;
      if ((type(i) == Grammar::LBRACE || type(i) == Grammar::LPAREN) && depth-- == 0) break;
      if (depth > 0 || i == 0) continue;
      const bool key = is_name_token(type(i - 1)) || type(i - 1) == Grammar::ANY || type(i - 1) == Grammar::OTHERWISE;
      const bool after_value = i >= 2 && (is_number(i - 2) || is_name_token(type(i - 2)) || type(i - 2) == Grammar::PER_UNIT || type(i - 2) == Grammar::LBRACE || type(i - 2) == Grammar::COMMA || type(i - 2) == Grammar::PERCENT || type(i - 2) == Grammar::ANY);
      if (key && is_number(i) && after_value && i <= at()) {
        report_missing_arrow(i - 1);
        return true;
      }
    }
    if (expects(Grammar::GIVES) && at() > 0) {
      report_missing_arrow(at() - 1);
      return true;
    }
    return false;
  }
  void report_missing_arrow(size_t key) {
    size_t first = key;  // of a key with a bound: `from 2 kW`
    for (size_t i = key; i + 4 > key && i > 0; --i)
      if (type(i) == Grammar::FROM || type(i) == Grammar::ABOVE || type(i) == Grammar::UP || type(i) == Grammar::FIRST || type(i) == Grammar::NEXT) first = i;
    const std::string row = lexed_.text.substr(span(first).begin, span(key).end - span(first).begin);
    Diagnostic& diagnostic = diagnostics_.error("WL1012", {lexed_.file, span(first).begin, span(key).end}, fmt::format("`=>` missing after `{}`", row));
    if (type(key + 1) == Grammar::EQUALS_SIGN || type(key + 1) == Grammar::COLON || type(key + 1) == Grammar::ARROW) diagnostic.hint(fmt::format("a row is written with `=>`, not with {}", in_quotes(key + 1)));
    else diagnostic.hint(fmt::format("write `{} => …`", row));
  }

  bool explain_reserved_word() {
    if (!is_reserved_word(type(at()))) return false;
    // Only where a name alone could stand, and what follows goes on as after a name.
    const bool name_only = !error_.expected.empty() && expects(Grammar::ID) && !expects(Grammar::STRING) && !expects(Grammar::LPAREN) && !expects(type(at()));
    const size_t next = type(at() + 1);
    const bool goes_on = next == Grammar::EQUALS_SIGN || next == Grammar::COLON || next == Grammar::ON || next == Grammar::OF || next == Grammar::FROM || next == Grammar::GIVES || next == Grammar::LBRACE;
    if (!name_only && !(goes_on && at() > 0 && (next == Grammar::EQUALS_SIGN || next == Grammar::COLON || next == Grammar::GIVES))) return false;
    if (name_only && starts_line(at()) && !goes_on) return false;
    diagnostics_.error("WL1016", span(at()), fmt::format("{} is a reserved word and cannot be a name", in_quotes(at()))).hint(fmt::format("choose another name, such as `{}`", other_name_for(text(at()))));
    return true;
  }
  bool starts_line(size_t i) const { return i == 0 || !same_line(i - 1, i); }

  bool explain_order() {
    const bool in_clauses = in_rule(Grammar::RuleTariffItem) || in_rule(Grammar::RuleContractItem) || in_rule(Grammar::RuleAmendItem);
    if (!in_clauses || !starts_line(at()) || !holds(kHeaderWords, type(at())) || !holds_clause_before()) return false;
    diagnostics_.error("WL1020", span(at()), fmt::format("{} is a header and stands before the clauses", in_quotes(at()))).hint("move the line up, above the first clause");
    return true;
  }
  bool holds_clause_before() const {
    for (size_t i = 0; i < at(); ++i)
      if (type(i) == Grammar::CHARGE || type(i) == Grammar::CREDIT || type(i) == Grammar::PAY || type(i) == Grammar::LET || type(i) == Grammar::TAX) return true;
    return false;
  }

  bool explain_unit() {
    if (type(at()) == Grammar::PER_UNIT && at() > 0) {
      const bool number = is_number(at() - 1);
      Diagnostic& diagnostic = diagnostics_.error(number ? "WL1019" : "WL1010", span(at()), number ? fmt::format("a unit is missing before {}", in_quotes(at())) : fmt::format("{} reads as a unit", in_quotes(at())));
      if (number) diagnostic.hint(fmt::format("write `{} {}{}`", text(at() - 1), own_currency(), text(at())));
      else diagnostic.hint(fmt::format("a division has blanks around the slash: `{} / {}`", text(at() - 1), text(at()).substr(1)));
      return true;
    }
    if (at() > 0 && type(at() - 1) == Grammar::NUMBER && type(at()) == Grammar::ID && !same_line(at() - 1, at()) && type(at() + 1) != Grammar::COLON && tokens_[at()]->getCharPositionInLine() > 0) {
      diagnostics_.error("WL1019", span(at()), fmt::format("{} stands on another line than its number", in_quotes(at()))).label(span(at() - 1), "the number").hint("a unit stands on the line of its number");
      return true;
    }
    return false;
  }

  bool explain_misspelling() {
    if (type(at()) != Grammar::ID && !is_contextual_word(type(at()))) return false;
    const bool top = error_.rules.empty() || error_.rules.front() == Grammar::RuleFile || error_.rules.front() == Grammar::RuleItem;
    if (!top && !starts_line(at()) && error_.expected.empty()) return false;
    std::vector<std::string> words;
    if (top && at() == 0) {
      for (const auto word : kDeclarationWords) words.push_back(spelling(word));
    } else if (!error_.expected.empty()) {
      for (const size_t expected : error_.expected)
        if (is_reserved_word(expected) || is_contextual_word(expected)) words.push_back(spelling(expected));
      if (expects(Grammar::ID)) words.clear();  // any word would do
    }
    if (starts_line(at()) && !top)
      for (const auto word : kEntryWords) words.push_back(spelling(word));
    const auto near = nearest_names(text(at()), words);
    if (near.empty() && !(top && at() == 0)) return false;
    Diagnostic& diagnostic = diagnostics_.error("WL1018", span(at()), top && at() == 0 ? fmt::format("no declaration begins with {}", in_quotes(at())) : fmt::format("{} is not a word of the language here", in_quotes(at())));
    if (!near.empty()) diagnostic.hint("did you mean " + join_quoted(near, " or ") + "?");
    else diagnostic.hint("declarations begin with words such as `tariff`, `contract`, `rule`, `parameter`, `bands`, `scenario` or `test`");
    return true;
  }

  void explain_expectation() {
    const std::string found = at() < tokens_.size() ? in_quotes(at()) : "the end";
    std::vector<std::string> wanted;
    for (const size_t expected : error_.expected) {
      const char* words = token_in_words(expected);
      if (words == nullptr && is_contextual_word(expected) && expects(Grammar::ID)) continue;
      const std::string word = words != nullptr ? words : "`" + spelling(expected) + "`";
      if (word != "``") wanted.push_back(word);
    }
    std::string message = found + (at() < tokens_.size() ? " is not expected here" : " of the text was not expected here");
    if (!wanted.empty() && wanted.size() <= 4) {
      message = "expected ";
      for (size_t i = 0; i < wanted.size(); ++i) message += (i == 0 ? "" : i + 1 == wanted.size() ? " or " : ", ") + wanted[i];
      message += ", found " + found;
    }
    Diagnostic& diagnostic = diagnostics_.error("WL1010", span(at()), message);
    // Inside a body the clause before went on until here.
    const bool in_body = !wanted.empty() && wanted.front() == "`}`" && at() > 0;
    for (const size_t rule : error_.rules)
      if (const char* usage = usage_of(in_body && (rule == Grammar::RuleTariffItem || rule == Grammar::RuleContractItem || rule == Grammar::RuleAmendItem) ? static_cast<size_t>(Grammar::RuleClause) : rule)) {
        diagnostic.hint(in_own_currency(usage));
        return;
      }
  }

  const LexedSource& lexed_;
  const std::vector<Token*>& tokens_;
  const SyntaxError& error_;
  Diagnostics& diagnostics_;
};

}  // namespace

void explain_error(const LexedSource& lexed, const std::vector<Token*>& tokens, const SyntaxError& error, Diagnostics& diagnostics) {
  Explainer(lexed, tokens, error, diagnostics).explain();
}

bool starts_declaration(size_t type) { return holds(kDeclarationWords, type); }
bool starts_entry(size_t type) { return holds(kEntryWords, type); }

}  // namespace wattlaw
