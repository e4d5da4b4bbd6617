// Tariffs with their headers, and the labels of their clauses with the amendments that restate them.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

RoundingRule Elaborator::read_rounding(NodeId id, uint32_t module) {
  const Node& n = node(module, id);
  RoundingRule rule;
  if (n.text == "none") return rule;
  rule.mode = n.text == "half even" ? RoundingMode::half_even : n.text == "up" ? RoundingMode::up : n.text == "down" ? RoundingMode::down : RoundingMode::half_up;
  for (NodeId c : n.children) {
    const Node& child = node(module, c);
    if (child.kind == NodeKind::Granularity) {
      rule.grain = child.text == "bill" ? RoundingGrain::bill : child.text == "row" ? RoundingGrain::row : RoundingGrain::line;
      continue;
    }
    Context context;
    context.module = module;
    ExpressionId quantum = elaborate(c, context);
    if (!quantum) continue;
    const Expression& q = pool_[quantum];
    if (q.op != Op::constant || q.value <= 0 || q.type.dimension != Dimension{.money = 1}) {
      if (Diagnostic* d = error("WL3110", child.span, "amounts are rounded to an amount of money, this is " + dimension_words(q.type.dimension)))
        d->hint("write for example `rounding 0.01 " + own_currency() + " half up per line`");
      continue;
    }
    rule.quantum = q.value;
    rule.currency = q.type.currency;
    rule.span = n.span;
  }
  if (rule.quantum == 0) rule.grain = RoundingGrain::none;
  return rule;
}

void Elaborator::read_headers(TariffInfo& tariff, const TariffPart& part, NodeId id) {
  TariffHeaders& h = tariff.headers;
  const Node& n = node(part.module, id);
  if (part.from && n.kind != NodeKind::Cite && n.kind != NodeKind::Charge) {
    // A header holds for all time; an amendment holds from its date. Only what can be dated may stand in it.
    for (NodeKind header : {NodeKind::InForce, NodeKind::Prices, NodeKind::Rounding, NodeKind::Covers, NodeKind::Billing, NodeKind::ChangeWithin, NodeKind::PartialPeriods, NodeKind::History, NodeKind::BlocksMeetBands})
      if (n.kind == header) {
        not_in_this_version(n.span, "a header in an amendment");
        return;
      }
  }
  auto date_child = [&](NodeKind kind) -> std::optional<Date> {
    NodeId c = tree(part.module).child(id, kind);
    return c ? parse_date(node(part.module, c).text) : std::nullopt;
  };
  switch (n.kind) {
    case NodeKind::Cite:
      if (part.from) tariff.amendment_cites[*part.from].push_back({n.text, n.span});
      else h.cites.push_back({n.text, n.span});
      break;
    case NodeKind::InForce:
      if (!part.from) {
        h.from = date_child(NodeKind::FromDate);
        h.until = date_child(NodeKind::UntilDate);
        if (h.from && h.until && *h.until <= *h.from)
          if (Diagnostic* d = error("WL4005", n.span, "`" + tariff.symbol->name + "` ends on " + print_date(*h.until) + ", before it begins"))
            d->hint("`until` is exclusive: it names the first day on which the tariff no longer holds");
      }
      break;
    case NodeKind::Prices: {
      NodeId state = tree(part.module).child(id, NodeKind::TaxState);
      h.prices = node(part.module, state).text == "ex" ? TaxState::ex : TaxState::incl;
      break;
    }
    case NodeKind::Rounding: h.rounding = read_rounding(id, part.module); break;
    case NodeKind::Covers:
      h.covered = n.text;
      for (NodeId c : n.children)
        if (node(part.module, c).kind == NodeKind::Where) h.covers.push_back(node(part.module, c).children[0]);
      break;
    case NodeKind::Billing: {
      NodeId start = tree(part.module).child(id, NodeKind::BillingStart);
      if (n.text != "month") {
        not_in_this_version(n.span, "a billing `" + n.text + "`");
        break;
      }
      if (!start || node(part.module, start).text.empty()) {
        const Node* name = start ? &node(part.module, node(part.module, start).children[0]) : nullptr;
        if (!name || name->kind != NodeKind::Name) {
          if (Diagnostic* d = error("WL4022", n.span, "a billing month starts on a day, or on the day that an attribute says")) d->hint("write `billing month starts 15` or `billing month starts on site.read_date`");
          break;
        }
        h.read_day = name->text;
        h.read_day_span = name->span;
        h.billing = kMonth;
        break;
      }
      const std::string& text = node(part.module, start).text;
      const int day = text.size() <= 2 ? std::atoi(text.c_str()) : 0;
      if (day < 1 || day > 28) {
        if (Diagnostic* d = error("WL4022", node(part.module, start).span, "a billing month starts on a day from 1 to 28, not on `" + text + "`"))
          d->hint(text == "29" || text == "30" || text == "31" ? "not every month has that day; bills that end with the month start on 1" : "write for example `billing month starts 15`");
        break;
      }
      h.billing = kMonth;
      h.billing.start_day = static_cast<uint8_t>(day);
      break;
    }
    case NodeKind::ChangeWithin: h.change = n.text == "by days" ? Change::by_days : n.text == "at end" ? Change::at_end : Change::at_start; break;
    case NodeKind::PartialPeriods: h.partial = n.text == "in full" ? Share::in_full : n.text == "none" ? Share::none : Share::by_days; break;
    case NodeKind::History:
      if (n.text == "none") h.history = History::none;
      else {
        h.history_series = n.text;
        h.history = History::none;  // what lies before the readings does not exist
      }
      break;
    case NodeKind::BlocksMeetBands: h.blocks_meet_bands = id; break;
    case NodeKind::SessionPrice: h.price_at_start = n.text == "at start"; break;
    case NodeKind::OriginAccounting:
      h.origin = n.text;
      if (n.text != "fifo" && n.text != "proportional")
        if (Diagnostic* d = error("WL4137", n.span, "energy in a battery has no origin accounting `" + n.text + "`")) d->hint("write `origin accounting fifo` or `origin accounting proportional`");
      break;
    default: break;
  }
}

