// Decision tables: `by Load, Season { low, any => 0.10 NOK/kWh … }` as nested selections, with the proof that rows are complete,
// disjoint and none is dead (columns of classes), or a ladder of bounds (one column of numbers).
#include <algorithm>

#include "compiler/program/elaborator.h"

namespace wattlaw {

namespace {

constexpr size_t kMostCombinations = 1 << 16;

std::string print_row(const std::string& text) {
  std::string line;
  for (char c : text) line += c == '\n' ? ' ' : c;
  return line;
}

}  // namespace

ExpressionId Elaborator::key_condition(NodeId id, ExpressionId column, Context& context) {
  const Node& key = node(context.module, id);
  if (key.text == "any") return pool_.boolean(true, key.span);
  const Type& type = pool_[column].type;
  if (key.text == "is") {
    const Node& value = node(context.module, key.children[0]);
    if (type.kind == ValueKind::choice) {
      if (value.kind != NodeKind::Name) {
        error("WL3201", value.span, "the column `" + text_of(pool_[column].span) + "` has classes, so a key is the name of one");
        return {};
      }
      ExpressionId c = choice_constant(type.choices, value.text, value.span);
      return c ? pool_.make(Op::equal, boolean_type(), {column, c}, key.span) : c;
    }
    if (type.kind == ValueKind::boolean) {
      ExpressionId c = elaborate_boolean(key.children[0], context);
      return c ? pool_.make(Op::equal, boolean_type(), {column, c}, key.span) : c;
    }
  }
  if (type.kind != ValueKind::number) {
    error("WL3202", key.span, "`" + key.text + "` sets a bound, but the column `" + text_of(pool_[column].span) + "` has classes");
    return {};
  }
  ExpressionId bound = elaborate_number(key.children[0], context);
  if (!bound || !same_kind(column, bound, key.span, "compared with")) return {};
  if (key.text == "from") return pool_.make(Op::less_equal, boolean_type(), {bound, column}, key.span);
  if (key.text == "above") return pool_.make(Op::less, boolean_type(), {bound, column}, key.span);
  if (key.text == "up to") return pool_.make(Op::less_equal, boolean_type(), {column, bound}, key.span);
  return pool_.make(Op::equal, boolean_type(), {column, bound}, key.span);
}

TableResult Elaborator::elaborate_table(NodeId id, Context& context) {
  const Node& n = node(context.module, id);
  std::vector<ExpressionId> columns;
  std::vector<NodeId> row_nodes;
  for (NodeId c : n.children) {
    const Node& child = node(context.module, c);
    if (child.kind == NodeKind::Column) {
      ExpressionId e = elaborate(child.children[0], context);
      if (!e) return {};
      columns.push_back(e);
    } else if (child.kind == NodeKind::TableRow) {
      row_nodes.push_back(c);
    }
  }
  if (row_nodes.size() > 4096) {
    error("WL3203", n.span, "a table has at most 4,096 rows");
    return {};
  }
  TableResult result;
  if (n.text == "linearly") {
    if (columns.size() != 1) {
      error("WL3204", n.span, "`linearly` goes along one column");
      return {};
    }
    std::vector<ExpressionId> operands = {columns[0]};
    ExpressionId last_x;
    for (NodeId r : row_nodes) {
      const Node& row = node(context.module, r);
      const Node& key = node(context.module, row.children[0]);
      if (key.kind != NodeKind::Key || key.text != "at") {
        if (Diagnostic* d = error("WL3205", row.span, "a line is drawn through points")) d->hint("write rows as `at 49.9 Hz => 0%`");
        return {};
      }
      ExpressionId x = elaborate_number(key.children[0], context), y = elaborate_number(row.children[1], context);
      if (!x || !y || !same_kind(columns[0], x, row.span, "compared with")) return {};
      if (!pool_.is_constant(x) || !pool_.is_constant(y)) {
        error("WL3206", row.span, "the points of a line are fixed figures");
        return {};
      }
      operands.push_back(x);
      operands.push_back(y);
    }
    // Ascending in x, whatever way they are written.
    std::vector<std::pair<ExpressionId, ExpressionId>> points;
    for (size_t i = 1; i + 1 < operands.size(); i += 2) points.emplace_back(operands[i], operands[i + 1]);
    std::stable_sort(points.begin(), points.end(), [&](const auto& a, const auto& b) { return pool_[a.first].value < pool_[b.first].value; });
    operands.resize(1);
    for (size_t i = 0; i < points.size(); ++i) {
      if (i && pool_[points[i].first].value == pool_[points[i - 1].first].value) {
        error("WL3207", n.span, "two points of the line stand at the same place");
        return {};
      }
      if (i && !same_kind(points[0].second, points[i].second, n.span, "beside")) return {};
      operands.push_back(points[i].first);
      operands.push_back(points[i].second);
    }
    result.value = pool_.make(Op::linearly, pool_[points[0].second].type, operands, n.span);
    return result;
  }
  // Rows: condition and value.
  bool ladder = columns.size() == 1 && pool_[columns[0]].type.kind == ValueKind::number && n.text == "unique";
  std::vector<std::vector<ExpressionId>> keys;
  std::vector<ExpressionId> conditions, values;
  size_t otherwise = SIZE_MAX;
  for (NodeId r : row_nodes) {
    const Node& row = node(context.module, r);
    RateRow rate_row;
    rate_row.span = row.span;
    ExpressionId condition = pool_.boolean(true, row.span), value;
    std::vector<ExpressionId> row_keys;
    bool good = true, said_otherwise = false;
    std::string key_text;
    for (NodeId c : row.children) {
      const Node& child = node(context.module, c);
      if (child.kind == NodeKind::Key) {
        key_text += (key_text.empty() ? "" : ", ") + print_row(text_of(child.span));
        if (row_keys.size() >= columns.size()) {
          if (Diagnostic* d = error("WL3208", child.span, "this row has more keys than the table has columns, " + std::to_string(columns.size()))) d->hint("one key a column; `any` fits everything");
          return {};
        }
        ExpressionId k = key_condition(c, columns[row_keys.size()], context);
        if (!k) good = false;
        row_keys.push_back(k);
        if (k && good) condition = pool_.both(condition, k, row.span);
      } else if (child.kind == NodeKind::When) {
        key_text = print_row(text_of(child.span));
        condition = elaborate_boolean(child.children[0], context);
        if (!condition) good = false;
      } else if (child.kind == NodeKind::Otherwise) {
        key_text = "otherwise";
        said_otherwise = true;
      } else if (child.kind == NodeKind::Cite) {
        rate_row.cites.push_back({child.text, child.span});
      } else {
        value = elaborate_number(c, context);
        if (!value) good = false;
      }
    }
    if (!good || !value) return {};
    if (said_otherwise) {
      if (otherwise != SIZE_MAX || r != row_nodes.back()) {
        if (Diagnostic* d = error("WL3209", row.span, otherwise != SIZE_MAX ? "a table has one `otherwise`" : "rows after `otherwise` are never reached")) d->hint("`otherwise` is the last row");
        return {};
      }
      otherwise = conditions.size();
    } else if (!row_keys.empty() && row_keys.size() != columns.size()) {
      if (Diagnostic* d = error("WL3208", row.span, "this row has " + std::to_string(row_keys.size()) + " key" + (row_keys.size() == 1 ? "" : "s") + ", but the table has " + std::to_string(columns.size()) + " columns"))
        d->hint("one key a column; `any` fits everything");
      return {};
    }
    if (!values.empty() && !same_kind(values[0], value, row.span, "beside")) return {};
    keys.push_back(row_keys);
    conditions.push_back(condition);
    values.push_back(value);
    rate_row.key = key_text;
    rate_row.condition = condition;
    rate_row.rate = value;
    result.rows.push_back(std::move(rate_row));
  }
  if (n.text == "collect sum" || n.text == "collect min" || n.text == "collect max") {
    ExpressionId zero = pool_.constant(0, pool_[values[0]].type, n.span);
    std::vector<ExpressionId> parts;
    for (size_t i = 0; i < values.size(); ++i) parts.push_back(pool_.select(conditions[i], values[i], zero, n.span));
    result.value = n.text == "collect sum" ? pool_.add(parts, n.span) : pool_.make(n.text == "collect min" ? Op::minimum : Op::maximum, pool_[values[0]].type, parts, n.span);
    return result;
  }
  // A ladder of bounds: `from` rows reach up to the next one; order of writing does not matter.
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (ladder) {
    bool rising = true, falling = true;
    for (size_t i = 0; i < row_nodes.size(); ++i) {
      if (i == otherwise) continue;
      const std::string& word = node(context.module, node(context.module, row_nodes[i]).children[0]).text;
      rising = rising && (word == "from" || word == "above");
      falling = falling && word == "up to";
    }
    if (!rising && !falling) {
      if (Diagnostic* d = error("WL3210", n.span, "bounds of one table all look the same way")) d->hint("write all rows with `from`, or all with `up to`; `first match` allows a mixture");
      return {};
    }
    auto bound = [&](size_t i) -> Rational {
      ExpressionId k = keys[i][0];
      for (ExpressionId side : pool_[k].operands)
        if (side != columns[0] && pool_.is_constant(side)) return pool_[side].value;
      return 0;
    };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      if (a == otherwise || b == otherwise) return b == otherwise && a != otherwise;
      return rising ? bound(a) > bound(b) : bound(a) < bound(b);
    });
    if (otherwise == SIZE_MAX) {
      const Rational lowest = bound(order.back());
      const bool holds_lowest = node(context.module, node(context.module, row_nodes[order.back()]).children[0]).text == "from";
      const bool complete = rising && is_never_negative(columns[0]) && (lowest < 0 || (lowest == 0 && holds_lowest));
      if (!complete) {
        const std::string least = print_decimal(lowest, 0, 6) + (unit_of(columns[0]).empty() ? "" : " " + unit_of(columns[0]));
        if (Diagnostic* d = error("WL3211", n.span, rising ? "values below " + least + (holds_lowest ? "" : ", and " + least + " itself,") + " find no row" : "values above the last bound find no row")) {
          if (rising && lowest <= 0 && holds_lowest) d->note("`" + text_of(pool_[columns[0]].span) + "` may be negative");
          d->hint("add `otherwise => …`");
        }
      }
    }
  } else if (n.text == "unique") {
    check_table(id, columns, keys, row_nodes, context.module);
    bool classes = std::all_of(columns.begin(), columns.end(), [&](ExpressionId c) { return pool_[c].type.kind != ValueKind::number; });
    if ((columns.empty() || !classes) && otherwise == SIZE_MAX)
      if (Diagnostic* d = error("WL3212", n.span, "it cannot be shown that one of these rows always holds")) d->hint("add `otherwise => …`, or write `by first match { … otherwise => … }`");
    if (columns.empty() || !classes)
      if (Diagnostic* d = error("WL3213", n.span, "it cannot be shown that only one of these rows holds at a time")) d->hint("write `first match` if the first row that holds shall count");
  } else if (otherwise == SIZE_MAX) {
    bool keys_only = !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](ExpressionId c) { return pool_[c].type.kind != ValueKind::number; }) &&
                     std::none_of(keys.begin(), keys.end(), [](const auto& row) { return row.empty(); });
    if (keys_only) check_table(id, columns, keys, row_nodes, context.module, true);
    bool always = keys_only || std::any_of(conditions.begin(), conditions.end(), [&](ExpressionId c) { return pool_.is_constant(c) && pool_[c].value != 0; });
    if (!always)
      if (Diagnostic* d = error("WL3212", n.span, "it cannot be shown that one of these rows always holds")) d->hint("add `otherwise => …` as the last row");
  }
  // Rows of classes that name more stand before those that say `any`.
  bool overlap = false;
  if (!ladder && n.text == "unique" && !columns.empty()) {
    auto named = [&](size_t i) { return std::count_if(keys[i].begin(), keys[i].end(), [&](ExpressionId k) { return !(pool_.is_constant(k) && pool_[k].value != 0); }); };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      if (a == otherwise || b == otherwise) return b == otherwise && a != otherwise;
      return named(a) > named(b);
    });
    overlap = !std::is_sorted(order.begin(), order.end()) || std::any_of(order.begin(), order.end(), [&](size_t i) { return i != otherwise && named(i) != named(order[0]); });
  }
  // The last row needs no question: something holds.
  ExpressionId value = values[order.back()];
  for (size_t i = order.size() - 1; i-- > 0;) value = pool_.select(conditions[order[i]], values[order[i]], value, n.span);
  if (ladder || overlap || n.text == "first match") {  // rows exclude what stands before them
    ExpressionId before;
    for (size_t i : order) {
      ExpressionId own = result.rows[i].condition;
      result.rows[i].condition = before ? pool_.both(own, pool_.negation(before, n.span), n.span) : own;
      before = before ? pool_.make(Op::logical_or, boolean_type(), {before, own}, n.span) : own;
    }
  } else if (otherwise != SIZE_MAX) {
    std::vector<ExpressionId> others;
    for (size_t i = 0; i < conditions.size(); ++i)
      if (i != otherwise) others.push_back(conditions[i]);
    if (!others.empty()) result.rows[otherwise].condition = pool_.negation(pool_.either(others, n.span), n.span);
  }
  result.value = value;
  return result;
}

