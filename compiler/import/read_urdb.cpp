#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "compiler/import/document_reader.h"
#include "compiler/import/read_document.h"
#include "compiler/import/read_urdb_structure.h"
#include "compiler/import/script_text.h"
#include "compiler/import/urdb_bands.h"

namespace wattlaw {
namespace {

// Fields of older versions, which say with other words what version 8 says with these.
const std::vector<std::pair<std::string, std::string>> kOlderFields = {{"fixedmonthlycharge", "fixedchargefirstmeter"},
                                                                       {"minmonthlycharge", "mincharge"},
                                                                       {"annualmincharge", "mincharge"},
                                                                       {"usenetmetering", "dgrules"}};

std::vector<std::string> known_fields() {
  std::vector<std::string> fields = {
      // read
      "label", "uri", "utility", "name", "approved", "startdate", "enddate", "supersedes", "supercedes", "sector", "servicetype", "description", "source", "country",
      "basicinformationcomments", "energycomments", "demandcomments", "peakkwcapacitymin", "peakkwcapacitymax", "peakkwhusagemin", "peakkwhusagemax", "voltagecategory",
      "energyratestructure", "energyweekdayschedule", "energyweekendschedule", "fueladjustmentsmonthly", "energyattrs", "dgrules",
      "flatdemandunit", "flatdemandstructure", "flatdemandmonths", "demandrateunit", "demandratestructure", "demandweekdayschedule", "demandweekendschedule",
      "demandratchetpercentage", "lookbackpercent", "lookbackPercent", "lookbackmonths", "lookbackMonths", "lookbackrange", "lookbackRange", "demandwindow",
      "demandreactivepowercharge", "demandattrs", "coincidentrateunit", "coincidentratestructure", "coincidentrateschedule", "coincidentschedule",
      "fixedchargefirstmeter", "fixedchargeeaaddl", "fixedchargeunits", "mincharge", "minchargeunits", "fixedattrs",
      // say nothing of the bill
      "eiaid", "is_default", "sourceparent", "revisions", "version", "latest_update", "demandunits", "peakkwcapacityhistory", "peakkwhusagehistory", "voltageminimum",
      "voltagemaximum", "phasewiring"};
  for (const auto& [older, now] : kOlderFields) fields.push_back(older);
  return fields;
}

class UrdbReader {
 public:
  UrdbReader(const Document& document, Diagnostics& diagnostics) : reader_(document, diagnostics) {}

  UrdbFile read(const std::string& path, const std::string& zone) {
    UrdbFile file{std::filesystem::path(path).stem().string(), zone, {}};
    std::vector<DocumentId> items = {0};
    if (reader_.node(0).kind == DocumentNode::Kind::map && !reader_.child(0, "name")) {
      const bool known = reader_.expect_map(0, {"items"});
      const auto list = known ? reader_.required(0, "items") : std::nullopt;
      items = list ? reader_.list(*list) : std::vector<DocumentId>();
      if (list && items.empty() && !reader_.has_errors()) reader_.error("WL8002", *list, "the file holds no rate");
    }
    for (DocumentId item : items) file.rates.push_back(read_rate(item));
    if (!reader_.has_errors()) end_where_next_begins(items, file);
    return file;
  }

 private:
  UrdbRate read_rate(DocumentId id) {
    UrdbRate rate;
    if (!reader_.expect_map(id, known_fields())) return rate;
    for (const auto& [older, now] : kOlderFields)
      if (const auto found = reader_.child(id, older))
        reader_.error("WL8003", *found, fmt::format("`{}` is a field of an older version of the database", older)).hint(fmt::format("ask it for version=8, which has `{}`", now));
    read_names(id, rate);
    read_remarks(id, rate);
    read_energy(id, rate);
    read_demand(id, rate);
    read_ratchet(id, rate);
    read_fees(id, rate);
    for (const char* key : {"energyattrs", "demandattrs", "fixedattrs"}) read_attributes(id, key, rate);
    const bool priced = rate.energy || rate.flat_demand || rate.tou_demand || rate.fixed.amount != 0 || rate.minimum.amount != 0;
    if (!priced && !reader_.has_errors()) reader_.error("WL8002", id, "the rate has no price: neither energy nor demand, nor a fixed or minimum charge");
    return rate;
  }