void Elaborator::collect_clauses(TariffInfo& tariff, const TariffPart& part, const std::vector<NodeId>& children, std::vector<NodeId> groups) {
  std::map<std::string, NodeId> here;
  for (NodeId id : children) {
    const Node& n = node(part.module, id);
    std::string label = n.text;
    bool is_let = false;
    switch (n.kind) {
      case NodeKind::Let: is_let = true; break;
      case NodeKind::Charge:
      case NodeKind::Credit:
      case NodeKind::Tax:
        if (tariff.symbol->kind == Symbol::Kind::contract) {
          if (Diagnostic* d = error("WL4130", n.text_span, "nothing says who pays `" + label + "` to whom in the contract `" + tariff.symbol->name + "`"))
            d->hint("a contract has no default payer: write `pay PAYER -> PAYEE " + label + " …`");
          continue;
        }
        break;
      case NodeKind::Pay: break;
      case NodeKind::Minimum: label = "minimum"; break;
      case NodeKind::Maximum: label = "maximum"; break;
      case NodeKind::Net: label = "net"; break;
      case NodeKind::Limit:
        if (part.from) not_in_this_version(n.span, "an amended `limit`");
        else tariff.limits.push_back({part.module, id, groups.empty() ? NodeId{} : groups.back(), groups, {}, {}});
        continue;
      case NodeKind::Group: {
        std::vector<NodeId> inner = groups, clauses;
        for (NodeId c : n.children) {
          if (node(part.module, c).kind == NodeKind::When) inner.push_back(node(part.module, c).children[0]);
          else clauses.push_back(c);
        }
        collect_clauses(tariff, part, clauses, inner);
        continue;
      }
      default: continue;
    }
    auto& versions = (is_let ? tariff.lets : tariff.clauses)[label];
    for (LabelVersion& earlier : versions)
      if (earlier.module == part.module && earlier.from == part.from && earlier.group_condition == (groups.empty() ? NodeId{} : groups.back())) {
        if (Diagnostic* d = error(part.from ? "WL4003" : "WL2005", n.text_span,
                                  part.from ? "`" + label + "` is amended twice from " + print_date(*part.from) : "`" + label + "` is the label of two clauses of `" + tariff.symbol->name + "`"))
          d->label(node(earlier.module, earlier.node).text_span, "first here").hint("give each clause a label of its own; the ledger and the bill use it");
      }
    LabelVersion version{part.module, id, groups.empty() ? NodeId{} : groups.back(), groups, part.from, std::nullopt};
    if (!version.outer_groups.empty()) version.outer_groups.pop_back();
    bool known = !versions.empty();
    if (part.from && !known) {
      std::vector<std::string> labels;
      for (const auto& [other, others] : is_let ? tariff.lets : tariff.clauses)
        if (!others.empty()) labels.push_back(other);
      std::string near = nearest_name(label, labels);
      if (!near.empty())
        if (Diagnostic* d = warning("WL4091", n.text_span, "`" + label + "` is new in this amendment, so it is charged beside `" + near + "`")) d->hint("to replace `" + near + "` use its own label");
    }
    versions.push_back(version);
    if (!is_let && !known) tariff.order.push_back(label);
  }
}

