// Options that exclude or require one another: `covers site where not applied(Norgespris)`. Who has what is written by the scenario; what
// contradicts is told, never solved.
#include <algorithm>

#include "compiler/program/cases.h"
#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {

struct OptionLink {
  const Node* call = nullptr;   // applied(T)
  std::string tariff;
  bool excludes = false;
};

// `applied(T)` and `not applied(T)` among the conditions that are joined by `and`; the others go to `rest`.
void read_links(const SyntaxTree& tree, NodeId id, std::vector<OptionLink>& links, std::vector<NodeId>& rest) {
  const Node& n = tree[id];
  if (n.kind == NodeKind::And) {
    for (NodeId c : n.children) read_links(tree, c, links, rest);
    return;
  }
  const bool negated = n.kind == NodeKind::Not;
  const Node& call = negated ? tree[n.children[0]] : n;
  if (call.kind != NodeKind::Call || call.text != "applied" || call.children.size() != 1) {
    rest.push_back(id);
    return;
  }
  links.push_back({&call, tree[tree[call.children[0]].children[0]].text, negated});
}

bool overlap(std::optional<Date> from, std::optional<Date> until, std::optional<Date> other_from, std::optional<Date> other_until) {
  return (!until || !other_from || *other_from < *until) && (!other_until || !from || *from < *other_until);
}

}  // namespace

// Whoever the scenario gives the tariff to and it covers, apart from what it says of other tariffs.
ExpressionId Elaborator::who_may_have(const std::string& key) {
  const TariffInfo& tariff = *tariffs_[key];
  Context context;
  context.module = tariff.symbol->module;
  context.tariff = &tariff;
  context.prices = tariff.headers.prices;
  context.as_of = settlement_->from;
  ExpressionId who = applied_[key].condition;
  for (NodeId covers : tariff.headers.covers) {
    std::vector<OptionLink> links;
    std::vector<NodeId> rest;
    read_links(tree(context.module), covers, links, rest);
    for (NodeId condition : rest)
      if (ExpressionId e = elaborate_boolean(condition, context)) who = pool_.both(who, e, pool_[e].span);
  }
  return who;
}

void Elaborator::check_exclusion(const std::string& key, const std::string& other, Span where) {
  const TariffInfo &a = *tariffs_[key], &b = *tariffs_[other];
  const auto begin = [&](const TariffInfo& info, const std::string& k) { return std::max(info.headers.from.value_or(settlement_->from), applied_[k].from.value_or(settlement_->from)); };
  if (!overlap(begin(a, key), a.headers.until, begin(b, other), b.headers.until)) return;
  const ExpressionId both = pool_.both(who_may_have(key), who_may_have(other), where);
  std::string witness = "every site";
  if (both) {
    Cases cases(program_, settlement_->from, settlement_->until);
    cases.read(both);
    if (!cases.is_decidable()) return;
    witness.clear();
    cases.visit_each([&](const Case& in) {
      if (cases.value(both, in).value_or(0) != 0) witness = cases.words(in).empty() ? "every site" : "a site where " + cases.words(in);
      return witness.empty();
    });
  }
  if (witness.empty()) return;
  if (Diagnostic* d = error("WL4206", where, "`" + a.symbol->name + "` and `" + b.symbol->name + "` exclude one another, but `" + settlement_->name + "` applies both to " + witness))
    d->label(settlement_->span, "applied here").hint("let the `where` of the two `apply` lines exclude each other");
}

void Elaborator::check_options() {
  std::set<std::pair<std::string, std::string>> told;
  for (const std::string& key : std::vector<std::string>(applied_order_)) {
    const TariffInfo& tariff = *tariffs_[key];
    const uint32_t module = tariff.symbol->module;
    std::vector<OptionLink> links;
    std::vector<NodeId> rest;
    for (NodeId covers : tariff.headers.covers) read_links(tree(module), covers, links, rest);
    for (const OptionLink& link : links) {
      const Symbol* other = find(link.tariff, module, Symbol::Kind::tariff);
      if (!other) continue;  // told where it is elaborated
      const std::string other_key = std::to_string(other->module) + "." + other->name;
      if (link.excludes && applied_.contains(other_key)) {
        if (told.insert(std::minmax(key, other_key)).second) check_exclusion(key, other_key, link.call->span);
      } else if (!link.excludes && !applied_.contains(other_key)) {
        if (Diagnostic* d = warning("WL4293", link.call->span, "`" + tariff.symbol->name + "` is only for sites that have `" + other->name + "`, which `" + settlement_->name + "` applies to nobody"))
          d->label(settlement_->span, "applied here").hint("apply `" + other->name + "` as well, or leave `" + tariff.symbol->name + "` out");
      }
    }
  }
}

}  // namespace wattlaw