  // Of a text that decides nothing: it may be empty, as many are.
  std::string words(DocumentId map, std::string_view key) const {
    const auto found = reader_.child(map, key);
    return found && reader_.node(*found).kind == DocumentNode::Kind::text ? reader_.node(*found).text : "";
  }

  // ---- who and when

  void read_names(DocumentId id, UrdbRate& rate) {
    rate.name = reader_.required_text(id, "name").value_or("");
    rate.utility = reader_.required_text(id, "utility").value_or("");
    rate.label = reader_.required_text(id, "label").value_or("");
    rate.uri = words(id, "uri");
    rate.source = cut(words(id, "source"));
    if (const auto country = reader_.optional_text(id, "country"); country && *country != "USA")
      reader_.error("WL8008", *reader_.child(id, "country"), fmt::format("a rate of `{}`: prices are read as US dollars", *country));
    rate.from = read_day(id, "startdate");
    if (const auto last = read_day(id, "enddate")) rate.until = Date{last->days + 1};
    if (rate.from && rate.until && *rate.until <= *rate.from) reader_.error("WL8007", *reader_.child(id, "enddate"), "the rate ends before it begins");
    rate.payee = "EnergySupplier";
    if (const auto service = reader_.child(id, "servicetype"))
      if (reader_.one_of(*service, {"Bundled", "Energy", "Delivery with Standard Offer", "Delivery"}) == 3u) rate.payee = "DistributionOperator";
  }

  // Seconds since 1970: midnight in the zone of whoever entered the rate, so the nearest midnight of UTC is that day.
  std::optional<Date> read_day(DocumentId map, const char* key) {
    const auto found = reader_.optional_figure(map, key);
    if (!found) return std::nullopt;
    constexpr int64_t kDay = 86400;
    if (denominator(found->value) == 1 && found->value >= 0 && found->value < Rational(kDay) * 100000) {
      const Date day{static_cast<int32_t>((static_cast<int64_t>(numerator(found->value)) + kDay / 2) / kDay)};
      if (const int year = civil_of(day).year; year > 1970 && year < 2100) return day;
    }
    reader_.error("WL8007", *reader_.child(map, key), "a date from 1971 to 2099, in seconds since 1970, is expected here");
    return std::nullopt;
  }

  // Sheets enter the day on which the next begins, or the day before, as the last one.
  void end_where_next_begins(const std::vector<DocumentId>& items, UrdbFile& file) {
    for (size_t i = 0; i < items.size(); ++i)
      for (const char* key : {"supersedes", "supercedes"})
        if (const std::string before = words(items[i], key); !before.empty())
          for (UrdbRate& other : file.rates)
            if (other.label == before && file.rates[i].from && other.until && *other.until > *file.rates[i].from) other.until = file.rates[i].from;
  }

  // ---- what a reader of the script should know

  void read_remarks(DocumentId id, UrdbRate& rate) {
    std::string who;
    const auto add = [&](const char* before, const std::string& value, const char* after) {
      if (!value.empty()) who += (who.empty() ? "" : ", ") + (before + value + after);
    };
    add("", words(id, "sector"), "");
    add("", words(id, "servicetype"), " service");
    add("", words(id, "voltagecategory"), " voltage");
    add("demand ", range_text(id, "peakkwcapacitymin", "peakkwcapacitymax", "kW").value_or(""), "");
    add("use ", range_text(id, "peakkwhusagemin", "peakkwhusagemax", "kWh a month").value_or(""), "");
    if (!who.empty()) rate.remarks.push_back("For: " + who + ".");
    if (const auto approved = reader_.child(id, "approved"); approved && reader_.yes_no(*approved) == false) rate.remarks.push_back("No expert has verified the entry.");
    static const std::vector<std::pair<const char*, const char*>> kComments = {
        {"description", "Description"}, {"basicinformationcomments", "Comments"}, {"energycomments", "On energy"}, {"demandcomments", "On demand"}};
    for (const auto& [key, word] : kComments)
      if (const std::string text = cut(words(id, key)); !text.empty()) rate.remarks.push_back(fmt::format("{}: {}", word, text));
  }

