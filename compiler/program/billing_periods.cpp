// Billing periods: their windows, what changes or is cut inside one, and what an amount per month, year or day comes to in each.
#include "compiler/program/elaborator.h"
#include "runtime/base/assert.h"

namespace wattlaw {

namespace {
const Dimension kMoney{.money = 1};
}

const Windows* Elaborator::windows_of(const Period& period) {
  if (!clock_) return nullptr;
  std::string key = period_name(period) + "/" + std::to_string(period.start_day);
  auto it = windows_.find(key);
  if (it == windows_.end()) {
    auto made = make_windows(*clock_, period);
    if (!made) return nullptr;
    it = windows_.emplace(key, std::move(*made)).first;
  }
  return &it->second;
}

// A quantity of a whole window under two versions: refused unless the tariff says what happens (language.md section 5).
bool Elaborator::check_changes(const TariffInfo& tariff, const std::set<Date>& dates, NodeId id, uint32_t module, const std::string& label, Period of) {
  if (of.unit == Period::Unit::none) of = tariff.headers.billing;
  if (tariff.headers.change || settlement_->kind == Settlement::Kind::standalone || settlement_->sessions) return true;  // a session has the text of its begin
  const Windows* windows = windows_of(of);
  if (!windows) return true;
  for (Date date : dates) {
    if (date <= settlement_->from || date >= settlement_->until) continue;
    uint32_t step = clock_->first_step_of(date);
    if (step >= clock_->steps || windows->first_step[windows->window_of_step[step]] == step) continue;
    uint32_t window = windows->window_of_step[step];
    Date begin = windows->nominal_begin[window], end = windows->nominal_end[window];
    int all = end.days - begin.days, before = date.days - begin.days;
    if (Diagnostic* d = error("WL4102", node(module, id).text_span, "`" + label + "` of `" + tariff.symbol->name + "` changes on " + print_date(date) + ", inside the " + period_name(of) + " " + windows->label(window, *clock_)))
      d->note("`by days`: " + std::to_string(before) + " of " + std::to_string(all) + " days are charged at the old figure, " + std::to_string(all - before) + " at the new one")
          .note("`at start`: the whole " + period_name(of) + " at the old figure; `at end`: the whole of it at the new one")
          .hint("write `change within period: by days` (or `at start`, `at end`) among the headers of `" + tariff.symbol->name + "`");
    return false;
  }
  return true;
}

bool Elaborator::check_partial(const TariffInfo& tariff, NodeId id, uint32_t module, const std::string& label, Period of) {
  if (of.unit == Period::Unit::none) of = tariff.headers.billing;
  if (tariff.headers.partial || settlement_->kind != Settlement::Kind::scenario) return true;
  const Windows* windows = windows_of(of);
  if (!windows) return true;
  // The clock may begin earlier, with the history that look-backs read: what lies in it is not billed.
  const uint32_t first = windows->window_of_step[clock_->first_step_of(settlement_->from)], last = windows->window_of_step[clock_->first_step_of(settlement_->until) - 1];
  const bool dated = of.unit >= Period::Unit::day && of.unit != Period::Unit::session;
  for (uint32_t window : {first, last}) {
    const bool billed = !dated || (windows->nominal_begin[window] >= settlement_->from && windows->nominal_end[window] <= settlement_->until);
    if (billed && windows->is_whole(window, *clock_)) continue;
    int all = windows->nominal_end[window].days - windows->nominal_begin[window].days;
    int covered = std::min(settlement_->until, windows->nominal_end[window]).days - std::max(settlement_->from, windows->nominal_begin[window]).days;
    if (Diagnostic* d = error("WL4103", node(module, id).text_span, "`" + settlement_->name + "` holds only a part of the " + period_name(of) + " " + windows->label(window, *clock_) + ", and `" + label + "` belongs to the whole of it"))
      d->note("`prorated by days`: " + std::to_string(covered) + " of " + std::to_string(all) + " days are charged")
          .note("`in full`: the whole amount is charged; `none`: nothing is")
          .hint(covered + 1 == all && window != 0 ? "the second date of a period is exclusive: write `to " + print_date(Date{settlement_->until.days + 1}) + "` for whole months"
                                                  : "write `partial periods prorated by days` (or `in full`, `none`) among the headers of `" + tariff.symbol->name + "`, or let the scenario begin and end with a " + period_name(of));
    return false;
  }
  return true;
}

ExpressionId Elaborator::per_billing(ExpressionId amount, const Period& billing, const TariffInfo& tariff, Span span) {
  Dimension d = pool_[amount].type.dimension;
  if (billing.unit == Period::Unit::session && (d == kMoney - Dimension{.month = 1} || d == kMoney - Dimension{.day = 1})) {
    if (Diagnostic* e = error("WL3331", span, "a session lasts no month, but this is " + dimension_words(d))) e->hint("say what each session costs, or charge a time: `charge parking on parking_time at 2 " + program_.currencies[pool_[amount].type.currency] + "/h`");
    return {};
  }
  const Windows* windows = windows_of(billing);
  bool whole = !windows || (windows->is_whole(0, *clock_) && windows->is_whole(windows->size() - 1, *clock_));
  Share share = settlement_->kind == Settlement::Kind::scenario ? tariff.headers.partial.value_or(Share::in_full) : tariff.headers.partial.value_or(Share::in_full);
  auto window_share = [&](Share mode) -> ExpressionId {
    Expression e;
    e.op = Op::window_share;
    e.type = number_type();
    e.period = billing;
    e.grain = {EntityGrain::none, billing};
    e.share = mode;
    e.span = span;
    return pool_.intern(std::move(e));
  };
  auto times = [&](ExpressionId factor, Dimension unit) {
    Type type = number_type(unit);
    Expression e = pool_[factor];
    e.type.dimension = unit;
    e.type.extensive = false;
    (void)type;
    amount = pool_.multiply(amount, pool_.intern(std::move(e)), span);
  };
  if (d == kMoney - Dimension{.month = 1}) {
    int months = billing.unit == Period::Unit::month ? 1 : billing.unit == Period::Unit::quarter ? 3 : billing.unit == Period::Unit::year ? 12 : 0;
    WATTLAW_ASSERT(months, "billing windows are months, quarters or years");
    times(pool_.constant(months, number_type({.month = 1}), span), {.month = 1});
    if (!whole && share != Share::in_full) amount = pool_.multiply(amount, window_share(share), span);
  } else if (d == kMoney - Dimension{.day = 1}) {
    Expression days;
    days.op = Op::window_days;
    days.type = number_type({.day = 1});
    days.period = billing;
    days.grain = {EntityGrain::none, billing};
    days.span = span;
    amount = pool_.multiply(amount, pool_.intern(std::move(days)), span);
    // A day that is not in the run has no amount, whatever is said about months: only `in full` asks for the whole window.
    if (!whole && tariff.headers.partial != Share::in_full) amount = pool_.multiply(amount, window_share(tariff.headers.partial.value_or(Share::by_days)), span);
  } else if (d == kMoney) {
    // What is made of what was there, such as 1 EUR/h * hours(plugged), is smaller in a part of a period by itself.
    const bool is_gathered = pool_[amount].type.extensive && pool_[amount].grain.time.unit != Period::Unit::none;
    if (!whole && share != Share::in_full && !(share == Share::by_days && is_gathered)) amount = pool_.multiply(amount, window_share(share), span);
  } else {
    if (Diagnostic* e = error("WL3131", span, "this amounts to " + dimension_words(d) + ", not to money")) {
      Dimension rest = d - kMoney;
      if (rest == Dimension{.time = -1}) e->hint("the quantity is a power and the rate is per energy; charge energy, or give the rate per kW");
      else if (rest == Dimension{.time = 1}) e->hint("the quantity is an energy and the rate is per power; charge a peak such as `max(power) per month`, or give the rate per kWh");
      else e->hint("quantity times rate must be an amount of money, or of money per month, year or day");
    }
    return {};
  }
  Expression e = pool_[amount];
  e.type.dimension = kMoney;
  e.type.extensive = true;
  return pool_.intern(std::move(e));
}

ExpressionId Elaborator::in_every(ExpressionId value, const Period& period, Span span) {
  Expression each;
  each.op = Op::dated;
  each.dates = {Date{INT32_MIN / 2}};
  each.operands = {value};
  each.type = pool_[value].type;
  each.grain = {pool_[value].grain.entity, period};
  each.change = Change::at_start;
  each.span = span;
  return pool_.intern(std::move(each));
}

ExpressionId Elaborator::last_bill_of(const Period& period, const Period& billing, Span span) {
  const Windows *bills = windows_of(billing), *longer = windows_of(period);
  std::vector<bool> last(bills->size());
  for (uint32_t w = 0; w < longer->size(); ++w) last[bills->window_of_step[longer->first_step[w + 1] - 1]] = true;
  return in_windows(last, billing, span);
}

}  // namespace wattlaw
