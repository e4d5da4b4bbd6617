// Origin accounting: `taxed(export, EnergyTax.tax)` is the part of what is given back that bore the charge when it was drawn;
// `times_taxed(final_use, EnergyTax.tax)` how often a kilowatt-hour bears it until somebody uses it, the mean over the period, net of what
// the same tariff pays back; `times_taxed(losses, …)` the same of what is lost on the way.
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {
constexpr const char* kExample = "write `taxed(export, EnergyTax.tax)`, or in a rule `times_taxed(final_use, EnergyTax.tax)`";
}

// When a clause charges: the texts in force and who has them; invalid: always.
ExpressionId Elaborator::when_charged(const TypedClause& clause, Span span) {
  std::vector<ExpressionId> ways;
  for (const ClauseVersion& version : clause.versions) {
    const ExpressionId holds = pool_.both(version.scope, pool_.in_force(version.from, version.until, span), span);
    if (!holds) return {};
    ways.push_back(holds);
  }
  return ways.size() == 1 ? ways[0] : pool_.either(ways, span);
}

// The clause named, and its tariff; null after an error.
const TypedClause* Elaborator::borne_clause(NodeId id, const TariffInfo*& tariff, Context& context) {
  const Node& name = node(context.module, id);
  const size_t dot = name.kind == NodeKind::Name ? name.text.rfind('.') : std::string::npos;
  if (dot == std::string::npos) {
    if (Diagnostic* d = error("WL4138", name.span, "`" + text_of(name.span) + "` is no clause of a tariff")) d->hint(kExample);
    return nullptr;
  }
  const std::string owner = name.text.substr(0, dot), label = name.text.substr(dot + 1);
  const bool own = context.tariff && context.tariff->symbol->name == owner;
  tariff = own ? context.tariff : tariff_named(owner, context.module, name.span);
  if (!tariff) return nullptr;
  if (!clause_value(owner, label, context, name.span)) return nullptr;
  const auto applied = applied_.find(tariff->key);
  if (applied == applied_.end()) {
    if (Diagnostic* d = error("WL2040", name.span, "`" + owner + "` is not applied here")) d->hint("apply it in the scenario, or write `use " + owner + "` in the test");
    return nullptr;
  }
  const auto is_on_import = [&](const LabelVersion& version) {
    const NodeId on = tree(version.module).child(version.node, NodeKind::On);
    if (!on || node(version.module, version.node).kind != NodeKind::Charge) return false;
    const Node& quantity = node(version.module, node(version.module, on).children[0]);
    return quantity.kind == NodeKind::Name && quantity.text == "import";
  };
  const auto& versions = tariff->clauses.at(label);
  for (const uint32_t index : applied->second.clauses)
    if (settlement_->clauses[index].name == label && std::all_of(versions.begin(), versions.end(), is_on_import)) return &settlement_->clauses[index];
  if (Diagnostic* d = error("WL4138", name.span, "`" + name.text + "` is no charge on import, so no energy bears it when it is drawn"))
    d->label(node(versions[0].module, versions[0].node).text_span, "here").hint("energy bears what is charged `on import`");
  return nullptr;
}

ExpressionId Elaborator::origin_flow(const TariffInfo& tariff, const TypedClause& clause, OriginFlow flow, Span span) {
  if (tariff.headers.origin.empty()) {
    if (Diagnostic* d = error("WL4137", span, "nothing says which of the energy in a battery flows out first"))
      d->note("`origin accounting fifo`: what was charged first is discharged first")
          .note("`origin accounting proportional`: what is discharged is the mix of what the battery holds")
          .label(node(tariff.symbol->module, tariff.symbol->node).text_span, "this tariff")
          .hint("write one of them among the headers of `" + tariff.symbol->name + "`");
    return {};
  }
  ExpressionId borne = when_charged(clause, span);
  if (!borne) borne = pool_.boolean(true, span);
  Expression e;
  e.op = Op::origin;
  e.type = number_type({.energy = 1}, 0, true);
  e.grain = {EntityGrain::site, kInterval};
  e.index = load_attribute(attribute_index_.at("vehicle.site"));
  e.of = EntityGrain::vehicle;
  e.beyond = tariff.headers.origin == "fifo";
  e.count = static_cast<uint32_t>(flow);
  e.operands = {series("import", span), series("export", span), series("charged", span), series("discharge", span), series("stored", span), series("plugged", span),
                attribute("vehicle.charge_efficiency", span), attribute("vehicle.discharge_efficiency", span), borne};
  e.span = span;
  return pool_.intern(std::move(e));
}

ExpressionId Elaborator::elaborate_taxed(NodeId call, Context& context) {
  const Node& n = node(context.module, call);
  std::vector<NodeId> arguments = tree(context.module).children(call, NodeKind::Argument);
  for (NodeId& argument : arguments) argument = node(context.module, argument).children[0];
  const bool counts = n.text == "times_taxed";
  const std::string flow = arguments.size() == 2 ? node(context.module, arguments[0]).text : "";
  if (arguments.size() != 2 || (counts ? flow != "final_use" && flow != "losses" : flow != "export")) {
    if (Diagnostic* d = error("WL4138", n.span, counts ? "`times_taxed` asks of `final_use` or `losses`, and of one clause" : "`taxed` asks of `export`, and of one clause")) d->hint(kExample);
    return {};
  }
  const TariffInfo* tariff = nullptr;
  const TypedClause* found = borne_clause(arguments[1], tariff, context);
  if (!found) return {};
  const TypedClause clause = *found;  // what follows may add clauses
  if (!counts) return origin_flow(*tariff, clause, OriginFlow::taxed_export, n.span);
  const bool used = flow == "final_use";
  const ExpressionId energy = origin_flow(*tariff, clause, used ? OriginFlow::final_use : OriginFlow::losses, n.span);
  if (!energy) return {};
  ExpressionId taxed = origin_flow(*tariff, clause, used ? OriginFlow::taxed_final_use : OriginFlow::taxed_losses, n.span);
  for (const uint32_t index : applied_.at(tariff->key).clauses) {
    const TypedClause& credit = settlement_->clauses[index];
    if (!used || credit.kind != ClauseKind::credit || !tariff->clauses.contains(credit.name)) continue;
    const LabelVersion& version = tariff->clauses.at(credit.name)[0];
    const NodeId on = tree(version.module).child(version.node, NodeKind::On);
    const NodeId quantity = on ? node(version.module, on).children[0] : NodeId{};
    if (!quantity || node(version.module, quantity).kind != NodeKind::Call || node(version.module, quantity).text != "taxed") continue;
    const ExpressionId back = origin_flow(*tariff, clause, OriginFlow::taxed_export, n.span), when = when_charged(credit, n.span);
    taxed = pool_.subtract(taxed, when ? pool_.select(when, back, pool_.constant(0, pool_[back].type, n.span), n.span) : back, n.span);
  }
  const Period period = context.default_period;
  const auto over_period = [&](ExpressionId flow) { return pool_.aggregate(Aggregate::sum, flow, period.unit == Period::Unit::none ? settled(kInterval, n.span) : ExpressionId{}, period, n.span); };
  const ExpressionId all = over_period(energy), times = divide(over_period(taxed), all, n.span, n.span);
  if (!times) return {};
  // Where nothing flows nothing was taxed more or less than once.
  const ExpressionId flows = pool_.make(Op::less, boolean_type(), {pool_.constant(0, pool_[all].type, n.span), all}, n.span);
  return pool_.select(flows, times, pool_.constant(1, pool_[times].type, n.span), n.span);
}

}  // namespace wattlaw