  std::optional<std::string> range_text(DocumentId id, const char* least, const char* most, const char* unit) {
    const auto from = reader_.optional_figure(id, least), to = reader_.optional_figure(id, most);
    if (from && to) return fmt::format("{} to {} {}", decimal_text(from->value), decimal_text(to->value), unit);
    if (from && from->value > 0) return fmt::format("from {} {}", decimal_text(from->value), unit);
    return to ? std::optional(fmt::format("up to {} {}", decimal_text(to->value), unit)) : std::nullopt;
  }

  static std::string cut(const std::string& text) {
    constexpr size_t kLongest = 140;
    std::string line = one_line(text);
    line.erase(std::unique(line.begin(), line.end(), [](char a, char b) { return a == ' ' && b == ' '; }), line.end());
    if (line.size() <= kLongest) return line;
    line.resize(line.rfind(' ', kLongest) == std::string::npos ? kLongest : line.rfind(' ', kLongest));
    while (!line.empty() && (line.back() & 0x80)) line.pop_back();
    return line + " …";
  }

  // Free text about money: [{"Transformer rental": "$0.50 per kVA"}].
  void read_attributes(DocumentId id, const char* key, UrdbRate& rate) {
    const auto found = reader_.child(id, key);
    if (!found) return;
    for (DocumentId item : reader_.list(*found)) {
      if (reader_.node(item).kind != DocumentNode::Kind::map) {
        reader_.expect_map(item, {});
        continue;
      }
      for (const DocumentEntry& entry : reader_.node(item).entries) {
        const std::string text = cut(entry.key + ": " + reader_.node(entry.value).text);
        rate.remarks.push_back("Left out: " + text);
        reader_.warning("WL8008", entry.value, fmt::format("`{}` is free text and may be a charge", text)).note("left out of the script").hint("if it is one, write it as a clause of the tariff");
      }
    }
  }

  // ---- energy

  void read_energy(DocumentId id, UrdbRate& rate) {
    read_metering(id, rate);
    UrdbStructureReader structures(reader_);
    const auto structure_id = reader_.child(id, "energyratestructure");
    if (structure_id) rate.energy = structures.timed(id, *structure_id, "energyweekdayschedule", "energyweekendschedule", &rate.energy_unit);
    if (const auto months = reader_.child(id, "fueladjustmentsmonthly")) rate.fuel = structures.year_of_figures(*months);
    const bool fuel = std::any_of(rate.fuel.begin(), rate.fuel.end(), [](const Rational& price) { return price != 0; });
    if (fuel && !rate.energy && !reader_.has_errors()) reader_.error("WL8006", *reader_.child(id, "fueladjustmentsmonthly"), "a price on top of that of energy, and energy has none");
    if (!rate.energy || reader_.has_errors()) return;
    check_tiers(*structure_id, rate);
    check_metering(*structure_id, rate);
  }

  void read_metering(DocumentId id, UrdbRate& rate) {
    const auto rule = reader_.child(id, "dgrules");
    if (!rule) return;
    static constexpr std::array kRules = {UrdbMetering::net_metering, UrdbMetering::net_billing, UrdbMetering::net_billing_hourly, UrdbMetering::buy_all_sell_all};
    if (const auto found = reader_.one_of(*rule, {"Net Metering", "Net Billing Instantaneous", "Net Billing Hourly", "Buy All Sell All"})) rate.metering = kRules[*found];
  }

