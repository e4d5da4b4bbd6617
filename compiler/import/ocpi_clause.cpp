#include "compiler/import/ocpi_clause.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/import/script_text.h"

namespace wattlaw {
namespace {

struct DimensionWords {
  const char *label, *quantity, *unit;
};
constexpr std::array<DimensionWords, 4> kWords = {{{"energy", "delivered", "/kWh"}, {"time", "charging_time", "/h"}, {"parking", "parking_time", "/h"}, {"flat", "", ""}}};
constexpr char kNoPrice[] = "  # the source has no price here\n";

std::string seconds_text(const Rational& seconds) {
  if (denominator(Rational(seconds / 3600)) == 1) return decimal_text(seconds / 3600) + " h";
  return denominator(Rational(seconds / 60)) == 1 ? decimal_text(seconds / 60) + " min" : decimal_text(seconds) + " s";
}

std::string step_text(OcpiDimension dimension, int step) {
  if (dimension != OcpiDimension::energy) return seconds_text(step);
  return step % 100 == 0 ? decimal_text(Rational(step, 1000)) + " kWh" : fmt::format("{} Wh", step);
}

bool asks_least_energy_alone(const OcpiRestrictions& when) {
  OcpiRestrictions other = when;
  other.range(OcpiBound::energy).min.reset();
  return when.range(OcpiBound::energy).min && other.weekdays.all() && other.window == OcpiRestrictions().window &&
         std::all_of(other.ranges.begin(), other.ranges.end(), [](const OcpiRange& range) { return range.is_open(); });
}

class ClauseWriter {
 public:
  ClauseWriter(OcpiDimension dimension, const std::string& currency, const OcpiBeside& beside) : dimension_(dimension), currency_(currency), beside_(beside) {}

  OcpiClause write(std::vector<OcpiPrice> prices) {
    // What only lowers the bill is a credit.
    is_credit_ = !prices.empty() && std::all_of(prices.begin(), prices.end(), [](const OcpiPrice& price) { return price.price <= 0; }) &&
                 std::any_of(prices.begin(), prices.end(), [](const OcpiPrice& price) { return price.price < 0; });
    if (is_credit_)
      for (OcpiPrice& price : prices) price.price = -price.price;
    const std::string head = fmt::format("{} {} ", is_credit_ ? "credit" : "charge", words().label);
    const std::string clause = head + (dimension_ == OcpiDimension::flat ? flat(select(prices)) : fmt::format("on {} {}", words().quantity, flow(prices)));
    clause_.text = rest_told_ + clause + (clause.back() == '\n' ? "" : "\n");
    return std::move(clause_);
  }

 private:
  const DimensionWords& words() const { return kWords[static_cast<size_t>(dimension_)]; }
  std::string money(const Rational& price) const { return fmt::format("{} {}{}", money_text(price), currency_, words().unit); }

  OcpiSelection select(const std::vector<OcpiPrice>& prices) const {
    OcpiSelection selection = select_prices(prices);
    const bool has_steps = dimension_ != OcpiDimension::flat;
    if (selection.is_complete) drop_like_rest(selection.prices, [&](const OcpiPrice& a, const OcpiPrice& b) { return a.price == b.price && (!has_steps || a.step == b.step); });
    return selection;
  }

  // The last row is the rest: rows right above it that say the same are not needed.
  template <class Equal>
  static void drop_like_rest(std::vector<OcpiPrice>& rows, Equal equal) {
    while (rows.size() > 1 && equal(rows[rows.size() - 2], rows.back())) rows.erase(rows.end() - 2);
  }

  // ---- conditions

