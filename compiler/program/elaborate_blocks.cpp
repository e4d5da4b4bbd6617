// Blocks (marginal: each block at its own rate) and steps (the whole window at one step).
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {

// What stands before the `=>` of a row, with single spaces: "from 5 kW".
std::string key_text(const std::string& row) {
  std::string key;
  for (char c : row.substr(0, row.find("=>")))
    if (c != ' ' && c != '\n' && c != '\t') key += c;
    else if (!key.empty() && key.back() != ' ') key += ' ';
  while (!key.empty() && key.back() == ' ') key.pop_back();
  return key;
}

}  // namespace

bool Elaborator::elaborate_blocks(VersionParts& parts, NodeId blocks, ExpressionId quantity, ExpressionId filter, Context& context, const TariffInfo& tariff) {
  const Node& n = node(context.module, blocks);
  const Period& billing = tariff.headers.billing;
  Period window = billing;
  if (NodeId period = tree(context.module).child(blocks, NodeKind::Period)) {
    auto p = period_of(period, context);
    if (!p) return false;
    window = *p;
  }
  std::vector<Block> rows;
  const Type quantity_type = pool_[quantity].type;
  ExpressionId reached = pool_.constant(0, quantity_type, n.span);
  bool uniform = true;
  ExpressionId unsteady;  // a size that changes within the window
  const auto is_steady = [&](ExpressionId value) {
    const Period& grain = pool_[value].grain.time;
    return grain.unit == Period::Unit::none || (grain != kInterval && nests_in(window, grain));
  };
  for (NodeId r : n.children) {
    const Node& row = node(context.module, r);
    if (row.kind != NodeKind::BlockRow) continue;
    if (!rows.empty() && !rows.back().upper) {
      if (Diagnostic* d = error("WL3230", row.span, "blocks after `rest` are never reached")) d->hint("`rest` is the last block");
      return false;
    }
    Block block{r, reached, {}, {}};
    size_t rate_child = row.text == "rest" ? 0 : 1;
    if (rate_child) {
      ExpressionId size = elaborate_number(row.children[0], context);
      if (!size || !same_kind(quantity, size, row.span, "compared with")) return false;
      if (pool_.is_constant(size) && pool_[size].value <= 0) {
        error("WL3231", row.span, "a block has a size above zero");
        return false;
      }
      if (ExpressionId held = held_per(size, window)) size = held;  // one size a season
      if (!is_steady(size)) unsteady = size;
      block.upper = row.text == "first" ? size : pool_.add({reached, size}, row.span);
      if (row.text == "first" && !rows.empty()) {
        if (Diagnostic* d = error("WL3232", row.span, "`first` opens the blocks")) d->hint("later blocks are written `next 500 kWh => …`");
        return false;
      }
      reached = block.upper;
    }
    block.rate = elaborate_number(row.children[rate_child], context);
    if (!block.rate) return false;
    if (!rows.empty() && !same_kind(rows[0].rate, block.rate, row.span, "beside")) return false;
    if (tariff.headers.price_at_start && pool_[block.rate].grain.time == kInterval) block.rate = pool_.aggregate(Aggregate::first, block.rate, {}, billing, row.span);
    if (ExpressionId held = held_per(block.rate, window)) block.rate = held;  // a figure that changes elsewhere is one figure here
    uniform = uniform && is_steady(block.rate);
    rows.push_back(block);
  }
  if (rows.empty() || rows.back().upper) {
    if (Diagnostic* d = error("WL3233", n.span, "nothing is said of what lies beyond the last block")) d->hint("end the blocks with `rest => …`");
    return false;
  }
  NodeId meet = tariff.headers.blocks_meet_bands;
  if (!uniform && !meet) {
    if (Diagnostic* d = error("WL4106", n.span, "the rates of these blocks change within the " + period_name(window) + ", and nothing says how blocks meet them"))
      d->note("`blocks chronologically`: the first block holds what is used first, at the rates of that time")
          .note("`blocks in proportion by BANDS`: each block holds its share of every band, whenever it was used; this version cannot settle that")
          .hint("write `blocks chronologically` among the headers of `" + tariff.symbol->name + "` if that is meant");
    return false;
  }
  const bool in_proportion = meet && node(tariff.symbol->module, meet).text == "in proportion" && !uniform;
  bool runs = !uniform || !nests_in(window, billing);  // in time order: rates within the window, or a window longer than the bill
  if (unsteady && (in_proportion || !runs)) {
    if (Diagnostic* d = error("WL3305", pool_[unsteady].span, "the size of this block changes within the " + period_name(window) + " that it is of")) d->hint("a block has one size a " + period_name(window));
    return false;
  }
  if (in_proportion) return elaborate_blocks_in_proportion(parts, blocks, quantity, filter, rows, window, context, tariff);
  std::vector<ExpressionId> amounts, quantities;
  if (!parts.flow && runs) {
    error("WL3320", n.span, "these blocks fill in the order of time, which needs a quantity that exists in every interval");
    return false;
  }
  ExpressionId total = parts.flow && !runs ? pool_.aggregate(Aggregate::sum, quantity, filter, window, n.span) : quantity;
  ExpressionId flow = quantity;
  if (runs && filter) flow = pool_.select(filter, quantity, pool_.constant(0, quantity_type, n.span), n.span);
  ExpressionId zero = pool_.constant(0, quantity_type, n.span);
  for (const Block& block : rows) {
    const Node& row = node(context.module, block.row);
    ExpressionId inside;
    if (runs) {
      ExpressionId up_to = block.upper ? pool_.quota(flow, block.upper, {}, false, window, row.span) : flow;
      bool first = pool_.is_constant(block.lower) && pool_[block.lower].value == 0;
      inside = first ? up_to : pool_.subtract(up_to, pool_.quota(flow, block.lower, {}, false, window, row.span), row.span);
    } else {
      ExpressionId top = block.upper ? pool_.make(Op::minimum, quantity_type, {total, block.upper}, row.span) : total;
      inside = pool_.make(Op::maximum, quantity_type, {pool_.subtract(top, block.lower, row.span), zero}, row.span);
      if (pool_.is_constant(block.lower) && pool_[block.lower].value == 0) inside = top;
    }
    ExpressionId product = pool_.multiply(inside, block.rate, row.span);
    if (pool_[product].type.dimension != Dimension{.money = 1}) {
      per_billing(product, billing, tariff, row.span);
      return false;
    }
    ExpressionId amount = product, held = inside;
    if (runs || (window != billing && parts.flow)) {
      amount = pool_.aggregate(Aggregate::sum, product, {}, billing, row.span);
      held = pool_.aggregate(Aggregate::sum, inside, {}, billing, row.span);
    }
    amounts.push_back(amount);
    quantities.push_back(held);
    RateRow shown;
    shown.key = key_text(text_of(row.span));
    shown.quantity = held;
    shown.rate = block.rate;
    shown.span = row.span;
    parts.version.rows.push_back(std::move(shown));
    if (pool_.is_constant(block.rate) && pool_[block.rate].value < 0)
      if (Diagnostic* d = warning("WL3492", row.span, "the marginal price is negative: using more costs less")) d->hint("check the sign of this rate");
  }
  parts.amount = pool_.add(amounts, n.span);
  if (parts.flow) parts.row_amounts = amounts;
  parts.quantity = pool_.add(quantities, n.span);
  if (!parts.flow) parts.quantity = quantity;
  parts.version.scope = filter;
  parts.present = parts.flow && filter ? pool_.aggregate(Aggregate::any, pool_[filter].grain.time == kInterval ? filter : pool_.both(filter, pool_.in_force(Date{INT32_MIN / 4}, std::nullopt, n.span), n.span), {}, billing, n.span)
                                       : filter ? filter : pool_.boolean(true, n.span);
  return true;
}