  // A month has one ladder; months may differ.
  void check_tiers(DocumentId id, const UrdbRate& rate) {
    const UrdbStructure& energy = *rate.energy;
    const bool tiered = std::any_of(energy.periods.begin(), energy.periods.end(), [](const UrdbTiers& tiers) { return tiers.size() > 1; });
    if (!tiered) return;
    for (size_t month = 0; month < 12; ++month)
      for (const UrdbHours* hours : {&energy.schedule.weekday, &energy.schedule.weekend})
        for (size_t period : (*hours)[month]) {
          const size_t first = energy.schedule.weekday[month][0];
          if (has_equal_bounds(energy.periods[period], energy.periods[first])) continue;
          reader_.error("WL8008", reader_.list(id)[period], fmt::format("periods {} and {} hold in one month and end their tiers at different figures", first, period))
              .note("SAM refuses such a rate, REopt repeats the last tier: a month's use has one ladder")
              .hint("give both periods the same `max` in every tier");
          return;
        }
    if (!has_several_periods_a_month(energy.schedule)) return;
    const bool by_time = rate.metering == UrdbMetering::net_billing || rate.metering == UrdbMetering::net_billing_hourly || rate.metering == UrdbMetering::buy_all_sell_all;
    reader_.warning("WL8009", id, "the format does not say how tiers meet periods")
        .note(fmt::format("written is: {}, as SAM does {}", by_time ? "they fill in the order of time" : "each tier holds the share of every period that the period has in the month",
                          by_time ? "under net billing" : "under net metering"))
        .note(by_time ? "the other reading is `blocks in proportion`" : "the other reading is `blocks chronologically`");
  }

  static bool has_equal_bounds(const UrdbTiers& one, const UrdbTiers& other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](const UrdbTier& a, const UrdbTier& b) { return a.max == b.max; });
  }

  void check_metering(DocumentId id, const UrdbRate& rate) {
    const UrdbStructure& energy = *rate.energy;
    const DocumentId map = reader_.node(id).parent;
    const auto any_tier = [&](auto&& holds) { return std::any_of(energy.periods.begin(), energy.periods.end(), [&](const UrdbTiers& tiers) { return std::any_of(tiers.begin(), tiers.end(), holds); }); };
    const bool sells = any_tier([](const UrdbTier& tier) { return tier.sell != 0; });
    const bool tiered = any_tier([](const UrdbTier& tier) { return tier.max.has_value(); });
    const auto rule = reader_.child(map, "dgrules");
    if (!rule && sells)
      reader_.warning("WL8009", id, "prices for export, and `dgrules` does not say by which rule").note("written is: export is paid for as it flows; import is priced by itself (net billing)");
    if (rule && rate.metering != UrdbMetering::net_metering && !sells)
      reader_.warning("WL8009", *rule, "export is sold, and no tier has a price `sell`").note("written is: export is worth nothing");
    if (rate.metering == UrdbMetering::net_billing_hourly && tiered)
      reader_.error("WL8008", *rule, "tiers on energy that is netted hour by hour").hint("leave out `dgrules` for customers without generation");
    if (rate.metering == UrdbMetering::net_metering) check_net_metering(*rule, rate, sells, tiered);
  }

  void check_net_metering(DocumentId rule, const UrdbRate& rate, bool sells, bool tiered) {
    const UrdbTable table = urdb_energy_table(rate);
    if (table.within_month && tiered)
      reader_.error("WL8008", rule, "net metering by period with tiers: how a tier meets energy that is netted is not said").hint("leave out `dgrules` for customers without generation");
    else if (table.within_month && table.sets.size() == 1 && !std::all_of(table.times.begin(), table.times.end(), [](const UrdbTimes& times) { return times.months.all(); }))
      reader_.error("WL8008", rule, "net metering by periods that change with the season: where their surplus goes when they end is not said")
          .hint("leave out `dgrules` for customers without generation");
    else
      reader_.warning("WL8009", rule, "the format does not say when a surplus of net metering ends, and what it is worth then")
          .note(fmt::format("written is: it lowers later bills until 31 December and is worth nothing then{}", sells ? "; the prices `sell` are not used" : ""));
  }

  // ---- demand