  std::string condition(const OcpiRestrictions& when) {
    std::vector<DayTerm> days;
    for (const std::string& run : weekday_runs(when.weekdays)) days.push_back({run, ""});
    std::string text = time_set_text({}, days, {when.window});
    std::vector<std::string> bounds;
    add_bounds(bounds, "session.energy", when.range(OcpiBound::energy), [](const Rational& value) { return decimal_text(value) + " kWh"; });
    add_bounds(bounds, "session.power", when.range(OcpiBound::power), [](const Rational& value) { return decimal_text(value) + " kW"; });
    add_bounds(bounds, "session.current", when.range(OcpiBound::current), [](const Rational& value) { return decimal_text(value) + " A"; });
    add_bounds(bounds, "session.duration", when.range(OcpiBound::duration), seconds_text);
    if (!bounds.empty() && text.find(" or ") != std::string::npos) text = "(" + text + ")";
    for (const std::string& bound : bounds) text += (text.empty() ? "" : " and ") + bound;
    clause_.asks_rows = true;
    return text;
  }

  template <class Print>
  void add_bounds(std::vector<std::string>& bounds, const char* name, const OcpiRange& range, Print print) {
    if (range.min) bounds.push_back(fmt::format("{} >= {}", name, print(*range.min)));
    if (range.max) bounds.push_back(fmt::format("{} < {}", name, print(*range.max)));
  }

  std::string any_condition(const std::vector<OcpiPrice>& rows) {
    std::string text;
    for (const OcpiPrice& row : rows) {
      std::string one = condition(row.when);
      if (rows.size() > 1 && one.find(" and ") != std::string::npos) one = "(" + one + ")";
      text += (text.empty() ? "" : " or ") + one;
    }
    return text;
  }

  // "first match { when C => X … otherwise => Y }"; the last row is the rest if the selection is complete, else `rest` is written.
  template <class Print>
  std::string first_match(const OcpiSelection& selection, Print print, const std::string& rest) {
    std::string text = "first match {\n";
    for (size_t i = 0; i < selection.prices.size(); ++i) {
      const bool is_rest = selection.is_complete && i + 1 == selection.prices.size();
      text += (is_rest ? "otherwise" : "when " + condition(selection.prices[i].when)) + " => " + print(selection.prices[i]) + "\n";
    }
    return text + (selection.is_complete ? "" : "otherwise => " + rest) + "}";
  }

  // ---- what flows

  std::string flow(const std::vector<OcpiPrice>& prices) {
    if (dimension_ == OcpiDimension::energy && !bounds_of(prices, OcpiBound::energy).empty()) return blocks(prices);
    OcpiSelection selection = select(prices);
    const std::vector<OcpiPrice>& rows = selection.prices;
    if (rows.empty()) return "at " + money(0) + kNoPrice;
    if (selection.is_complete && rows.size() == 1) return "at " + money(rows[0].price) + steps(selection);
    if (rows.size() == 1) {
      tell_rest();
      return fmt::format("at {} when {}{}", money(rows[0].price), condition(rows[0].when), steps(selection));
    }
    // What is not priced is not counted, and not in use for the other that is counted.
    const bool is_scoped = !selection.is_complete && (!steps(selection).empty() || beside_.is_counted);
    if (is_scoped) tell_rest();
    const std::string scope = is_scoped ? fmt::format(" when {}", any_condition(rows)) : "";
    selection.is_complete = selection.is_complete || is_scoped;
    const std::string table = first_match(selection, [&](const OcpiPrice& row) { return money(row.price); }, money(0) + kNoPrice);
    return fmt::format("by {}{}{}", table, scope, steps(selection));
  }

  void tell_rest() { rest_told_ = fmt::format("# Where `when` does not hold, the source has no price for {}, and it costs nothing.\n", words().label); }

  std::string steps(const OcpiSelection& selection) {
    const std::vector<OcpiPrice>& rows = selection.prices;
    if (std::all_of(rows.begin(), rows.end(), [](const OcpiPrice& row) { return row.step == 1; })) return "";
    const bool is_one = std::all_of(rows.begin(), rows.end(), [&](const OcpiPrice& row) { return row.step == rows[0].step; });
    OcpiSelection sizes = selection;
    sizes.is_complete = true;  // outside of it nothing is counted
    drop_like_rest(sizes.prices, [](const OcpiPrice& a, const OcpiPrice& b) { return a.step == b.step; });
    const std::string size = is_one ? step_text(dimension_, rows[0].step)
                                    : fmt::format("(by {})", first_match(sizes, [&](const OcpiPrice& row) { return step_text(dimension_, row.step); }, ""));
    const char* together = !beside_.is_priced ? "" : dimension_ == OcpiDimension::time ? " together with parking" : " together with time";
    return fmt::format(" counted in steps of {}{}", size, together);
  }

