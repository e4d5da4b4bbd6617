#include "runtime/trace/load_members.h"

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "runtime/base/nearest_name.h"
#include "runtime/trace/read_csv.h"
#include "runtime/trace/read_series.h"

namespace wattlaw {
namespace {

std::string list_choices(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) text += (text.empty() ? "`" : ", `") + choice + "`";
  return text;
}

// "`south`", "yes", "2026-03-01", "25 A"
std::string print_default(const AttributeRequest& request) {
  const Rational& value = *request.default_value;
  switch (request.kind) {
    case AttributeRequest::Kind::choice: return "`" + request.choices.at(static_cast<size_t>(value)) + "`";
    case AttributeRequest::Kind::yes_no: return value != 0 ? "`yes`" : "`no`";
    case AttributeRequest::Kind::date: return value == INT32_MIN / 2 ? "none" : print_date(Date{static_cast<int32_t>(value)});
    case AttributeRequest::Kind::member: return "none";
    case AttributeRequest::Kind::number: break;
  }
  const auto own = request.unit_meaning ? request.unit_meaning(request.unit) : std::nullopt;
  return print_decimal(own && own->factor > 0 ? Rational(value / own->factor) : value, 0, 12) + (request.unit.empty() ? "" : " " + request.unit);
}

// One text of an attribute, or the failure's message and hint.
std::optional<Rational> read_attribute_value(const AttributeRequest& request, std::string_view text, const Rational& factor, const MemberIndex* named, std::string& message,
                                             std::string& hint) {
  const std::string shown = "`" + show_text(text) + "` ";
  switch (request.kind) {
    case AttributeRequest::Kind::number: {
      Decimal check;
      std::optional<Rational> value;
      if (read_decimal(text, false, check) == DecimalFault::none) value = parse_decimal(text.front() == '+' ? text.substr(1) : text);
      if (value) return Rational(*value * factor);
      message = shown + "is not a number of at most 18 digits";
      hint = "write it in digits with a decimal point";
      return std::nullopt;
    }
    case AttributeRequest::Kind::choice:
      for (size_t i = 0; i < request.choices.size(); ++i)
        if (request.choices[i] == text) return Rational(static_cast<long long>(i));
      message = shown + "is none of " + list_choices(request.choices);
      hint = nearest_name(std::string(text), request.choices);
      if (!hint.empty()) hint = "is `" + hint + "` meant?";
      return std::nullopt;
    case AttributeRequest::Kind::yes_no:
      if (text == "yes" || text == "true") return Rational(1);
      if (text == "no" || text == "false") return Rational(0);
      message = shown + "is neither yes nor no";
      hint = "write yes, no, true or false";
      return std::nullopt;
    case AttributeRequest::Kind::date:
      if (request.instant && text.size() > 11 && (text[10] == 'T' || text[10] == ' ')) {  // its local day
        const std::string_view time = text.substr(11), zone = time.substr(std::min(time.size(), time.find_first_of("Z+-")));
        if (zone == "Z") {
          message = shown + "is a time of Greenwich, and the local day is asked for";
          hint = "write local time, with its offset or without: 2026-03-01T08:00+01:00";
          return std::nullopt;
        }
        text = text.substr(0, 10);
      }
      if (const std::optional<Date> date = parse_date(text)) return Rational(date->days);
      message = shown + "is not a date";
      hint = "write dates as 2026-03-01";
      return std::nullopt;
    case AttributeRequest::Kind::member:
      if (named != nullptr)
        if (const auto found = named->of.find(text); found != named->of.end()) return Rational(found->second);
      message = shown + "is no " + request.names;
      hint = named == nullptr ? "" : nearest_name(std::string(text), *named->ids);
      hint = hint.empty() ? "the table " + request.names + "s.csv names them" : "is `" + hint + "` meant?";
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

bool is_kind_of_records(const std::string& entity) {
  static constexpr std::string_view kThings[] = {"site", "vehicle", "charger", "battery", "pool", "feeder"};
  return std::find(std::begin(kThings), std::end(kThings), entity) == std::end(kThings);
}

std::string plural_of(const std::string& kind) {
  constexpr std::string_view kVowels = "aeiou";
  const bool falls = kind.size() > 1 && kind.back() == 'y' && kVowels.find(kind[kind.size() - 2]) == std::string_view::npos;
  return falls ? kind.substr(0, kind.size() - 1) + "ies" : kind + "s";
}

std::string file_of_members(const std::string& folder, const std::string& entity) {
  std::error_code error;
  const std::string usual = plural_of(entity) + ".csv", other = entity + ".csv";
  const bool takes_other = is_kind_of_records(entity) && !std::filesystem::exists(folder + "/" + usual, error) && std::filesystem::exists(folder + "/" + other, error);
  return takes_other ? other : usual;
}

std::string numbered_id(const std::string& kind, size_t number) {
  const std::string digits = std::to_string(number);
  return kind + "_" + std::string(6 - std::min<size_t>(6, digits.size()), '0') + digits;
}

Result<MemberTable> read_member_table(const std::string& path, const std::string& shown, const std::string& entity, const std::vector<std::string>& accounts) {
  Result<CsvReader> opened = CsvReader::open(path, shown);
  if (!opened) return opened.failure();
  CsvReader& reader = *opened;
  int id_field = reader.column_of("id");
  if (id_field < 0) id_field = reader.column_of(entity);
  // Records need no names of their own: a row is told by its number.
  if (id_field < 0 && !is_kind_of_records(entity)) return reader.missing_column("id", "the column `id` names the members");
  std::vector<std::string> ids;
  std::vector<std::vector<std::string>> texts(reader.columns().size());
  std::vector<int64_t> rows;
  std::string_view row;
  std::vector<std::string_view> fields;
  for (;;) {
    Result<bool> more = reader.next_row(row);
    if (!more) return more.failure();
    if (!*more) break;
    Result<Ok> cut = reader.split(row, fields);
    if (!cut) return cut.failure();
    const std::string numbered = id_field < 0 ? numbered_id(entity, ids.size() + 1) : "";
    const std::string_view id = id_field < 0 ? std::string_view(numbered) : trim(fields[static_cast<size_t>(id_field)]);
    if (std::optional<Failure> bad = check_id(id, accounts)) return reader.fail(bad->code.c_str(), bad->message, bad->hint);
    ids.emplace_back(id);
    rows.push_back(reader.row());
    for (size_t i = 0; i < texts.size(); ++i) texts[i].emplace_back(trim(fields[i]));
  }
  if (ids.empty() && !is_kind_of_records(entity)) return reader.fail("WL6004", "has a header but no rows", "it needs a row a member");

  std::vector<size_t> order(ids.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ids[a] < ids[b]; });
  MemberTable table;
  table.shown = shown;
  table.hash = reader.hash();
  table.cut = reader.find_cut();
  for (const CsvColumn& column : reader.columns()) table.columns.emplace_back(column.name, column.unit);
  table.texts.resize(texts.size());
  for (size_t at : order) {
    if (!table.ids.empty() && table.ids.back() == ids[at])
      return Failure{"WL6029", "the id `" + show_text(ids[at]) + "` stands in rows " + std::to_string(table.rows.back()) + " and " + std::to_string(rows[at]), "keep one row a member", shown, rows[at], ""};
    table.ids.push_back(std::move(ids[at]));
    table.rows.push_back(rows[at]);
    for (size_t i = 0; i < texts.size(); ++i) table.texts[i].push_back(std::move(texts[i][at]));
  }
  return table;
}

Result<std::vector<Rational>> read_attribute(const AttributeRequest& request, const MemberTable* table, const std::vector<std::string>& ids, const MemberIndex* named,
                                             const std::vector<std::string>& others) {
  if (!request.used) return std::vector<Rational>(ids.size(), request.default_value.value_or(Rational(0)));
  const std::string file = plural_of(request.entity) + ".csv";
  size_t column = 0;
  if (table != nullptr) {
    const auto found = std::find_if(table->columns.begin(), table->columns.end(), [&](const auto& c) { return c.first == request.name; });
    column = static_cast<size_t>(found - table->columns.begin());
  }
  if (table == nullptr || column == table->columns.size()) {
    std::vector<std::string> names;
    if (table != nullptr)
      for (const auto& known : table->columns)
        if (std::find(others.begin(), others.end(), known.first) == others.end()) names.push_back(known.first);
    if (request.default_value && table != nullptr) {
      // A column that is nearly the attribute is a slip of the pen; silence would give every member the default.
      const std::string near = nearest_name(request.name, names);
      if (!near.empty())
        return Failure{"WL6042", "has no column `" + request.name + "`, but one called `" + show_text(near) + "`", "rename the column, or the attribute", table->shown, 1, ""};
    }
    if (request.default_value) return std::vector<Rational>(ids.size(), *request.default_value);
    if (table == nullptr)
      return Failure{"WL6042", "attribute `" + request.name + "` of `" + request.entity + "` needs " + file + ", which is not there", "write " + file + " with the columns id and " + request.name + ", or give the attribute a default", file, 0, ""};
    const std::string nearest = nearest_name(request.name, names);
    return Failure{"WL6042", "has no column `" + request.name + "` and the attribute has no default", nearest.empty() ? "add the column, or give the attribute a default" : "is `" + show_text(nearest) + "` meant?", table->shown, 1, ""};
  }
  if (table->ids != ids) {
    const auto [here, there] = std::mismatch(ids.begin(), ids.end(), table->ids.begin(), table->ids.end());
    const bool is_extra = here == ids.end() || (there != table->ids.end() && *there < *here);
    return Failure{"WL6041", is_extra ? "`" + show_text(*there) + "` is not among the members" : "`" + show_text(*here) + "` has no row", "the files of one run name the same members", table->shown, 0, ""};
  }
  Rational factor(1);
  if (request.kind == AttributeRequest::Kind::number && request.unit_meaning) {
    const std::string& unit = table->columns[column].second.empty() ? request.unit : table->columns[column].second;
    const auto meaning = request.unit_meaning(unit);
    if (!meaning || (meaning->is_mean_power && unit != request.unit))
      return Failure{"WL6022", "`" + request.name + " [" + show_text(unit) + "]` does not measure what the attribute asks for", "`" + request.name + "` is read in " + request.unit, table->shown, 1, ""};
    factor = meaning->factor;
  }
  std::vector<Rational> values;
  values.reserve(ids.size());
  for (size_t member = 0; member < ids.size(); ++member) {
    const std::string& text = table->texts[column][member];
    std::string message = "is empty and has no default", hint = "fill it in, or give the attribute a default";
    std::optional<Rational> value = text.empty() ? request.default_value : read_attribute_value(request, text, factor, named, message, hint);
    if (!value) return Failure{"WL6040", "`" + request.name + "` of `" + show_text(ids[member]) + "`: " + message, hint, table->shown, table->rows[member], ""};
    values.push_back(std::move(*value));
  }
  return values;
}

std::optional<Remark> note_default(const AttributeRequest& request, const MemberTable* table, size_t members) {
  if (!request.used || !request.default_value || request.is_quiet) return std::nullopt;
  if (table != nullptr && std::any_of(table->columns.begin(), table->columns.end(), [&](const auto& column) { return column.first == request.name; })) return std::nullopt;
  const std::string file = plural_of(request.entity) + ".csv";
  return Remark{false, Failure{"WL6043", (table == nullptr ? "there is no " + file + " that could give `" : file + " has no column `") + request.name + "`, so its default " + print_default(request) + " holds for " + (members == 1 ? "the one " : "all ") +
                                             (members == 1 ? "" : std::to_string(members) + " ") + (members == 1 ? request.entity : plural_of(request.entity)),
                               table == nullptr ? "write " + file + " with the columns id and " + request.name + " if they differ" : "add the column if they differ", table == nullptr ? "" : table->shown, table == nullptr ? 0 : 1, ""}};
}

}  // namespace wattlaw
