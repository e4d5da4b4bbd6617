#include "compiler/import/read_urdb_structure.h"

#include <fmt/format.h>

#include <algorithm>

namespace wattlaw {
namespace {

const std::vector<std::string> kEnergyUnits = {"kWh", "kWh daily", "kWh/kW", "kWh/kW daily", "kWh/hp", "kWh/hp daily", "kWh/kVA", "kWh/kVA daily"};
constexpr size_t kSettledUnits = 4;  // in the order of UrdbEnergyUnit

}  // namespace

std::optional<std::vector<DocumentId>> UrdbStructureReader::items_of(DocumentId list, size_t count, const char* things) {
  if (reader_.node(list).kind != DocumentNode::Kind::list) {
    reader_.list(list);
    return std::nullopt;
  }
  std::vector<DocumentId> items = reader_.list(list);
  if (items.size() == count) return items;
  reader_.error("WL8007", list, fmt::format("{} {} are expected here, and found are {}", count, things, items.size()));
  return std::nullopt;
}

// ---- tiers

std::vector<UrdbTiers> UrdbStructureReader::periods(DocumentId structure, UrdbEnergyUnit* unit) {
  std::vector<UrdbTiers> periods;
  std::optional<UrdbEnergyUnit> found;
  for (DocumentId period : reader_.list(structure)) periods.push_back(tiers(period, found, unit != nullptr));
  if (periods.empty() && reader_.node(structure).kind == DocumentNode::Kind::list) reader_.error("WL8002", structure, "a structure without a period");
  if (unit && found) *unit = *found;
  return periods;
}

UrdbTiers UrdbStructureReader::tiers(DocumentId period, std::optional<UrdbEnergyUnit>& unit, bool energy) {
  UrdbTiers tiers;
  const std::vector<DocumentId> items = reader_.list(period);
  Rational below = 0;
  for (DocumentId item : items) {
    UrdbTier one = tier(item, unit, energy);
    const bool is_last = item == items.back();
    if (one.max && *one.max <= below) reader_.error("WL8007", *reader_.child(item, "max"), "a tier ends where an earlier one does, or before it");
    if (!one.max && !is_last && !reader_.has_errors()) reader_.error("WL8002", item, "the field `max` is missing: only the last tier is without end");
    if (one.max && is_last) {
      reader_.warning("WL8009", *reader_.child(item, "max"), "the last tier ends, and no price is given for what is beyond").note("written is: it has no end");
      one.max.reset();
    }
    below = one.max.value_or(below);
    tiers.push_back(std::move(one));
  }
  if (items.empty() && reader_.node(period).kind == DocumentNode::Kind::list) reader_.error("WL8002", period, "a period without a tier");
  return tiers;
}

UrdbTier UrdbStructureReader::tier(DocumentId id, std::optional<UrdbEnergyUnit>& unit, bool energy) {
  UrdbTier tier;
  if (!reader_.expect_map(id, energy ? std::vector<std::string>{"max", "unit", "rate", "adj", "sell"} : std::vector<std::string>{"max", "rate", "adj", "unit"})) return tier;
  if (const auto found = reader_.required_figure(id, "rate")) tier.rate = found->value;
  if (const auto found = reader_.optional_figure(id, "adj")) tier.adjustment = found->value;
  if (const auto found = reader_.optional_figure(id, "max")) tier.max = found->value;
  if (energy)
    if (const auto found = reader_.optional_figure(id, "sell")) tier.sell = found->value;
  if (energy) read_unit(id, unit);
  else if (const auto found = reader_.child(id, "unit"); found && reader_.node(*found).text != "kW")
    reader_.error("WL8008", *found, fmt::format("demand in `{}`; kW can be settled", reader_.node(*found).text));
  return tier;
}

void UrdbStructureReader::read_unit(DocumentId tier, std::optional<UrdbEnergyUnit>& unit) {
  const auto id = reader_.child(tier, "unit");
  if (!id) return;
  const auto found = reader_.one_of(*id, kEnergyUnits);
  if (!found) return;
  if (*found >= kSettledUnits) {
    reader_.error("WL8008", *id, fmt::format("tiers in `{}`: neither horsepower nor kVA is metered", kEnergyUnits[*found]));
    return;
  }
  const auto one = static_cast<UrdbEnergyUnit>(*found);
  if (unit && *unit != one) reader_.error("WL8008", *id, fmt::format("tiers in `{}` beside tiers in `{}`", kEnergyUnits[*found], kEnergyUnits[static_cast<size_t>(*unit)]));
  unit = one;
}

// ---- times

std::optional<size_t> UrdbStructureReader::period_number(DocumentId id, size_t count) {
  const auto found = reader_.figure(id);
  if (!found) return std::nullopt;
  if (denominator(found->value) == 1 && found->value >= 0 && found->value < count) return static_cast<size_t>(numerator(found->value));
  reader_.error("WL8007", id, fmt::format("there is no period `{}`: the structure has {}, numbered from 0", reader_.node(id).text, count == 1 ? "one" : fmt::format("{}", count)));
  return std::nullopt;
}

bool UrdbStructureReader::hours(DocumentId schedule, size_t count, UrdbHours& into) {
  const auto months = items_of(schedule, 12, "months");
  if (!months) return false;
  for (size_t month = 0; month < 12; ++month) {
    const auto row = items_of((*months)[month], 24, "hours");
    if (!row) return false;
    for (size_t hour = 0; hour < 24; ++hour) {
      const auto period = period_number((*row)[hour], count);
      if (!period) return false;
      into[month][hour] = *period;
    }
  }
  return true;
}

std::optional<UrdbStructure> UrdbStructureReader::timed(DocumentId rate, DocumentId structure, const char* weekday, const char* weekend, UrdbEnergyUnit* unit) {
  UrdbStructure read{periods(structure, unit), {}};
  if (read.periods.empty()) return std::nullopt;
  if (read.periods.size() == 1 && !reader_.child(rate, weekday) && !reader_.child(rate, weekend)) return read;
  const auto weekdays = reader_.required(rate, weekday), weekends = reader_.required(rate, weekend);
  if (!weekdays || !weekends) return std::nullopt;
  const bool good = hours(*weekdays, read.periods.size(), read.schedule.weekday) && hours(*weekends, read.periods.size(), read.schedule.weekend);
  return good ? std::optional(std::move(read)) : std::nullopt;
}

std::optional<UrdbStructure> UrdbStructureReader::monthly(DocumentId rate, DocumentId structure, const char* months) {
  UrdbStructure read{periods(structure, nullptr), {}};
  if (read.periods.empty()) return std::nullopt;
  if (read.periods.size() == 1 && !reader_.child(rate, months)) return read;
  const auto list = reader_.required(rate, months);
  const auto items = list ? items_of(*list, 12, "months") : std::nullopt;
  if (!items) return std::nullopt;
  for (size_t month = 0; month < 12; ++month) {
    const auto period = period_number((*items)[month], read.periods.size());
    if (!period) return std::nullopt;
    read.schedule.weekday[month].fill(*period);
    read.schedule.weekend[month].fill(*period);
  }
  return read;
}

std::array<Rational, 12> UrdbStructureReader::year_of_figures(DocumentId list) {
  std::array<Rational, 12> year{};
  if (const auto items = items_of(list, 12, "months"))
    for (size_t month = 0; month < 12; ++month)
      if (const auto found = reader_.figure((*items)[month])) year[month] = found->value;
  return year;
}

MonthSet UrdbStructureReader::year_of_flags(DocumentId list) {
  MonthSet months;
  if (const auto items = items_of(list, 12, "months"))
    for (size_t month = 0; month < 12; ++month) {
      const DocumentId item = (*items)[month];
      months[month] = reader_.node(item).kind == DocumentNode::Kind::number ? reader_.whole(item, 0, 1) == 1 : reader_.yes_no(item) == true;
    }
  return months;
}

}  // namespace wattlaw
