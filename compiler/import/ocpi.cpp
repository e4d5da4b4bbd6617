#include "compiler/import/ocpi.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "compiler/import/document_reader.h"
#include "compiler/import/ocpi_selection.h"
#include "compiler/import/read_document.h"
#include "compiler/import/script_text.h"
#include "compiler/import/zone_of_country.h"
#include "runtime/time/zone.h"

namespace wattlaw {
namespace {

constexpr int kDayMinutes = 24 * 60, kDaySeconds = 24 * 3600;
const std::vector<std::string> kDimensionWords = {"ENERGY", "TIME", "PARKING_TIME", "FLAT"};  // as OcpiDimension
const std::vector<std::string> kWeekdayWords = {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "2026-03-01T12:00:00Z" -> seconds since 1970; OCPI's times are UTC with or without the Z, fractions of a second do not count.
std::optional<Instant> parse_utc(const std::string& text) {
  const std::optional<Date> date = text.size() >= 19 ? parse_date(text.substr(0, 10)) : std::nullopt;
  if (!date || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  std::string_view rest = std::string_view(text).substr(19);
  if (rest.ends_with('Z')) rest.remove_suffix(1);
  if (!rest.empty() && (rest[0] != '.' || !is_digits(rest.substr(1)))) return std::nullopt;
  int parts[3];
  for (int i = 0; i < 3; ++i) {
    const std::string digits = text.substr(static_cast<size_t>(11 + 3 * i), 2);
    if (!is_digits(digits)) return std::nullopt;
    parts[i] = std::stoi(digits);
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return std::nullopt;
  return Instant{date->days} * kDaySeconds + parts[0] * 3600 + parts[1] * 60 + parts[2];
}

class OcpiReader {
 public:
  OcpiReader(const Document& document, const ImportChoices& choices, Diagnostics& diagnostics) : reader_(document, diagnostics), choices_(choices) {}

  OcpiFile read(const std::string& path) {
    file_.stem = std::filesystem::path(path).stem().string();
    file_.zone_is_chosen = !choices_.zone.empty();
    const std::optional<DocumentId> tariffs = find_tariffs();
    if (!tariffs) return file_;
    const bool is_list = reader_.node(*tariffs).kind == DocumentNode::Kind::list;
    const std::vector<DocumentId> items = is_list ? reader_.list(*tariffs) : std::vector{*tariffs};
    if (items.empty()) reader_.error("WL8002", *tariffs, "the file holds no tariff");
    for (DocumentId id : items) read_tariff(id);
    if (file_.zone.empty() && zones_.size() == 1) file_.zone = *zones_.begin();
    return std::move(file_);
  }

 private:
  // The tariff or list of them: the whole file, or `data` of an answer.
  std::optional<DocumentId> find_tariffs() {
    const DocumentNode& root = reader_.node(0);
    const auto has = [&](std::string_view key) { return std::any_of(root.entries.begin(), root.entries.end(), [&](const DocumentEntry& entry) { return entry.key == key; }); };
    if (root.kind != DocumentNode::Kind::map || !(has("data") || has("status_code"))) return DocumentId{0};
    if (!reader_.expect_map(0, {"data", "status_code", "status_message", "timestamp"})) return std::nullopt;
    return reader_.required(0, "data");
  }

  // ---- zone

  const Zone* zone_of(DocumentId asking) {
    if (country_zone_.empty()) {
      if (!zone_is_missed_)
        reader_.error("WL8002", asking, "the times and days of this tariff are those of the charger, and an OCPI tariff names no time zone")
            .hint(fmt::format("chargers of `{}` may stand in several: say which with `--zone`, as `Europe/Madrid` or `America/Chicago`", tariff_.country));
      zone_is_missed_ = true;
      return nullptr;
    }
    if (!file_.zone.empty() && file_.zone != country_zone_)
      reader_.error("WL8008", asking, fmt::format("one file in two time zones, `{}` and `{}`", file_.zone, country_zone_)).hint("import it in parts");
    file_.zone = country_zone_;
    if (!zone_ || zone_->name() != country_zone_) {
      Result<Zone> loaded = Zone::load(country_zone_);
      if (!loaded) return nullptr;
      zone_ = std::move(*loaded);
    }
    return &*zone_;
  }

  // ---- restrictions

  std::optional<int> minute_of(DocumentId map, const char* key) {
    const auto id = reader_.child(map, key);
    const auto text = id ? reader_.text(*id) : std::nullopt;
    if (!text) return std::nullopt;
    zone_of(*id);
    if (text->size() == 5 && (*text)[2] == ':' && is_digits(text->substr(0, 2)) && is_digits(text->substr(3))) {
      const int hour = std::stoi(text->substr(0, 2)), minute = std::stoi(text->substr(3));
      if (hour < 24 && minute < 60) return hour * 60 + minute;
    }
    reader_.error("WL8004", *id, fmt::format("`{}` is no time of day", *text)).hint("write it as 07:30; a day ends at 00:00");
    return std::nullopt;
  }

  std::pair<int, int> read_window(DocumentId id) {
    const auto begin = minute_of(id, "start_time"), end = minute_of(id, "end_time");
    if (begin && end && *begin == *end && *begin != 0)
      reader_.warning("WL8009", id, "a time of day that begins when it ends: the format does not say whether that is a whole day or none")
          .note("written is: the whole day, for energy without a price would be free");
    if (begin && end && *begin == *end) return {0, kDayMinutes};
    return {begin.value_or(0), end.value_or(0) == 0 ? kDayMinutes : *end};
  }

  void read_range(DocumentId id, const char* min_key, const char* max_key, OcpiRange& range) {
    const auto bound = [&](const char* key) -> std::optional<Rational> {
      const auto figure = reader_.optional_figure(id, key);
      if (!figure) return std::nullopt;
      if (figure->value < 0) reader_.error("WL8007", *reader_.child(id, key), fmt::format("`{}` is below zero", key));
      return figure->value;
    };
    range = {bound(min_key), bound(max_key)};
    if (range.max && *range.max <= range.min.value_or(0))
      reader_.error("WL8007", *reader_.child(id, max_key), fmt::format("`{}` is not above {}, so the element never holds", max_key, range.min ? fmt::format("`{}`", min_key) : "zero"));
    if (range.min && *range.min <= 0) range.min.reset();
  }

  void read_dates(DocumentId id, OcpiRange& range) {
    const auto from = reader_.optional_date(id, "start_date"), until = reader_.optional_date(id, "end_date");
    if (from || until) zone_of(*reader_.child(id, from ? "start_date" : "end_date"));
    if (from && until && *until <= *from) reader_.error("WL8007", *reader_.child(id, "end_date"), "`end_date` is not after `start_date`, so the element never holds").hint("the day of `end_date` is not part of it");
    if ((from && tariff_.until && *from >= *tariff_.until) || (until && tariff_.from && *until <= *tariff_.from)) reader_.error("WL8006", id, "the element holds on no day on which its tariff does");
    if (from && !(tariff_.from && *from <= *tariff_.from)) range.min = from->days;
    if (until && !(tariff_.until && *until >= *tariff_.until)) range.max = until->days;
  }

  OcpiRestrictions read_restrictions(DocumentId id) {
    OcpiRestrictions when;
    if (!reader_.expect_map(id, {"start_time", "end_time", "start_date", "end_date", "min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power", "min_duration",
                                 "max_duration", "day_of_week", "reservation"}))
      return when;
    when.window = read_window(id);
    read_dates(id, when.range(OcpiBound::date));
    read_range(id, "min_kwh", "max_kwh", when.range(OcpiBound::energy));
    read_range(id, "min_power", "max_power", when.range(OcpiBound::power));
    read_range(id, "min_current", "max_current", when.range(OcpiBound::current));
    read_range(id, "min_duration", "max_duration", when.range(OcpiBound::duration));
    if (const auto days = reader_.child(id, "day_of_week"); days && !reader_.node(*days).entries.empty()) {
      when.weekdays.reset();
      for (DocumentId day : reader_.list(*days))
        if (const auto index = reader_.one_of(day, kWeekdayWords)) when.weekdays.set(*index);
      if (!when.weekdays.all()) zone_of(*days);
    }
    return when;
  }

  // ---- prices

  void read_element(DocumentId id) {
    if (!reader_.expect_map(id, {"price_components", "restrictions"})) return;
    OcpiRestrictions when;
    bool is_reservation = false;
    if (const auto restrictions = reader_.child(id, "restrictions")) {
      when = read_restrictions(*restrictions);
      if (const auto reservation = reader_.node(*restrictions).kind == DocumentNode::Kind::map ? reader_.child(*restrictions, "reservation") : std::nullopt) {
        is_reservation = reader_.one_of(*reservation, {"RESERVATION", "RESERVATION_EXPIRES"}).has_value();
        if (is_reservation) reader_.warning("WL8008", *reservation, "the price of a reservation is left out: this version settles sessions");
        tariff_.reservations.push_back(fmt::format("elements[{}]", element_));
      }
    }
    const auto components = reader_.required(id, "price_components");
    if (!components) return;
    const std::vector<DocumentId> items = reader_.list(*components);
    if (items.empty() && reader_.node(*components).kind == DocumentNode::Kind::list) reader_.error("WL8002", *components, "the element has no price component");
    std::set<size_t> priced;
    for (DocumentId item : items) {
      const auto dimension = read_component(item, when, is_reservation);
      if (dimension && !priced.insert(*dimension).second) reader_.error("WL8006", item, fmt::format("one element prices `{}` twice", kDimensionWords[*dimension]));
    }
  }

  std::optional<size_t> read_component(DocumentId id, const OcpiRestrictions& when, bool is_reservation) {
    if (!reader_.expect_map(id, {"type", "price", "vat", "step_size"})) return std::nullopt;
    OcpiPrice price;
    price.when = when;
    price.place = id;
    const auto type = reader_.required(id, "type");
    const auto dimension = type ? reader_.one_of(*type, kDimensionWords) : std::nullopt;
    if (const auto figure = reader_.required_figure(id, "price")) price.price = figure->value;
    if (const auto vat = reader_.optional_figure(id, "vat")) price.vat_percent = read_percent(*reader_.child(id, "vat"), vat->value);
    if (const auto step = reader_.required(id, "step_size")) price.step = std::max(1, reader_.whole(*step, 0, 1'000'000'000).value_or(1));
    if (dimension && !is_reservation) tariff_.prices[*dimension].push_back(std::move(price));
    return dimension;
  }

  Rational read_percent(DocumentId id, const Rational& percent) {
    if (percent < 0 || percent > 100) reader_.error("WL8007", id, "VAT is a share from 0 to 100 percent").hint("write 20 for 20 %");
    return percent;
  }

  // ---- tariffs

  void read_tariff(DocumentId id) {
    tariff_ = {};
    zone_is_missed_ = false;
    if (!reader_.expect_map(id, {"country_code", "party_id", "id", "currency", "type", "tariff_alt_text", "tariff_alt_url", "min_price", "max_price", "preauthorize_amount", "elements",
                                 "tax_included", "start_date_time", "end_date_time", "energy_mix", "last_updated"}))
      return;
    read_identity(id);
    country_zone_ = choices_.zone.empty() ? zone_of_country(tariff_.country) : choices_.zone;
    if (!country_zone_.empty()) zones_.insert(country_zone_);
    read_force(id);
    if (const auto tax = reader_.child(id, "tax_included")) {
      const auto index = reader_.one_of(*tax, {"YES", "NO", "N/A"});
      tariff_.prices_hold_tax = index == 0u;
      tariff_.is_untaxed = index == 2u;
    }
    if (const auto elements = reader_.required(id, "elements")) {
      const std::vector<DocumentId> items = reader_.list(*elements);
      if (items.empty() && reader_.node(*elements).kind == DocumentNode::Kind::list) reader_.error("WL8002", *elements, "the tariff has no element");
      for (element_ = 0; element_ < items.size(); ++element_) read_element(items[element_]);
      if (!reader_.has_errors()) check_prices(*elements);
    }
    tariff_.minimum = read_limit(id, "min_price");
    tariff_.maximum = read_limit(id, "max_price");
    if (!reader_.has_errors()) check_taxes(id);
    file_.tariffs.push_back(std::move(tariff_));
  }

  void read_identity(DocumentId id) {
    tariff_.country = reader_.required_text(id, "country_code").value_or("");
    std::transform(tariff_.country.begin(), tariff_.country.end(), tariff_.country.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    tariff_.party = reader_.required_text(id, "party_id").value_or("");
    tariff_.id = reader_.required_text(id, "id").value_or("");
    if (!known_.insert(tariff_.country + "*" + tariff_.party + " " + tariff_.id).second) reader_.error("WL8006", id, fmt::format("two tariffs of `{}` are called `{}`", tariff_.party, tariff_.id));
    read_currency(id);
    static const std::vector<std::string> kTypes = {"AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR"};
    static const std::vector<std::string> kTypeTexts = {"for ad hoc payment", "for the preference `cheap`", "for the preference `fast`", "for the preference `green`", "regular"};
    if (const auto type = reader_.child(id, "type"))
      if (const auto index = reader_.one_of(*type, kTypes)) tariff_.type = kTypeTexts[*index];
    if (const auto texts = reader_.child(id, "tariff_alt_text"))
      for (DocumentId text : reader_.list(*texts))
        if (reader_.expect_map(text, {"language", "text"}))
          tariff_.texts.push_back(fmt::format("{}: {}", reader_.required_text(text, "language").value_or(""), reader_.required_text(text, "text").value_or("")));
    tariff_.url = reader_.optional_text(id, "tariff_alt_url").value_or("");
    if (const auto updated = reader_.required(id, "last_updated"))
      if (utc_of(*updated)) tariff_.updated = reader_.node(*updated).text.substr(0, 10);
  }

  void read_currency(DocumentId id) {
    const auto found = reader_.required_text(id, "currency");
    if (!found) return;
    if (found->size() != 3 || !std::all_of(found->begin(), found->end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
      reader_.error("WL8004", *reader_.child(id, "currency"), fmt::format("`{}` is no currency", *found)).hint("write it as EUR");
    else if (!file_.currency.empty() && file_.currency != *found)
      reader_.error("WL8008", *reader_.child(id, "currency"), fmt::format("one file in two currencies, `{}` and `{}`", file_.currency, *found)).hint("import it in parts");
    else
      file_.currency = *found;
  }

  std::optional<Instant> utc_of(DocumentId id) {
    const auto text = reader_.text(id);
    const auto instant = text ? parse_utc(*text) : std::nullopt;
    if (text && !instant) reader_.error("WL8004", id, fmt::format("`{}` is no date and time", *text)).hint("write it as 2026-07-01T00:00:00Z");
    return instant;
  }

  // The local day of a moment in UTC. A tariff is dated by days: what begins or ends within one holds for the whole of it.
  std::optional<Date> read_moment(DocumentId map, const char* key, bool is_end) {
    const auto id = reader_.child(map, key);
    const auto instant = id ? utc_of(*id) : std::nullopt;
    const Zone* zone = instant ? zone_of(*id) : nullptr;
    if (!zone) return std::nullopt;
    const LocalSeconds local = zone->local_of(*instant);
    const auto of_day = static_cast<int>((local % kDaySeconds + kDaySeconds) % kDaySeconds);
    const Date day{static_cast<int32_t>((local - of_day) / kDaySeconds + (is_end && of_day > 0))};
    if (of_day != 0 && !(is_end && of_day >= kDaySeconds - 60))  // 23:59:59 is the end of a day
      reader_.warning("WL8008", *id, fmt::format("the tariff {} at {:02}:{:02} local time, and scripts are dated by days", is_end ? "ends" : "begins", of_day / 3600, of_day / 60 % 60))
          .note(fmt::format("written is: {} {}", is_end ? "until" : "from", print_date(day)));
    return day;
  }

  void read_force(DocumentId id) {
    tariff_.from = read_moment(id, "start_date_time", false);
    tariff_.until = read_moment(id, "end_date_time", true);
    if (tariff_.from && tariff_.until && *tariff_.until <= *tariff_.from) reader_.error("WL8007", *reader_.child(id, "end_date_time"), "the tariff ends before it begins");
  }

  // {"excl_vat", "incl_vat"} in 2.2.1, {"before_taxes", "after_taxes"} in 2.3.0.
  OcpiLimit read_limit(DocumentId tariff_id, const char* key) {
    OcpiLimit limit;
    const auto id = reader_.child(tariff_id, key);
    if (!id || reader_.node(*id).kind != DocumentNode::Kind::map) {
      if (id) reader_.expect_map(*id, {});
      return limit;
    }
    const bool is_new = reader_.child(*id, "before_taxes") || reader_.child(tariff_id, "tax_included");
    if (is_new && !reader_.required(tariff_id, "tax_included")) return limit;
    const char *before = is_new ? "before_taxes" : "excl_vat", *after = is_new ? "after_taxes" : "incl_vat";
    reader_.expect_map(*id, {before, after});
    if (const auto figure = reader_.required_figure(*id, before)) limit.before_tax = figure->value;
    if (const auto figure = reader_.optional_figure(*id, after)) limit.after_tax = figure->value;
    for (const auto& figure : {limit.before_tax, limit.after_tax})
      if (figure && *figure < 0) reader_.error("WL8007", *id, "a limit of what a session costs is not below zero");
    if (limit.before_tax && limit.after_tax && *limit.after_tax < *limit.before_tax) reader_.error("WL8006", *id, fmt::format("`{}` is below `{}`", after, before));
    return limit;
  }

  // ---- the whole tariff

  void check_prices(DocumentId elements) {
    bool has_price = false;
    for (OcpiDimension dimension : kOcpiDimensions) {
      const std::vector<OcpiPrice>& prices = tariff_.of(dimension);
      has_price = has_price || !prices.empty();
      if (prices.empty()) continue;
      const std::string& word = kDimensionWords[static_cast<size_t>(dimension)];
      if (count_ranges(prices) > kMostOcpiRanges) {
        reader_.error("WL8008", elements, fmt::format("the bounds of `{}` make more than {} ranges", word, kMostOcpiRanges));
        continue;
      }
      const OcpiSelection selection = select_prices(prices);
      for (const OcpiPrice& price : prices)
        if (std::none_of(selection.prices.begin(), selection.prices.end(), [&](const OcpiPrice& reached) { return reached.place == price.place; }))
          reader_.warning("WL8006", price.place, fmt::format("this price is never reached: earlier elements price `{}` whenever it holds", word)).note("the first element that holds is the one that counts; the price is left out");
      if (!selection.is_complete && dimension != OcpiDimension::flat)
        reader_.warning("WL8009", prices.back().place, fmt::format("no element prices `{}` at all times", word)).note("written is: it costs nothing where none holds").hint("in OCPI a last element without restrictions says what the rest costs");
      check_one_step(dimension);
    }
    if (!has_price && !tariff_.reservations.empty()) reader_.error("WL8008", elements, "the tariff prices nothing but reservations");
  }

  void check_one_step(OcpiDimension dimension) {
    const std::vector<OcpiPrice>& prices = tariff_.of(dimension);
    if (dimension != OcpiDimension::energy || bounds_of(prices, OcpiBound::energy).empty()) return;
    for (const OcpiPrice& price : prices)
      if (price.step != prices[0].step)
        return void(reader_.error("WL8008", *reader_.child(price.place, "step_size"), "blocks of energy that are counted in different steps").note(fmt::format("an earlier element has `step_size` {}", prices[0].step)));
  }

  // One tax a rate, and one rate a dimension. A price of zero has no tax.
  void check_taxes(DocumentId id) {
    std::set<std::optional<Rational>> rates;
    for (OcpiDimension dimension : kOcpiDimensions) {
      const OcpiPrice* first = nullptr;
      for (const OcpiPrice& price : tariff_.of(dimension)) {
        if (tariff_.is_untaxed && price.vat_percent && *price.vat_percent > 0) reader_.error("WL8006", *reader_.child(price.place, "vat"), "a rate of VAT in a tariff that no tax applies to (`tax_included` is `N/A`)");
        if (price.price == 0) continue;
        if (!first) first = &price;
        if (price.vat_percent != first->vat_percent)
          reader_.error("WL8008", price.place, fmt::format("prices of one dimension, `{}`, under different rates of VAT", kDimensionWords[static_cast<size_t>(dimension)]));
      }
      if (first) rates.insert(first->vat_percent);
      for (OcpiPrice& price : tariff_.of(dimension)) price.vat_percent = first ? first->vat_percent : price.vat_percent;
    }
    const bool is_stated = std::any_of(rates.begin(), rates.end(), [](const auto& rate) { return rate.has_value(); });
    if (!is_stated && !rates.empty() && reader_.child(id, "tax_included") && !tariff_.is_untaxed)
      reader_.warning("WL8009", *reader_.child(id, "tax_included"), fmt::format("taxes {}, and no price says which", tariff_.prices_hold_tax ? "are in the prices" : "come on top of the prices")).note("written is: no tax");
    if (rates.size() < 2) return;
    for (const char* key : {"min_price", "max_price"}) {
      const OcpiLimit& limit = key == std::string_view("min_price") ? tariff_.minimum : tariff_.maximum;
      if (limit.after_tax || (limit.before_tax && tariff_.prices_hold_tax))
        reader_.error("WL8008", *reader_.child(id, key), "a limit after taxes, where prices bear different rates of VAT: the format does not say how it is shared among them");
      else if (limit.before_tax)
        reader_.warning("WL8009", *reader_.child(id, key), "prices bear different rates of VAT, and nothing says which this limit bears").note("written is: none; taxes are those of the prices");
    }
  }

  DocumentReader reader_;
  const ImportChoices& choices_;
  OcpiFile file_;
  OcpiTariff tariff_;          // at hand
  size_t element_ = 0;         // its element at hand
  std::string country_zone_;   // of the tariff at hand; empty: not known
  bool zone_is_missed_ = false;
  std::set<std::string> zones_, known_;
  std::optional<Zone> zone_;
};

}  // namespace

std::optional<ImportedScript> import_ocpi(const SourceFile& source, uint32_t file, const ImportChoices& choices, Diagnostics& diagnostics) {
  const size_t errors = diagnostics.error_count();
  const std::optional<Document> document = read_json(source, file, diagnostics);
  if (!document) return std::nullopt;
  const OcpiFile read = OcpiReader(*document, choices, diagnostics).read(source.path);
  return diagnostics.error_count() > errors ? std::nullopt : std::optional(write_ocpi(read));
}

}  // namespace wattlaw
