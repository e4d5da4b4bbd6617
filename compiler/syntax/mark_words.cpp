#include "compiler/syntax/mark_words.h"

#include "WattlawParser.h"
#include "antlr4-runtime.h"

namespace wattlaw {
namespace {

class WordMarker {
 public:
  explicit WordMarker(LexedSource& lexed) : lexed_(lexed), tokens_(lexed.tokens) { states_.push_back({}); }

  void mark() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      const bool name_behind_dot = i > 0 && type(i - 1) == Grammar::DOT;
      if (!name_behind_dot && !is_label(i)) mark_at(i);
      follow(i);
    }
  }

 private:
  // One level of brackets.
  struct State {
    bool in_value = false;     // behind the `=>` of a row
    bool quota_open = false;   // behind `within first`, `beyond`: an `of` says what is counted
    bool in_show = false;
    bool brace = false;
  };

  size_t type(size_t i) const { return i < tokens_.size() ? tokens_[i]->getType() : 0; }
  void set(size_t i, size_t to) { static_cast<antlr4::CommonToken*>(tokens_[i])->setType(to); }
  bool same_line(size_t i, size_t j) const { return j < tokens_.size() && tokens_[i]->getLine() == tokens_[j]->getLine(); }
  // `charge first on …`, `pay A -> B days of …`: the word is what the clause is called.
  bool is_label(size_t i) const {
    return i > 0 && (type(i - 1) == Grammar::CHARGE || type(i - 1) == Grammar::CREDIT || type(i - 1) == Grammar::LET || (i > 1 && type(i - 2) == Grammar::ARROW)) && is_name_token(type(i));
  }

  void mark_at(size_t i) {
    const size_t next = type(i + 1), before = i > 0 ? type(i - 1) : 0;
    State& state = states_.back();
    switch (type(i)) {
      case Grammar::NUMBER: mark_number(i); break;
      case Grammar::DAYS: if (next == Grammar::OF) set(i, Grammar::DAYS_OF); break;
      case Grammar::PER: mark_per(i); break;
      case Grammar::EX: case Grammar::INCL: case Grammar::INCL_DOT:
        if (i > 0 && literal_end_ == i && is_name_token(next)) set(i, Grammar::AMOUNT_TAX);
        break;
      case Grammar::TO:
        if (next == Grammar::MONTH || next == Grammar::WEEKDAY || next == Grammar::CLOCK_TIME || (next == Grammar::NUMBER && type(i + 2) == Grammar::MONTH)) set(i, Grammar::SPAN_TO);
        break;
      case Grammar::COMMA: if (next == Grammar::CLOCK_TIME && (before == Grammar::CLOCK_TIME || before == Grammar::DAY)) set(i, Grammar::WINDOW_COMMA); break;
      case Grammar::OF:
        if (next == Grammar::THE && before == Grammar::CLOCK_TIME) set(i, Grammar::WINDOW_OF);
        else if (state.quota_open && before != Grammar::DAYS_OF && before != Grammar::HOLIDAYS) {
          set(i, Grammar::QUOTA_OF);
          state.quota_open = false;
        }
        break;
      case Grammar::INTO: if (next == Grammar::THE) set(i, Grammar::WINDOW_INTO); break;
      case Grammar::AT: if (next == Grammar::TIME_WORD && type(i + 2) == Grammar::OF) set(i, Grammar::AT_TIME); break;
      case Grammar::TIME_WORD: if (before == Grammar::SAME && next == Grammar::OF) set(i, Grammar::SAME_TIME); break;
      case Grammar::WITHIN: if (next == Grammar::FIRST) set(i, Grammar::QUOTA_WITHIN); break;
      case Grammar::FIRST:
        if (before == Grammar::QUOTA_WITHIN || before == Grammar::BEYOND) set(i, Grammar::QUOTA_FIRST);
        else if (next == Grammar::MATCH && type(i + 2) == Grammar::LBRACE) set(i, Grammar::HIT_FIRST);
        break;
      case Grammar::COLLECT: if (type(i + 2) == Grammar::LBRACE) set(i, Grammar::HIT_COLLECT); break;
      case Grammar::IN: if (next == Grammar::FORCE && type(i + 2) == Grammar::FROM) set(i, Grammar::IN_FORCE); break;
      case Grammar::OVER: if (next == Grammar::PAIRS && type(i + 2) == Grammar::OF) set(i, Grammar::OVER_PAIRS); break;
      case Grammar::ALL: if ((before == Grammar::OVER || before == Grammar::GROUP_OVER) && names_entity(i + 1)) set(i, Grammar::ALL_OF); break;
      case Grammar::SO: if (next == Grammar::FAR) set(i, Grammar::SO_FAR); break;
      case Grammar::THIS: if (before == Grammar::FAR && is_name_token(next) && same_line(i, i + 1)) set(i, Grammar::FAR_THIS); break;
      case Grammar::STARTING:
        if (next == Grammar::CLOCK_TIME || next == Grammar::DATE || (next == Grammar::NUMBER && type(i + 2) == Grammar::MONTH)) set(i, Grammar::STARTING_AT);
        break;
      case Grammar::ROLLING: if (next == Grammar::NUMBER) set(i, Grammar::ROLLING_OVER); break;
      case Grammar::ALLOCATE: mark_allocate(i); break;
      case Grammar::OTHERWISE: if (next == Grammar::EQUALLY) set(i, Grammar::OTHERWISE_EQUALLY); break;
      default: break;
    }
  }

