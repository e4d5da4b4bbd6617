// `except LABEL when C => RATE overrides OTHER`: the base unless an exception holds.
#include <algorithm>

#include "compiler/program/elaborator.h"
#include "runtime/base/nearest_name.h"

namespace wattlaw {

// `except LABEL when C => RATE overrides OTHER`: the base unless an exception holds; order only where it is said.
ExpressionId Elaborator::apply_exceptions(VersionParts& parts, NodeId clause, ExpressionId base, Context& context, ExpressionId* extra_scope) {
  struct Read {
    TypedException exception;
    ExpressionId effective;
  };
  std::vector<Read> all;
  for (NodeId c : node(context.module, clause).children) {
    const Node& n = node(context.module, c);
    if (n.kind != NodeKind::Except) continue;
    Read read;
    read.exception.label = n.text;
    read.exception.span = n.span;
    for (NodeId part : n.children) {
      const Node& p = node(context.module, part);
      if (p.kind == NodeKind::When) read.exception.condition = elaborate_boolean(p.children[0], context);
      if (p.kind == NodeKind::At) {
        read.exception.rate = elaborate_number(p.children[0], context);
        if (!read.exception.rate) return {};
      }
      if (p.kind == NodeKind::Overrides) read.exception.overrides = p.text;
      if (p.kind == NodeKind::Cite) read.exception.cites.push_back({p.text, p.span});
    }
    if (!read.exception.condition) return {};
    if (!parts.flow) {  // what holds throughout a bill is a value of the bill
      const Period& billing = context.tariff->headers.billing;
      if (ExpressionId held = held_per(read.exception.condition, billing)) read.exception.condition = held;
      if (read.exception.rate)
        if (ExpressionId held = held_per(read.exception.rate, billing)) read.exception.rate = held;
    }
    if (base && read.exception.rate && !same_kind(base, read.exception.rate, n.span, "beside")) return {};
    read.effective = read.exception.condition;
    all.push_back(std::move(read));
  }
  bool names_known = true;
  for (Read& read : all) {
    if (read.exception.overrides.empty()) continue;
    bool found = false;
    for (Read& other : all)
      if (other.exception.label == read.exception.overrides && &other != &read) {
        other.effective = pool_.both(other.effective, pool_.negation(read.exception.condition, read.exception.span), read.exception.span);
        found = true;
      }
    names_known = names_known && found;
    if (!found) {
      std::vector<std::string> labels;
      for (const Read& other : all) labels.push_back(other.exception.label);
      if (Diagnostic* d = error("WL4302", read.exception.span, "`" + read.exception.label + "` overrides `" + read.exception.overrides + "`, which is no exception of this clause")) {
        std::string near = nearest_name(read.exception.overrides, labels);
        if (!near.empty()) d->hint("did you mean `" + near + "`?");
      }
    }
  }
  if (!names_known) return {};  // who overrides whom cannot be known
  for (const Read& read : all) {
    std::string path = read.exception.label, next = read.exception.overrides;
    for (size_t step = 0; step <= all.size() && !next.empty(); ++step) {
      path += " → " + next;
      if (next == read.exception.label) {
        if (Diagnostic* d = error("WL4303", all.front().exception.span, "these exceptions override each other in a circle")) d->note("the circle: " + path).hint("the stronger exception overrides the weaker one, not the other way round");
        return {};
      }
      auto other = std::find_if(all.begin(), all.end(), [&](const Read& r) { return r.exception.label == next; });
      next = other == all.end() ? std::string{} : other->exception.overrides;
    }
  }
  std::vector<TypedException> exceptions;
  for (const Read& read : all) exceptions.push_back(read.exception);
  check_exceptions(exceptions);
  ExpressionId rate = base;
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    if (it->exception.rate && rate) rate = pool_.select(it->effective, it->exception.rate, rate, it->exception.span);
    else *extra_scope = pool_.both(*extra_scope, pool_.negation(it->effective, it->exception.span), it->exception.span);
  }
  parts.version.exceptions = std::move(exceptions);
  return rate;
}

}  // namespace wattlaw