// `blocks in proportion by Tou`: each block holds the share of every band that the band has in the whole window. One division:
// Σ over blocks and bands of block × use in the band × rate, divided by the use.
bool Elaborator::elaborate_blocks_in_proportion(VersionParts& parts, NodeId blocks, ExpressionId quantity, ExpressionId filter, const std::vector<Block>& rows, const Period& window, Context& context,
                                                const TariffInfo& tariff) {
  const Node& n = node(context.module, blocks);
  const NodeId meet = tariff.headers.blocks_meet_bands;
  const Node& name = node(tariff.symbol->module, node(tariff.symbol->module, meet).children[0]);
  Symbol* symbol = find(name.text, tariff.symbol->module, Symbol::Kind::bands);
  if (!symbol) {
    if (Diagnostic* d = error("WL4117", name.span, "`" + name.text + "` is no band set")) d->hint("write the bands that the rates of the blocks read: `blocks in proportion by Tou`");
    return false;
  }
  auto bands = bands_of(*symbol);
  if (!bands) return false;
  const Period& billing = tariff.headers.billing;
  if (!parts.flow || !nests_in(window, billing)) {
    if (Diagnostic* d = error("WL3320", n.span, "blocks in proportion to bands need a quantity that exists in every interval, and a window no longer than the bill")) d->hint("write them on `import`, per " + period_name(billing));
    return false;
  }
  const ChoiceSet& classes = program_.choice_sets[program_.bands[*bands].choices];
  const Type choice{.kind = ValueKind::choice, .choices = program_.bands[*bands].choices}, energy = pool_[quantity].type;
  ExpressionId zero = pool_.constant(0, energy, n.span), total = pool_.aggregate(Aggregate::sum, quantity, filter, window, n.span);
  std::vector<ExpressionId> used;  // by band
  for (uint32_t i = 0; i < classes.names.size(); ++i) {
    ExpressionId here = pool_.make(Op::equal, boolean_type(), {band(*bands, n.span), pool_.constant(i, choice, n.span)}, n.span);
    used.push_back(pool_.aggregate(Aggregate::sum, quantity, pool_.both(filter, here, n.span), window, n.span));
  }
  // Nothing used: nothing to divide, and every product is 0.
  ExpressionId divisor = pool_.select(pool_.make(Op::equal, boolean_type(), {total, zero}, n.span), pool_.constant(1, energy, n.span), total, n.span);
  auto to_billing = [&](ExpressionId value, Span span) { return window == billing ? value : pool_.aggregate(Aggregate::sum, value, {}, billing, span); };
  std::vector<ExpressionId> products;
  for (const Block& block : rows) {
    const Node& row = node(context.module, block.row);
    const NodeId rate_node = row.children[row.text == "rest" ? 0 : 1];
    ExpressionId top = block.upper ? pool_.make(Op::minimum, energy, {total, block.upper}, row.span) : total;
    ExpressionId inside = pool_.make(Op::maximum, energy, {pool_.subtract(top, block.lower, row.span), zero}, row.span);
    for (uint32_t i = 0; i < classes.names.size(); ++i) {
      Context inner = context;
      inner.split = BandSplit{*bands, i};
      ExpressionId rate = elaborate_number(rate_node, inner);
      if (!rate) return false;
      if (ExpressionId held = held_per(rate, window)) rate = held;  // by season as well as by band
      if (const Period& grain = pool_[rate].grain.time; grain.unit != Period::Unit::none && (grain == kInterval || !nests_in(window, grain))) {
        if (Diagnostic* d = error("WL4118", node(context.module, rate_node).span, "this rate changes within a band of `" + name.text + "`, so a block has no one rate in it"))
          d->hint("let the rates of the blocks read the bands of the proportion alone, or write `blocks chronologically`");
        return false;
      }
      ExpressionId product = pool_.multiply(pool_.multiply(inside, used[i], row.span), rate, row.span);
      products.push_back(product);
      RateRow shown;
      shown.key = key_text(text_of(row.span)) + ", " + classes.names[i];
      shown.quantity = to_billing(divide(pool_.multiply(inside, used[i], row.span), divisor, row.span, row.span), row.span);
      shown.rate = rate;
      shown.span = row.span;
      ExpressionId row_amount = divide(product, divisor, row.span, row.span);
      if (pool_[row_amount].type.dimension != Dimension{.money = 1}) {
        per_billing(row_amount, billing, tariff, row.span);
        return false;
      }
      parts.row_amounts.push_back(to_billing(row_amount, row.span));
      parts.version.rows.push_back(std::move(shown));
    }
  }
  Expression amount = pool_[divide(pool_.add(products, n.span), divisor, n.span, n.span)];
  amount.type.extensive = true;
  parts.amount = to_billing(pool_.intern(std::move(amount)), n.span);
  parts.quantity = to_billing(total, n.span);
  parts.version.scope = filter;
  parts.present = filter ? pool_.aggregate(Aggregate::any, pool_.both(filter, pool_.in_force(Date{INT32_MIN / 4}, std::nullopt, n.span), n.span), {}, billing, n.span) : pool_.boolean(true, n.span);
  return true;
}