  void read_demand(DocumentId id, UrdbRate& rate) {
    UrdbStructureReader structures(reader_);
    if (const auto found = reader_.child(id, "flatdemandstructure")) rate.flat_demand = structures.monthly(id, *found, "flatdemandmonths");
    if (const auto found = reader_.child(id, "demandratestructure")) rate.tou_demand = structures.timed(id, *found, "demandweekdayschedule", "demandweekendschedule", nullptr);
    for (std::optional<UrdbStructure>* demand : {&rate.flat_demand, &rate.tou_demand})
      if (*demand && is_free((*demand)->periods)) demand->reset();
    if (rate.flat_demand) refuse_unit(id, "flatdemandunit");
    if (rate.tou_demand) refuse_unit(id, "demandrateunit");
    if (const auto found = reader_.child(id, "coincidentratestructure"); found && !is_free(structures.periods(*found, nullptr)))
      reader_.error("WL8008", *found, "a price on demand in the hour of the system's peak: the file does not say when that is").hint("write it with a trace of the system's peak hours");
    if (const auto found = reader_.optional_figure(id, "demandreactivepowercharge"); found && found->value != 0)
      reader_.error("WL8008", *reader_.child(id, "demandreactivepowercharge"), "a price on reactive power: meter readings have none");
    // Without times of day it is demand of the month.
    if (!rate.flat_demand && rate.tou_demand && !has_several_periods_a_month(rate.tou_demand->schedule)) std::swap(rate.flat_demand, rate.tou_demand);
    const bool reads_demand = rate.flat_demand || rate.tou_demand || rate.energy_unit >= UrdbEnergyUnit::kwh_per_kw;
    read_window(id, reads_demand, rate);
  }

  static bool is_free(const std::vector<UrdbTiers>& periods) {
    const auto free = [](const UrdbTier& tier) { return tier.price() == 0; };
    return std::all_of(periods.begin(), periods.end(), [&](const UrdbTiers& tiers) { return std::all_of(tiers.begin(), tiers.end(), free); });
  }

  void refuse_unit(DocumentId map, const char* key) {
    const auto unit = reader_.optional_text(map, key);
    if (unit && *unit != "kW") reader_.error("WL8008", *reader_.child(map, key), fmt::format("demand in `{}`; kW can be settled", *unit));
  }

  void read_window(DocumentId id, bool reads_demand, UrdbRate& rate) {
    const auto window = reader_.child(id, "demandwindow");
    if (window) {
      const int minutes = reader_.whole(*window, 1, 60).value_or(15);
      if (minutes != 5 && minutes != 10 && minutes != 15 && minutes != 30 && minutes != 60)
        reader_.error("WL8008", *window, fmt::format("demand as the mean of {} minutes", minutes)).hint("known are 5, 10, 15, 30 and 60");
      rate.demand_minutes = minutes;
    } else if (reads_demand && !reader_.has_errors()) {
      reader_.warning("WL8009", id, "the rate does not say over how many minutes demand is measured")
          .note("written is: 15, which is usual; SAM and REopt take the step of the load")
          .hint("with `demandwindow` it says so");
    }
  }

  // ---- ratchet

  std::optional<DocumentId> either(DocumentId id, const char* lower, const char* mixed) {
    const auto found = reader_.child(id, lower);
    return found ? found : reader_.child(id, mixed);
  }

  void read_ratchet(DocumentId id, UrdbRate& rate) {
    UrdbStructureReader structures(reader_);
    const auto percent = either(id, "lookbackpercent", "lookbackPercent"), by_month = reader_.child(id, "demandratchetpercentage");
    const auto share = percent ? reader_.figure(*percent) : std::nullopt;
    std::array<Rational, 12> shares{};
    if (by_month) shares = structures.year_of_figures(*by_month);
    const bool has_shares = std::any_of(shares.begin(), shares.end(), [](const Rational& one) { return one != 0; });
    const bool looks_back = share && share->value != 0;
    if (has_shares && looks_back) reader_.error("WL8006", *percent, "two ratchets, `demandratchetpercentage` and `lookbackPercent`").hint("keep one of the two");
    if (looks_back) read_look_back(id, *percent, share->value, rate.ratchet);
    else if (has_shares) {
      rate.ratchet = {shares, 11};
      reader_.warning("WL8009", *by_month, "the format does not say of which months' demand these are shares")
          .note("written is: of the eleven months before; each share is that of the month looked at, as in SAM");
    }
    for (const Rational& one : rate.ratchet.share)
      if ((one < 0 || one > 1) && !reader_.has_errors()) reader_.error("WL8007", looks_back ? *percent : *by_month, fmt::format("a share of demand from 0 to 1 is expected here, and found is `{}`", decimal_text(one)));
    if (rate.ratchet.months > 0 && !rate.flat_demand && !reader_.has_errors())
      reader_.error("WL8008", looks_back ? *percent : *by_month, "a ratchet without a demand charge of the whole month: which of the periods it is of is not said");
    if (rate.ratchet.months > 0 && rate.flat_demand && rate.tou_demand)
      reader_.warning("WL8009", looks_back ? *percent : *by_month, "the format does not say which demand charge the ratchet is of").note("written is: of `flatdemandstructure`; periods are billed at their own peaks. SAM holds all of them");
  }

