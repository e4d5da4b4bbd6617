// What a price list says and in which order, for rules on how prices are shown: Regulation (EU) 2023/1804, Article 5.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "compiler/program/rule_reading.h"

namespace wattlaw {

bool Elaborator::is_meta_function(const std::string& name) { return name == "rate" || name == "non_decreasing" || name == "priced" || name == "every_clause" || name == "in_order" || name == "jump"; }

// The arguments, all of them names: a tariff, then words.
std::optional<std::vector<NodeId>> Elaborator::names_of_display(NodeId call, size_t least, const char* example, Context& context) {
  const Node& n = node(context.module, call);
  std::vector<NodeId> names;
  for (NodeId a : tree(context.module).children(call, NodeKind::Argument)) names.push_back(node(context.module, a).children[0]);
  const bool all = std::all_of(names.begin(), names.end(), [&](NodeId id) { return node(context.module, id).kind == NodeKind::Name; });
  if (all && names.size() >= least && (n.text != "priced" || names.size() == 2)) return names;
  if (Diagnostic* d = error("WL3312", n.span, "`" + n.text + "` takes a tariff and " + (n.text == "in_order" ? "what its charges are on, in order" : n.text == "priced" ? "a quantity" : "the quantities that it may charge"))) d->hint(std::string("write for example `") + example + "`");
  return std::nullopt;
}

// The charges of a tariff that are in force on the day of the context, as they are written.
std::vector<const LabelVersion*> Elaborator::charges_in_force(const TariffInfo& tariff, Context& context) {
  std::vector<const LabelVersion*> charges;
  for (const std::string& label : tariff.order)
    for (const LabelVersion& version : tariff.clauses.at(label)) {
      std::vector<std::pair<std::optional<Date>, std::optional<Date>>> spans = {{version.from, version.until}};
      for (NodeId in_force : tree(version.module).children(version.node, NodeKind::InForce)) {
        const NodeId from = tree(version.module).child(in_force, NodeKind::FromDate), until = tree(version.module).child(in_force, NodeKind::UntilDate);
        spans.emplace_back(from ? parse_date(node(version.module, from).text) : std::nullopt, until ? parse_date(node(version.module, until).text) : std::nullopt);
      }
      bool holds = true;
      for (const auto& [from, until] : spans) {
        for (const auto& date : {from, until})
          if (date) context.cut_dates->insert(*date);
        holds = holds && !(from && *context.as_of < *from) && !(until && *context.as_of >= *until);
      }
      if (!holds) continue;
      const NodeKind kind = node(version.module, version.node).kind;
      if (kind == NodeKind::Charge || kind == NodeKind::Credit) charges.push_back(&version);
    }
  return charges;
}

bool Elaborator::is_on(const LabelVersion& charge, const TariffInfo& tariff, const std::string& quantity) {
  const NodeId on = tree(charge.module).child(charge.node, NodeKind::On);
  return on && (reads_name(charge.module, on, tariff, quantity) || (quantity == "parking_time" && reads_name(charge.module, on, tariff, "parked")));
}

// `priced(tariff, import)`: something is charged on it.
ExpressionId Elaborator::elaborate_priced(NodeId call, Context& context) {
  const auto names = names_of_display(call, 2, "priced(tariff, import)", context);
  if (!names) return {};
  const Node &owner = node(context.module, (*names)[0]), &quantity = node(context.module, (*names)[1]);
  if (!series_index_.contains(quantity.text) && quantity.text != "power" && quantity.text != "net_power") {
    elaborate_name((*names)[1], context);  // says so
    return {};
  }
  TariffInfo* tariff = tariff_meant(owner.text, context, owner.span);
  if (!tariff) return context.rule->undecided.empty() ? ExpressionId{} : pool_.boolean(false, owner.span);
  const auto charges = charges_in_force(*tariff, context);
  const bool found = std::any_of(charges.begin(), charges.end(), [&](const LabelVersion* charge) { return is_on(*charge, *tariff, quantity.text); });
  return pool_.boolean(found, node(context.module, call).span);
}

// `every_clause(tariff, delivered, parking_time)`: nothing is charged but on these.
ExpressionId Elaborator::elaborate_every_clause(NodeId call, Context& context) {
  const auto names = names_of_display(call, 2, "every_clause(charger.tariff, delivered, parking_time)", context);
  if (!names) return {};
  for (size_t i = 1; i < names->size(); ++i)
    if (const Node& quantity = node(context.module, (*names)[i]); !series_index_.contains(quantity.text)) {
      elaborate_name((*names)[i], context);
      return {};
    }
  const Node& owner = node(context.module, (*names)[0]);
  TariffInfo* tariff = tariff_meant(owner.text, context, owner.span);
  if (!tariff) return context.rule->undecided.empty() ? ExpressionId{} : pool_.boolean(false, owner.span);
  const auto charges = charges_in_force(*tariff, context);
  const bool all = std::all_of(charges.begin(), charges.end(), [&](const LabelVersion* charge) {
    return std::any_of(names->begin() + 1, names->end(), [&](NodeId name) { return is_on(*charge, *tariff, node(context.module, name).text); });
  });
  return pool_.boolean(all, node(context.module, call).span);
}

// `in_order(tariff, delivered, minute, session, other)`: the charges stand in this order. `minute`: on a time; `session`: an amount for each
// session; `other`: whatever none of the words before it means. A charge that no word means is out of order.
ExpressionId Elaborator::elaborate_in_order(NodeId call, Context& context) {
  const auto names = names_of_display(call, 2, "in_order(charger.tariff, delivered, minute, session, other)", context);
  if (!names) return {};
  for (size_t i = 1; i < names->size(); ++i) {
    const Node& word = node(context.module, (*names)[i]);
    if (word.text == "minute" || word.text == "session" || word.text == "other" || series_index_.contains(word.text)) continue;
    elaborate_name((*names)[i], context);
    return {};
  }
  const Node& owner = node(context.module, (*names)[0]);
  TariffInfo* tariff = tariff_meant(owner.text, context, owner.span);
  if (!tariff) return context.rule->undecided.empty() ? ExpressionId{} : pool_.boolean(false, owner.span);
  const auto means = [&](const std::string& word, const LabelVersion& charge) {
    if (word == "other") return true;
    if (word == "session") return !tree(charge.module).child(charge.node, NodeKind::On);
    if (word != "minute") return is_on(charge, *tariff, word);
    for (const char* time : {"charging_time", "parking_time", "session.duration"})
      if (is_on(charge, *tariff, time)) return true;
    return false;
  };
  size_t at = 1;
  for (const LabelVersion* charge : charges_in_force(*tariff, context)) {
    size_t place = 1;
    while (place < names->size() && !means(node(context.module, (*names)[place]).text, *charge)) ++place;
    if (place < at || place == names->size()) return pool_.boolean(false, node(context.module, call).span);
    at = place;
  }
  return pool_.boolean(true, node(context.module, call).span);
}

}  // namespace wattlaw