  void mark_number(size_t i) {
    const size_t next = type(i + 1), before = i > 0 ? type(i - 1) : 0;
    if (next == Grammar::MONTH) {
      set(i, Grammar::DAY_NUMBER);
      return;
    }
    // A number that follows a whole operand can only begin the next row.
    if (before == Grammar::NUMBER || before == Grammar::MEASURE || before == Grammar::RPAREN || before == Grammar::PERCENT || is_name_token(before)) states_.back().in_value = false;
    const bool counts = before == Grammar::PER || before == Grammar::ROLLING_OVER || before == Grammar::PREVIOUS || before == Grammar::LARGEST || before == Grammar::SMALLEST || before == Grammar::RULE_PER ||
                        before == Grammar::SHOW_PER;
    if (!takes_unit(i)) {
      if (!counts) literal_end_ = i + 1;
      return;
    }
    set(i, Grammar::MEASURE);
    if (counts) return;
    literal_end_ = i + 2;
    while (type(literal_end_) == Grammar::PER_UNIT) ++literal_end_;
  }

  // The next word is a unit unless it begins a field (`x: …`) or, behind a row's `=>`, the next row (`night => …`, `summer, peak => …`).
  bool takes_unit(size_t i) const {
    const size_t unit = type(i + 1);
    if (!same_line(i, i + 1)) return false;
    if (unit != Grammar::ID && unit != Grammar::DAY && unit != Grammar::DAYS && unit != Grammar::MIN && unit != Grammar::A) return false;
    size_t behind = i + 2;
    if (type(behind) == Grammar::COLON) return false;
    while (type(behind) == Grammar::DOT) behind += 2;
    const bool row = type(behind) == Grammar::GIVES || type(behind) == Grammar::COMMA;
    return !(row && states_.back().brace && states_.back().in_value);
  }

  void mark_per(size_t i) {
    const size_t before = i > 0 ? type(i - 1) : 0;
    if (i > 0 && literal_end_ == i) {
      set(i, Grammar::UNIT_PER);
      literal_end_ = i + 2;
    } else if (in_rule_head_ && before != Grammar::RPAREN) {
      set(i, Grammar::RULE_PER);
    } else if (states_.back().in_show && before != Grammar::RPAREN && type(i + 1) == Grammar::ID && lexed_.text_of(tokens_[i + 1]) == "interval") {
      set(i, Grammar::SHOW_PER);
    }
  }

  // In `allocate A over|per X by W` the last `over` or `per` before the `by` belongs to the allocation, whatever A ends with.
  void mark_allocate(size_t i) {
    size_t depth = 0, last = 0;
    for (size_t k = i + 1; k < tokens_.size(); ++k) {
      const size_t at = type(k);
      if (at == Grammar::LPAREN || at == Grammar::LBRACE) ++depth;
      if ((at == Grammar::RPAREN || at == Grammar::RBRACE) && depth-- == 0) return;
      if (depth > 0) continue;
      if (at == Grammar::OVER || at == Grammar::PER) last = k;
      if (at == Grammar::ALLOCATE || at == Grammar::LET || at == Grammar::CHARGE || at == Grammar::PAY) return;
      if (at == Grammar::BY) {
        if (last > 0) set(last, type(last) == Grammar::OVER ? Grammar::GROUP_OVER : Grammar::GROUP_PER);
        return;
      }
    }
  }

  // `over all site`, but not `over all equals …` nor a name that begins the next row.
  bool names_entity(size_t i) const {
    if (type(i) != Grammar::ID && !(is_contextual_word(type(i)) && type(i) != Grammar::EQUALS)) return false;
    size_t behind = i + 1;
    while (type(behind) == Grammar::DOT) behind += 2;
    return same_line(i - 1, i) && type(behind) != Grammar::GIVES && type(behind) != Grammar::COLON && type(behind) != Grammar::LPAREN && !is_name_token(type(behind));
  }

  void follow(size_t i) {
    State& state = states_.back();
    switch (type(i)) {
      case Grammar::LBRACE: case Grammar::LPAREN: {
        if (type(i) == Grammar::LBRACE) in_rule_head_ = false;
        State inner;
        inner.brace = type(i) == Grammar::LBRACE;
        states_.push_back(inner);
        break;
      }
      case Grammar::RBRACE: case Grammar::RPAREN: if (states_.size() > 1) states_.pop_back(); break;
      case Grammar::GIVES: state.in_value = true; break;
      case Grammar::PERCENT: if (literal_end_ == i) literal_end_ = i + 1; break;
      case Grammar::FIRST: case Grammar::NEXT: case Grammar::REST: case Grammar::FROM: case Grammar::ABOVE: case Grammar::UP: case Grammar::AT: case Grammar::ANY: case Grammar::WHEN: case Grammar::OTHERWISE:
        state.in_value = false;
        state.quota_open = false;
        break;
      case Grammar::QUOTA_WITHIN: case Grammar::BEYOND: state.quota_open = true; break;
      case Grammar::RULE: if (is_name_token(type(i + 1)) && (i == 0 || !same_line(i - 1, i) || type(i - 1) == Grammar::RBRACE)) in_rule_head_ = true; break;
      case Grammar::SHOW: state.in_show = true; break;
      case Grammar::PER: case Grammar::UNIT_PER: case Grammar::QUOTA_FIRST: case Grammar::STARTING_AT: case Grammar::AS: break;
      default:
        if (is_reserved_word(type(i)) && type(i) != Grammar::OF) state.quota_open = false;
        if (type(i) >= Grammar::CITE && type(i) <= Grammar::EVERY) state.in_show = false;
        break;
    }
  }

  LexedSource& lexed_;
  std::vector<Token*>& tokens_;
  std::vector<State> states_;
  size_t literal_end_ = 0;  // index of the token behind the literal that was read last
  bool in_rule_head_ = false;
};

}  // namespace

void mark_words(LexedSource& lexed) { WordMarker(lexed).mark(); }

}  // namespace wattlaw