  void read_look_back(DocumentId id, DocumentId percent, const Rational& share, UrdbRatchet& ratchet) {
    const auto range_id = either(id, "lookbackrange", "lookbackRange"), months_id = either(id, "lookbackmonths", "lookbackMonths");
    const int range = range_id ? reader_.whole(*range_id, 0, 60).value_or(0) : 0;
    MonthSet months;
    if (months_id) months = UrdbStructureReader(reader_).year_of_flags(*months_id);
    if (reader_.has_errors()) return;
    if (range > 0 && months.any()) {
      reader_.error("WL8006", *range_id, "the ratchet looks back by a number of months and by named months").hint("one of `lookbackRange` and `lookbackMonths` is nothing");
    } else if (range == 0 && months.none()) {
      reader_.error("WL8006", percent, "a ratchet that looks at no month").hint("name its months in `lookbackMonths`, or their number in `lookbackRange`");
    } else if (range > 0) {
      ratchet.months = range;
      ratchet.share.fill(share);
    } else {
      ratchet.months = 11;
      for (size_t month = 0; month < 12; ++month) ratchet.share[month] = months[month] ? share : Rational(0);
      if (!months.all())
        reader_.warning("WL8009", *months_id, "the format leaves open whether these are the months looked at or the months billed")
            .note("written is: looked at; a bill of any month is held by their demand within eleven months");
    }
  }

  // ---- fees

  void read_fees(DocumentId id, UrdbRate& rate) {
    rate.fixed = read_fee(id, "fixedchargefirstmeter", "fixedchargeunits");
    rate.additional_meter = read_fee(id, "fixedchargeeaaddl", "fixedchargeunits");
    rate.minimum = read_fee(id, "mincharge", "minchargeunits");
  }

  UrdbFee read_fee(DocumentId id, const char* key, const char* units) {
    UrdbFee fee;
    const auto amount = reader_.optional_figure(id, key);
    if (!amount || amount->value == 0) return fee;
    fee.amount = amount->value;
    if (fee.amount < 0) reader_.error("WL8007", *reader_.child(id, key), "a fee below zero");
    const auto unit = reader_.required(id, units);
    const auto found = unit ? reader_.one_of(*unit, {"$/month", "$/day", "$/year"}) : std::nullopt;
    if (found) fee.per = std::array{"month", "day", "year"}[*found];
    return fee;
  }

  DocumentReader reader_;
};

}  // namespace

std::optional<UrdbFile> read_urdb(const SourceFile& source, uint32_t file, const std::string& zone, Diagnostics& diagnostics) {
  const size_t errors = diagnostics.error_count();
  const std::optional<Document> document = read_json(source, file, diagnostics);
  if (!document) return std::nullopt;
  UrdbFile read = UrdbReader(*document, diagnostics).read(source.path, zone);
  return diagnostics.error_count() > errors ? std::nullopt : std::optional(std::move(read));
}

std::optional<ImportedScript> import_urdb(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics) {
  const std::optional<UrdbFile> read = read_urdb(source, file, choices.zone, diagnostics);
  return read ? std::optional(write_urdb(*read)) : std::nullopt;
}

}  // namespace wattlaw