void Elaborator::collect_tariffs() {
  for (Symbol& symbol : symbols_) {
    if (!is_kind(symbol, Symbol::Kind::tariff)) continue;
    auto info = std::make_unique<TariffInfo>();
    info->symbol = &symbol;
    info->key = std::to_string(symbol.module) + "." + symbol.name;
    info->parts.push_back({symbol.module, symbol.node, std::nullopt});
    tariffs_[std::to_string(symbol.module) + "." + symbol.name] = std::move(info);
  }
  for (uint32_t m = 0; m < modules_.list.size(); ++m)
    for (NodeId id : tree(m)[tree(m).root].children) {
      const Node& n = node(m, id);
      if (n.kind != NodeKind::Amend) continue;
      Symbol* target = find(n.text, m, Symbol::Kind::tariff);
      NodeId from = tree(m).child(id, NodeKind::FromDate);
      auto date = from ? parse_date(node(m, from).text) : std::nullopt;
      if (!target) {
        if (Diagnostic* d = error("WL2006", n.text_span, "no tariff is called `" + n.text + "`, so it cannot be amended")) {
          std::string near = nearest_name(n.text, names_in_scope(m, Symbol::Kind::tariff));
          if (!near.empty()) d->hint("did you mean `" + near + "`?");
        }
        continue;
      }
      if (!from)
        if (Diagnostic* d = error("WL4006", n.text_span, "the amendment of `" + n.text + "` has no date")) d->hint("write `amend " + n.text + " from 2026-07-01 { … }`");
      if (date) tariffs_[std::to_string(target->module) + "." + target->name]->parts.push_back({m, id, date});
    }
  for (auto& [key, info] : tariffs_) {
    std::stable_sort(info->parts.begin() + 1, info->parts.end(), [](const TariffPart& a, const TariffPart& b) { return *a.from < *b.from; });
    for (const TariffPart& part : info->parts) {
      const Node& n = node(part.module, part.node);
      for (NodeId c : n.children) {
        const Node& child = node(part.module, c);
        if (child.kind == NodeKind::Payer) info->payer = child.text;
        else if (child.kind == NodeKind::Payee) info->payee = child.text;
        else if (child.kind == NodeKind::ForEach && child.text == "session") info->headers.billing = kSession;
        else if (child.kind == NodeKind::ForEach) not_in_this_version(child.span, "a tariff `for each " + child.text + "`");
        else read_headers(*info, part, c);
      }
      collect_clauses(*info, part, n.children, {});
    }
    // A restated label ends the one before it (language.md section 6: restating replaces whole).
    auto close = [&](std::map<std::string, std::vector<LabelVersion>>& labels) {
      for (auto& [label, versions] : labels) {
        for (LabelVersion& v : versions) {
          for (const LabelVersion& later : versions)
            if (later.from && (!v.from || *later.from > *v.from) && (!v.until || *later.from < *v.until)) v.until = later.from;
        }
      }
    };
    close(info->clauses);
    close(info->lets);
    for (const auto& [label, versions] : info->clauses)
      for (size_t i = 1; i < versions.size(); ++i) {
        auto labels_of = [&](const LabelVersion& v) {
          std::set<std::string> labels;
          for (NodeId c : tree(v.module).children(v.node, NodeKind::Except)) labels.insert(node(v.module, c).text);
          return labels;
        };
        std::set<std::string> now = labels_of(versions[i]);
        for (const std::string& before : labels_of(versions[i - 1]))
          if (!now.contains(before) && versions[i].from && said_.insert("WL4093" + label + before).second)
            diagnostics_.note("WL4093", node(versions[i].module, versions[i].node).text_span, "the exception `" + before + "` of `" + label + "` ends here: a restated clause replaces the whole of it")
                .hint("restate the exception as well if it shall stay");
      }
    if (info->headers.rounding) continue;
    for (NodeId id : tree(info->symbol->module)[tree(info->symbol->module).root].children)
      if (node(info->symbol->module, id).kind == NodeKind::Rounding) info->headers.rounding = read_rounding(id, info->symbol->module);
  }
}

}  // namespace wattlaw