bool Elaborator::elaborate_steps(VersionParts& parts, NodeId steps, ExpressionId quantity, Context& context, const TariffInfo& tariff) {
  const Node& n = node(context.module, steps);
  const Period& billing = tariff.headers.billing;
  struct Step {
    std::string word;
    ExpressionId bound, amount, condition;
    const Node* row;
  };
  std::vector<Step> rows;
  for (NodeId r : n.children) {
    const Node& row = node(context.module, r);
    if (row.kind == NodeKind::Period && row.text != period_name(billing)) {
      not_in_this_version(row.span, "steps per `" + row.text + "` in a tariff billed per " + period_name(billing));
      return false;
    }
    if (row.kind != NodeKind::StepRow) continue;
    Step step{row.text, {}, {}, {}, &row};
    bool bounded = row.children.size() > 1 && node(context.module, row.children[1]).kind != NodeKind::Cite;
    if (bounded) {
      step.bound = elaborate_number(row.children[0], context);
      if (!step.bound || !same_kind(quantity, step.bound, row.span, "compared with")) return false;
      if (!pool_.is_constant(step.bound) && row.text == "above" && rows.empty()) return false;
    }
    step.amount = elaborate_number(row.children[bounded ? 1 : 0], context);
    if (!step.amount) return false;
    if (!rows.empty() && !same_kind(rows[0].amount, step.amount, row.span, "beside")) return false;
    rows.push_back(step);
  }
  if (rows.empty()) return false;
  auto value = [&](ExpressionId id) { return pool_.is_constant(id) ? pool_[id].value : Rational(0); };
  bool rising = rows[0].word != "up to";
  for (size_t i = 0; i < rows.size(); ++i) {
    bool last_of_falling = !rising && rows[i].word == "above" && !rows[i].bound && i + 1 == rows.size();
    if ((rising && (rows[i].word == "up to" || !rows[i].bound)) || (!rising && rows[i].word != "up to" && !last_of_falling)) {
      if (Diagnostic* d = error("WL3240", rows[i].row->span, "the steps of one ladder all look the same way")) d->hint("write all with `from` (or `above`), or all with `up to` and a last row `above`");
      return false;
    }
    if (i && rows[i].bound && rows[i - 1].bound && pool_.is_constant(rows[i].bound) && pool_.is_constant(rows[i - 1].bound) && value(rows[i].bound) <= value(rows[i - 1].bound)) {
      if (Diagnostic* d = error("WL3241", rows[i].row->span, "this step is never reached: its bound is not above the one before"))
        d->label(rows[i - 1].row->span, "the step before").hint("write the steps in rising order");
      return false;
    }
  }
  const bool holds_first = rows[0].word == "from";
  const bool from_zero = rising && (value(rows[0].bound) < 0 || (value(rows[0].bound) == 0 && holds_first));
  if (rising && !(from_zero && is_never_negative(quantity))) {
    if (Diagnostic* d = error("WL3242", rows[0].row->span, "values below the first step have no amount")) {
      if (from_zero) d->note("`" + text_of(pool_[quantity].span) + "` may be negative").hint("write the steps with `up to` and a last row `above`, or take the greater of it and 0: `max(…, 0 " + unit_of(quantity) + ")`");
      else d->hint("begin with `from 0 " + unit_of(quantity) + " => …`");
    }
    return false;
  }
  if (!rising && rows.back().bound) {
    if (Diagnostic* d = error("WL3243", rows.back().row->span, "values above the last step have no amount")) d->hint("end with `above => …`");
    return false;
  }
  // Rising: the last step whose lower bound is reached. Falling: the first whose upper bound is not passed.
  ExpressionId amount;
  if (rising) {
    amount = rows[0].amount;
    for (size_t i = 1; i < rows.size(); ++i) {
      Op op = rows[i].word == "from" ? Op::less_equal : Op::less;
      rows[i].condition = pool_.make(op, boolean_type(), {rows[i].bound, quantity}, rows[i].row->span);
    }
    for (size_t i = 1; i < rows.size(); ++i) amount = pool_.select(rows[i].condition, rows[i].amount, amount, n.span);
  } else {
    amount = rows.back().amount;
    for (size_t i = rows.size() - 1; i-- > 0;) {
      rows[i].condition = pool_.make(Op::less_equal, boolean_type(), {quantity, rows[i].bound}, rows[i].row->span);
      amount = pool_.select(rows[i].condition, rows[i].amount, amount, n.span);
    }
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    RateRow shown;
    shown.key = key_text(text_of(rows[i].row->span));
    ExpressionId own = rows[i].condition, next = rising ? (i + 1 < rows.size() ? rows[i + 1].condition : ExpressionId{}) : (i ? rows[i - 1].condition : ExpressionId{});
    shown.condition = pool_.both(own, next ? pool_.negation(next, rows[i].row->span) : ExpressionId{}, rows[i].row->span);
    if (!rising && i + 1 == rows.size() && i) shown.condition = pool_.negation(rows[i - 1].condition, rows[i].row->span);
    if (!shown.condition) shown.condition = pool_.boolean(true, rows[i].row->span);
    shown.rate = rows[i].amount;
    shown.span = rows[i].row->span;
    parts.version.rows.push_back(std::move(shown));
    if (i && pool_.is_constant(rows[i].amount) && pool_.is_constant(rows[i - 1].amount) && value(rows[i].amount) < value(rows[i - 1].amount))
      if (Diagnostic* d = warning("WL3493", rows[i].row->span, "this step costs less than the one below it: using more lowers the bill")) d->label(rows[i - 1].row->span, "the step below");
    if (i && pool_[quantity].type.dimension == Dimension{.energy = 1})
      if (Diagnostic* d = warning("WL3491", rows[i].row->span, "a notch: one more kilowatt-hour at this bound costs a whole step")) d->hint("`in blocks` charges each part at its own rate");
  }
  parts.version.base_rate = amount;
  parts.quantity = quantity;
  parts.amount = per_billing(amount, parts.due, tariff, n.span);
  return static_cast<bool>(parts.amount);
}

}  // namespace wattlaw
