// What a scenario or a test puts in place of something: `set` a parameter, `given` an attribute, a price or the surplus with which a run begins.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

void Elaborator::read_sets_and_givens(uint32_t module, NodeId of) {
  const bool is_test = node(module, of).kind == NodeKind::Test;
  for (NodeId c : node(module, of).children) {
    const Node& child = node(module, c);
    if (child.kind == NodeKind::Set) read_set(module, c);
    // A test places its traces and attributes itself.
    if (child.kind == NodeKind::Given && (!is_test || names_surplus(child.text, module))) read_given_value(module, c);
  }
}

bool Elaborator::names_surplus(const std::string& name, uint32_t module) {
  const size_t dot = name.rfind('.');
  return dot != std::string::npos && name.substr(dot + 1) == "surplus" && find(name.substr(0, dot), module, Symbol::Kind::tariff);
}

void Elaborator::read_set(uint32_t module, NodeId id) {
  const Node& n = node(module, id);
  Symbol* symbol = find(n.text, module, Symbol::Kind::parameter);
  if (!symbol) {
    Symbol* other = find(n.text, module);
    if (Diagnostic* d = error("WL2048", n.text_span, "`" + n.text + "` is " + (other ? std::string(symbol_kind_words(other->kind)) : "no parameter") + ", and `set` changes parameters")) {
      const std::string near = nearest_name(n.text, names_in_scope(module, Symbol::Kind::parameter));
      d->hint(!near.empty() && near != n.text ? "did you mean `" + near + "`?" : "declare it: `parameter " + n.text + ": % = 25%`, and read it in the tariff");
    }
    return;
  }
  symbol->used = true;
  if (!set_parameters_.emplace(symbol, Given{module, n.children[0], {}, n.span, "`set` of `" + n.text + "`", false}).second)
    if (Diagnostic* d = error("WL2049", n.span, "`" + n.text + "` is set twice here")) d->label(set_parameters_[symbol].span, "the first time").hint("keep one of them");
}

// `given site.capacity = 11 kW`, `given market.spot = 0.80 NOK/kWh`, `given Rate.surplus = 100 kWh`.
void Elaborator::read_given_value(uint32_t module, NodeId id) {
  const Node& n = node(module, id);
  Given given{module, node(module, n.children[0]).children[0], {}, n.span, "`given` of `" + n.text + "`", false};
  if (names_surplus(n.text, module)) {
    Symbol* tariff = find(n.text.substr(0, n.text.rfind('.')), module, Symbol::Kind::tariff);
    const std::string key = std::to_string(tariff->module) + "." + tariff->name;
    if (!opening_balances_.emplace(key, given).second)
      if (Diagnostic* d = error("WL2049", n.span, "`" + n.text + "` is given twice here")) d->label(opening_balances_[key].span, "the first time").hint("keep one of them");
    return;
  }
  const auto series_index = series_index_.find(n.text);
  const auto attribute_index = attribute_index_.find(n.text);
  const bool is_price = series_index != series_index_.end() && !program_.series[series_index->second].request.per_member && !program_.series[series_index->second].type.extensive;
  if (attribute_index == attribute_index_.end() && !is_price) {
    std::vector<std::string> known;
    for (const auto& [name, index] : attribute_index_) known.push_back(name);
    for (const auto& [name, index] : series_index_)
      if (!program_.series[index].request.per_member) known.push_back(name);
    if (Diagnostic* d = error("WL2042", n.text_span, series_index != series_index_.end() ? "a scenario reads `" + n.text + "` from its traces" : "nothing that can be given is called `" + n.text + "`")) {
      const std::string near = series_index != series_index_.end() ? "" : nearest_name(n.text, known);
      d->hint(near.empty() ? "a scenario may give attributes such as `site.tax_zone`, prices such as `market.spot`, and the surplus a bank begins with: `given TARIFF.surplus = 100 kWh`" : "did you mean `" + near + "`?");
    }
    return;
  }
  const Type type = attribute_index != attribute_index_.end() ? program_.attributes[attribute_index->second].type : program_.series[series_index->second].type;
  const Node& value = node(module, given.value);
  Context context;
  context.module = module;
  context.prices = type.tax;
  if (type.kind == ValueKind::choice && value.kind == NodeKind::Name) given.elaborated = choice_constant(type.choices, value.text, value.span);
  else if (value.kind == NodeKind::Name && (value.text == "yes" || value.text == "no")) given.elaborated = type.kind == ValueKind::boolean ? pool_.boolean(value.text == "yes", value.span) : elaborate_flag(given.value, context);
  else given.elaborated = elaborate(given.value, context);
  if (!given.elaborated) return;
  const Type found = pool_[given.elaborated].type;
  if (found.kind != type.kind || found.dimension != type.dimension || (type.dimension.money && found.currency != type.currency) || !pool_.is_constant(given.elaborated)) {
    const std::string unit = type.kind == ValueKind::number ? unit_text(program_, type) : "";
    if (Diagnostic* d = error("WL3129", value.span, "`" + n.text + "` is " + (type.kind == ValueKind::number ? dimension_words(type.dimension) : type.kind == ValueKind::boolean ? "yes or no" : "one of several classes") + ", and what is given is not"))
      d->hint(unit.empty() ? "give one figure, or one of its classes, for the whole run" : "give one figure in `" + unit + "` for the whole run");
    return;
  }
  Expression typed = pool_[given.elaborated];
  typed.type = type;
  typed.span = value.span;
  given.elaborated = pool_.intern(std::move(typed));
  if (!given_values_.emplace(n.text, given).second)
    if (Diagnostic* d = error("WL2049", n.span, "`" + n.text + "` is given twice here")) d->label(given_values_[n.text].span, "the first time").hint("keep one of them");
}

