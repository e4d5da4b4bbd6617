// The structures that URDB repeats: periods of tiers, 12 x 24 schedules of their numbers, and lists of twelve months.
#pragma once
#include "compiler/import/document_reader.h"
#include "compiler/import/urdb.h"

namespace wattlaw {

class UrdbStructureReader {
 public:
  explicit UrdbStructureReader(DocumentReader& reader) : reader_(reader) {}

  // Periods with their hours; `rate` is the map that holds the schedules. One period needs none. `unit` is that of `max` for energy,
  // null for demand.
  std::optional<UrdbStructure> timed(DocumentId rate, DocumentId structure, const char* weekday, const char* weekend, UrdbEnergyUnit* unit);
  // Periods with the months in which they hold.
  std::optional<UrdbStructure> monthly(DocumentId rate, DocumentId structure, const char* months);
  std::vector<UrdbTiers> periods(DocumentId structure, UrdbEnergyUnit* unit);

  std::array<Rational, 12> year_of_figures(DocumentId list);
  MonthSet year_of_flags(DocumentId list);  // true and false, or 1 and 0

 private:
  std::optional<std::vector<DocumentId>> items_of(DocumentId list, size_t count, const char* things);
  UrdbTiers tiers(DocumentId period, std::optional<UrdbEnergyUnit>& unit, bool energy);
  UrdbTier tier(DocumentId id, std::optional<UrdbEnergyUnit>& unit, bool energy);
  void read_unit(DocumentId tier, std::optional<UrdbEnergyUnit>& unit);
  std::optional<size_t> period_number(DocumentId id, size_t count);
  bool hours(DocumentId schedule, size_t count, UrdbHours& into);

  DocumentReader& reader_;
};

}  // namespace wattlaw