  // Energy so far parts energy exactly: what a bound parts is a block.
  std::string blocks(const std::vector<OcpiPrice>& prices) {
    const std::vector<Rational> bounds = bounds_of(prices, OcpiBound::energy);
    std::vector<std::pair<std::optional<Rational>, std::string>> rows;  // where it ends, what it costs
    for (size_t i = 0; i <= bounds.size(); ++i) {
      const std::optional<Rational> from = i > 0 ? std::optional(bounds[i - 1]) : std::nullopt, until = i < bounds.size() ? std::optional(bounds[i]) : std::nullopt;
      const std::string rate = block_rate(select(prices_within(prices, OcpiBound::energy, from, until)));
      if (!rows.empty() && rows.back().second == rate) rows.back().first = until;
      else rows.emplace_back(until, rate);
    }
    std::string text = "in blocks {\n";
    Rational reached = 0;
    for (const auto& [until, rate] : rows) {
      text += until ? fmt::format("{} {} kWh => {}", reached == 0 ? "first" : "next", decimal_text(*until - reached), rate) : "rest => " + rate;
      reached = until.value_or(0);
    }
    OcpiSelection counted;
    counted.prices = {prices[0]};
    return text + "}" + steps(counted);
  }

  std::string block_rate(const OcpiSelection& selection) {
    if (selection.prices.empty()) return money(0) + kNoPrice;
    if (selection.is_complete && selection.prices.size() == 1) return money(selection.prices[0].price) + "\n";
    clause_.has_changing_blocks = true;
    return "by " + first_match(selection, [&](const OcpiPrice& row) { return money(row.price); }, money(0) + kNoPrice) + "\n";
  }

  // ---- once a session

  // At the price that holds first.
  std::string flat(const OcpiSelection& selection) {
    const std::vector<OcpiPrice>& rows = selection.prices;
    if (rows.empty()) return "of " + money(0) + kNoPrice;
    if (std::all_of(rows.begin(), rows.end(), [](const OcpiPrice& row) { return row.price == 0; })) return "of " + money(0);
    if (selection.is_complete && rows.size() == 1) return "of " + money(rows[0].price);
    // Energy is asked of the whole session, so that it does not matter how many rows it has.
    if (rows.size() == 1 && asks_least_energy_alone(rows[0].when)) return fmt::format("of {} when sum(delivered) >= {} kWh", money(rows[0].price), decimal_text(*rows[0].when.range(OcpiBound::energy).min));
    const auto price = [&](const OcpiPrice& row) { return money(row.price); };
    const std::string table = "by " + first_match(selection, price, money(0) + "\n");
    clause_.asks_rows = !selection.is_complete;  // a session begins with its first row, however many follow
    if (selection.is_complete) return fmt::format("of first({})", table);
    if (rows.size() == 1) return fmt::format("of max({})  # once, if this holds at any time of the session\n", table);
    return fmt::format("of first({} where {})  # once, at the first of these prices that holds\n", table, any_condition(rows));
  }

  OcpiDimension dimension_;
  const std::string& currency_;
  const OcpiBeside& beside_;
  bool is_credit_ = false;
  std::string rest_told_;  // a line above the clause; may be empty
  OcpiClause clause_;
};

}  // namespace

const char* ocpi_label(OcpiDimension dimension) { return kWords[static_cast<size_t>(dimension)].label; }

OcpiClause write_ocpi_clause(OcpiDimension dimension, const std::vector<OcpiPrice>& prices, const std::string& currency, const OcpiBeside& beside) {
  return ClauseWriter(dimension, currency, beside).write(prices);
}

}  // namespace wattlaw