// In place of a trace or an attribute; invalid if it is not given.
ExpressionId Elaborator::given_value(const std::string& name) {
  const auto found = given_values_.find(name);
  if (found == given_values_.end()) return {};
  found->second.is_read = true;
  return found->second.elaborated;
}

// What a bank holds when the run begins: energy of `net`, money of a credit; of one class where it is kept per band. Zero if nothing is
// given, invalid after an error.
ExpressionId Elaborator::opening_balance(const TariffInfo& tariff, const Type& type, std::optional<BandSplit> split, Span span) {
  const auto found = opening_balances_.find(std::to_string(tariff.symbol->module) + "." + tariff.symbol->name);
  if (found == opening_balances_.end()) return pool_.constant(0, type, span);
  Given& given = found->second;
  given.is_read = true;
  Context context;
  context.module = given.module;
  context.as_of = settlement_->from;
  context.split = split;
  ExpressionId value = elaborate_number(given.value, context);
  if (!value) return {};
  const Span where = node(given.module, given.value).span;
  const std::string unit = unit_text(program_, type);
  if (pool_[value].type.dimension != type.dimension || (type.dimension.money && pool_[value].type.currency != type.currency) || pool_[value].grain.time.unit != Period::Unit::none) {
    if (Diagnostic* d = error("WL4120", where, "the surplus that is carried is " + dimension_words(type.dimension) + (type.dimension.money ? " in " + unit : "") + ", and known before the run begins"))
      d->hint("write for example `100 " + unit + "`, or an attribute of the site");
    return {};
  }
  if (pool_.is_constant(value) && pool_[value].value < 0) {
    if (Diagnostic* d = error("WL4120", where, "a bank of surplus holds nothing or more")) d->hint("what is owed is no surplus: leave it out");
    return {};
  }
  if (split && pool_.is_constant(value) && node(given.module, given.value).kind != NodeKind::Table && pool_[value].value != 0) {
    const std::string& bands = program_.bands[split->bands].name;
    if (Diagnostic* d = error("WL4120", where, "a surplus is kept for each band of `" + bands + "`, and nothing says in which this is"))
      d->hint("write `by " + bands + " { " + program_.choice_sets[program_.bands[split->bands].choices].names[0] + " => 100 kWh  any => 0 kWh }`");
    return {};
  }
  Expression typed = pool_[value];
  typed.type = type;
  return pool_.intern(std::move(typed));
}

// What is put in place of something that nothing reads changes nothing: whoever wrote it would think it had.
void Elaborator::check_givens_read() {
  const auto check = [&](const Given& given) {
    if (given.is_read || diagnostics_.has_errors()) return;
    if (Diagnostic* d = warning("WL2091", given.span, "this " + given.words + " changes nothing: nothing in `" + settlement_->name + "` reads it")) d->hint("remove it, or apply the tariff that reads it");
  };
  for (const auto& [symbol, given] : set_parameters_) check(given);
  for (const auto& [name, given] : given_values_) check(given);
  for (const auto& [key, given] : opening_balances_) check(given);
}

}  // namespace wattlaw
