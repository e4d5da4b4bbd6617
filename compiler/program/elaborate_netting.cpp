// Values that exist for each class of a band set, and the netting of import against export, with the surplus that is carried on.
#include <algorithm>

#include "compiler/program/calendar_words.h"
#include "compiler/program/elaborator.h"

namespace wattlaw {

std::optional<uint32_t> Elaborator::split_class(uint32_t bands, Context& context, Span span) {
  if (context.split && context.split->bands == bands) return context.split->band;
  const std::string& name = program_.bands[bands].name;
  if (!context.splits_by || (*context.splits_by && **context.splits_by != bands)) {
    if (Diagnostic* d = error("WL3323", span, "this exists for each band of `" + name + "`" + (context.splits_by ? ", and something else here for each band of another set" : "")))
      d->hint("charge it band by band, for example `charge energy on … by " + name + " { " + program_.choice_sets[program_.bands[bands].choices].names[0] + " => … }`");
    return std::nullopt;
  }
  *context.splits_by = bands;
  return 0;
}

// A quantity per band times the rate of that band, added up.
bool Elaborator::elaborate_split(VersionParts& parts, NodeId clause, NodeId quantity_node, uint32_t bands, ExpressionId filter, Context& context, const TariffInfo& tariff) {
  const Node& n = node(context.module, clause);
  NodeId at = tree(context.module).child(clause, NodeKind::At), table = tree(context.module).child(clause, NodeKind::Table);
  if (parts.flow || (!at && !table)) {
    if (Diagnostic* d = error("WL3324", n.span, "a quantity of each band has one price a band")) d->hint("write `by " + program_.bands[bands].name + " { … }`, or `at` one rate for all of them");
    return false;
  }
  NodeId rate_node = at ? node(context.module, at).children[0] : table;
  if (!elaborate_number(rate_node, context)) return false;  // the whole table is complete and without contradiction
  const ChoiceSet& classes = program_.choice_sets[program_.bands[bands].choices];
  std::vector<ExpressionId> amounts, quantities, rates;
  ExpressionId present;
  for (uint32_t i = 0; i < classes.names.size(); ++i) {
    Context inner = context;
    inner.split = BandSplit{bands, i};
    ExpressionId quantity = elaborate_number(quantity_node, inner), base = elaborate_number(rate_node, inner);
    if (!quantity || !base || !comparable_grain(quantity, base, n.span)) return false;
    if (ExpressionId held = held_per(base, tariff.headers.billing)) base = held;  // by season as well as by band
    ExpressionId scope = filter;
    ExpressionId rate = apply_exceptions(parts, clause, base, inner, &scope);
    if (!rate) return false;
    ExpressionId product = pool_.multiply(quantity, rate, n.span);
    if (!nests_in(tariff.headers.billing, pool_[product].grain.time)) {
      if (Diagnostic* d = error("WL3305", pool_[rate].span, "the rate changes within the " + period_name(tariff.headers.billing) + " that the quantity belongs to")) d->hint("within a band the rate must stay the same");
      return false;
    }
    ExpressionId amount = per_billing(product, tariff.headers.billing, tariff, n.span);
    if (!amount) return false;
    if (scope != filter) amount = pool_.select(scope, amount, pool_.constant(0, pool_[amount].type, n.span), n.span);
    RateRow row;
    row.key = classes.names[i];
    row.quantity = quantity;
    row.rate = rate;
    row.span = n.span;
    parts.version.rows.push_back(std::move(row));
    amounts.push_back(amount);
    quantities.push_back(quantity);
    rates.push_back(rate);
  }
  parts.amount = pool_.add(amounts, n.span);
  parts.quantity = pool_.add(quantities, n.span);
  parts.row_amounts = amounts;
  bool one_rate = std::all_of(rates.begin(), rates.end(), [&](ExpressionId rate) { return rate == rates[0]; });
  if (one_rate) parts.version.rate = parts.version.base_rate = rates[0];
  parts.version.quantity = parts.quantity;
  parts.version.scope = filter;
  parts.present = filter;
  return true;
}

// `until 15 April`: the bills that end on that day, or in which it lies.
std::optional<std::vector<bool>> Elaborator::true_up_windows(NodeId day, uint32_t module, const Windows& windows) {
  const Node& n = node(module, day);
  const size_t space = n.text.find(' ');
  const int day_of_month = std::atoi(n.text.c_str()), month = space == std::string::npos ? 0 : month_number(n.text.substr(space + 1));
  if (n.kind != NodeKind::YearDay || month == 0 || day_of_month < 1 || day_of_month > days_in_month(2024, month)) {
    if (Diagnostic* d = error("WL4112", n.span, "a surplus is carried until a day of every year")) d->hint("write for example `carry surplus until 31 March`");
    return std::nullopt;
  }
  std::vector<bool> result(windows.size());
  for (int year = civil_of(settlement_->from).year - 1; year <= civil_of(settlement_->until).year + 1; ++year) {
    const Date date = date_of(year, month, std::min(day_of_month, days_in_month(year, month)));
    for (uint32_t w = 0; w < windows.size(); ++w) {
      const bool ends = windows.nominal_end[w] == date, holds = windows.nominal_begin[w] < date && date < windows.nominal_end[w];
      // The first day of a bill ends the one before it.
      if (ends || holds) result[w] = true;
    }
  }
  return result;
}

ExpressionId Elaborator::net_import(const TariffInfo& tariff, Context& context, Span span) {
  auto it = nettings_.find(tariff.key);
  if (it == nettings_.end()) return {};  // the netting is in error, which is said already
  const Netting& netting = it->second;
  if (!netting.bands) return netting.shortfall[0];
  auto band_class = split_class(*netting.bands, context, span);
  return band_class ? netting.shortfall[*band_class] : ExpressionId{};
}

// `net import against export per Tou, month carry surplus until D then at R`: for each band what export does not cover, and the
// surplus that goes on to the next bill.
void Elaborator::elaborate_net(TariffInfo& tariff) {
  const LabelVersion& version = tariff.clauses["net"][0];
  const Node& n = node(version.module, version.node);
  const uint32_t m = version.module;
  const Period billing = tariff.headers.billing;
  Context context;
  context.module = m;
  context.tariff = &tariff;
  context.default_period = billing;
  context.prices = tariff.headers.prices;
  context.as_of = settlement_->from;
  Netting netting;
  netting.span = n.span;
  if (tariff.clauses["net"].size() > 1) return not_in_this_version(n.span, "an amended `net`");
  std::vector<NodeId> names = tree(m).children(version.node, NodeKind::Name);
  if (names.size() < 2 || node(m, names[0]).text != "import" || node(m, names[1]).text != "export")
    return not_in_this_version(n.span, "netting of anything but import against export");
  if (names.size() > 3) return not_in_this_version(n.span, "netting by two band sets");
  if (names.size() == 3) {
    const Node& name = node(m, names[2]);
    Symbol* symbol = find(name.text, m, Symbol::Kind::bands);
    if (!symbol) {
      if (Diagnostic* d = error("WL4117", name.span, "`" + name.text + "` is no band set")) d->hint("netting is `per` bands and a period: `net import against export per Tou, month`");
      return;
    }
    netting.bands = bands_of(*symbol);
    if (!netting.bands) return;
  }
  Period window = billing;
  if (NodeId period = tree(m).child(version.node, NodeKind::Period)) {
    auto p = period_of(period, context);
    if (!p) return;
    window = *p;
  }
  NodeId carry = tree(m).child(version.node, NodeKind::Carry), ends = tree(m).child(version.node, NodeKind::BandEnds);
  if ((carry || netting.bands) && window != billing) {
    if (Diagnostic* d = error("WL4113", n.span, "a surplus goes from bill to bill, but this nets per " + period_name(window))) d->hint("write `per " + std::string(names.size() == 3 ? node(m, names[2]).text + ", " : "") + period_name(billing) + "`");
    return;
  }
  const Type energy = number_type({.energy = 1}, 0, true);
  const std::string key = tariff.key;
  const ExpressionId zero = pool_.constant(0, energy, n.span);
  ExpressionId import = reading("import", context, n.span), exported = reading("export", context, n.span);
  if (carry) {
    if (!begins_with_a_bill(tariff, node(m, carry).span)) return;
    import = flow_under(tariff, "import", context, n.span);
    exported = flow_under(tariff, "export", context, n.span);
  }
  const size_t classes = netting.bands ? program_.bands[*netting.bands].classes.size() : 1;
  auto of_class = [&](ExpressionId flow, size_t i) {
    if (!netting.bands) return window == kInterval ? flow : pool_.aggregate(Aggregate::sum, flow, {}, window, n.span);
    Type type{.kind = ValueKind::choice, .choices = program_.bands[*netting.bands].choices};
    ExpressionId here = pool_.make(Op::equal, boolean_type(), {band(*netting.bands, n.span), pool_.constant(static_cast<int64_t>(i), type, n.span)}, n.span);
    return pool_.aggregate(Aggregate::sum, flow, here, window, n.span);
  };
  if (!carry) {
    if (ends) error("WL4114", node(m, ends).span, "no surplus is carried, so none is left where a band ends");
    for (size_t i = 0; i < classes; ++i) {
      ExpressionId net = pool_.subtract(of_class(import, i), of_class(exported, i), n.span);
      netting.shortfall.push_back(pool_.make(Op::maximum, pool_[net].type, {net, zero}, n.span));
    }
    nettings_[key] = std::move(netting);
    return;
  }
  const Node& c = node(m, carry);
  if (c.text != "until") return not_in_this_version(c.span, "a surplus that is carried in another way than until a day of the year");
  const Windows* windows = windows_of(billing);
  if (!windows) return;
  auto true_up = true_up_windows(c.children[0], m, *windows);
  if (!true_up) return;
  netting.true_up = *true_up;
  if (NodeId at = tree(m).child(carry, NodeKind::At)) {
    netting.price = elaborate_number(node(m, at).children[0], context);
    if (!netting.price) return;
    if (pool_[netting.price].type.dimension != Dimension{.energy = -1, .money = 1} || !nests_in(billing, pool_[netting.price].grain.time)) {
      if (Diagnostic* d = error("WL4115", node(m, at).span, "what is left is paid at a price per kWh that holds for the whole bill")) d->hint("write for example `then at 0.0341 " + (program_.currencies.empty() ? "EUR" : program_.currencies[0]) + "/kWh`");
      return;
    }
  }
  // Where the bank of a band goes when the band does not occur in the next bill.
  std::vector<std::vector<bool>> gone(classes, std::vector<bool>(windows->size()));  // [class][window]: emptied at the end of this bill
  std::vector<size_t> target(classes, SIZE_MAX);
  if (netting.bands) {
    const ChoiceSet& names_of = program_.choice_sets[program_.bands[*netting.bands].choices];
    const auto occurs = band_windows(*netting.bands, *windows);
    if (ends && node(m, ends).text == "to") {
      std::vector<NodeId> moves = tree(m).children(ends, NodeKind::Name);
      for (size_t i = 1; i + 1 < moves.size(); i += 2) {
        ExpressionId from = choice_constant(program_.bands[*netting.bands].choices, node(m, moves[i]).text, node(m, moves[i]).span);
        ExpressionId to = choice_constant(program_.bands[*netting.bands].choices, node(m, moves[i + 1]).text, node(m, moves[i + 1]).span);
        if (!from || !to) return;
        target[static_cast<size_t>(pool_[from].value)] = static_cast<size_t>(pool_[to].value);
      }
    }
    for (size_t i = 0; i < classes; ++i)
      for (uint32_t w = 0; w + 1 < windows->size(); ++w) {
        if (occurs[i][w + 1] || netting.true_up[w]) continue;
        if (!ends) {
          if (Diagnostic* d = error("WL4111", n.span, "`" + names_of.names[i] + "` does not occur in " + windows->label(w + 1, *clock_) + ", and nothing says what becomes of its surplus"))
            d->note("`where a band ends kept`: it waits until the band comes again; `lost`: it is gone")
                .note("`where a band ends to " + program_.bands[*netting.bands].name + " { " + names_of.names[i] + " => " + names_of.names[i == 0 ? classes - 1 : 0] + " }`: it counts in another band from then on")
                .hint("add one of them after `carry surplus until …`");
          return;
        }
        const std::string& what = node(m, ends).text;
        if (what == "kept") continue;
        if (what == "to" && target[i] == SIZE_MAX) {
          if (Diagnostic* d = error("WL4111", node(m, ends).span, "`" + names_of.names[i] + "` ends in " + windows->label(w + 1, *clock_) + ", and no row says to which band its surplus goes")) d->hint("add a row `" + names_of.names[i] + " => …`");
          return;
        }
        gone[i][w] = true;
      }
  }
  // A band that takes over another's bank comes after it; in a circle there is no first.
  std::vector<size_t> order;
  std::vector<bool> placed(classes);
  while (order.size() < classes) {
    const size_t before = order.size();
    for (size_t i = 0; i < classes; ++i) {
      bool ready = !placed[i];
      for (size_t j = 0; j < classes; ++j) ready = ready && (target[j] != i || placed[j] || j == i);
      if (ready) placed[i] = true, order.push_back(i);
    }
    if (order.size() == before) {
      if (Diagnostic* d = error("WL4116", node(m, ends).span, "surpluses go round in a circle of bands")) d->hint("let each band that ends give its surplus to one that does not end, or write `kept`");
      return;
    }
  }
  netting.shortfall.resize(classes);
  netting.surplus.resize(classes);
  for (size_t i : order) {
    ExpressionId change = pool_.subtract(of_class(exported, i), of_class(import, i), n.span);
    ExpressionId opening = opening_balance(tariff, energy, netting.bands ? std::optional(BandSplit{*netting.bands, static_cast<uint32_t>(i)}) : std::nullopt, n.span);
    if (!opening) return;
    change = with_opening(change, opening, begin_of(tariff), billing, n.span);
    for (size_t j = 0; j < classes; ++j) {
      if (target[j] != i || std::find(gone[j].begin(), gone[j].end(), true) == gone[j].end()) continue;
      Expression last;  // the bank of the band that ended, at the end of the bill before
      last.op = Op::previous;
      last.fn = Aggregate::sum;
      last.operands = {pool_.select(in_windows(gone[j], billing, n.span), netting.surplus[j], zero, n.span)};
      last.type = energy;
      last.grain = pool_[netting.surplus[j]].grain;
      last.period = billing;
      last.span = n.span;
      last.count = 1;
      last.history = History::none;
      change = pool_.add({change, pool_.intern(std::move(last))}, n.span);
    }
    std::vector<bool> emptied = netting.true_up;
    for (size_t w = 0; w < emptied.size(); ++w) emptied[w] = emptied[w] || gone[i][w];
    Expression bank;
    bank.op = Op::running_surplus;
    bank.operands = {change, in_windows(emptied, billing, n.span)};
    bank.type = energy;
    bank.grain = pool_[change].grain;
    bank.period = billing;
    bank.span = n.span;
    netting.surplus[i] = pool_.intern(bank);
    bank.beyond = true;
    netting.shortfall[i] = pool_.intern(std::move(bank));
  }
  nettings_[key] = std::move(netting);
}

// A bank begins and ends with whole bills: what is netted in a part of one is no share of the whole.
bool Elaborator::begins_with_a_bill(const TariffInfo& tariff, Span span) {
  const Windows* windows = windows_of(tariff.headers.billing);
  if (!windows || settlement_->kind != Settlement::Kind::scenario) return windows;
  const auto cuts = [&](Date date, uint32_t window) { return windows->nominal_begin[window] < date && date < windows->nominal_end[window]; };
  const bool shares = tariff.headers.partial == Share::by_days;
  std::vector<Date> dates;
  if (begin_of(tariff) > settlement_->from || shares) dates.push_back(begin_of(tariff));
  if (tariff.headers.until && *tariff.headers.until < settlement_->until) dates.push_back(*tariff.headers.until);
  else if (shares) dates.push_back(settlement_->until);
  for (Date date : dates)
    for (uint32_t w = 0; w < windows->size(); ++w) {
      if (!cuts(date, w)) continue;
      if (Diagnostic* d = error("WL4127", span, "a surplus is carried from bill to bill, and " + print_date(date) + " lies inside the bill " + windows->label(w, *clock_)))
        d->hint("let the tariff, and the run, begin and end where a bill does, or write `partial periods in full` for a run that does not");
      return false;
    }
  return true;
}

Date Elaborator::begin_of(const TariffInfo& tariff) const {
  const Applied& applied = applied_.at(tariff.key);
  return std::max({settlement_->from, tariff.headers.from.value_or(settlement_->from), applied.from.value_or(settlement_->from)});
}

// Before the tariff holds for a site, and after, nothing of it is netted: no bank begins with what flowed under another tariff.
ExpressionId Elaborator::flow_under(const TariffInfo& tariff, const char* flow, Context& context, Span span) {
  std::optional<Date> from = begin_of(tariff), until = tariff.headers.until;
  if (*from <= settlement_->history_from) from.reset();  // a bank begins with the run, whatever a look-back reads before it
  if (until && *until >= settlement_->until) until.reset();
  ExpressionId value = reading(flow, context, span);
  const ExpressionId holds = pool_.in_force(from, until, span);
  return holds ? pool_.select(holds, value, pool_.constant(0, pool_[value].type, span), span) : value;
}

// As if it had come in before the first bill: a bank is a sum that never falls below zero.
ExpressionId Elaborator::with_opening(ExpressionId change, ExpressionId opening, Date begin, const Period& billing, Span span) {
  if (pool_.is_constant(opening) && pool_[opening].value == 0) return change;
  const Windows* windows = windows_of(billing);
  std::vector<bool> first(windows->size());
  const auto window = std::find_if(windows->nominal_end.begin(), windows->nominal_end.end(), [&](Date end) { return begin < end; });
  if (window != windows->nominal_end.end()) first[static_cast<size_t>(window - windows->nominal_end.begin())] = true;
  return pool_.add({change, pool_.select(in_windows(first, billing, span), opening, pool_.constant(0, pool_[opening].type, span), span)}, span);
}

// The bank that is left when its year ends is paid for, below every minimum.
void Elaborator::elaborate_true_up(TariffInfo& tariff, Applied& applied) {
  auto it = nettings_.find(tariff.key);
  if (it == nettings_.end() || !it->second.price || settlement_->moments) return;
  const Netting& netting = it->second;
  const LabelVersion& version = tariff.clauses["net"][0];
  if (auto taken = tariff.clauses.find("surplus"); taken != tariff.clauses.end()) {
    if (Diagnostic* d = error("WL2005", node(taken->second[0].module, taken->second[0].node).text_span, "`surplus` is the label of what is paid for the carried surplus")) d->label(netting.span, "said here").hint("give this clause another label");
    return;
  }
  ExpressionId left = pool_.add(netting.surplus, netting.span), due = in_windows(netting.true_up, tariff.headers.billing, netting.span);
  ExpressionId amount = pool_.multiply(left, netting.price, netting.span);
  Expression money = pool_[amount];
  money.type.extensive = true;
  amount = pool_.intern(std::move(money));
  const ExpressionId none = pool_.constant(0, pool_[amount].type, netting.span);
  ExpressionId present = pool_.both(due, pool_.negation(pool_.make(Op::equal, boolean_type(), {left, pool_.constant(0, pool_[left].type, netting.span)}, netting.span), netting.span), netting.span);
  TypedClause clause;
  clause.kind = ClauseKind::credit;
  clause.name = "surplus";
  clause.span = netting.span;
  clause.amount = pool_.select(pool_.both(due, applied.condition, netting.span), amount, none, netting.span);
  clause.quantity = left;
  clause.present = pool_.both(present, applied.condition, netting.span);
  VersionParts parts;
  parts.version.span = netting.span;
  parts.version.quantity = left;
  parts.version.rate = parts.version.base_rate = netting.price;
  parts.version.scope = clause.present;
  finish_clause(tariff, applied, std::move(clause), {{version, parts}});
}

}  // namespace wattlaw