// All combinations of classes: each must be in exactly one row, and each row must own one.
void Elaborator::check_table(NodeId id, const std::vector<ExpressionId>& columns, const std::vector<std::vector<ExpressionId>>& keys, const std::vector<NodeId>& rows, uint32_t module, bool first_match) {
  if (columns.empty()) return;
  for (ExpressionId c : columns)
    if (pool_.is_constant(c)) return;  // one class of a band set: the whole table is checked where it is read for all
  std::vector<size_t> sizes;
  size_t combinations = 1;
  for (ExpressionId c : columns) {
    const Type& type = pool_[c].type;
    if (type.kind == ValueKind::number) return;
    sizes.push_back(type.kind == ValueKind::boolean ? 2 : program_.choice_sets[type.choices].names.size());
    combinations *= sizes.back();
    if (combinations > kMostCombinations) return;
  }
  // allowed[row][column]: the one class the key names, or none for `any`.
  std::vector<std::vector<std::optional<size_t>>> allowed(rows.size());
  std::vector<bool> is_otherwise(rows.size()), used(rows.size());
  for (size_t r = 0; r < rows.size(); ++r) {
    is_otherwise[r] = keys[r].empty();
    for (ExpressionId k : keys[r]) {
      const Expression& e = pool_[k];
      allowed[r].push_back(e.op == Op::equal ? std::optional(static_cast<size_t>(pool_[e.operands[1]].value)) : std::nullopt);
    }
  }
  auto combination_text = [&](const std::vector<size_t>& classes) {
    std::string text;
    for (size_t c = 0; c < columns.size(); ++c) {
      const Type& type = pool_[columns[c]].type;
      text += (c ? ", " : "") + std::string("`") + (type.kind == ValueKind::boolean ? (classes[c] ? "true" : "false") : program_.choice_sets[type.choices].names[classes[c]]) + "`";
    }
    return text;
  };
  std::vector<size_t> classes(columns.size());
  for (size_t i = 0; i < combinations; ++i) {
    size_t rest = i;
    for (size_t c = columns.size(); c-- > 0;) {
      classes[c] = rest % sizes[c];
      rest /= sizes[c];
    }
    std::vector<size_t> hits;
    size_t otherwise = SIZE_MAX;
    for (size_t r = 0; r < rows.size(); ++r) {
      if (is_otherwise[r]) {
        otherwise = r;
        continue;
      }
      bool hit = true;
      for (size_t c = 0; c < columns.size(); ++c) hit = hit && (!allowed[r][c] || *allowed[r][c] == classes[c]);
      if (hit) hits.push_back(r);
    }
    // `any` means any other: a row that names what another leaves open holds before it.
    auto narrower = [&](size_t a, size_t b) {
      bool more = false;
      for (size_t c = 0; c < columns.size(); ++c) {
        if (!allowed[a][c] && allowed[b][c]) return false;
        more = more || (allowed[a][c] && !allowed[b][c]);
      }
      return more;
    };
    if (hits.size() > 1 && !first_match) {
      auto narrowest = std::find_if(hits.begin(), hits.end(), [&](size_t a) { return std::all_of(hits.begin(), hits.end(), [&](size_t b) { return a == b || narrower(a, b); }); });
      if (narrowest != hits.end()) hits = {*narrowest};
    }
    if (hits.size() > 1 && !first_match) {
      if (Diagnostic* d = error("WL3214", node(module, rows[hits[1]]).span, "two rows hold for " + combination_text(classes)))
        d->label(node(module, rows[hits[0]]).span, "this one too").hint("make the keys exclude each other, or write `first match`");
      return;
    }
    if (hits.empty() && otherwise == SIZE_MAX) {
      if (Diagnostic* d = error("WL3215", node(module, id).span, "no row holds for " + combination_text(classes))) d->hint("add a row for it, or `otherwise => …`");
      return;
    }
    used[hits.empty() ? otherwise : hits[0]] = true;
  }
  for (size_t r = 0; r < rows.size(); ++r)
    if (!used[r])
      if (Diagnostic* d = error("WL3216", node(module, rows[r]).span, "this row is never reached")) d->hint("the rows above it already cover everything");
}

}  // namespace wattlaw
